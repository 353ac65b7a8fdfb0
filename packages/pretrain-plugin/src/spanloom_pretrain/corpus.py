"""Raw text, read as a stream: nothing of a corpus is kept but a chunk of documents."""

from __future__ import annotations

import bz2
import gzip
import logging
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from spanloom import Doc, Example
from spanloom.corpora.corpus import format_of, read_docs
from spanloom.errors import DataError, FormatError, MissingFileError
from spanloom.io.lines import json_line

if TYPE_CHECKING:
    from spanloom import Pipeline

__all__ = ["Item", "JsonlCorpus", "PlainTextCorpus", "jsonl_corpus", "plain_text_corpus"]

_CHUNK = 512
"""Documents that are tokenized at a time."""

_TURN = 16
"""Documents that are read from a file before it's another one's turn."""

_KEPT_PROBLEMS = 100
_LINES = (".jsonl", ".txt")

_log = logging.getLogger("spanloom")

Item = str | Doc
"""A text that is tokenized, or a document whose tokens were given."""


class JsonlCorpus:
    """Raw text from a file, or from all files of a folder and those below, side by side.

    Each line of a ``.jsonl`` file is an object with ``text``, or with ``tokens``: a list of words
    (``spaces`` may say after which a space follows), or a document as ``Doc.to_json`` gives it.
    Each line of a ``.txt`` file is a document. Both may be compressed (``.gz``, ``.bz2``, ``.xz``,
    ``.zst``). Formats of annotated data, such as ``.spacy`` and ``.conllu``, are read without their
    annotation.

    Documents of fewer than ``min_length`` tokens, or of ``max_length`` or more, are left out;
    ``limit`` is how many are given at most; 0 is no limit. With ``skip_bad_lines``, what can't be
    read is named in the log and in ``problems``, and left out.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        min_length: int = 0,
        max_length: int = 0,
        limit: int = 0,
        skip_bad_lines: bool = False,
    ) -> None:
        self.path = Path(path)
        self.min_length = min_length
        self.max_length = max_length
        self.limit = limit
        self.skip_bad_lines = skip_bad_lines
        self.problems: list[FormatError] = []

    def __repr__(self) -> str:
        return f"JsonlCorpus({str(self.path)!r})"

    def __call__(self, nlp: Pipeline) -> Iterator[Example]:
        """Examples without annotation. Raises :class:`MissingFileError`, and
        :class:`FormatError` with file and line for what can't be read."""
        for doc in self.docs(nlp):
            yield Example(doc, doc.copy())

    def docs(self, nlp: Pipeline) -> Iterator[Doc]:
        """The documents themselves."""
        docs = self.tokenized(nlp, self.items(nlp))
        return islice(docs, self.limit) if self.limit > 0 else docs

    def items(self, nlp: Pipeline) -> Iterator[Item]:
        """What is read, before it is tokenized. The files of a folder are read side by side, each
        in its order, so that all of them reach their ends together."""
        files = [_Source(path) for path in self._files()]
        turns = [(0.0, number, self._items(nlp, file)) for number, file in enumerate(files)]
        while turns:
            _, number, items = heappop(turns)
            turn = list(islice(items, _TURN))
            yield from turn
            if len(turn) == _TURN:
                heappush(turns, (files[number].share(), number, items))

    def tokenized(self, nlp: Pipeline, items: Iterable[Item]) -> Iterator[Doc]:
        """Documents of ``items``, without those that are too short or too long."""
        return (doc for doc in _tokenized(nlp, iter(items)) if self._fits(len(doc)))

    def _fits(self, length: int) -> bool:
        longest = self.max_length if self.max_length > 0 else length + 1
        return max(self.min_length, 1) <= length < longest

    def _files(self) -> list[Path]:
        if self.path.is_file():
            if not self._reads(self.path):
                raise DataError(
                    f"The format of '{self.path}' isn't supported as raw text: give .jsonl or "
                    ".txt, compressed or not, or a format of 'spanloom convert'"
                )
            return [self.path]
        if not self.path.is_dir():
            raise MissingFileError(f"There is no file or folder at '{self.path.absolute()}'")
        files = sorted(f for f in self.path.rglob("*") if f.is_file() and self._reads(f))
        files = [file for file in files if not _hidden(file.relative_to(self.path))]
        if not files:
            raise MissingFileError(
                f"'{self.path}' contains no raw text: .jsonl and .txt files are read, compressed "
                "or not"
            )
        return files

    def _reads(self, path: Path) -> bool:
        return self._kind(path) in _LINES or format_of(path) is not None

    def _kind(self, path: Path) -> str:
        return _kind(path)

    def _items(self, nlp: Pipeline, source: _Source) -> Iterator[Item]:
        path = source.path
        kind = self._kind(path)
        if kind not in _LINES:
            for doc in read_docs(path, nlp.vocab):
                source.done += len(doc.text)
                yield Doc.from_rows(nlp.vocab, doc.text, doc.rows, doc.spaces, doc.lexicon)
            return
        for number, line in source.lines():
            try:
                item = _text(line, path, number)
                if kind == ".jsonl" and item.strip():
                    yield _item(nlp, item, path, number)
                elif item.strip():
                    yield item.strip()
            except FormatError as error:
                if not self.skip_bad_lines:
                    raise
                self._note(error)

    def _note(self, error: FormatError) -> None:
        known = {(each.path, each.line) for each in self.problems}
        if len(known) < _KEPT_PROBLEMS and (error.path, error.line) not in known:
            self.problems.append(error)
            _log.warning("left out: %s", error)


