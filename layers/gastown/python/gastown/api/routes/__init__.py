"""One router a resource; a route parses, calls one use case and shapes the answer."""
