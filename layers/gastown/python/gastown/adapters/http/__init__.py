"""HTTP to providers, bounded: how a call is made, what its failures mean, how its answer is read.

The one folder that providers share: `github` and `gitlab` stand on it, and it knows neither of them.
"""
