"""HTTP: who is calling, what they ask, and how the answer looks.

Routes parse, call one use case and shape its answer.
"""
