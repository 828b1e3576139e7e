"""GitHub App: signs as the stack's App and mints tokens of its installations.

Nothing above `bootstrap` knows this folder, and it knows no other adapter but the floor `http`.
"""
