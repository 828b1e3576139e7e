"""Gastown on AWS: a town of coding agents as a serverless service."""
