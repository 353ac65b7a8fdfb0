"""Checks of engines, which annotate the files of a folder on several workers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from spanloom.errors import SpanloomError

from .base import NameConformance
from .compare import as_failure
from .texts import TEXTS

__all__ = ["EngineConformance"]


class EngineConformance(NameConformance):
    """Checks of an engine: from a saved pipeline and a folder of files to a folder of as many.

    They are skipped where the library that it runs on isn't installed. ``config`` holds options.
    """

    registry: ClassVar[str] = "engines"

    @contextmanager
    def folders(self) -> Iterator[tuple[Path, Path, Path]]:
        """A saved pipeline, a folder of texts, and one where nothing is yet."""
        from spanloom.pipeline import blank

        self.target()
        with tempfile.TemporaryDirectory() as folder:
            pipeline, source, output = (Path(folder) / name for name in ("nlp", "texts", "out"))
            source.mkdir()
            output.mkdir()
            nlp = blank("en")
            nlp.add_pipe("sentencizer")
            nlp.to_disk(pipeline)
            for i, text in enumerate(TEXTS[:3]):
                (source / f"{i}.txt").write_text(f"{text} It is one of three.", "utf8")
            yield pipeline, source, output

    def test_annotates(self) -> None:
        """Each file of the source gives one of the output, without any option, and what is returned
        says so."""
        with self.folders() as (pipeline, source, output):
            with as_failure():
                done = self._run(pipeline, source, output)
            assert str(done).strip(), "what it returns has no text for the user"
            made = _files(output)
            own = sorted(name for name in made if name.partition(".")[0] in ("0", "1", "2"))
            assert len(own) == 3, f"3 files gave {len(own)}: {', '.join(made) or 'none'}"
            assert all(made[name] for name in own), "an empty file"

    def test_goes_on(self) -> None:
        """A second call makes what isn't there, and leaves the rest as it is."""
        with self.folders() as (pipeline, source, output):
            try:
                self._run(pipeline, source, output)
            except Exception as error:
                pytest.skip(f"it fails ({type(error).__name__}): see test_annotates")
            first = _files(output)
            if not first:
                pytest.skip("it makes no file: see test_annotates")
            (output / min(first)).unlink()
            with as_failure():
                self._run(pipeline, source, output)
            assert _files(output) == first, "after a second call the files are others"

    def test_progress(self) -> None:
        """`progress` is told how many files are done, of how many, up to all."""
        told: list[tuple[int, int]] = []
        with self.folders() as (pipeline, source, output), as_failure():
            self._run(pipeline, source, output, progress=lambda *numbers: told.append(numbers))
        assert told and told[-1] == (3, 3), f"in the end it tells {told[-1:]}, of 3 files"

    def _run(self, pipeline: Path, source: Path, output: Path, **options: Any) -> Any:
        paths = map(str, (pipeline, source, output))
        try:
            return self.target()(*paths, **self.config, **options)
        except SpanloomError as error:
            if isinstance(error.__cause__, ImportError):
                pytest.skip(f"its library isn't here: {error}")
            raise


def _files(folder: Path) -> dict[str, bytes]:
    """The files of a folder, by their path in it, but for hidden ones."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in found}
    return {name: path.read_bytes() for name, path in names.items() if "/." not in f"/{name}"}
