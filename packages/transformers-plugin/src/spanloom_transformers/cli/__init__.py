"""Commands over transformers, each in a module of its own."""

__all__: list[str] = []
