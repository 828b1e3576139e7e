"""Secrets Manager: signing secrets and what towns own.

Nothing above `bootstrap` knows this folder, and it knows no other adapter.
"""
