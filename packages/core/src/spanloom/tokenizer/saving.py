"""Rules of a tokenizer as bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from ..errors import DataError, SerializationError
from .rules import TokenizerRules, checked_case

__all__ = ["pattern_of", "rules_from_bytes", "rules_to_bytes"]

_FORMAT = 1
_FIELDS = ("prefix", "suffix", "infix", "token", "url")
_FLAGS = {"whole_pictures": True, "cases_inside": False}


def pattern_of(name: str, function: Callable[..., Any] | None) -> str | None:
    """The regular expression behind a method of a compiled pattern.

    Raises :class:`SerializationError` for any other callable.
    """
    if function is None:
        return None
    pattern = getattr(function, "__self__", None)
    if not isinstance(pattern, re.Pattern) or not isinstance(pattern.pattern, str):
        raise SerializationError(
            f"the tokenizer can't be saved: its {name} is {function!r}, not a method of a compiled "
            f"pattern. Write the rule as a regular expression, or set it again after loading."
        )
    flags = pattern.flags & ~re.UNICODE
    letters = "".join(c for c, f in zip("aimsx", _INLINE, strict=True) if flags & f)
    return f"(?{letters}){pattern.pattern}" if letters else pattern.pattern


_INLINE = (re.ASCII, re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE)


def rules_to_bytes(rules: TokenizerRules) -> bytes:
    """Rules as JSON, in ASCII so that any string can be in them."""
    state: dict[str, Any] = {"format": _FORMAT, "kind": "tokenizer"}
    state |= {field: getattr(rules, field) for field in (*_FIELDS, *_FLAGS)}
    state["special_cases"] = {
        string: [[text] if norm is None else [text, norm] for text, norm in pieces]
        for string, pieces in rules.special_cases.items()
    }
    return json.dumps(state, separators=(",", ":")).encode("ascii")


def rules_from_bytes(data: bytes) -> TokenizerRules:
    """Rules that :func:`rules_to_bytes` gave, or a library whose dialect is installed.

    Raises :class:`SerializationError` if they are something else.
    """
    try:
        if data[:1] == b"{":
            state = json.loads(data)
        else:
            state = _foreign(data)
        known = state["format"]
        if known != _FORMAT:
            raise SerializationError(
                f"tokenizer rules of format {known!r}, this version reads {_FORMAT}"
            )
        patterns = {field: state[field] for field in _FIELDS}
        flags: dict[str, Any] = {
            field: bool(state.get(field, default)) for field, default in _FLAGS.items()
        }
        cases = {
            string: tuple((piece[0], piece[1] if len(piece) > 1 else None) for piece in pieces)
            for string, pieces in state["special_cases"].items()
        }
        for string, pieces in cases.items():
            texts = [text for text, _ in pieces]
            if not texts or not all(texts) or "".join(texts) != string:
                checked_case(string, [{"ORTH": text} for text in texts])
        # They are compiled when the first text comes: that takes long, and may never be needed.
        if not all(isinstance(each, str | None) for each in patterns.values()):
            raise DataError("its patterns must be strings")
    except SerializationError:
        raise
    except DataError as error:
        raise SerializationError(f"these tokenizer rules are damaged: {error}") from error
    except Exception as error:
        raise SerializationError(
            f"these are not the rules of a tokenizer ({type(error).__name__}: {error})"
        ) from error
    return TokenizerRules(**patterns, **flags, special_cases=cases)


def _foreign(data: bytes) -> dict[str, Any]:
    """Rules that another library saved, by the dialect that knows them."""
    from ..plugins.registries import registry

    rules = registry.foreign_tokenizer_rules(data)
    if rules is not None:
        return {"format": _FORMAT, **rules}
    raise SerializationError(f"these are not the rules of a tokenizer{registry.dialect_hint()}")
