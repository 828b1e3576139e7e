"""Request models: what a body may hold. Unknown fields are ignored, wrong types are refused by name."""
