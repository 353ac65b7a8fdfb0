"""What the floors below pipelines ask of one, so that they needn't know the class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .lexicon import Lexicon
    from .vocab import Vocab

__all__ = ["HasRows", "PipelineLike"]


class HasRows(Protocol):
    """A document, as tables of vectors see it: its tokens as rows of a lexicon."""

    @property
    def rows(self) -> NDArray[np.int32]:
        """The row of each token, int32 of shape ``(n,)``."""

    @property
    def lexicon(self) -> Lexicon:
        """What the rows are of."""

    @property
    def vocab(self) -> Vocab:
        """Its vocabulary."""

    def column(self, name: str) -> NDArray[Any] | None:
        """An annotation column, shape ``(n,)``; ``None`` where there is no such annotation."""


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
