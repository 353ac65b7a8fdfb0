"""From a chunk (a run of characters without whitespace) to tokens, by any rules.

The algorithm is spaCy's, described in its documentation: affixes are split off one at a time from
both ends until nothing is left to split, or until what is left is a special case; what remains is
split at infixes unless it is a token by itself. Then special cases that were taken apart on the
way are put together again. Beyond that, an emoji of several characters is one token where the rules
would cut it up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from .pictures import parted
from .rules import Piece, SpecialCases

__all__ = ["Finder", "Found", "Searcher", "Splitter", "find_sequences", "replace_sequences"]

Searcher = Callable[[str], "re.Match[str] | None"]
Finder = Callable[[str], Iterable["re.Match[str]"]]


class Found(NamedTuple):
    """A token, the rule that made it, and its norm where a special case sets one."""

    rule: str
    text: str
    norm: str | None = None


#: First token -> all token sequences that start with it and make a special case together.
Sequences = dict[str, list[tuple[str, ...]]]


class Splitter:
    """Splits chunks by five callables, each of which may be ``None``, and special cases."""

    __slots__ = (
        "_pictures",
        "infixes",
        "prefix",
        "sequences",
        "special_cases",
        "suffix",
        "token",
        "url",
    )

    def __init__(
        self,
        special_cases: SpecialCases,
        prefix: Searcher | None = None,
        suffix: Searcher | None = None,
        infixes: Finder | None = None,
        token: Searcher | None = None,
        url: Searcher | None = None,
        *,
        whole_pictures: bool = True,
        cases_inside: bool = False,
    ) -> None:
        self.special_cases = special_cases
        self.prefix = prefix
        self.suffix = suffix
        self.infixes = infixes
        self.token = token
        self.url = url
        self._pictures = whole_pictures and len(self._plain("☺☺")) > 1
        has_affix = bool if cases_inside else self._has_affix
        self.sequences = find_sequences(special_cases, has_affix, self._plain)

    def __call__(self, chunk: str) -> list[Piece]:
        """The tokens of a chunk."""
        return [(found.text, found.norm) for found in self.explain(chunk)]

    def explain(self, chunk: str) -> list[Found]:
        """The tokens of a chunk, each with the name of its rule: PREFIX, SUFFIX, INFIX, TOKEN,
        TOKEN_MATCH, URL_MATCH, or SPECIAL- with the number of the token in the special case."""
        cases = self.special_cases
        found: list[Found] = []
        for i, part in enumerate(self._parts(chunk)):
            whole = i % 2 and part not in cases
            found += [Found("TOKEN", part)] if whole else self._split(part, cases)
        return replace_sequences(found, self.sequences, cases)

    def _parts(self, chunk: str) -> list[str]:
        """See :func:`parted`; the chunk alone if it is one token, or the rules leave pictures where
        they are. Those at the end of an address are split from it, not those within."""
        parts = parted(chunk) if self._pictures else [chunk]
        if len(parts) == 1 or chunk in self.special_cases or (self.token and self.token(chunk)):
            return [chunk]
        if self.url and self.url(chunk):
            kept = len(parts)
            while kept > 1 and not parts[kept - 1]:
                kept -= 2
            return ["".join(parts[:kept]), *parts[kept:]]
        return parts

    def _plain(self, chunk: str) -> list[str]:
        return [found.text for found in self._split(chunk, {})]

    def _has_affix(self, string: str) -> bool:
        return bool(
            _length(self.prefix, string)
            or _length(self.suffix, string)
            or (self.infixes and any(True for _ in self.infixes(string)))
        )

    def _split(self, chunk: str, cases: SpecialCases) -> list[Found]:
        start, end = 0, len(chunk)
        before: list[Found] = []
        after: list[Found] = []
        while start < end:
            rest = chunk[start:end]
            if rest in cases or (self.token and self.token(rest)):
                break
            prefix = _length(self.prefix, rest)
            if prefix and rest[prefix:] in cases:
                before.append(Found("PREFIX", rest[:prefix]))
                start += prefix
                break
            suffix = _length(self.suffix, rest[prefix:])
            if suffix and rest[:-suffix] in cases:
                after.append(Found("SUFFIX", rest[-suffix:]))
                end -= suffix
                break
            if prefix:
                before.append(Found("PREFIX", rest[:prefix]))
            if suffix:
                after.append(Found("SUFFIX", rest[-suffix:]))
            if not prefix and not suffix:
                break
            start += prefix
            end -= suffix
        after.reverse()
        return before + self._core(chunk[start:end], cases) + after

    def _core(self, string: str, cases: SpecialCases) -> list[Found]:
        if not string:
            return []
        if string in cases:
            return _special(cases[string])
        if self.token and self.token(string):
            return [Found("TOKEN_MATCH", string)]
        if self.url and self.url(string):
            return [Found("URL_MATCH", string)]
        found = []
        done = 0
        for match in self.infixes(string) if self.infixes else ():
            start, end = match.span()
            if start == 0:  # a sign at the start was left by the prefix rules: it stays
                continue
            if start > done:
                found.append(Found("TOKEN", string[done:start]))
            if end > start:
                found.append(Found("INFIX", string[start:end]))
            done = end
        if done < len(string):
            found.append(Found("TOKEN", string[done:]))
        return found


def _length(search: Searcher | None, string: str) -> int:
    match = search(string) if search and string else None
    return match.end() - match.start() if match else 0


def _special(pieces: tuple[Piece, ...]) -> list[Found]:
    return [Found(f"SPECIAL-{i}", text, norm) for i, (text, norm) in enumerate(pieces, 1)]


def find_sequences(
    cases: SpecialCases, has_affix: Callable[[str], bool], split: Callable[[str], list[str]]
) -> Sequences:
    """Special cases that affix rules would take apart, as the tokens that they fall into."""
    sequences: Sequences = {}
    for string, pieces in cases.items():
        if not has_affix(string):
            continue
        tokens = tuple(split(string))
        if len(tokens) > 1 or pieces != ((string, None),):
            sequences.setdefault(tokens[0], []).append(tokens)
    return sequences


def replace_sequences(found: list[Found], sequences: Sequences, cases: SpecialCases) -> list[Found]:
    """Put special cases together again where their parts stand side by side, longest first."""
    texts = [token.text for token in found]
    spans = [
        (len(sequence), start)
        for start, text in enumerate(texts)
        for sequence in sequences.get(text, ())
        if tuple(texts[start : start + len(sequence)]) == sequence
    ]
    if not spans:
        return found
    taken: set[int] = set()
    chosen: list[tuple[int, int]] = []
    for length, start in sorted(spans, key=lambda span: (-span[0], span[1])):
        inside = range(start, start + length)
        if taken.isdisjoint(inside):
            chosen.append((start, start + length))
        taken.update(inside)
    for start, end in sorted(chosen, reverse=True):
        found[start:end] = _special(cases["".join(texts[start:end])])
    return found
