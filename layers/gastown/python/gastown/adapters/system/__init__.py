"""The machine itself: the present and new ids. The only place that reads a clock or draws by chance."""
