"""AWS's SDK, bounded: how patient a client is, and what its failures mean.

The one folder that adapters of AWS services share: they stand on it, and it knows none of them.
"""
