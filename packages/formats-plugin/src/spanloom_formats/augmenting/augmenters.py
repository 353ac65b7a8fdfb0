"""Augmenters: other letters, other signs, more white space, slips of the finger."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from spanloom import Example
from spanloom.errors import DataError

from .rewriting import with_white_space, with_words

if TYPE_CHECKING:
    from spanloom import Pipeline

__all__ = [
    "Augmenter",
    "character_noise",
    "combined_augmenter",
    "lower_case",
    "orth_variants_augmenter",
]

Augmenter = Callable[["Pipeline", Example], Iterator[Example]]

#: ``single`` and ``paired``: groups of tags, and of words (or pairs) that stand for each other.
Variants = Mapping[str, Sequence[Mapping[str, Any]]]


def lower_case(level: float) -> Augmenter:
    """Augmenter ``spanloom.lower_case.v1``: with the chance ``level``, the example in lower case
    in its place. Raises :class:`DataError` if that is no chance."""
    _check(level=level)

    def augment(nlp: Pipeline, example: Example) -> Iterator[Example]:
        yield _lowered(nlp, example) if random.random() < level else example

    return augment


def orth_variants_augmenter(level: float, lower: float, orth_variants: Variants) -> Augmenter:
    """Augmenter ``spanloom.orth_variants.v1``: with the chance ``level``, the example with other
    signs in its place, which then is in lower case with the chance ``lower``.

    ``orth_variants`` has groups of ``tags`` and ``variants`` that stand for each other: words under
    ``single``, pairs of an opening and a closing sign under ``paired``. One variant is drawn for a
    group and document; where a pair has two tags, they are that of the opening and that of the
    closing sign.

    Raises :class:`DataError` for a chance or groups that are none.
    """
    _check(level=level, lower=lower)
    single, paired = _groups(orth_variants)

    def augment(nlp: Pipeline, example: Example) -> Iterator[Example]:
        if random.random() < level:
            example = _respelt(nlp, example, single, paired)
            if random.random() < lower:
                example = _lowered(nlp, example)
        yield example

    return augment


def combined_augmenter(
    lower_level: float = 0.0,
    orth_level: float = 0.0,
    orth_variants: Variants | None = None,
    whitespace_level: float = 0.0,
    whitespace_per_token: float = 0.0,
    whitespace_variants: Sequence[str] | None = None,
) -> Augmenter:
    """Augmenter ``spanloom.combined_augmenter.v1``: each with its chance, lower case, other signs
    (as for :func:`orth_variants_augmenter`), and white space between tokens: so many for each token
    of the document, drawn from ``whitespace_variants``.

    Raises :class:`DataError` for a chance or groups that are none.
    """
    _check(lower_level=lower_level, orth_level=orth_level, whitespace_level=whitespace_level)
    single, paired = _groups(orth_variants or {})
    whites = [*(whitespace_variants or ())]
    if odd := [white for white in whites if not white.isspace()]:
        raise DataError(f"whitespace_variants: {odd[0]!r} isn't white space")

    def augment(nlp: Pipeline, example: Example) -> Iterator[Example]:
        if random.random() < lower_level:
            example = _lowered(nlp, example)
        if (single or paired) and random.random() < orth_level:
            example = _respelt(nlp, example, single, paired)
        if whites and random.random() < whitespace_level:
            for _ in range(int(len(example.reference) * whitespace_per_token)):
                at = random.randrange(len(example.reference))
                example = with_white_space(nlp, example, random.choice(whites), at)
        yield example

    return augment


def character_noise(level: float = 0.1, rate: float = 0.05) -> Augmenter:
    """Augmenter ``spanloom.character_noise.v1``: with the chance ``level``, the example with slips
    of the finger in its place: each letter, with the chance ``rate``, is left out, doubled,
    replaced by another one of the document, or comes after the one behind it. No word becomes
    empty. Raises :class:`DataError` for a chance that is none."""
    _check(level=level, rate=rate)

    def augment(nlp: Pipeline, example: Example) -> Iterator[Example]:
        if random.random() < level:
            words = example.reference.words
            letters = sorted({letter for word in words for letter in word if letter.isalpha()})
            example = with_words(nlp, example, [_slipped(word, letters, rate) for word in words])
        yield example

    return augment


def _lowered(nlp: Pipeline, example: Example) -> Example:
    return with_words(nlp, example, [word.lower() for word in example.reference.words])


def _slipped(word: str, letters: Sequence[str], rate: float) -> str:
    found: list[str] = []
    rest = [*word]
    while rest:
        letter = rest.pop(0)
        if not letter.isalpha() or random.random() >= rate:
            found.append(letter)
            continue
        slip = random.choice(("leave out", "double", "replace", "swap"))
        if slip == "double":
            found += [letter, letter]
        elif slip == "replace":
            found.append(random.choice(letters))
        elif slip == "swap":
            found += [rest.pop(0), letter] if rest else [letter]
        elif not found and not rest:
            found.append(letter)
    return "".join(found)


class _Group:
    """Words with certain tags that stand for each other, or pairs of them."""

    def __init__(self, tags: Sequence[str], variants: Sequence[Any]) -> None:
        self.tags, self.variants = [*tags], variants

    def single(self, words: list[str], tags: Sequence[str]) -> None:
        """Write one of the variants for all of them."""
        chosen = random.choice(self.variants)
        for i, (word, tag) in enumerate(zip(words, tags, strict=True)):
            if tag in self.tags and word in self.variants:
                words[i] = chosen

    def paired(self, words: list[str], tags: Sequence[str]) -> None:
        """Write one pair for all of them: its first for what opens, its second for what closes."""
        chosen = random.choice(self.variants)
        openers, closers = ({pair[side] for pair in self.variants} for side in (0, 1))
        is_open = False
        for i, (word, tag) in enumerate(zip(words, tags, strict=True)):
            if tag not in self.tags or word not in openers | closers:
                continue
            if len(self.tags) == 2:
                is_open = tag == self.tags[0]
            elif (word in openers) != (word in closers):
                is_open = word in openers
            else:  # the same sign for both: in turn
                is_open = not is_open
            words[i] = chosen[0 if is_open else 1]


def _respelt(
    nlp: Pipeline, example: Example, single: Sequence[_Group], paired: Sequence[_Group]
) -> Example:
    reference = example.reference
    words, tags = reference.words, [token.tag_ for token in reference]
    for group in single:
        group.single(words, tags)
    for group in paired:
        group.paired(words, tags)
    return with_words(nlp, example, words)


def _groups(variants: Variants) -> tuple[list[_Group], list[_Group]]:
    """The groups of single words and of pairs. Raises :class:`DataError` for anything else."""
    if not isinstance(variants, Mapping) or {*variants} - {"single", "paired"}:
        raise DataError("orth_variants has groups under 'single' and 'paired', and nothing else")
    found: dict[str, list[_Group]] = {"single": [], "paired": []}
    for kind, groups in variants.items():
        for number, group in enumerate(groups):
            where = f"orth_variants, '{kind}', group {number}"
            if not isinstance(group, Mapping) or not {"tags", "variants"} <= {*group}:
                raise DataError(f"{where}: a group has 'tags' and 'variants', not {group!r}")
            pairs = kind == "paired"
            odd = [v for v in group["variants"] if not _is_variant(v, pairs)]
            if odd or not group["variants"]:
                wanted = "pairs of two words" if pairs else "words without white space"
                raise DataError(f"{where}: variants are {wanted}, not {odd[0] if odd else []!r}")
            found[kind].append(_Group(group["tags"], group["variants"]))
    return found["single"], found["paired"]


def _is_variant(value: object, pairs: bool) -> bool:
    if pairs:
        ok = isinstance(value, list | tuple) and len(value) == 2
        return ok and all(_is_variant(each, False) for each in value)  # type: ignore[attr-defined]
    return isinstance(value, str) and bool(value) and not any(map(str.isspace, value))


def _check(**chances: float) -> None:
    for name, value in chances.items():
        if not 0 <= value <= 1:
            raise DataError(f"{name} is {value}: give a chance from 0 to 1")
