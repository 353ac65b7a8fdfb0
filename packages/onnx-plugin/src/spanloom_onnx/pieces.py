"""Texts to word pieces by the library `tokenizers`: raw texts in, flat arrays of pieces out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import ConfigError, ConfigProblem

__all__ = ["PROBE", "Encoded", "FastTokenizer", "Specials", "encoded"]

Ints = NDArray[np.int64]

#: Half a pair of UTF-16, which no tokenizer takes; each becomes one character that stands for any.
_HALF = re.compile("[\ud800-\udfff]")

#: A text whose pieces any tokenizer can tell from its special ones.
PROBE = "a b"


@dataclass(frozen=True, slots=True)
class Encoded:
    """The pieces of several texts, flat; special pieces aren't among them.

    ``ids``, ``starts`` and ``ends`` (character offsets in the piece's text) have shape ``(n,)``,
    ``lengths`` has the number of pieces of each text.
    """

    ids: Ints
    starts: Ints
    ends: Ints
    lengths: Ints


@dataclass(frozen=True, slots=True)
class Specials:
    """What a tokenizer's special pieces are: all of their ids, the one that fills rows up, and the
    unknown piece with its id, where there is one."""

    ids: tuple[int, ...] = ()
    pad: int | None = None
    unknown: str | None = None
    unknown_id: int | None = None


class FastTokenizer:
    """A tokenizer of the library `tokenizers`, which knows offsets itself.

    ``prefix`` and ``suffix`` are the ids of the special pieces around a sequence.
    ``space_matters`` tells that a word with a space before it gives other pieces than at the start
    of a text (byte-level BPE): then a span is encoded together with the space before it.
    """

    def __init__(self, backend: Any, specials: Specials, *, text_is_text: bool = True) -> None:
        """Takes over ``backend``: truncation and padding that it came with are switched off.

        Text that spells a special piece, such as ``[SEP]``, gives pieces of its characters; without
        ``text_is_text``, the special piece.
        """
        self.backend = backend
        self.specials = specials
        self.text_is_text = text_is_text
        self._special = np.array(specials.ids if text_is_text else (), dtype=np.int64)
        if backend is not None:
            # Once and here: encoding doesn't change the object, so that threads can share it.
            backend.no_truncation()
            backend.no_padding()
        self.prefix, self.suffix = self._specials()
        first, second, spaced, both = (
            self.encode([t]).ids.tolist() for t in ("a", "b", " b", "a b")
        )
        self.space_matters = both == first + spaced and both != first + second

    @classmethod
    def of(cls, content: bytes, specials: Specials, *, text_is_text: bool = True) -> Self:
        """The tokenizer of a file ``tokenizer.json``. Raises :class:`ValueError` for another."""
        from tokenizers import Tokenizer

        try:
            backend = Tokenizer.from_buffer(content)
        except Exception as error:  # the library has no class of its own for that
            raise ValueError(f"it isn't a file of the library tokenizers: {error}") from error
        return cls(backend, specials, text_is_text=text_is_text)

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files."""
        self.backend.save(str(folder / "tokenizer.json"))

    @property
    def kind(self) -> str:
        """What messages call it."""
        return type(self.backend).__name__

    def encode(self, texts: Sequence[str]) -> Encoded:
        """The pieces of each text, without special ones, however long it is."""
        whole = [text if text.isascii() else _HALF.sub("\ufffd", text) for text in texts]
        found = self._encode(whole)
        return self._spelt(whole, found) if self.text_is_text else found

    def _spelt(self, texts: Sequence[str], found: Encoded) -> Encoded:
        """What was found, with the pieces of its parts for each piece that is special: some models
        hold the special ones in their vocabulary, where any text can spell them."""
        wrong = np.flatnonzero(np.isin(found.ids, self._special) & (found.ends > found.starts + 1))
        if not len(wrong):
            return found
        unknown = self.specials.unknown_id
        owners = np.repeat(np.arange(len(texts)), found.lengths)
        columns = [found.ids.tolist(), found.starts.tolist(), found.ends.tolist(), owners.tolist()]
        rows = list(zip(*columns))
        for place in wrong[::-1].tolist():
            piece, start, end, owner = rows[place]
            surface = texts[owner][start:end]
            spelt = surface.strip()
            if len(spelt) < 2 or (piece == unknown and spelt != self.specials.unknown):
                continue
            cut = start + len(surface) - len(surface.lstrip()) + 1
            parts = [(start, cut), (cut, end)]
            inner = self.encode([texts[owner][first:last] for first, last in parts])
            firsts = np.repeat([first for first, _ in parts], inner.lengths)
            rows[place : place + 1] = zip(
                inner.ids.tolist(),
                (inner.starts + firsts).tolist(),
                (inner.ends + firsts).tolist(),
                [owner] * len(inner.ids),
            )
        table = np.array(rows, dtype=np.int64).reshape(-1, 4)
        lengths = np.bincount(table[:, 3], minlength=len(texts))
        return Encoded(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy(), lengths)

    def _encode(self, texts: Sequence[str]) -> Encoded:
        ids: list[int] = []
        offsets: list[tuple[int, int]] = []
        lengths = []
        if self.backend.encode_special_tokens is not self.text_is_text:
            # Whoever calls transformers' own methods on the object changes this.
            self.backend.encode_special_tokens = self.text_is_text
        for encoding in self.backend.encode_batch(list(texts), add_special_tokens=False):
            piece_ids = encoding.ids
            ids += piece_ids
            offsets += encoding.offsets
            lengths.append(len(piece_ids))
        return encoded(ids, offsets, lengths)

    def strings(self, ids: Ints) -> list[str]:
        """The piece that each id stands for."""
        kinds, inverse = np.unique(ids, return_inverse=True)
        pieces = self._names(kinds.tolist())
        return [pieces[i] for i in inverse.tolist()]

    def _names(self, ids: list[int]) -> list[str]:
        return [self.backend.id_to_token(each) or "" for each in ids]

    def _specials(self) -> tuple[Ints, Ints]:
        bare = self._probe(special=False)
        whole = self._probe(special=True)
        for start in range(len(whole) - len(bare) + 1):
            if whole[start : start + len(bare)] == bare:
                return _ints(whole[:start]), _ints(whole[start + len(bare) :])
        problem = ConfigProblem(
            "model.tokenizer_config",
            f"the special pieces of {self.kind} don't stand around a text",
            "use a tokenizer that puts them at its ends",
        )
        raise ConfigError([problem], source="transformer")

    def _probe(self, special: bool) -> list[int]:
        return list(self.backend.encode(PROBE, add_special_tokens=special).ids)


def _ints(values: Sequence[int]) -> Ints:
    return np.asarray(values, dtype=np.int64)


def encoded(ids: list[int], offsets: list[tuple[int, int]], lengths: list[int]) -> Encoded:
    """Lists of ids, of offsets and of numbers of pieces, as arrays."""
    pairs = np.array(offsets, dtype=np.int64).reshape(-1, 2)
    return Encoded(
        _ints(ids),
        np.ascontiguousarray(pairs[:, 0]),
        np.ascontiguousarray(pairs[:, 1]),
        _ints(lengths),
    )
