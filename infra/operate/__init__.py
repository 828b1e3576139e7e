"""What an operator runs against an AWS account: a look before a deployment, and the removal of what a stack left.

Product code never imports this package. It speaks AWS with the caller's own credentials, in the caller's region.
"""
