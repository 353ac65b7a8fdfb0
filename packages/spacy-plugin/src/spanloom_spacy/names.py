"""What spaCy's names in configs mean here."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["our_names"]


def our_names(name: str) -> Iterator[str]:
    """Ours of the same name and version: the one of this package, which takes the arguments of
    spaCy's, where there is one; else the general one."""
    rest = name.partition(".")[2]
    versioned = rest if rest.rpartition(".")[2][:1] == "v" else f"{rest}.v1"
    yield f"spanloom-spacy.{versioned}"
    yield f"spanloom.{versioned}"
