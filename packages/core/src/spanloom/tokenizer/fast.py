"""The rules of `base_rules` without a regular expression for each affix.

`FastSplitter` gives the same tokens as :class:`Splitter` with those rules, which the tests hold it
to. It looks at one character at either end and knows from it whether anything can be split there;
patterns are run where that is open, on a few characters. It moves indices and cuts no copies, so
the time is linear in the length of a chunk where the general algorithm is quadratic.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from . import characters
from .characters import CURRENCY_SIGNS, CURRENCY_WORDS, PUNCTUATION, QUOTES, UNITS
from .rules import Piece, TokenizerRules, base_rules
from .splitter import Found, Searcher, Splitter, replace_sequences

__all__ = ["FastSplitter", "fast_splitter"]

# What a character means at the start or end of what is left of a chunk.
_NEVER, _ALWAYS, _PLUS, _DOTS, _COUNTRY, _ELLIPSIS, _AFTER_DIGIT = range(7)

_ALWAYS_BOTH = frozenset("—–" + PUNCTUATION + QUOTES)
_ENDS_AFTER_DIGIT = frozenset(
    [*CURRENCY_SIGNS, "+", *"sS", *(text[-1] for text in (*UNITS, *CURRENCY_WORDS))]
)
_WINDOW = 1 + max(map(len, (*UNITS, *CURRENCY_WORDS)))


class _Starts(dict[str, int]):
    """What each first character means, worked out when it's first met."""

    def __missing__(self, char: str) -> int:
        if char in _ALWAYS_BOTH or char in "§%=" or char in CURRENCY_SIGNS or _icon().match(char):
            code = _ALWAYS
        elif char == "+":
            code = _PLUS
        elif char == ".":
            code = _DOTS
        else:
            code = _COUNTRY if any(char == sign[0] for sign in CURRENCY_WORDS) else _NEVER
        self[char] = code
        return code


class _Ends(dict[str, int]):
    """What each last character means, worked out when it's first met."""

    def __missing__(self, char: str) -> int:
        if char == "…":
            code = _ELLIPSIS
        elif char in _ALWAYS_BOTH or _icon().match(char):
            code = _ALWAYS
        elif char == ".":
            code = _DOTS
        else:
            code = _AFTER_DIGIT if char in _ENDS_AFTER_DIGIT else _NEVER
        self[char] = code
        return code


_STARTS = _Starts()
_ENDS = _Ends()


@cache
def _icon() -> re.Pattern[str]:
    return re.compile(f"[{characters.icons()}]")


@cache
def _full_stop() -> re.Pattern[str]:
    signs = re.escape(PUNCTUATION + QUOTES)
    before = rf"[0-9%²+|\-{signs}{characters.lower()}]"
    return re.compile(rf"(?:{before}|[{characters.upper()}][{characters.upper()}]|°[FfCcKk])\.\Z")


@cache
def _infix_sign() -> re.Pattern[str]:
    return re.compile(rf"[.…+\-*^,–—~:<>=/{characters.icons()}]")


def _longest_first(texts: tuple[str, ...]) -> str:
    return "|".join(map(re.escape, sorted(texts, key=len, reverse=True)))


@cache
def _after() -> re.Pattern[str]:
    after_digit = _longest_first((*UNITS, *CURRENCY_WORDS, *CURRENCY_SIGNS))
    return re.compile(rf"(?:['’][sS]|(?<=[0-9])(?:\+|{after_digit}))\Z")


def _prefix(chunk: str, start: int, end: int) -> int:
    """Characters to split from the start of ``chunk[start:end]``, which isn't empty."""
    code = _STARTS[chunk[start]]
    if code <= _ALWAYS:
        return code
    if code == _PLUS:
        return 0 if start + 1 < end and chunk[start + 1] in "0123456789" else 1
    if code == _COUNTRY:
        return next((len(s) for s in CURRENCY_WORDS if chunk.startswith(s, start, end)), 0)
    stop = start + 1
    while stop < end and chunk[stop] == ".":
        stop += 1
    return stop - start if stop - start > 1 else 0


