"""SQS: asking for ticks and handing over effects.

Nothing above `bootstrap` knows this folder, and it knows no other adapter.
"""
