"""Fixtures that core's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanloom import Vocab

from .support import write_treebank


@pytest.fixture
def data(tmp_path: Path) -> dict[str, str]:
    """Overrides that point at a small corpus."""
    return write_treebank(tmp_path)


@pytest.fixture
def vocab() -> Vocab:
    return Vocab("en")
