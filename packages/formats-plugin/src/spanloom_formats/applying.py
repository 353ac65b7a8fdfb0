"""Annotating files in a stream, so that a run that was killed goes on where it was.

Documents are written in parts of a fixed number, each whole or absent, into a folder beside the
output. When all are there, the output is made of them and the folder removed. To go on is to leave
out as many texts as the parts hold.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any

from spanloom.corpora.texts import read_texts, text_files
from spanloom.corpora.writing import Writer, writer_for
from spanloom.errors import DataError, OccupiedError, SpanloomError
from spanloom.io.files import refuse_source, write_text
from spanloom.tokens import Doc
from spanloom.tokens.storage.docfile import read_docs as read_part
from spanloom.tokens.storage.docfile import write_docs as write_part
from spanloom.vocab import Vocab

if TYPE_CHECKING:
    from spanloom import Pipeline

__all__ = ["Applied", "apply_pipeline"]

#: Documents in one part.
_SIZE = 1000

#: The name of a part, or of one that was being written.
_PART = re.compile(r"\.?\d{8,}\.loom(\.[0-9a-f]{8})?|\.about\.json\.[0-9a-f]{8}")


@dataclass(frozen=True)
class Applied:
    """What :func:`apply_pipeline` did: documents in the output, those of them that an earlier run
    had annotated, and the words and seconds of this run."""

    docs: int
    before: int
    words: int
    seconds: float


def apply_pipeline(
    nlp: Pipeline,
    source: str | Path,
    output: str | Path,
    *,
    text_key: str = "text",
    lines: bool = False,
    batch_size: int | None = None,
    n_process: int = 1,
    resume: bool = False,
    size: int = _SIZE,
    progress: Callable[[int, int], Any] | None = None,
) -> Applied:
    """Annotate everything in ``source`` (see :func:`~spanloom.corpora.texts.read_texts`) and write
    the documents to ``output``, in the format of its name; to standard output (``-``) as lines of
    JSON, each as soon as it is there.

    With ``resume``, the parts that a run before left are kept. ``size`` documents make a part;
    ``progress`` is called after each document with the numbers of documents and words so far.

    Raises :class:`DataError` before anything is annotated if a text holds half a surrogate pair,
    which the format of ``output`` can't; :class:`SpanloomError` if the parts are of another
    pipeline (of other weights, say), or of another source; and what reading,
    annotating and writing raise.
    """
    to_stdout, output = str(output) == "-", Path(output)
    if to_stdout and resume:
        raise DataError("Standard output can't be resumed: name an output file")
    refuse_source(output, source, *(text_files(Path(source)) if Path(source).is_dir() else ()))
    write = None if to_stdout else writer_for(output)

    def read() -> Iterator[str | Doc]:
        texts = read_texts(source, nlp, text_key=text_key, lines=lines)
        return _whole(texts, output) if strict else texts

    strict = write is not None and not _holds_surrogates(write, output)
    if strict and str(source) != "-":
        deque(read(), maxlen=0)  # before hours of work, not after them
    parts = output.with_name(f"{output.name}.parts")
    about = {"pipeline": _identity(nlp), "source": str(source), "size": size, "lines": lines}
    if not to_stdout:
        _prepare(parts, {**about, "text_key": text_key}, resume)

    texts = read()
    before = 0 if to_stdout else _skip_done(texts, parts, nlp, size)
    options: dict[str, Any] = {"batch_size": batch_size}
    if n_process != 1:
        options["n_process"] = n_process
    counts = [0, 0]
    start = perf_counter()

    def counted(docs: Iterable[Doc]) -> Iterator[Doc]:
        for doc in docs:
            counts[0] += 1
            counts[1] += len(doc)
            if progress is not None:
                progress(*counts)
            yield doc

    docs = counted(nlp.pipe(texts, **options))
    if write is None:
        total = _print_json(docs)
        return Applied(total, 0, counts[1], perf_counter() - start)
    number = before // size
    for first in docs:
        write_part(parts / f"{number:08d}.loom", chain([first], islice(docs, size - 1)))
        number += 1
    seconds = perf_counter() - start
    total = write(output, _collected(parts, nlp))
    shutil.rmtree(parts)
    return Applied(total, total - counts[0], counts[1], seconds)


def _holds_surrogates(write: Writer, output: Path) -> bool:
    """Whether a format can hold half a surrogate pair, which UTF-8 can't: its writer is tried."""
    with TemporaryDirectory() as folder:
        try:
            write(Path(folder) / output.name, [Doc(Vocab(), ["\ud83d"])])
        except (SpanloomError, UnicodeError):
            return False
    return True


def _whole(texts: Iterable[str | Doc], output: Path) -> Iterator[str | Doc]:
    """The texts. Raises :class:`DataError` for one with half a surrogate pair."""
    for number, text in enumerate(texts, 1):
        string = text if isinstance(text, str) else text.text
        try:
            string.encode("utf8")
        except UnicodeEncodeError as error:
            raise DataError(
                f"text {number:,} of the source holds half a surrogate pair ({string[:40]!r}, at "
                f"character {error.start}), which '{output}' can't hold: write .jsonl or .loom, or "
                f"repair the text"
            ) from None
        yield text


def _print_json(docs: Iterable[Doc]) -> int:
    count = 0
    for doc in docs:
        print(json.dumps(doc.to_json()), flush=True)
        count += 1
    return count


def _collected(parts: Path, nlp: Pipeline) -> Iterator[Doc]:
    for path in sorted(parts.glob("*.loom")):
        yield from read_part(path, nlp.vocab)


def _skip_done(texts: Iterator[str | Doc], parts: Path, nlp: Pipeline, size: int) -> int:
    """Leave out the texts whose documents the parts hold. Returns how many parts times their size
    that is."""
    done = sorted(parts.glob("*.loom"))
    if not done:
        return 0
    kept = [doc.text for doc in read_part(done[-1], nlp.vocab)]
    count = (len(done) - 1) * size + len(kept)
    last = next(islice(texts, count - 1, None), None)
    if last is None or (last if isinstance(last, str) else last.text) != kept[-1]:
        raise SpanloomError(
            f"Text {count:,} of the source has changed since '{done[-1]}' was written: start again "
            "without --resume"
        )
    return len(done) * size


def _identity(nlp: Pipeline) -> str:
    """A hash of the config and of what tokenizer and components hold, weights above all."""
    digest = blake2b(nlp.config.to_str().encode("utf8"), digest_size=16)
    for name, part in [("tokenizer", nlp.tokenizer), *nlp.components]:
        digest.update(name.encode("utf8"))
        if hasattr(part, "to_bytes"):
            digest.update(part.to_bytes())
    return digest.hexdigest()


def _prepare(parts: Path, about: dict[str, Any], resume: bool) -> None:
    """Make the folder of parts, or see that it is of the same run."""
    note = parts / "about.json"
    if parts.exists():
        strange = [p.name for p in parts.iterdir() if p != note and not _PART.fullmatch(p.name)]
        if strange or not note.is_file():
            raise OccupiedError(
                f"'{parts}' is needed for parts of the output, but holds something else: move it "
                "away"
            )
    if not resume:
        shutil.rmtree(parts, ignore_errors=True)
    if note.is_file():
        found = json.loads(note.read_text("utf8"))
        other = [key for key in about if found.get(key) != about[key]]
        if other:
            raise SpanloomError(
                f"'{parts}' was written with a different {', '.join(other)}: use the same, or "
                "start again without --resume"
            )
        return
    write_text(note, json.dumps(about, indent=1))