def _suffix(chunk: str, start: int, end: int) -> int:
    """Characters to split from the end of ``chunk[start:end]``, which isn't empty."""
    code = _ENDS[chunk[end - 1]]
    if code <= _ALWAYS:
        return code
    if code == _ELLIPSIS:
        return 2 if end - 2 >= start and chunk[end - 2] == "…" else 1
    if code == _AFTER_DIGIT:
        window = chunk[max(start, end - _WINDOW) : end]
        if window.isalpha():
            return 0
        match = _after().search(window)
        return match.end() - match.start() if match else 0
    stop = end - 1
    while stop > start and chunk[stop - 1] == ".":
        stop -= 1
    if end - stop > 1:
        return end - stop
    return 1 if _full_stop().search(chunk[max(start, end - 3) : end]) else 0


class FastSplitter(Splitter):
    """A :class:`Splitter` for chunks under `base_rules` and any special cases."""

    __slots__ = ("_heads", "_longest")

    def __init__(self, rules: TokenizerRules) -> None:
        super().__init__(
            rules.special_cases,
            prefix=_search(rules.prefix),
            suffix=_search(rules.suffix),
            infixes=re.compile(rules.infix or "").finditer,
            url=re.compile(rules.url or "").match,
        )
        self._longest = max(map(len, self.special_cases), default=0)
        self._heads = frozenset(self.sequences)

    def __call__(self, chunk: str) -> list[Piece]:
        """The tokens of a chunk."""
        cases = self.special_cases
        if chunk in cases:
            tokens = list(cases[chunk])
        elif chunk.isalpha():
            return [(chunk, None)]
        else:
            tokens = []
            for i, part in enumerate(self._parts(chunk)):
                if i % 2 or part in cases:
                    tokens += cases.get(part, ((part, None),))
                else:
                    tokens += self._peel(part)
        if len(tokens) > 1 and not self._heads.isdisjoint([text for text, _ in tokens]):
            found = [Found("", text, norm) for text, norm in tokens]
            found = replace_sequences(found, self.sequences, cases)
            return [(text, norm) for _, text, norm in found]
        return tokens

    def _peel(self, chunk: str) -> list[Piece]:
        cases, longest = self.special_cases, self._longest
        start, end = 0, len(chunk)
        before: list[Piece] = []
        after: list[Piece] = []
        while start < end:
            # No special case is as long as that: what is left needn't be cut out to be looked up.
            short = end - start <= longest + 2
            if short and chunk[start:end] in cases:
                break
            prefix = _prefix(chunk, start, end)
            inner = start + prefix
            if prefix:
                before.append((chunk[start:inner], None))
                if short and chunk[inner:end] in cases:
                    start = inner
                    break
            suffix = _suffix(chunk, inner, end) if inner < end else 0
            if suffix:
                after.append((chunk[end - suffix : end], None))
                if short and chunk[start : end - suffix] in cases:
                    if prefix:
                        before.pop()
                    end -= suffix
                    break
            elif not prefix:
                break
            start = inner
            end -= suffix
        if start < end:
            before += self._middle(chunk[start:end] if before or after else chunk)
        after.reverse()
        return before + after

    def _middle(self, string: str) -> list[Piece]:
        if string in self.special_cases:
            return list(self.special_cases[string])
        if string.isalnum():
            return [(string, None)]
        sign = _infix_sign().search(string)
        if sign is None:  # a web address has a full stop
            return [(string, None)]
        if "." in string and self.url and self.url(string):
            return [(string, None)]
        tokens: list[Piece] = []
        done = 0
        for match in self.infixes(string) if self.infixes else ():
            start, end = match.span()
            if start == 0:
                continue
            if start > done:
                tokens.append((string[done:start], None))
            tokens.append((string[start:end], None))
            done = end
        if done < len(string):
            tokens.append((string[done:], None))
        return tokens


def _search(pattern: str | None) -> Searcher:
    return re.compile(pattern or "").search


def fast_splitter(rules: TokenizerRules) -> FastSplitter | None:
    """A fast splitter for ``rules``, ``None`` if they aren't the base rules."""
    if rules.cases_inside or not rules.whole_pictures:
        return None
    bare = replace(rules, special_cases={})
    if any(bare == base_rules(digit_before_hyphen=hyphen) for hyphen in (False, True)):
        return FastSplitter(rules)
    return None
