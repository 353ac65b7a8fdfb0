"""Checks of the formats of files: converters, which read documents, and writers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from spanloom.errors import RegistryError
from spanloom.plugins.registries import registry as registries

from .base import NameConformance, missing
from .compare import as_failure
from .texts import TEXTS, annotated_examples

if TYPE_CHECKING:
    from spanloom.tokens import Doc

__all__ = ["ConverterConformance", "WriterConformance"]


def _written(name: str, folder: str) -> Path:
    """A file of annotated documents by the writer of an ending; a skip where there is none."""
    try:
        writer = registries.get("writers", name)
    except RegistryError:
        pytest.skip(
            f"no writer makes a .{name} file: give `path`, a sample, in a subclass or in "
            f'[tool.spanloom.conformance."converters/{name}"]'
        )
    path = Path(folder) / f"sample.{name}"
    writer(path, _docs())
    return path


def _docs() -> list[Doc]:
    from spanloom.pipeline import blank

    nlp = blank("en")
    return [example.reference for example in annotated_examples(nlp)] + [nlp(TEXTS[0])]


class ConverterConformance(NameConformance):
    """Checks of a converter: from the path of a file and a vocab to documents, one after another.

    ``path`` is a sample; without it, one is made by the writer of the same ending.
    """

    registry: ClassVar[str] = "converters"
    path: ClassVar[str] = ""

    @contextmanager
    def sample(self) -> Iterator[Path]:
        """A file that it reads."""
        self.target()
        if self.path:
            yield Path(self.path)
            return
        with tempfile.TemporaryDirectory() as folder:
            yield _written(self.name, folder)

    def test_documents(self) -> None:
        """It gives documents, of the vocab that it is given."""
        from spanloom.tokens import Doc
        from spanloom.vocab import Vocab

        vocab = Vocab()
        with self.sample() as path, as_failure():
            found = list(self.target()(path, vocab))
        assert found, "it gives no document at all"
        odd = [type(each).__name__ for each in found if not isinstance(each, Doc)]
        assert not odd, f"it gives {odd[0]} where a Doc is due"
        assert all(each.vocab is vocab for each in found), "a document of another vocab"

    def test_again(self) -> None:
        """The same file gives the same documents."""
        from spanloom.vocab import Vocab

        with self.sample() as path:
            try:
                found = [[doc.words for doc in self.target()(path, Vocab())] for _ in range(2)]
            except Exception as error:
                pytest.skip(f"it can't be read ({type(error).__name__}): see test_documents")
        assert found[0] == found[1], "the second time it gives others"

    def test_missing_file(self) -> None:
        """A path where nothing is is a ``FileNotFoundError`` that names it."""
        from spanloom.vocab import Vocab

        with missing("at-all"):
            next(iter(self.target()(Path(f"/nowhere/at-all.{self.name}"), Vocab())), None)


class WriterConformance(NameConformance):
    """Checks of a writer: from a path and documents to how many it wrote."""

    registry: ClassVar[str] = "writers"

    def test_writes(self) -> None:
        """It takes a stream, writes a file, and says how many documents are in it."""
        docs = _docs()
        with self._folder() as folder:
            path = folder / f"sample.{self.name}"
            with as_failure():
                count = self.target()(path, iter(docs))
            assert path.is_file(), "there is no file"
            assert count == len(docs), f"it says {count!r}, and was given {len(docs)}"

    def test_nothing(self) -> None:
        """No documents are no error."""
        with self._folder() as folder, as_failure():
            count = self.target()(folder / f"sample.{self.name}", iter(()))
        assert count == 0, f"it says {count!r}, and was given none"

    def test_is_read_again(self) -> None:
        """The converter of the same ending reads the words again."""
        from spanloom.corpora import read_docs
        from spanloom.vocab import Vocab

        ending = self.name.removesuffix(".gz")
        if ending not in registries.converters.names():
            pytest.skip(f"no converter reads .{ending} files")
        docs = _docs()
        with self._folder() as folder:
            path = folder / f"sample.{self.name}"
            try:
                self.target()(path, iter(docs))
            except Exception as error:
                pytest.skip(f"it can't write ({type(error).__name__}): see test_writes")
            with as_failure():
                found = [word for doc in read_docs(path, Vocab()) for word in doc.words]
        words = [word for doc in docs for word in doc.words]
        assert found == words, f"{len(words)} words were written, and {len(found)} read: {found}"

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        self.target()
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
