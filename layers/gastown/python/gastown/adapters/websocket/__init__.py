"""API Gateway's WebSocket management: doorbells.

Nothing above `bootstrap` knows this folder, and it knows no other adapter.
"""
