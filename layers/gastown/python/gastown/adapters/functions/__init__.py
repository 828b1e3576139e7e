"""Lambda: other functions of this stack, called without waiting for them."""
