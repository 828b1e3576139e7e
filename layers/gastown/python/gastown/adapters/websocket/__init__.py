"""API Gateway's WebSocket management: doorbells, and texts for people who watch.

Nothing above `bootstrap` knows this folder, and it knows no other adapter.
"""
