"""Commands over tables of vectors, each in a module of its own."""

__all__: list[str] = []
