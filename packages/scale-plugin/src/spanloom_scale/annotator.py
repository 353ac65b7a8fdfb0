"""What annotates in a worker: one pipeline, loaded once in its process, and batches of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, TypedDict

import pyarrow as pa
from pyarrow import fs

import spanloom
from spanloom import Doc, Pipeline
from spanloom.errors import DataError, MissingFileError, PipelineError
from spanloom.pipeline.batching import WORDS, check_sizes, grouped
from spanloom.plugins.factory import names_of
from spanloom.plugins.installed import find

from .columns import DEFAULT, annotation_arrays, annotation_fields

__all__ = ["Annotator", "Options", "Settings", "annotator"]

#: Word types that a worker's vocab holds before it begins anew: some 20 MB.
_TYPES = 100_000

#: What tells one saved pipeline from another: the second lists all its files with their hashes.
_TELLING = ("config.cfg", "meta.json")


class Options(TypedDict, total=False):
    """What every ``annotate`` takes beside the data and the pipeline."""

    columns: Sequence[str]
    """Names of `COLUMNS`: what to add to each row. By default offsets, tags, heads, entities."""
    text: str
    """The column that holds the texts: ``text`` unless given."""
    batch_words: int
    """About so many words are annotated at a time; 20,000 unless given."""
    max_types: int | None
    """The bound of the vocab of a pipeline that a worker loads, 100,000 unless given: with it, the
    memory doesn't grow with the number of texts."""
    disable: Sequence[str]
    """Components that don't run."""


@dataclass(frozen=True)
class Settings:
    """What a worker must know, in values that travel to it. ``mark`` is another where the pipeline
    at the same path is another."""

    pipeline: str
    mark: str
    columns: tuple[str, ...] = DEFAULT
    text: str = "text"
    batch_words: int = WORDS
    max_types: int | None = _TYPES
    disable: tuple[str, ...] = ()

    @classmethod
    def of(cls, pipeline: str | Path, options: Options) -> Self:
        """Settings for a saved pipeline: its folder, the name of an installed one, or the URI of a
        folder in an object store (``s3://``, ``gs://``, ``hdfs://``, ``file://``).

        Raises :class:`MissingFileError` if there is none, :class:`PipelineError` for a pipeline
        that isn't saved, and :class:`DataError` for columns that there aren't.
        """
        if isinstance(pipeline, Pipeline):
            raise PipelineError(
                "workers load the pipeline from a path: save it (nlp.to_disk) where all of them "
                "can read it, and give that path"
            )
        return cls.checked(*_found(str(pipeline)), options)

    @classmethod
    def checked(cls, pipeline: str, mark: str, options: Options) -> Self:
        """Settings of options that can be. Raises :class:`DataError` and :class:`PipelineError` for
        others."""
        given: dict[str, Any] = {**options}
        for key in given.keys() & {"columns", "disable"}:
            given[key] = tuple(names_of(given[key]))
        made = cls(pipeline, mark, **given)
        annotation_fields(made.columns)
        check_sizes(1, made.batch_words)
        return made

    def schema(self, schema: Any) -> Any:
        """The ``pyarrow.Schema`` of rows with this one, once they are annotated.

        Raises :class:`DataError` if there are no texts, or a column is there already.
        """
        if self.text not in schema.names:
            raise DataError(
                f"there is no column '{self.text}' (there are: {', '.join(schema.names)}): name "
                "the one that holds the texts with text="
            )
        kind = schema.field(self.text).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise DataError(f"the column '{self.text}' holds {kind}, not strings")
        for field in annotation_fields(self.columns):
            if field.name in schema.names:
                raise DataError(
                    f"there is a column '{field.name}' already: rename it, or leave it out of "
                    "columns="
                )
            schema = schema.append(field)
        return schema


def _found(source: str) -> tuple[str, str]:
    """The absolute folder (or name, or URI) of a pipeline, and a mark of what is in it."""
    if "://" in source:
        store, folder = _store(source)
        digest = sha256()
        for name in _TELLING:
            with store.open_input_stream(f"{folder}/{name}") as file:
                digest.update(file.read())
        return source, digest.hexdigest()
    path = Path(source)
    if not path.exists() and (installed := find(source)) is not None:
        return source, f"{installed.name} {installed.version}"
    if not path.exists():
        raise MissingFileError(
            f"There is no pipeline '{source}': no folder '{path.absolute()}', and no installed "
            "package of that name"
        )
    if not path.is_dir():
        return str(path.absolute()), sha256(path.read_bytes()).hexdigest()
    there = [path / name for name in _TELLING if (path / name).is_file()]
    return str(path.absolute()), sha256(b"".join(p.read_bytes() for p in there)).hexdigest()


