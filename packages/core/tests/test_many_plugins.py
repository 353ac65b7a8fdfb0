"""With hundreds of distributions installed, nothing becomes slow and nothing is imported."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path

import pytest

from spanloom import registry
from spanloom.plugins import Index, refresh
from spanloom_devkit.describe import describe

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


def cpu_seconds(work: Callable[[], object]) -> float:
    """The least time of three that a piece of work takes."""
    spent = []
    for _ in range(3):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)


def imported() -> list[str]:
    return [name for name in sys.modules if name.startswith("loom_crowd_")]


def test_listing_imports_none_and_is_quick(crowd: None) -> None:
    def read_all() -> int:
        return sum(len(each.entry_points) for each in distributions() if each.metadata["Name"])

    found = describe(Index())
    assert sum(each.dist.startswith("loom_crowd_") for each in found) == COUNT
    assert imported() == []
    once, listing = cpu_seconds(read_all), cpu_seconds(lambda: describe(Index()))
    assert listing < 8 * once, f"{listing:.3f} s of CPU, and {once:.3f} s to read all metadata once"


def test_a_name_loads_one_module_and_is_then_at_hand(crowd: None) -> None:
    first = registry.misc.get("loom_crowd_007.A.v1")
    assert imported() == ["loom_crowd_007"]
    calls = 20_000
    start = time.process_time()
    for _ in range(calls):
        registry.misc.get("loom_crowd_007.A.v1")
    each = 1e6 * (time.process_time() - start) / calls
    assert registry.misc.get("loom_crowd_007.A.v1") is first
    assert each < 1.0, f"{each:.2f} µs of CPU for a name that was looked up before"


def test_a_misspelt_name_imports_none(crowd: None) -> None:
    with pytest.raises(LookupError, match="Did you mean"):
        registry.misc.get("loom_crowd_007.C.v1")
    assert imported() == []
