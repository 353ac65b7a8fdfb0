"""Values kept with a document that speak of its tokens or characters, and so must change with them.

Most values in ``doc.user_data`` are true of a part of a document as well, or of several that are
joined. A table with a row for each token isn't: copied as it is, it would be wrong without anyone
noticing. The class of such a value derives from :class:`TextBound`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .forward import Doc, Span

__all__ = ["TextBound", "drop_bound", "join_bound", "part_of_bound", "retokenize_bound"]


class TextBound:
    """Base of values of documents' custom attributes that belong to the document's tokens.

    When a document is cut out, joined or retokenized, each such value is asked for the one that
    fits the new tokens. ``None`` says that there is none: then the attribute isn't set. So says
    each method that isn't overridden. None of them may change the value itself, which other
    documents may hold, too.
    """

    __slots__ = ()

    def for_part(self, span: Span) -> Self | None:
        """The value for ``span.as_doc(copy_user_data=True)``. ``span`` is of the whole document;
        the part's text is ``span.text_with_ws``."""
        return None

    @classmethod
    def for_joined(
        cls, docs: Sequence[Doc], values: Sequence[Self], starts: Sequence[int]
    ) -> Self | None:
        """The value for ``Doc.from_docs(docs)``, of the values of all ``docs``. The text of
        document ``i`` starts at the character ``starts[i]`` of the joined one."""
        return None

    def for_retokenized(self, doc: Doc, source: NDArray[np.int64]) -> Self | None:
        """The value for ``doc``, whose tokens were merged or split just now. ``source[i]`` is the
        former token that token ``i`` has its annotation of; the text is the same."""
        return None


def part_of_bound(data: dict[Any, Any], span: Span) -> dict[Any, Any]:
    """User data for a part of a document."""
    return _mapped(data, lambda value: value.for_part(span))


def retokenize_bound(doc: Doc, source: NDArray[np.int64]) -> None:
    """Let the user data of ``doc`` follow its tokens, which were just merged or split."""
    if doc._user_data:
        doc.user_data = _mapped(doc._user_data, lambda value: value.for_retokenized(doc, source))


def drop_bound(doc: Doc) -> None:
    """Leave out what belongs to a text that ``doc`` doesn't have any more."""
    if doc._user_data:
        doc.user_data = _mapped(doc._user_data, lambda value: None)


def _mapped(
    data: dict[Any, Any], function: Callable[[TextBound], TextBound | None]
) -> dict[Any, Any]:
    if not any(isinstance(value, TextBound) for value in data.values()):
        return data
    out = {}
    for key, value in data.items():
        new = function(value) if isinstance(value, TextBound) else value
        if new is not None or value is None:
            out[key] = new
    return out


def join_bound(docs: Sequence[Doc], starts: Sequence[int]) -> dict[Any, Any]:
    """By key, the values of user data that belong to the text, for a document of ``docs``:
    ``None`` where not all of them have one, of the same class, or it can't be joined."""
    out: dict[Any, Any] = {}
    keys = [
        k for doc in docs for k, v in (doc._user_data or {}).items() if isinstance(v, TextBound)
    ]
    for key in dict.fromkeys(keys):
        values = [(doc._user_data or {}).get(key) for doc in docs]
        bound = [value for value in values if isinstance(value, TextBound)]
        kind = type(bound[0])
        same = len(bound) == len(values) and all(type(value) is kind for value in bound)
        out[key] = kind.for_joined(docs, bound, starts) if same else None
    return out
