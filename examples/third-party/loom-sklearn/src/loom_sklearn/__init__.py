"""A scikit-learn classifier of texts as a component of Spanloom."""

__version__ = "0.1.0"

__all__ = ["__version__"]
