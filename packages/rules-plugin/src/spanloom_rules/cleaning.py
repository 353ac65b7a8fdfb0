"""The component ``doc_cleaner``: sets attributes of documents to what takes up no memory."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spanloom.plugins.factory import component_defaults
from spanloom.tokens import Doc

if TYPE_CHECKING:
    from spanloom.vocab.protocols import PipelineLike

__all__ = ["DocCleaner", "make_doc_cleaner"]

ATTRS = {"tensor": None, "_.trf_data": None}


class DocCleaner:
    """Sets each of ``attrs`` (``"cats"``, ``"_.name"``) of a document to the value given.

    ``None`` as the ``tensor`` takes it away: it's an empty array then. Of attributes that a
    document doesn't have, a warning tells, unless ``silent``.
    """

    def __init__(self, attrs: Mapping[str, Any], *, silent: bool = True) -> None:
        self.attrs = dict(attrs)
        self.silent = silent

    def __call__(self, doc: Doc) -> Doc:
        """Clean one document."""
        for attr, value in self.attrs.items():
            *path, last = attr.split(".")
            target: Any = doc
            for part in path:
                target = getattr(target, part, None)
            if hasattr(target, last):
                is_tensor = attr == "tensor" and value is None
                setattr(target, last, np.zeros(0, dtype=np.float32) if is_tensor else value)
            elif not self.silent:
                warnings.warn(
                    f"doc_cleaner can't set '{attr}': the document has no such attribute. Take "
                    f"it out of attrs, or declare it (Doc.set_extension)",
                    stacklevel=2,
                )
        return doc


@component_defaults({"attrs": ATTRS})
def make_doc_cleaner(
    nlp: PipelineLike, name: str, *, attrs: dict[str, Any], silent: bool = True
) -> DocCleaner:
    """The component ``doc_cleaner``."""
    return DocCleaner(attrs, silent=silent)
