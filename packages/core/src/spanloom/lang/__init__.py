"""Languages: the settings that a tokenizer and a vocabulary start from.

`language` finds them by code. English has rules of its own; Chinese, Japanese, Thai and others
written without spaces are split into characters; any other language gets the neutral rules.
"""

from __future__ import annotations

from functools import cache
from warnings import warn

from ..errors import DataError
from ..plugins.registries import registry
from .base import LanguageDefaults, data_lines

__all__ = ["LanguageDefaults", "code_of", "language", "warn_if_neutral"]

_RIGHT_TO_LEFT = frozenset(
    ["ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "syr", "ug", "ur", "yi"]
)


@cache
def _codes() -> dict[str, str]:
    """Each code of ISO 639, and the code that is used for its language."""
    codes = {}
    for line in data_lines("spanloom.lang", "codes.txt"):
        words = line.split()
        same = len(words[0]) == 2
        codes.update({word: words[0] if same else word for word in words})
    return codes


def code_of(code: str) -> str:
    """The code that is used for a language: that of two letters where it has one ("eng" is "en").

    Raises :class:`DataError` for a code that ISO 639 doesn't have and nobody registered, and
    :class:`UnknownNameError` where a saved pipeline is loaded whose language came from a package
    that isn't there.
    """
    if registry.has("languages", code):
        return code
    if registry.languages.recorded_supplier(code):
        raise registry.languages.unknown(code)
    if code not in _codes():
        raise DataError(
            f"'{code}' isn't a language code: give two or three lower-case letters (ISO 639), or "
            "'xx' for several languages, or register your own (@registry.languages). There are "
            f"rules for {', '.join(registry.languages.names())}; other languages get neutral ones."
        )
    return _codes()[code]


def language(code: str) -> type[LanguageDefaults]:
    """The settings of a language: the neutral ones where it has none of its own. Raises what
    :func:`code_of` does."""
    code = code_of(code)
    if registry.has("languages", code):
        found: type[LanguageDefaults] = registry.get("languages", code)
        return found
    direction = "rtl" if code in _RIGHT_TO_LEFT else "ltr"
    return type(code.capitalize(), (LanguageDefaults,), {"code": code, "direction": direction})


def warn_if_neutral(code: str) -> None:
    """Warn that a language has no rules of its own, for who makes a pipeline of it. Raises what its
    :meth:`LanguageDefaults.tokenizer_rules` does, such as that they aren't on this machine."""
    if registry.has("languages", code_of(code)):
        language(code).tokenizer_rules()
    else:
        warn(
            f"there are no rules for the language '{code}': it gets neutral ones, which split at "
            f"spaces and marks, and no stop words",
            stacklevel=3,
        )
