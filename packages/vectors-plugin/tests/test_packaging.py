"""A packaged pipeline with a table of vectors requires what opens it, and brings it along."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import spanloom
from spanloom_hub import install, package
from spanloom_vectors import Table


def test_a_table_travels_with_its_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nlp = spanloom.blank("en")
    nlp.vocab.vectors = Table.from_arrays(["warp", "weft"], np.eye(2, dtype="f"))
    nlp.to_disk(tmp_path / "saved")
    made = package(tmp_path / "saved", tmp_path, name="threads", version="1.0")
    assert made.requires == ("spanloom>=0.1.0,<1", "spanloom-vectors>=0.1.0,<1")
    monkeypatch.setenv("SPANLOOM_MODELS", str(tmp_path / "mine"))
    install(next(iter(made.files)), to="user")
    assert spanloom.load("en_threads")("warp")[0].vector.tolist() == [1.0, 0.0]
