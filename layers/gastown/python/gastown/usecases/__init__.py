"""Verbs: load a town, change it, commit once. Ports come in as values; nothing here knows AWS or HTTP."""
