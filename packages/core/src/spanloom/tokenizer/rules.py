"""What a tokenizer splits by: affix patterns, patterns of whole tokens, and special cases.

A set of rules is data (strings and tables), so it can be compared, changed and saved. The functions
`compile_prefixes`, `compile_suffixes` and `compile_infixes` make of a list of patterns what a
tokenizer's ``prefix_search``, ``suffix_search`` and ``infix_finditer`` are set to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from ..errors import DataError
from .characters import (
    CURRENCY_SIGNS,
    CURRENCY_WORDS,
    PUNCTUATION,
    QUOTES,
    UNITS,
    icons,
    letter,
    lower,
    upper,
)

__all__ = [
    "Piece",
    "SpecialCases",
    "TokenizerRules",
    "base_infixes",
    "base_prefixes",
    "base_rules",
    "base_suffixes",
    "checked_case",
    "compile_infixes",
    "compile_prefixes",
    "compile_suffixes",
    "compiled",
    "url_pattern",
]

#: One token of a special case: its text, and its norm where the rule sets one.
Piece = tuple[str, str | None]
#: The tokens that a string becomes when it stands alone or is left when affixes are split off.
SpecialCases = Mapping[str, tuple[Piece, ...]]

_UNIT = "|".join(map(re.escape, sorted(UNITS, key=len, reverse=True)))
_CURRENCY = "|".join(map(re.escape, [*CURRENCY_WORDS, *CURRENCY_SIGNS]))


def base_prefixes() -> tuple[str, ...]:
    """Patterns that are split from the start of a word in any language."""
    return (
        f"[{re.escape('§%=—–' + PUNCTUATION + QUOTES + CURRENCY_SIGNS)}]",
        r"\+(?![0-9])",
        r"\.\.+",
        *map(re.escape, CURRENCY_WORDS),
        f"[{icons()}]",
    )


def base_suffixes() -> tuple[str, ...]:
    """Patterns that are split from the end of a word in any language."""
    signs = re.escape(PUNCTUATION + QUOTES)
    return (
        f"[{re.escape('—–' + PUNCTUATION + QUOTES)}]",
        "……",
        r"\.\.+",
        f"[{icons()}]",
        "['’][sS]",
        r"(?<=[0-9])\+",
        r"(?<=°[FfCcKk])\.",
        f"(?<=[0-9])(?:{_CURRENCY})",
        f"(?<=[0-9])(?:{_UNIT})",
        rf"(?<=[0-9%²+|\-{signs}{lower()}])\.",
        rf"(?<=[{upper()}][{upper()}])\.",
    )


def base_infixes(*, digit_before_hyphen: bool = False) -> tuple[str, ...]:
    """Patterns that are split inside a word in any language.

    With ``digit_before_hyphen`` a hyphen between a digit and a letter splits too ("24-hour").
    """
    # Each begins with the sign itself and looks back over it: cheap to reject at a letter.
    quotes = re.escape("," + QUOTES)
    any_letter = letter()
    letter_or_digit = f"(?:{any_letter}|[0-9])"
    before_hyphen = letter_or_digit if digit_before_hyphen else any_letter
    return (
        r"\.\.+",
        "…",
        f"[{icons()}]",
        r"[+\-*^](?<=[0-9].)(?=[0-9-])",
        rf"\.(?<=[{lower()}{quotes}].)(?=[{upper()}{quotes}])",
        f",(?<={any_letter}.)(?={any_letter})",
        rf"[-–—~](?<={before_hyphen}.)(?:(?<=-)-{{0,2}}|(?<=—)—?|)(?={any_letter})",
        f"[:<>=/](?<={letter_or_digit}.)(?={any_letter})",
    )


@cache
def url_pattern() -> str:
    """Web addresses, with or without a scheme, and e-mail addresses.

    A host is an IPv4 address outside the private networks, or labels with dots and a top level of
    at least two lower-case letters. It can have a port, and a path, query or fragment.
    """
    octet = r"(?:1?\d{1,2}|2[0-4]\d|25[0-5])"
    last_octet = r"(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4])"
    private = (
        r"(?!(?:10|127)(?:\.\d{1,3}){3})"
        r"(?!(?:169\.254|192\.168)(?:\.\d{1,3}){2})"
        r"(?!172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})"
    )
    number = rf"{private}(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])(?:\.{octet}){{2}}\.{last_octet}"
    letter = r"A-Za-z0-9\u00a1-\uffff"
    label = rf"(?:[{letter}][{letter}_-]{{0,62}})?[{letter}]"
    named = rf"(?:{label}\.)+[{lower()}]{{2,63}}"
    return rf"(?:[\w+\-.]{{2,}}://)?(?:\S+@)?(?:{number}|{named})(?::\d{{2,5}})?(?:[/?#]\S*)?$"


def compile_prefixes(patterns: Iterable[str]) -> re.Pattern[str]:
    """One pattern for all of ``patterns`` at the start of a string; use its ``search``."""
    return compiled("|".join(f"^(?:{pattern})" for pattern in patterns), "prefix")


def compile_suffixes(patterns: Iterable[str]) -> re.Pattern[str]:
    """One pattern for all of ``patterns`` at the end of a string; use its ``search``."""
    return compiled("|".join(f"(?:{pattern})$" for pattern in patterns), "suffix")


def compile_infixes(patterns: Iterable[str]) -> re.Pattern[str]:
    """One pattern for all of ``patterns`` anywhere in a string; use its ``finditer``."""
    return compiled("|".join(patterns), "infix")


def compiled(pattern: str, what: str) -> re.Pattern[str]:
    """A pattern that is ready for use. Raises :class:`DataError`, which calls it ``what``."""
    try:
        return re.compile(pattern)
    except re.error as error:
        raise DataError(
            f"{what} patterns of the tokenizer: not a regular expression: {error}. "
            f"Correct the pattern that contains {pattern[max(0, (error.pos or 0) - 20) :]!r:.60}."
        ) from error


def checked_case(string: str, pieces: Sequence[Mapping[Any, Any]]) -> tuple[Piece, ...]:
    """The tokens of a special case, given as ``[{"ORTH": "do"}, {"ORTH": "n't", "NORM": "not"}]``.

    Raises :class:`DataError` if there are none, if one sets anything but ORTH and NORM, or if the
    texts together aren't ``string``.
    """
    found: list[Piece] = []
    for piece in pieces:
        # 65 and 67 are the ids of ORTH and NORM, which rules of other libraries are keyed by.
        items = piece.items() if isinstance(piece, Mapping) else ()
        named = {{65: "ORTH", 67: "NORM"}.get(k, str(k).upper()): v for k, v in items}
        unknown = sorted(str(key) for key in named if key not in ("ORTH", "NORM"))
        if unknown or not isinstance(named.get("ORTH"), str) or not named["ORTH"]:
            raise DataError(
                f"special case {string!r}: a token is {{'ORTH': text}} or {{'ORTH': text, 'NORM': "
                f"norm}}, not {piece!r}. Set other attributes with an attribute ruler."
            )
        found.append((named["ORTH"], named.get("NORM")))
    if not found or "".join(text for text, _ in found) != string:
        raise DataError(
            f"special case {string!r}: its tokens must give the string when put together, but are "
            f"{[text for text, _ in found]!r}"
        )
    return tuple(found)


@dataclass(frozen=True)
class TokenizerRules:
    """The rules of a tokenizer. Without any, text is split at whitespace alone.

    ``prefix``, ``suffix``, ``infix``, ``token`` and ``url`` are regular expressions, ``None`` for
    none: the first two are searched (so they hold their own anchors), infixes are found one after
    the other, and the last two say that a string is one token if they match at its start. Without
    ``whole_pictures`` emoji of several characters are split as other signs are; with
    ``cases_inside`` special cases are also found where infixes split, whatever they look like.
    """

    prefix: str | None = None
    suffix: str | None = None
    infix: str | None = None
    token: str | None = None
    url: str | None = None
    special_cases: SpecialCases = field(default_factory=dict)
    whole_pictures: bool = True
    cases_inside: bool = False

    def with_cases(self, *more: SpecialCases) -> TokenizerRules:
        """The same rules with more special cases; a later one takes the place of an earlier."""
        cases = dict(self.special_cases)
        for added in more:
            cases.update(added)
        return replace(self, special_cases=cases)


@cache
def base_rules(*, digit_before_hyphen: bool = False) -> TokenizerRules:
    """The rules that suit any language written with spaces, without special cases."""
    return TokenizerRules(
        prefix=compile_prefixes(base_prefixes()).pattern,
        suffix=compile_suffixes(base_suffixes()).pattern,
        infix=compile_infixes(base_infixes(digit_before_hyphen=digit_before_hyphen)).pattern,
        url=url_pattern(),
    )
