"""What the writers of annotated documents share."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from ..files import file_written

if TYPE_CHECKING:
    from ..tokens import Doc

__all__ = ["lines_written", "sentence_bounds", "words_of", "writer_for"]

Writer = Callable[[str | Path, Iterable["Doc"]], int]

_WRITERS = {
    "arrow": "training.arrow_files:write_arrow",
    "biluo": "training.iob_files:write_biluo",
    "conll": "training.iob_files:write_conll",
    "conllu": "training.conllu_writing:write_conllu",
    "iob": "training.iob_files:write_iob",
    "jsonl": "training.jsonl:write_jsonl",
    "loom": "tokens.docfile:write_docs",
    "parquet": "training.arrow_files:write_parquet",
    "spacy": "training.docbin:write_spacy",
}
#: Formats that aren't text, and aren't gzipped.
_BINARY = {"arrow", "loom", "parquet", "spacy"}


def writer_for(path: str | Path) -> Writer:
    """What writes documents to a file of this name: a function of the path and the documents, which
    returns how many it wrote. Raises :class:`DataError` for a format that isn't written."""
    name = Path(path).name
    suffix = Path(name.removesuffix(".gz")).suffix.removeprefix(".")
    if suffix not in _WRITERS or (suffix in _BINARY and name.endswith(".gz")):
        known = ", ".join(f".{suffix}" for suffix in _WRITERS)
        raise DataError(
            f"'{path}' is in no format that can be written. There are: {known}; those of text also "
            f"with .gz"
        )
    module, _, function = _WRITERS[suffix].partition(":")
    writer: Writer = getattr(import_module(f"spanloom.{module}"), function)
    return writer


@contextmanager
def lines_written(path: str | Path) -> Iterator[Callable[[str], Any]]:
    """Yield a function that writes text, in UTF-8, to a file that appears when the block ends;
    gzipped if the name ends in ``.gz``."""
    with file_written(path) as file:
        if Path(path).suffix == ".gz":
            with gzip.open(file, "wt", encoding="utf8", newline="\n") as zipped:
                yield zipped.write
        else:
            text = io.TextIOWrapper(file, "utf8", newline="\n")
            yield text.write
            text.flush()
            text.detach()


def sentence_bounds(doc: Doc) -> list[tuple[int, int]]:
    """First token and token after the last of each sentence; the whole document is one where the
    sentences aren't known."""
    starts = np.flatnonzero(doc.sent_starts == 1).tolist() if len(doc) else []
    bounds = [0, *(start for start in starts if start), len(doc)]
    return list(zip(bounds, bounds[1:], strict=False))


def words_of(doc: Doc) -> list[str]:
    """The words, with whitespace inside made one space: "" for a token of whitespace."""
    return [" ".join(word.split()) for word in doc.words]
