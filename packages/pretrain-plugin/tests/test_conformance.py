"""Both objectives pass the conformance kit, that of vectors with a table."""

from __future__ import annotations

from spanloom import Pipeline
from spanloom_devkit.testing import ObjectiveConformance

from .test_objectives import Table


class TestCharacters(ObjectiveConformance):
    name = "spanloom.PretrainCharacters.v1"
    config = {"hidden_size": 16}


class TestVectors(ObjectiveConformance):
    name = "spanloom.PretrainVectors.v1"
    config = {"hidden_size": 16}

    def pipeline(self) -> Pipeline:
        nlp = super().pipeline()
        nlp.vocab.vectors = Table()  # type: ignore[assignment]
        return nlp
