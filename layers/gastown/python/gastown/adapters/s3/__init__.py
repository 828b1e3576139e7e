"""S3: copies of agents' session databases.

Nothing above `bootstrap` knows this folder, and it knows no other adapter.
"""
