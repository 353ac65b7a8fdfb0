"""The class that users meet: all of it in one place, and all of it documented."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import spanloom
from spanloom import Pipeline
from spanloom.errors import PipelineError

PUBLIC = [name for name in dir(Pipeline) if not name.startswith("_") and hasattr(Pipeline, name)]


def test_every_public_name_is_defined_in_the_class_itself() -> None:
    assert {"add_pipe", "pipe", "update", "to_disk"} <= set(PUBLIC)
    assert set(PUBLIC) <= set(vars(Pipeline))
    assert Pipeline.__bases__ == (object,)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(Pipeline, name))


class Shouting(Pipeline):
    """A pipeline of somebody's own, which reads everything in capitals."""

    def make_doc(self, text: str) -> spanloom.Doc:
        return super().make_doc(text.upper())


def test_a_class_of_ones_own_keeps_its_methods(tmp_path: Path) -> None:
    nlp = Shouting.from_config({"nlp": {"lang": "en"}})
    nlp.add_pipe("sentencizer")
    assert type(nlp) is Shouting
    assert nlp("One two.").text == "ONE TWO."
    assert nlp("One. Two.").has_annotation("SENT_START")
    nlp.to_disk(tmp_path / "saved")
    assert type(spanloom.load(tmp_path / "saved")) is Pipeline


def test_an_error_handler_is_asked_and_the_default_raises() -> None:
    nlp = spanloom.blank("en")
    with pytest.raises(PipelineError, match="batch_size"):
        list(nlp.pipe(["a"], batch_size=0))
    failed: list[str] = []

    @Pipeline.component("test_face_fails")
    def fails(doc: spanloom.Doc) -> spanloom.Doc:
        raise ValueError(doc.text)

    nlp.add_pipe("test_face_fails")
    with pytest.raises(ValueError, match="a"):
        list(nlp.pipe(["a"]))
    nlp.set_error_handler(lambda name, component, docs, error: failed.append(name))
    assert list(nlp.pipe(["a", "b"])) == []
    assert failed == ["test_face_fails"] * 2
