"""The transformer component passes the conformance kit with a tiny model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spanloom import Doc
from spanloom_devkit.testing import ComponentConformance


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