class PlainTextCorpus(JsonlCorpus):
    """Raw text from a file, or from the ``.txt`` files of a folder and those below: each line is a
    document. Files may be compressed. Documents of fewer than ``min_length`` tokens, or of more
    than ``max_length``, are left out; 0 is no limit."""

    def __init__(self, path: str | Path, *, min_length: int = 0, max_length: int = 0) -> None:
        longest = max_length + 1 if max_length > 0 else 0
        super().__init__(path, min_length=min_length, max_length=longest)

    def _reads(self, path: Path) -> bool:
        return path == self.path or _kind(path) == ".txt"

    def _kind(self, path: Path) -> str:
        return ".txt"


def plain_text_corpus(
    path: str | Path | None, min_length: int = 0, max_length: int = 0
) -> PlainTextCorpus:
    """Reader ``spanloom.PlainTextCorpus.v1``: see :class:`PlainTextCorpus`.

    Raises :class:`MissingFileError` at once if no path is given or nothing is there.
    """
    return PlainTextCorpus(_there(path), min_length=min_length, max_length=max_length)


def jsonl_corpus(
    path: str | Path | None,
    min_length: int = 0,
    max_length: int = 0,
    limit: int = 0,
    skip_bad_lines: bool = False,
) -> JsonlCorpus:
    """Reader ``spanloom.JsonlCorpus.v1``: see :class:`JsonlCorpus`.

    Raises :class:`MissingFileError` at once if no path is given or nothing is there.
    """
    return JsonlCorpus(
        _there(path),
        min_length=min_length,
        max_length=max_length,
        limit=limit,
        skip_bad_lines=skip_bad_lines,
    )


def _there(path: str | Path | None) -> Path:
    if path is None or not Path(path).exists():
        wrong = "No raw text is given" if path is None else f"There is no raw text at '{path}'"
        raise MissingFileError(
            f"{wrong}: give a file or folder as --paths.raw, or in [paths] in the config (spaCy's "
            "configs call it raw_text)"
        )
    return Path(path)


def _tokenized(nlp: Pipeline, items: Iterator[Item]) -> Iterator[Doc]:
    while chunk := list(islice(items, _CHUNK)):
        nlp.vocab.renew()
        texts = [item for item in chunk if isinstance(item, str)]
        made = _make_docs(nlp, texts)
        for item in chunk:
            yield next(made) if isinstance(item, str) else item


def _make_docs(nlp: Pipeline, texts: list[str]) -> Iterator[Doc]:
    batch = getattr(nlp.tokenizer, "batch", None)
    docs: Iterable[Doc] = batch(texts) if batch is not None else map(nlp.make_doc, texts)
    return iter(docs)


def _zst(file: BinaryIO, mode: str) -> IO[bytes]:
    try:
        import zstandard
    except ImportError:
        raise DataError(
            f"'{file.name}' is compressed with zstd: pip install 'spanloom-pretrain[zst]' to read "
            "it"
        ) from None
    stream: IO[bytes] = zstandard.open(file, mode)
    return stream


_OPENERS: dict[str, Callable[..., Any]] = {
    ".bz2": bz2.open,
    ".gz": gzip.open,
    ".xz": lzma.open,
    ".zst": _zst,
}


def _kind(path: Path) -> str:
    """The suffix below that of a compression."""
    return Path(path.stem).suffix if path.suffix in _OPENERS else path.suffix


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


class _Source:
    """A file that is being read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done = 0
        self._size = max(path.stat().st_size, 1)
        self._file: BinaryIO | None = None

    def share(self) -> float:
        """About how much of it was read, from 0 to 1."""
        return (self._file.tell() if self._file is not None else self.done) / self._size

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Its lines with their numbers, from 1. Raises :class:`FormatError` if it is broken."""
        number = 0
        opener = _OPENERS.get(self.path.suffix)
        try:
            with open(self.path, "rb") as self._file:
                lines = self._file if opener is None else opener(self._file, "rb")
                for number, line in enumerate(lines, 1):
                    yield number, line
        except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
            raise FormatError(self.path, number + 1, f"the file is damaged: {error}") from error


def _text(line: bytes, path: Path, number: int) -> str:
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        where = f"byte {error.start + 1} of the line isn't UTF-8 ({error.reason})"
        raise FormatError(path, number, where) from None


def _item(nlp: Pipeline, line: str, path: Path, number: int) -> Item:
    row = json_line(path, number, line.strip())
    if isinstance(row, dict):
        tokens = row.get("tokens")
        if isinstance(tokens, list):
            try:
                if tokens and isinstance(tokens[0], dict):
                    return Doc(nlp.vocab).from_json(row)
                return Doc(nlp.vocab, words=tokens, spaces=row.get("spaces"))
            except DataError as error:
                raise FormatError(path, number, f"isn't a document: {error}") from None
        if isinstance(row.get("text"), str):
            return str(row["text"])
    raise FormatError(
        path, number, "isn't an object with 'text', a string, or with 'tokens', a list of words"
    )
