"""Docstrings are written with reStructuredText's roles; the site is Markdown. This extension of
griffe turns one into the other."""

from __future__ import annotations

import re
from typing import Any

import griffe

__all__ = ["Docstrings", "to_markdown"]

_ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod):`~?\.?([\w.]+)`")


def to_markdown(text: str) -> str:
    """Roles become code (```:class:`Doc` ``` is `Doc`), ``::`` before a block a colon."""
    text = _ROLE.sub(r"`\1`", text)
    text = re.sub(r"^::\n\n", "", text, flags=re.M)
    return re.sub(r"::\n\n", ":\n\n", text)


class Docstrings(griffe.Extension):
    """Applies `to_markdown` to each docstring that is loaded."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite the docstring of one object, if it has one."""
        if obj.docstring is not None:
            obj.docstring.value = to_markdown(obj.docstring.value)
