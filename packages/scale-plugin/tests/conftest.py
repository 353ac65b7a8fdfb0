from __future__ import annotations

from pathlib import Path

import pytest

from spanloom import Pipeline

from .support import new_pipeline


@pytest.fixture(scope="session")
def nlp() -> Pipeline:
    return new_pipeline()


@pytest.fixture(scope="session")
def model(nlp: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "model"
    nlp.to_disk(folder)
    return folder
