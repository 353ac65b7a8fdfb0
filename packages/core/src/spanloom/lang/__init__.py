"""Languages: the settings that a tokenizer and a vocabulary start from.

`language` finds them by code. English has rules of its own; Chinese, Japanese, Thai and others
written without spaces are split into characters; any other code gets the neutral rules.
"""

from __future__ import annotations

import re

from ..errors import DataError
from ..plugins.registries import registry
from .base import LanguageDefaults

__all__ = ["LanguageDefaults", "language"]

_RIGHT_TO_LEFT = frozenset(
    ["ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "syr", "ug", "ur", "yi"]
)
_CODE = re.compile(r"[a-z]{2,3}")


def language(code: str) -> type[LanguageDefaults]:
    """The settings of a language.

    A code that nobody registered gets the neutral rules under its own name. Raises
    :class:`DataError` for what isn't a code of two or three lower-case letters, and
    :class:`UnknownNameError` where a saved pipeline is loaded whose language came from a package
    that isn't there.
    """
    if registry.has("languages", code):
        found: type[LanguageDefaults] = registry.get("languages", code)
        return found
    if registry.languages.recorded_supplier(code):
        raise registry.languages.unknown(code)
    if not _CODE.fullmatch(code):
        raise DataError(
            f"'{code}' is no language code: give two or three lower-case letters (ISO 639), such "
            f"as 'en', or 'xx' for many languages"
        )
    direction = "rtl" if code in _RIGHT_TO_LEFT else "ltr"
    return type(code.capitalize(), (LanguageDefaults,), {"code": code, "direction": direction})
