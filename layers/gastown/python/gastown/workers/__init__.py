"""One module a door that is not HTTP: each reads its event, calls one use case and says what came of it.

Only here is known what a batch, a failed message or a Lambda event is; no decision about a town belongs here.
"""
