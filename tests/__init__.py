"""Inspections: they mirror the house, room by room."""
