"""How hard a text is to read: a component for Spanloom with custom attributes."""

__version__ = "0.1.0"

__all__ = ["__version__"]
