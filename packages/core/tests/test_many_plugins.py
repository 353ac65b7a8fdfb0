"""With hundreds of distributions installed, nothing becomes slow and nothing is imported."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from spanloom import registry
from spanloom.plugins import refresh

COUNT = 300


@pytest.fixture
def crowd(site: Path) -> None:
    """Many distributions, each with two names whose modules must not be imported."""
    for number in range(COUNT):
        name = f"loom_crowd_{number:03}"
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: spanloom<1,>=0.1\n"
        )
        points = f"{name}.A.v1 = {name}:a\n{name}.B.v1 = {name}:b\n"
        (info / "entry_points.txt").write_text(f"[spanloom_misc]\n{points}")
        (site / f"{name}.py").write_text("def a(): ...\ndef b(): ...\n")
    refresh()


def imported() -> list[str]:
    return [name for name in sys.modules if name.startswith("loom_crowd_")]


def test_a_name_loads_one_module_and_is_then_at_hand(crowd: None) -> None:
    first = registry.misc.get("loom_crowd_007.A.v1")
    assert imported() == ["loom_crowd_007"]
    calls = 20_000
    start = time.process_time()
    for _ in range(calls):
        registry.misc.get("loom_crowd_007.A.v1")
    each = 1e6 * (time.process_time() - start) / calls
    assert registry.misc.get("loom_crowd_007.A.v1") is first
    bound = 1.0 if sys.gettrace() is None else 10.0  # coverage counts each line
    assert each < bound, f"{each:.2f} µs of CPU for a name that was looked up before"


def test_a_misspelt_name_imports_none(crowd: None) -> None:
    with pytest.raises(LookupError, match="Did you mean"):
        registry.misc.get("loom_crowd_007.C.v1")
    assert imported() == []
