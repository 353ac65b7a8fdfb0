from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spanloom_vectors import Table

DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture
def data() -> Path:
    """Small samples of formats."""
    return DATA


@pytest.fixture
def shared() -> Path:
    """Data beside the checkout, which not every checkout has."""
    if not SHARED.exists():
        pytest.skip("there is no shared data beside this checkout")
    return SHARED


WORDS = ["the", "cat", "sat", "on", "mat", "dog", "ran", "Paris"]


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(len(WORDS), 6)).astype(np.float32)


@pytest.fixture
def table(rows: np.ndarray) -> Table:
    return Table.from_arrays(WORDS, rows)
