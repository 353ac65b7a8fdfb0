"""``wordloom plugins new``."""
