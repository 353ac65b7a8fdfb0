"""With hundreds of distributions installed, nothing becomes slow and nothing is imported."""

from __future__ import annotations

import sys
import time

import pytest

from spanloom import registry


def imported() -> list[str]:
    return [name for name in sys.modules if name.startswith("loom_crowd_")]


@pytest.mark.lengthy
def test_a_name_loads_one_module_and_is_then_at_hand(crowd: list[str]) -> None:
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


@pytest.mark.lengthy
def test_a_misspelt_name_imports_none(crowd: list[str]) -> None:
    with pytest.raises(LookupError, match="Did you mean"):
        registry.misc.get("loom_crowd_007.C.v1")
    assert imported() == []
