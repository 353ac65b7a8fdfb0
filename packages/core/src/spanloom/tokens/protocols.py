"""What functions over annotation ask of a document, so that they needn't know the class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..vocab import Vocab
    from ..vocab.lexicon import Lexicon
    from .forward import Doc

__all__ = ["HasColumns", "HasWords", "OneToken"]


class HasColumns(Protocol):
    """A document as its annotation columns."""

    @property
    def vocab(self) -> Vocab:
        """Its vocabulary."""

    @property
    def words(self) -> list[str]:
        """The text of each token."""

    def __len__(self) -> int:
        """The number of tokens."""

    def column(self, name: str) -> NDArray[Any] | None:
        """A column, shape ``(n,)``, or ``None``."""

    def set_column(self, name: str, values: Any) -> None:
        """Set a column, or take it away with ``None``."""

    def writable(self, name: str) -> NDArray[Any]:
        """A column that may be written to, made if there is none."""

    def _extra(self) -> dict[str, Any]:
        """Where results that are computed once are kept."""


class HasWords(HasColumns, Protocol):
    """A document as its words and its annotation columns."""

    @property
    def lexicon(self) -> Lexicon:
        """What the rows are of."""

    @property
    def rows(self) -> NDArray[np.int32]:
        """The row of each token, shape ``(n,)``."""

    @property
    def spaces(self) -> NDArray[np.bool_]:
        """Whether a space follows each token, shape ``(n,)``."""

    @property
    def text(self) -> str:
        """The text."""

    @property
    def starts(self) -> NDArray[np.int32]:
        """The character offset at which each token starts, shape ``(n,)``."""

    @property
    def ends(self) -> NDArray[np.int32]:
        """The character offset at which each token ends, shape ``(n,)``."""

    def set_spaces(self, spaces: Any) -> None:
        """Say anew which tokens are followed by a space."""


class OneToken(Protocol):
    """A token as its place in a document."""

    doc: Doc
    i: int
