"""What the checks of components do with pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spanloom.examples.example import Example
    from spanloom.pipeline import Pipeline

__all__ = ["changed", "find_block", "learns", "seed", "train"]


def seed() -> None:
    """Start all random numbers anew."""
    from thinc.api import fix_random_seed

    fix_random_seed(0)


def learns(nlp: Pipeline) -> bool:
    """Whether the component under check can be trained."""
    return hasattr(nlp.get_pipe("it"), "update")


def train(nlp: Pipeline, examples: list[Example], steps: int) -> list[float]:
    """The component's loss at each step."""
    from thinc.api import Adam

    seed()
    # Without decay, weights that get no gradient stay as they are.
    optimizer = Adam(0.01, L2=0.0)
    found = []
    for _ in range(steps):
        losses: dict[str, float] = {}
        nlp.update(examples, sgd=optimizer, losses=losses)
        found.append(float(losses.get("it", 0.0)))
    return found


def find_block(block: Any, key: str) -> dict[str, Any] | None:
    """The block that holds a layer under ``key``."""
    if not isinstance(block, dict):
        return None
    if isinstance(block.get(key), dict) and "@architectures" in block[key]:
        return block
    return next(filter(None, (find_block(value, key) for value in block.values())), None)


def changed(one: Any, other: Any) -> str:
    """The keys whose values differ between two configs, with the values."""
    keys = [key for key in {*one, *other} if one.get(key) != other.get(key)]
    return ", ".join(f"{key}: {one.get(key)!r} and {other.get(key)!r}" for key in sorted(keys))
