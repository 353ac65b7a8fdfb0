"""What core asks of word vectors. Tables of vectors are another package's (spanloom-vectors)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

import numpy as np
import srsly
from numpy.typing import NDArray

from ..errors import DataError, MissingFileError, SerializationError

if TYPE_CHECKING:
    from .lexicon import Lexicon

__all__ = [
    "HasRows",
    "HasVector",
    "VectorTable",
    "cosine",
    "open_vectors",
    "referred_vectors",
    "saved_vectors",
]

#: Opens tables, unless a config names another function in [nlp.vectors].
_OPENER = "spanloom.Vectors.v1"
#: In the folder of a vocab: the reference to its table.
_REFERENCE = "vectors.json"


class HasRows(Protocol):
    """A document, as tables of vectors see it: its tokens as rows of a lexicon."""

    @property
    def rows(self) -> NDArray[np.int32]:
        """The row of each token, int32 of shape ``(n,)``."""

    @property
    def lexicon(self) -> Lexicon:
        """What the rows are of."""

    def column(self, name: str) -> NDArray[Any] | None:
        """An annotation column, shape ``(n,)``; ``None`` where there is no such annotation."""


class HasVector(Protocol):
    """Whatever has a ``vector`` of shape ``(width,)``."""

    @property
    def vector(self) -> NDArray[np.float32]:
        """The vector."""


@runtime_checkable
class VectorTable(Protocol):
    """A table of word vectors, as ``vocab.vectors`` holds it.

    It's a resource that a vocab refers to: documents and pickled vocabs never carry it.
    """

    @property
    def width(self) -> int:
        """The number of dimensions."""

    def known(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each text has a vector, shape ``(len(texts),)``."""

    def vectors_for(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vector of each text, shape ``(len(texts), width)``; where there is none, zeros or
        what the table has for unknown words."""

    def token_vectors(
        self, doc: HasRows, start: int = 0, end: int | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The vectors of a document's tokens, shape ``(n, width)``, and which of them have one."""

    def set_vector(self, text: str, vector: Any) -> None:
        """Give ``text`` a vector of shape ``(width,)``. Raises :class:`DataError` if the table
        can't be changed or the width is another."""

    def reference(self) -> dict[str, Any] | None:
        """What is kept of it where its rows are not: ``@vectors``, the name of what opens it, with
        settings, and ``path`` and ``hash``. None for a table that is in no file."""

    def to_disk(self, folder: str | Path) -> None:
        """Write the table into the folder of a vocab, and its reference into ``vectors.json``
        there, with a path from that folder."""


def cosine(own: HasVector, others: HasVector) -> float:
    """The cosine of the vectors of two words or texts. Where either vector is all zeros, or they
    have no dimensions, it is 1.0 for the same words and else 0.0.

    Raises :class:`DataError` if both have dimensions, but not equally many.
    """
    one, other = own.vector, others.vector
    if one.shape != other.shape and one.size and other.size:
        raise DataError(
            f"vectors of {one.size} and {other.size} dimensions can't be compared: both must come "
            f"from the same table, or from hooks that agree"
        )
    norms = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    if norms and one.size and other.size:
        return float(np.dot(one, other)) / norms
    if _words(own) == _words(others):
        return 1.0
    if not one.size or not other.size:
        message = "there are no vectors, so the similarity is 0.0: load a table (vocab.vectors)"
        warnings.warn(message, UserWarning, stacklevel=3)
    return 0.0


def _words(whose: Any) -> list[str]:
    # A document and a span are rows of tokens, a token and a lexeme one word.
    return [token.text for token in whose] if hasattr(whose, "__iter__") else [whose.text]


def open_vectors(source: str | Path, block: Mapping[str, Any] | None = None) -> VectorTable:
    """The table at ``source``: a path, or a reference such as ``vectors://name`` that a plugin can
    turn into one.

    ``block`` is the config's ``[nlp.vectors]``, which may name what opens it, with settings.
    Raises :class:`UnknownNameError` if no installed package offers that, and
    :class:`MissingFileError` if no plugin knows the reference.
    """
    from ..plugins import manager
    from ..plugins.registries import registry

    if "://" in str(source):
        path = manager().first("open_resource", uri=str(source), kind="vectors")
        if path is None:
            raise MissingFileError(
                f"no installed plugin knows where '{source}' is: give the path of the table"
            )
        source = path
    settings = {key: value for key, value in (block or {}).items() if not key.startswith("@")}
    opener = registry.get("vectors", (block or {}).get("@vectors", _OPENER))(**settings)
    return cast(VectorTable, opener(source))


def saved_vectors(folder: Path) -> VectorTable | None:
    """The table that :meth:`VectorTable.to_disk` wrote into a vocab's folder; None without one."""
    path = folder / _REFERENCE
    if not path.is_file():
        return None
    try:
        reference = dict(srsly.read_json(path))
        reference["path"] = str(folder / reference["path"])
    except (ValueError, KeyError, TypeError) as error:
        raise SerializationError(f"'{path}' doesn't say which table it is: {error!r}") from error
    return referred_vectors(reference, str(path))


def referred_vectors(reference: Mapping[str, Any], source: str) -> VectorTable:
    """The table that a reference (see :meth:`VectorTable.reference`) in ``source`` stands for.

    Raises :class:`MissingFileError` if it isn't where the reference says, and
    :class:`SerializationError` if another one is there.
    """
    from ..plugins.registries import registry

    if not isinstance(reference, Mapping) or not {"@vectors", "path", "hash"} <= set(reference):
        raise SerializationError(f"{source} doesn't say which table of vectors it means")
    path = Path(reference["path"])
    if not path.exists():
        raise MissingFileError(
            f"{source} refers to a table of vectors at '{path}', which isn't there. Put the table "
            f"with the hash {reference['hash']} there, or correct the path in {source}"
        )
    kept = {"@vectors", "path", "hash"}
    settings = {key: value for key, value in reference.items() if key not in kept}
    opener = registry.get("vectors", reference["@vectors"])(**settings)
    return cast(VectorTable, opener(path, hash=reference["hash"]))
