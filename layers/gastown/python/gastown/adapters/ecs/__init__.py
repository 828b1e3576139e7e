"""ECS: one task for each town that has work.

Nothing above `bootstrap` knows this folder, and it knows no other adapter.
"""
