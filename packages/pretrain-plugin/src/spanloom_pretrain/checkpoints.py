"""The state of a run, from which it goes on to bit-identical weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import srsly
from thinc.api import Model, Optimizer

from spanloom.errors import SerializationError, TrainingError
from spanloom.io.files import existing, write_bytes
from spanloom.pipeline.pretrained import PretrainingTask

from .loop import Position
from .settings import Settings

__all__ = ["load_state", "save_state"]

FORMAT = 1
_ARRAYS = ("mom1", "mom2", "averages")
_COUNTS = ("nr_update", "last_seen")

Key = tuple[int, str]


def save_state(path: Path, task: PretrainingTask, settings: Settings, position: Position) -> None:
    """Write position, weights and optimizer, whole or not at all."""
    message = {
        "format": FORMAT,
        "position": asdict(position),
        "chosen": dict(settings.chosen),
        "model": task.model.to_bytes(),
        "optimizer": _optimizer_state(settings.optimizer, task.model),
    }
    write_bytes(path, srsly.msgpack_dumps(message))


def load_state(path: Path, task: PretrainingTask, settings: Settings) -> Position:
    """Put the weights and the optimizer's state back; returns the position.

    Raises :class:`MissingFileError` if there is no such file, :class:`SerializationError` if it
    can't be read, and :class:`TrainingError` if the run that it is of had other settings.
    """
    data = existing(path, "checkpoint to go on from").read_bytes()
    try:
        message = srsly.msgpack_loads(data)
        version = message["format"]
    except Exception as error:
        raise SerializationError(f"'{path}' isn't a checkpoint: {error}") from error
    if version != FORMAT:
        raise SerializationError(
            f"'{path}' has the format {version}, and {FORMAT} can be read: go on with the version "
            f"of spanloom-pretrain that wrote it"
        )
    changed = list(_changes(message["chosen"], dict(settings.chosen), ""))
    if changed:
        raise TrainingError(
            f"'{path}' is of a run with other settings, so it can't go on as it would have: "
            f"{', '.join(changed)}. Set them back, or start anew in another folder."
        )
    task.model.from_bytes(message["model"])
    position = Position(**message["position"])
    _restore_optimizer(settings.optimizer, task.model, message["optimizer"], position.step)
    return position


def _changes(there: Any, here: Any, path: str) -> Iterator[str]:
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        for key in dict.fromkeys([*there, *here]):
            yield from _changes(there.get(key), here.get(key), f"{path}.{key}".lstrip("."))
    elif there != here:
        yield f"{path} was {there!r}, is {here!r}"


def _names(model: Model[Any, Any]) -> dict[int, str]:
    """For the numbers that thinc gives nodes and shims, which differ from process to process, names
    that don't."""
    names = {}
    shim: Any
    for place, node in enumerate(model.walk()):
        names[node.id] = f"{place}"
        for number, shim in enumerate(node.shims):
            names[shim.id] = f"{place}.{number}"
    return names


def _optimizer_state(optimizer: Optimizer, model: Model[Any, Any]) -> dict[str, Any]:
    names = _names(model)
    ops: Any = model.ops

    def named(values: Mapping[Key, Any] | None, convert: Any) -> list[tuple[str, str, Any]]:
        items = (values or {}).items()
        return [(names[node], name, convert(value)) for (node, name), value in items]

    state = {kind: named(getattr(optimizer, kind), ops.to_numpy) for kind in _ARRAYS}
    return {**state, **{kind: named(getattr(optimizer, kind), int) for kind in _COUNTS}}


def _restore_optimizer(
    optimizer: Optimizer, model: Model[Any, Any], state: Mapping[str, Any], steps: int
) -> None:
    ids = {name: number for number, name in _names(model).items()}
    ops: Any = model.ops
    for kind in (*_ARRAYS, *_COUNTS):
        values = getattr(optimizer, kind)
        if values is None:
            continue
        values.clear()
        for place, name, value in state[kind]:
            kept = int(value) if kind in _COUNTS else ops.asarray(value).copy()
            values[ids[place], name] = kept
    for _ in range(steps):
        optimizer.step_schedules()  # type: ignore[no-untyped-call]
