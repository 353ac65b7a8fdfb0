"""``benchmarks/scale_plan.py`` adds up: what can be worked out by hand comes out."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "benchmarks" / "scale_plan.py"


@pytest.fixture(scope="module")
def plans() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scale_plan", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses ask for it
    spec.loader.exec_module(module)
    return module


def test_without_accidents_a_corpus_takes_what_its_words_take(plans: ModuleType) -> None:
    plan = plans.Plan(1e9, 10, speed=1e5, preemptions=0, slow=0, shard_start=0, start=36)
    done = plans.simulate(replace(plan, shard_words=1e6))
    assert done.hours == pytest.approx(1000 / 3600 + 0.01, rel=0.03)
    assert done.worked == pytest.approx(10 * done.hours)
    assert (done.lost, done.preempted, done.started) == (0, 0, pytest.approx(0.1))
    assert done.price == pytest.approx(done.worked * plan.price)


def test_hours_add_up_and_accidents_cost_what_they_should(plans: ModuleType) -> None:
    plan = plans.Plan(1e11, 100, preemptions=0.5, slow=0)
    done = plans.simulate(plan)
    assert done.preempted == pytest.approx(0.5 * done.worked, rel=0.15)
    # Each takes half a shard with it, on average: 30 million words are 300 seconds.
    assert done.lost == pytest.approx(done.preempted * 150 / 3600, rel=0.25)
    small = plans.simulate(replace(plan, shard_words=3e6))
    assert small.lost < done.lost / 5 and small.idle < done.idle
    busy = done.worked - done.lost - done.started - done.idle
    assert busy == pytest.approx((1e11 / 1e5 + plan.shards * 0.5) / 3600, rel=0.02)


def test_slow_workers_cost_their_share(plans: ModuleType) -> None:
    plan = plans.Plan(1e11, 200, preemptions=0, slow=0.0)
    slow = plans.simulate(replace(plan, slow=0.5, slowness=2.0))
    # Half of them do half as much.
    assert slow.hours == pytest.approx(plans.simulate(plan).hours / 0.75, rel=0.15)
