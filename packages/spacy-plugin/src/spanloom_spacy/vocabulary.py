"""Tokenizer rules, norms and vectors of a pipeline that spaCy saved."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spanloom.errors import SerializationError
from spanloom.io import msgpack
from spanloom.lang import language
from spanloom.lang.base import base_norms
from spanloom.plugins.registries import registry
from spanloom.tokenizer import Tokenizer
from spanloom.vocab.protocols import PipelineLike
from spanloom.vocab.strings import hash_strings, symbol_ids

from .languages import read_language
from .norms import TableNorms
from .parts import Parts, json_of

__all__ = ["NormedTokenizer", "read_vectors", "rule_tokenizer", "tokenizer_bytes"]


class NormedTokenizer(Tokenizer):
    """A tokenizer by rules that also keeps the norms of words, which spaCy has in its vocab."""

    norms: Mapping[int, str]

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.set_norms({})

    def set_norms(self, norms: Mapping[int, str]) -> None:
        """Let words have these norms, by their ids; those that were seen before keep theirs."""
        self.norms = norms
        vocab = self.vocab
        known = read_language(vocab.lang)
        old = vocab.rules if known is None else known.lexical
        rules = TableNorms(base_norms(), old.stop_words, old.like_num, norms)
        vocab.rules = vocab.lexicon.rules = rules

    def to_bytes(self) -> bytes:
        """Rules and norms, as msgpack."""
        return msgpack.dumps({"rules": super().to_bytes(), "norms": dict(self.norms)})

    def from_bytes(self, bytes_data: bytes) -> NormedTokenizer:
        """Take over what :meth:`to_bytes` gave. Raises :class:`SerializationError` for something
        else."""
        try:
            state = msgpack.loads(bytes_data)
            rules, norms = state["rules"], state["norms"]
        except Exception as error:
            raise SerializationError(f"these are not the rules of a tokenizer ({error})") from error
        if not isinstance(norms, dict) or not all(
            isinstance(key, int) and isinstance(norm, str) for key, norm in norms.items()
        ):
            raise SerializationError("the norms of a tokenizer are damaged")
        super().from_bytes(rules)
        self.set_norms(norms)
        return self


def rule_tokenizer() -> Callable[[PipelineLike], NormedTokenizer]:
    """``spanloom-spacy.NormedTokenizer.v1``: the rules of the pipeline's language, with norms,
    until those of a saved pipeline are read."""
    return lambda nlp: NormedTokenizer(nlp.vocab, language(nlp.lang).tokenizer_rules)


def tokenizer_bytes(parts: Parts) -> bytes:
    """What :class:`NormedTokenizer` reads."""
    data = parts.get("tokenizer")
    if data is None:
        raise SerializationError(f"{parts.source}: the rules of the tokenizer are missing")
    return msgpack.dumps({"rules": data, "norms": _lexeme_norms(parts)})


def strings_of(parts: Parts, ids: Collection[int]) -> dict[int, str]:
    """The strings of ids, from those that the pipeline keeps. Raises :class:`KeyError` where one is
    missing."""
    strings = json_of(parts, "vocab", "strings.json") or json_of(parts, "vocab", "strings") or []
    texts = ["", *strings, *symbol_ids()]
    known = dict(zip(hash_strings(texts).tolist(), texts, strict=True))
    return {key: "" if key == 0 else known[key] for key in ids}


def lookups_bytes(parts: Parts, *path: str) -> bytes:
    """A ``lookups.bin``: tables by name, packed; those of no tables if there is none."""
    # Under the first name in a folder, under others in bytes.
    data = parts.get(*path, "lookups.bin") if parts.in_files else parts.get(*_in_bytes(path))
    return data or msgpack.dumps({})


def _lexeme_norms(parts: Parts) -> Any:
    data = lookups_bytes(parts, "vocab")
    try:
        return msgpack.loads(data).get("lexeme_norm", {})
    except Exception as error:
        raise SerializationError(f"{parts.source}: damaged lookups ({error})") from error


def _in_bytes(path: Sequence[str]) -> Sequence[str]:
    return path if path[-1] == "lookups" else [*path, "lookups"]


def read_vectors(parts: Parts) -> Any:
    """The table of vectors, from a file by memory map; ``None`` if the pipeline has none."""
    if parts.folder is not None:
        file = parts.folder / "vocab" / "vectors"
        if not file.is_file() or file.stat().st_size <= _NO_ROWS:
            return None
        return _opener()(parts.folder / "vocab")
    files = _vector_files(parts)
    if len(files.get("vectors") or b"") <= _NO_ROWS:
        return None
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            if data is not None:
                Path(folder, name).write_bytes(data)
        # A copy is in memory, and outlives the files.
        return _opener()(folder).copy()


def _opener() -> Any:
    return registry.vectors.get("spanloom.Vectors.v1")()


#: A file of an array of so many bytes has a header and no rows.
_NO_ROWS = 256


def _vector_files(parts: Parts) -> dict[str, bytes | None]:
    """The files of a table of vectors, by name."""
    if parts.in_files:
        names = ("vectors", "key2row", "vectors.cfg", "strings.json")
        return {name: parts.get("vocab", name) for name in names}
    packed = parts.get("vocab", "vectors")
    if packed is None:
        return {}
    state = msgpack.loads(packed)
    rows = io.BytesIO()
    np.save(rows, np.asarray(msgpack.loads(state["vectors"])), allow_pickle=False)
    settings = {key: state[key] for key in ("mode", "attr") if key in state}
    return {
        "vectors": rows.getvalue(),
        "key2row": state.get("key2row"),
        "vectors.cfg": json.dumps(settings).encode(),
        "strings.json": parts.get("vocab", "strings"),
    }
