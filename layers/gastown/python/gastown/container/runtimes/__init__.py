"""How an agent's session is run: one module per runtime, behind the Protocols of `runtime.py`. No git, no town here."""
