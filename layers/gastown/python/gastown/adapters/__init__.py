"""AWS and the outside world, one folder a service.

Only `bootstrap` imports from here; adapters do not know each other.
"""
