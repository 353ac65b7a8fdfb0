"""Hooks; imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanloom.plugins import hookimpl

if TYPE_CHECKING:
    from spanloom.plugins import ExtensionTable

__all__ = ["SPANLOOM_API", "declare_extensions"]

SPANLOOM_API = 1


@hookimpl
def declare_extensions(declare: ExtensionTable) -> None:
    """What the component writes."""
    declare.doc("reading_ease", default=None, doc="Flesch's score, or None")
    declare.token("syllables", default=0, doc="Syllables of a word, as spelling suggests")
