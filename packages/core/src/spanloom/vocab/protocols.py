"""What the floors below pipelines ask of one, so that they needn't know the class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .vocab import Vocab

__all__ = ["PipelineLike"]


class PipelineLike(Protocol):
    """What factories, tokenizers and encoders are given as ``nlp``: a `spanloom.Pipeline`."""

    @property
    def vocab(self) -> Vocab:
        """Its vocabulary."""

    @property
    def tokenizer(self) -> Any:
        """What makes a document of a text."""

    @property
    def lang(self) -> str:
        """The code of its language."""

    def assemble(self) -> Any:
        """Link its listeners."""

    @property
    def components(self) -> Sequence[tuple[str, Any]]:
        """Its components with their names, in order."""
