"""What needs a table of vectors passes the conformance kit with one."""

from __future__ import annotations

from typing import Any

import numpy as np

from spanloom import Doc, Pipeline
from spanloom_devkit.testing import ArchitectureConformance, ComponentConformance
from spanloom_vectors import Table

WORDS = ["Ada", "London", "rained", "engineers", "One", "word", "fox", "dog", "."]


def table() -> Table:
    rows = np.random.default_rng(1).normal(size=(len(WORDS), 6)).astype(np.float32)
    return Table.from_arrays(WORDS, rows)


class TestStaticVectors(ArchitectureConformance):
    name = "spanloom.StaticVectors.v1"

    def inputs(self) -> list[Doc]:
        docs: list[Doc] = super().inputs()
        docs[0].vocab.vectors = table()
        return docs


class TestSimilarityClassifier(ComponentConformance):
    name = "similarity_classifier"
    config = {"examples": {"PLACE": ["London"], "ANIMAL": ["dog", "fox"]}}

    def pipeline(self) -> Pipeline:
        nlp = super().pipeline()
        nlp.vocab.vectors = table()
        return nlp


def test_the_kit_knows_what_needs_a_table() -> None:
    from spanloom_devkit.testing import checks_of

    told: dict[str, Any] = {
        check.id.partition("::")[0]: check for check in checks_of("spanloom-vectors")
    }
    for case in (TestStaticVectors, TestSimilarityClassifier):
        assert told[f"{case.registry}/{case.name}"].case.unsupported
