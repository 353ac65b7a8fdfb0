"""Reading training and evaluation data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import KW_ONLY, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError, MissingFileError
from ..io.files import read_json
from ..plugins.factory import with_settings_of
from ..plugins.known import providers
from ..plugins.registries import registry

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..pipeline import Pipeline
    from ..tokens import Doc
    from ..vocab import Vocab

__all__ = ["Corpus", "corpora", "corpus", "data_files", "format_of", "read_docs", "read_labels"]

Reader = Callable[["Pipeline"], Iterable["Example"]]
Augmenter = Callable[["Pipeline", "Example"], Iterable["Example"]]

#: Documents that are tokenized at a time.
_CHUNK = 128


@dataclass(eq=False)
class Corpus:
    """Annotated documents from a file, or from all files of a folder, in the order of their names.

    Calling it with a pipeline gives examples whose predicted documents hold the pipeline's own
    tokens, or the gold ones with ``gold_preproc`` (then each sentence is an example). Documents
    longer than ``max_length`` tokens are split into sentences, if they have boundaries, and what is
    still too long is left out. ``limit`` is the number of documents to read. 0 is no limit for
    both. ``n_sents`` groups the sentences of treebank formats into documents.
    """

    path: str | Path
    _: KW_ONLY
    gold_preproc: bool = False
    max_length: int = 0
    limit: int = 0
    augmenter: Augmenter | None = None
    n_sents: int = 10

    def __repr__(self) -> str:
        return f"Corpus({str(self.path)!r})"

    def __call__(self, nlp: Pipeline) -> Iterator[Example]:
        """Examples for ``nlp``. Raises :class:`MissingFileError` and :class:`FormatError`."""
        references = self._pieces(self.docs(nlp.vocab, nlp.tokenizer))
        while chunk := list(islice(references, _CHUNK)):
            for example in self._examples(nlp, chunk):
                if self.augmenter is None:
                    yield example
                else:
                    yield from self.augmenter(nlp, example)

    def docs(self, vocab: Vocab, tokenizer: Callable[[str], Doc] | None = None) -> Iterator[Doc]:
        """The annotated documents themselves, without empty ones. ``tokenizer`` is for formats that
        hold texts without tokens; the default is that of the vocab's language."""
        options = {"n_sents": self.n_sents, "tokenizer": tokenizer, "extras": False}
        docs = (
            doc
            for path in data_files(self.path)
            for doc in read_docs(path, vocab, **options)
            if len(doc)
        )
        return islice(docs, self.limit) if self.limit > 0 else docs

    def _pieces(self, docs: Iterable[Doc]) -> Iterator[Doc]:
        for doc in docs:
            too_long = bool(self.max_length) and len(doc) >= self.max_length
            if not too_long and not self.gold_preproc:
                yield doc
            elif doc.has_annotation("SENT_START"):
                for sentence in doc.sents:
                    if not self.max_length or len(sentence) < self.max_length:
                        yield sentence.as_doc()
            elif not too_long:
                yield doc

    def _examples(self, nlp: Pipeline, references: list[Doc]) -> Iterator[Example]:
        from ..examples.example import Example

        gold = [self.gold_preproc or doc.has_unknown_spaces for doc in references]
        texts = [doc.text for doc, ready in zip(references, gold) if not ready]
        made = iter(
            nlp.tokenizer.batch(texts)
            if hasattr(nlp.tokenizer, "batch")
            else map(nlp.make_doc, texts)
        )
        for reference, ready in zip(references, gold):
            yield Example(_bare(nlp, reference) if ready else next(made), reference)


def _bare(nlp: Pipeline, reference: Doc) -> Doc:
    """A document of the same tokens, without annotation."""
    from ..tokens import Doc

    return Doc.from_rows(
        nlp.vocab, reference.text, reference.rows, reference.spaces, reference.lexicon
    )


