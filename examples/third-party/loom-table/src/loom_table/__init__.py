"""A shared encoder of another kind for Spanloom: a table of vectors that learns."""

__version__ = "0.1.0"

__all__ = ["__version__"]