def _store(uri: str) -> tuple[Any, str]:
    """The file system of a URI, and the path in it of the pipeline there."""
    try:
        store, folder = fs.FileSystem.from_uri(uri)
        if store.get_file_info(f"{folder}/{_TELLING[0]}").type != fs.FileType.File:
            raise MissingFileError(f"There is no saved pipeline at '{uri}' (no {_TELLING[0]})")
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, MissingFileError):
            raise
        raise MissingFileError(f"The pipeline at '{uri}' can't be read: {error}") from error
    return store, folder


@lru_cache(maxsize=1)
def annotator(settings: Settings) -> Annotator:
    """The annotator of this process: a pipeline that is loaded stays until another is asked for."""
    return Annotator.load(settings)


class Annotator:
    """A pipeline, and what becomes of rows."""

    def __init__(self, nlp: Pipeline, settings: Settings) -> None:
        self.nlp = nlp
        self.settings = settings
        self._folder: TemporaryDirectory[str] | None = None

    @classmethod
    def load(cls, settings: Settings) -> Annotator:
        """Load the pipeline, with a bounded vocab. Raises what :func:`spanloom.load` raises."""
        folder, source = None, settings.pipeline
        if "://" in source:
            _store(source)
            folder = TemporaryDirectory(prefix="spanloom-scale-")
            fs.copy_files(source, folder.name)
            source = folder.name
        made = cls(spanloom.load(source), settings)
        made.nlp.vocab.max_types = settings.max_types
        made._folder = folder  # as long as the pipeline: tables of vectors stay open
        return made

    def annotate(self, batch: Any, errors: Sequence[str | None] | None = None) -> Iterator[Any]:
        """The rows of a ``pyarrow.RecordBatch``, annotated, in order, as batches of about
        ``batch_words`` words. A row that can't be annotated has nulls, and says why in ``error``;
        so do those that ``errors`` has something to say of already.
        """
        schema = self.settings.schema(batch.schema)
        texts = batch.column(self.settings.text).to_pylist()
        start = 0
        for group in grouped(texts, self.nlp.batch_size, self.settings.batch_words, False):
            known = errors[start : start + len(group)] if errors else [None] * len(group)
            arrays = self._arrays(group, known)
            kept = batch.slice(start, len(group)).columns
            yield pa.RecordBatch.from_arrays([*kept, *arrays], schema=schema)
            start += len(group)

    def _arrays(self, texts: list[str | None], known: Sequence[str | None]) -> list[Any]:
        """The added columns of a few texts, and their errors."""
        errors = [e or (_NO_TEXT if text is None else None) for e, text in zip(known, texts)]
        places = [place for place, error in enumerate(errors) if error is None]
        docs = self._docs(texts, places, errors)
        columns = self.settings.columns
        try:
            arrays = annotation_arrays(docs, columns)
        except Exception:
            # One document can't be written: which of them?
            for place, doc in zip(places, docs):
                try:
                    annotation_arrays([doc], columns)
                except Exception as error:
                    errors[place] = _told(error)
            good = [place for place in places if errors[place] is None]
            docs = [doc for place, doc in zip(places, docs) if errors[place] is None]
            places = good
            arrays = annotation_arrays(docs, columns)
        if len(docs) < len(texts):
            order: list[int | None] = [None] * len(texts)
            for at, place in enumerate(places):
                order[place] = at
            arrays = {name: each.take(pa.array(order, pa.int64())) for name, each in arrays.items()}
        return [*arrays.values(), pa.array(errors, pa.string())]

    def _docs(
        self, texts: list[str | None], places: list[int], errors: list[str | None]
    ) -> list[Doc]:
        """The documents of the texts at ``places``, from which those that fail are taken out; their
        errors are written down."""
        failures: list[str] = []
        with _reported(self.nlp, failures):
            stream = self.nlp.pipe(
                [(text, place) for place in places if (text := texts[place]) is not None],
                as_tuples=True,
                batch_size=max(1, len(places)),
                batch_words=self.settings.batch_words,
                disable=self.settings.disable,
            )
            done = list(stream)
        if failures:
            # In a stream, those that fail do so in order.
            kept = {place for _, place in done}
            for place, failure in zip([p for p in places if p not in kept], failures, strict=True):
                errors[place] = failure
            places[:] = [place for _, place in done]
        return [doc for doc, _ in done]


_NO_TEXT = "DataError: no text"


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


@contextmanager
def _reported(nlp: Pipeline, failures: list[str]) -> Iterator[None]:
    """Let errors of documents be written down, and not raised, inside the block."""
    before = nlp.error_handler
    nlp.set_error_handler(lambda name, component, docs, error: failures.append(_told(error)))
    try:
        yield
    finally:
        nlp.set_error_handler(before)
