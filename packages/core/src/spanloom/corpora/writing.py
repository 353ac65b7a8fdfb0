"""What the writers of annotated documents share."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from ..io.files import file_written
from ..plugins.known import providers
from ..plugins.registries import registry

if TYPE_CHECKING:
    from ..tokens import Doc

__all__ = ["Writer", "lines_written", "sentence_bounds", "words_of", "writer_for"]

Writer = Callable[[str | Path, Iterable["Doc"]], int]


def writer_for(path: str | Path) -> Writer:
    """What writes documents to a file of this name: a function of the path and the documents, which
    returns how many it wrote. Raises :class:`DataError` for a format that isn't written."""
    name = Path(path).name
    packed = ".gz" if name.endswith(".gz") else ""
    ending = Path(name.removesuffix(".gz")).suffix.removeprefix(".") + packed
    if ending not in registry.writers:
        known = ", ".join(f".{name}" for name in registry.writers.names())
        absent = providers("writers").get(ending)
        hint = f": pip install {absent}" if absent else f". Supported formats: {known}"
        raise DataError(f"'{path}' can't be written in this format{hint}")
    writer: Writer = registry.writers.get(ending)
    return writer


@contextmanager
def lines_written(path: str | Path) -> Iterator[Callable[[str], Any]]:
    """Yield a function that writes text, in UTF-8, to a file that appears when the block ends;
    gzipped if the name ends in ``.gz``. It raises :class:`DataError` for text that UTF-8 can't
    hold."""
    with file_written(path) as file:
        if Path(path).suffix == ".gz":
            with gzip.open(file, "wt", encoding="utf8", newline="\n") as zipped:
                yield partial(_write, path, zipped)
        else:
            text = io.TextIOWrapper(file, "utf8", newline="\n")
            yield partial(_write, path, text)
            text.flush()
            text.detach()


def _write(path: str | Path, file: Any, line: str) -> None:
    try:
        file.write(line)
    except UnicodeEncodeError:
        raise DataError(
            f"'{path}': {line.strip()[:60]!r} holds half a surrogate pair, which UTF-8 can't hold: "
            f"write .jsonl or .loom, or repair the text"
        ) from None


def sentence_bounds(doc: Doc) -> list[tuple[int, int]]:
    """First token and token after the last of each sentence; the whole document is one where the
    sentences aren't known."""
    starts = np.flatnonzero(doc.sent_starts == 1).tolist() if len(doc) else []
    bounds = [0, *(start for start in starts if start), len(doc)]
    return list(zip(bounds, bounds[1:], strict=False))


def words_of(doc: Doc) -> list[str]:
    """The words, with whitespace inside made one space: "" for a token of whitespace."""
    return [" ".join(word.split()) for word in doc.words]
