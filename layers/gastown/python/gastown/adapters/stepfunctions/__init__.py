"""Step Functions: convoys as executions.

Nothing above `bootstrap` knows this folder, and it knows no other adapter.
"""