@with_settings_of(Corpus)
def corpus(path: str | Path, **settings: Any) -> Corpus:
    """Reader ``spanloom.Corpus.v1``: see :class:`Corpus`.

    Raises :class:`MissingFileError` at once if nothing is at ``path``.
    """
    if not Path(path).exists():
        raise MissingFileError(
            f"There is no corpus at '{Path(path).absolute()}'. Give its path as --paths.train or "
            "--paths.dev, or in [paths] in the config."
        )
    return Corpus(path, **settings)


def corpora(*readers: Reader) -> Reader:
    """Reader ``spanloom.Corpora.v1``: the examples of several corpora, one of each in turn until
    all are read. They may have different annotation: a component learns from what it finds.

    Raises :class:`DataError` for none at all.
    """
    if not readers:
        raise DataError("spanloom.Corpora.v1 has no corpora: add [corpora.train.*.NAME] for each")

    def read(nlp: Pipeline) -> Iterator[Example]:
        left = [iter(reader(nlp)) for reader in readers]
        while left:
            for stream in list(left):
                example = next(stream, None)
                if example is None:
                    left.remove(stream)
                else:
                    yield example

    return read


def read_labels(path: str | Path, require: bool = False) -> Any:
    """Reader ``spanloom.read_labels.v1``: labels from a JSON file, for the ``labels`` of a
    component's initialization. ``None`` if the file isn't there, unless ``require``."""
    path = Path(path)
    if not path.is_file():
        if require:
            raise MissingFileError(f"There is no label file at '{path.absolute()}'")
        return None
    return read_json(path, "labels")


def format_of(path: Path) -> str | None:
    """The format of a file by its name, without ``.gz``: ``conllu`` for ``a.conllu.gz``. ``None``
    if no converter is called that."""
    ending = _ending(path)
    return ending if ending in registry.converters else None


def _ending(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).suffix.removeprefix(".")


def data_files(path: str | Path) -> list[Path]:
    """The file at ``path``, or all data files in the folder and those below, sorted.

    Raises :class:`MissingFileError` if there is none, and :class:`DataError` for a format that
    nobody reads.
    """
    path = Path(path)
    if path.is_file():
        if format_of(path) is None:
            raise _unread(path)
        return [path]
    if not path.is_dir():
        raise MissingFileError(f"There is no file or folder at '{path.absolute()}'")
    files = sorted(
        file
        for file in path.rglob("*")
        if file.is_file()
        and format_of(file) is not None
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    if not files:
        raise MissingFileError(f"'{path}' contains no data files. {_readable()}")
    return files


def _unread(path: Path) -> DataError:
    """The error for a file in a format that nothing installed reads, with what to install."""
    return DataError(f"The format of '{path}' isn't supported. {_readable(_ending(path))}")


def _readable(ending: str = "") -> str:
    offers = providers("converters")
    if ending in offers:
        dist = offers[ending]
        return f"Files in .{ending} are read by '{dist}', which isn't installed: pip install {dist}"
    names = ", ".join(f".{name}" for name in registry.converters.names())
    absent = sorted({dist for name, dist in offers.items() if name not in registry.converters})
    more = f"; for more: pip install {' '.join(absent)}" if absent else ""
    return f"Supported formats: {names}{more}"


def read_docs(path: str | Path, vocab: Vocab, **options: Any) -> Iterator[Doc]:
    """The documents of a file, by the converter for its format, or of all files in a folder.
    ``options`` are the converter's; those that it doesn't know are left out."""
    from ..config.signatures import signature_of

    path = Path(path)
    if path.is_dir():
        return (doc for file in data_files(path) for doc in read_docs(file, vocab, **options))
    kind = format_of(path)
    if kind is None:
        raise _unread(path)
    convert = registry.get("converters", kind)
    known = signature_of(convert)
    given = {key: value for key, value in options.items() if known.open or key in known.parameters}
    docs: Iterator[Doc] = convert(path, vocab, **given)
    return docs
