"""Components over models of Hugging Face that are trained whole, heads included."""

__all__: list[str] = []
