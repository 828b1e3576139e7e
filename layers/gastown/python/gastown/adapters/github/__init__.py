"""GitHub, and GitHub Enterprise: pull requests over REST, reviews over GraphQL.

Nothing above `bootstrap` knows this folder. It stands on `adapters.http` and knows no other adapter.
"""
