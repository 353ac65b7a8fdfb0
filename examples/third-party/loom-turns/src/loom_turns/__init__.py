"""The turns of a dialogue as the spans that a transformer of Spanloom sees."""

__version__ = "0.1.0"

__all__ = ["__version__"]
