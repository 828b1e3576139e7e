"""Doors in Lambda's own runtime, where Docker and the SAM CLI are."""
