"""The transformer component and the encoder pass the conformance kit with a tiny model; the kit's
checks of annotation setters find what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spanloom import Doc, registry
from spanloom_devkit.testing import (
    AnnotationSetterConformance,
    ComponentConformance,
    EncoderConformance,
)


class TestTransformer(ComponentConformance):
    name = "transformer"
    listener = {
        "@architectures": "spanloom.TransformerListener.v1",
        "pooling": {"@layers": "reduce_mean.v1"},
    }

    @pytest.fixture(autouse=True)
    def tiny(self, folder: Callable[[str], str]) -> None:
        model = {
            "@architectures": "spanloom.TransformerModel.v3",
            "name": folder("bert"),
            "get_spans": {"@span_getters": "spanloom.doc_spans.v1"},
        }
        self.config = {"model": model}

    def annotation(self, doc: Doc) -> dict[str, Any]:
        """The pieces and their vectors: how the strings of pieces are kept changes when saved."""
        data = doc._.trf_data
        return {"pieces": data.pieces.ids, "starts": data.pieces.starts, "vectors": data.tensors}


class TestTextEncoder(EncoderConformance):
    name = "spanloom.TextEncoder.v1"

    @pytest.fixture(autouse=True)
    def tiny(self, folder: Callable[[str], str]) -> None:
        self.source = folder("bert")


class TestSetter(AnnotationSetterConformance):
    """A setter that notes how large each document's vectors are."""

    name = "loom-tests.sizes.v1"

    def setup_method(self, method: Callable[..., object]) -> None:
        registry.annotation_setters(self.name, overwrite=True)(sizes)
        super().setup_method(method)


def sizes() -> Callable[..., None]:
    def note(docs: list[Doc], output: Any) -> None:
        for doc, data in zip(docs, output.doc_data):
            doc.user_data["size"] = float((data.last_hidden_state**2).sum())

    return note


@pytest.mark.parametrize(
    ("check", "wrong"),
    [
        ("test_sets", lambda docs, output: docs[0].set_spaces([False] * len(docs))),
        ("test_empty_document", lambda docs, output: output.doc_data[0].last_hidden_state[0]),
        ("test_whitespace", lambda docs, output: [1 / len(doc.text.strip()) for doc in docs]),
        ("test_keeps_output", lambda docs, output: output.rows.fill(0)),
        ("test_batches", lambda docs, output: [doc.user_data.update(n=len(docs)) for doc in docs]),
    ],
)
def test_a_setter_that_is_wrong_is_found(check: str, wrong: Callable[..., Any]) -> None:
    class Case(AnnotationSetterConformance):
        name = "loom-tests.wrong.v1"

    registry.annotation_setters(Case.name, overwrite=True)(lambda: wrong)
    with pytest.raises(AssertionError):
        getattr(Case(), check)()
