"""Encoders of pieces that see one token at a time, as spacy-curated-transformers has them."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import ConfigError, ConfigProblem, SerializationError
from spanloom_onnx.align import PieceAlignment
from spanloom_onnx.data import Pieces
from spanloom_onnx.pieces import Encoded
from spanloom_onnx.sequences import Sequences

if TYPE_CHECKING:
    from spanloom.tokens import Doc

__all__ = ["TokenPieces", "make_token_sequences"]

Ints = NDArray[np.int64]
_FILE, _MODEL = "token_pieces.json", "token_pieces.model"


class TokenPieces:
    """The pieces of tokens: what :class:`~spanloom_transformers.pieces.PieceTokenizer` is to texts.

    ``settings`` say by ``kind`` (``wordpiece``, ``bytes``, ``sentencepiece``, ``characters``) how
    a token is cut, and the ids of special pieces: ``bos``, ``eos``, ``unk`` and ``pad``. Raises
    :class:`SerializationError` for settings that can't be.
    """

    space_matters = False
    is_fast = False

    def __init__(self, settings: Mapping[str, Any], model: bytes = b"") -> None:
        self.settings, self._model = dict(settings), model
        try:
            ids = [int(settings[name]) for name in ("bos", "eos", "pad")]
            self._cut: Callable[[str], list[int]] = _KINDS[settings["kind"]](settings, model)
        except ConfigError:
            raise
        except Exception as error:  # damaged data fail in many ways
            raise SerializationError(f"the pieces of tokens are damaged: {error!r}") from error
        self.prefix: Ints = np.array(ids[:1])
        self.suffix: Ints = np.array(ids[1:2])
        #: What is asked of a tokenizer of transformers.
        self.tokenizer = SimpleNamespace(pad_token_id=ids[2], mask_token_id=None)

    @classmethod
    def load(cls, folder: Path) -> TokenPieces | None:
        """Those of a saved model; ``None`` if it has a tokenizer of texts."""
        path = folder / _FILE
        if not path.is_file():
            return None
        model = folder / _MODEL
        data = model.read_bytes() if model.is_file() else b""
        return cls(json.loads(path.read_text("utf8")), data)

    def save(self, folder: Path) -> None:
        """Write two files."""
        for name, data in self.files().items():
            (folder / name).write_bytes(data)

    def files(self) -> dict[str, bytes]:
        """The files of :meth:`save`."""
        files = {_FILE: json.dumps(self.settings).encode()}
        return {**files, _MODEL: self._model} if self._model else files

    def encode_tokens(self, tokens: Sequence[str], spaced: Sequence[bool]) -> list[list[int]]:
        """The pieces of each token, none for white space. ``spaced``: whether a space follows."""
        known: dict[str, list[int]] = {}
        before = (
            [False, *spaced[:-1]] if self.settings["kind"] == "bytes" else [False] * len(tokens)
        )
        found = []
        for token, space in zip(tokens, before, strict=True):
            text = f" {token}" if space else token
            pieces = known.get(text)
            if pieces is None:
                pieces = known[text] = [] if token.isspace() else self._cut(text)
            found.append(pieces)
        return found

    def encode(self, texts: Sequence[str]) -> Encoded:
        """The pieces of texts, each taken as tokens with spaces between."""
        ids: list[int] = []
        lengths = []
        for text in texts:
            words = text.split()
            pieces = [p for each in self.encode_tokens(words, [True] * len(words)) for p in each]
            ids += pieces
            lengths.append(len(pieces))
        nowhere = np.zeros(len(ids), dtype=np.int64)
        return Encoded(np.array(ids, np.int64), nowhere, nowhere, np.array(lengths, np.int64))

    def strings(self, ids: Ints) -> list[str]:
        """The ids, as strings: these encoders are kept without the names of pieces."""
        return list(map(str, ids.tolist()))


def _word_pieces(settings: Mapping[str, Any], _: bytes) -> Callable[[str], list[int]]:
    vocabulary = {str(piece): at for at, piece in enumerate(settings["vocabulary"])}
    unknown, longest = int(settings["unk"]), max(map(len, vocabulary))
    lower, bare, split = (bool(settings.get(key)) for key in ("lower", "bare", "split"))

    def cut(text: str) -> list[int]:
        text = text.lower() if lower else text
        if bare:
            parts = unicodedata.normalize("NFD", text)
            text = "".join(char for char in parts if unicodedata.category(char) != "Mn")
        return [piece for word in (_words(text) if split else [text]) for piece in greedy(word)]

    def greedy(word: str) -> list[int]:
        found: list[int] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            for end in range(min(len(word), start + longest), start, -1):
                piece = vocabulary.get(mark + word[start:end])
                if piece is not None:
                    break
            else:
                return [*found, unknown]  # what follows is lost
            found.append(piece)
            start = end
        return found

    return cut


def _words(text: str) -> list[str]:
    """The runs of characters between marks of punctuation, and the marks."""
    words: list[str] = []
    inside = False
    for char in text:
        mark = (char.isascii() and not char.isalnum() and "!" <= char <= "~") or (
            unicodedata.category(char)[0] == "P"
        )
        if inside and not mark:
            words[-1] += char
        else:
            words.append(char)
        inside = not mark
    return words


def _bytes(settings: Mapping[str, Any], _: bytes) -> Callable[[str], list[int]]:
    from tokenizers import Tokenizer, models, pre_tokenizers

    merges = [tuple(pair) for pair in settings["merges"]]
    made = Tokenizer(models.BPE(vocab=dict(settings["vocabulary"]), merges=merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return lambda text: list(made.encode(text.encode("utf8", "replace").decode()).ids)


def _sentence_pieces(settings: Mapping[str, Any], model: bytes) -> Callable[[str], list[int]]:
    try:
        library: Any = import_module("sentencepiece")
    except ImportError as error:
        problem = ConfigProblem(
            "model",
            "its pieces need the package 'sentencepiece', which isn't installed",
            "pip install 'spanloom-transformers[sentencepiece]'",
        )
        raise ConfigError([problem], source="transformer") from error
    pieces = library.SentencePieceProcessor(model_proto=model)
    shift = int(settings.get("shift", 0))
    moved = {int(old): int(new) for old, new in settings.get("moved", ())}

    def cut(text: str) -> list[int]:
        ids = pieces.encode(text.encode("utf8", "replace").decode())
        return [moved.get(each, each + shift) for each in ids]

    return cut


def _characters(settings: Mapping[str, Any], _: bytes) -> Callable[[str], list[int]]:
    vocabulary = {str(char): int(at) for char, at in settings["vocabulary"].items()}
    unknown, form = int(settings["unk"]), settings.get("normalize")

    def cut(text: str) -> list[int]:
        text = unicodedata.normalize(form, text) if form else text
        return [vocabulary.get(char, unknown) for char in text]

    return cut


_KINDS: Mapping[str, Callable[[Mapping[str, Any], bytes], Callable[[str], list[int]]]] = {
    "wordpiece": _word_pieces,
    "bytes": _bytes,
    "sentencepiece": _sentence_pieces,
    "characters": _characters,
}


def make_token_sequences(
    docs: Sequence[Doc], tokenizer: TokenPieces, window: int, overlap: float
) -> Sequences:
    """Whole documents, encoded token by token and cut into windows of pieces, one every ``window *
    (1 - overlap)`` of them, as spacy-curated-transformers does: special pieces are at the ends of a
    document alone, and a piece in two windows counts half in each."""
    step = max(1, round(window * (1 - overlap)))
    ids: list[int] = []
    rows, counts, lengths, starts, ends = [], [], [], [], []
    for doc in docs:
        pieces = tokenizer.encode_tokens(doc.words, doc.spaces.tolist())
        sizes = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
        first = len(ids) + len(tokenizer.prefix)
        rows.append(np.arange(first, first + int(sizes.sum())))
        counts.append(sizes)
        special = np.zeros(1, dtype=np.int64)
        starts += [special, np.repeat(doc.starts, sizes), special]
        ends += [special, np.repeat(doc.ends, sizes), special]
        ids += [*tokenizer.prefix.tolist(), *(p for each in pieces for p in each)]
        ids += tokenizer.suffix.tolist()
        lengths.append(int(sizes.sum()) + 2)
    full = np.array(lengths, dtype=np.int64)
    begins = np.cumsum(full) - full
    cuts = [
        np.arange(begin + at, begin + min(at + window, size))
        for begin, size in zip(begins.tolist(), lengths)
        for at in range(0, size, step)
    ]
    nothing = np.zeros(0, dtype=np.int64)
    index = np.concatenate([nothing, *cuts])
    sizes = np.fromiter(map(len, cuts), dtype=np.int64, count=len(cuts))
    seen = np.bincount(index, minlength=len(ids))
    pieces_ = Pieces(
        np.array(ids, dtype=np.int64),
        np.concatenate([nothing, *starts]),
        np.concatenate([nothing, *ends]),
        full,
        tokenizer,
    )
    return Sequences(
        [[doc[:]] for doc in docs],
        pieces_,
        PieceAlignment(np.concatenate([nothing, *rows]), np.concatenate([nothing, *counts])),
        np.fromiter(map(len, docs), dtype=np.int64, count=len(docs)),
        full,
        index,
        np.cumsum(sizes) - sizes,
        sizes,
        None if (seen == 1).all() else (1.0 / seen[index]).astype(np.float32),
    )
