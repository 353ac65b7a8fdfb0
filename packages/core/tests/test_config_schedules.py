"""Schedules in a config: blocks where a number may stand."""

from __future__ import annotations

from spanloom.config import default_config, resolve_section


def test_learn_rate_can_be_a_schedule() -> None:
    config = default_config()
    config["training"]["optimizer"]["learn_rate"] = {
        "@schedules": "warmup_linear.v1",
        "warmup_steps": 10,
        "total_steps": 100,
        "initial_rate": 0.01,
    }
    optimizer = resolve_section(config, "training.optimizer")
    assert optimizer.learn_rate == 0.0
    optimizer.step_schedules()
    assert 0.0 < optimizer.learn_rate <= 0.01
