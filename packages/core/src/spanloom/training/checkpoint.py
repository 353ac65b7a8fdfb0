"""Checkpoints: all that a run needs to go on as if it had never stopped.

A checkpoint is a folder ``checkpoints/step-00000200`` of the output folder. It holds the weights as
the optimizer left them (not averaged), in training those of the pipeline; the optimizer's moments
and averages, and in training the word types in the order of their rows, as msgpack; and
``state.json``: progress, history, config, the state of the random generators, and a hash of each
other file. It gets its name when it is whole, and the one before is removed after that; so however
a run ends, there is a whole one. The position in the data isn't stored: batches are drawn again,
and their words must be as many as before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import warn

import numpy as np

from ..config.changes import differences
from ..errors import SerializationError, TrainingError
from ..io import msgpack as _msgpack
from ..io.files import (
    clear_up,
    existing,
    folder_written,
    read_json,
    remove_folder,
    write_bytes,
    write_text,
)
from .history import History
from .progress import Progress
from .randomness import threads
from .steps import StepResult

if TYPE_CHECKING:
    from thinc.api import Model, Optimizer

    from ..pipeline import Pipeline

__all__ = [
    "CHECKPOINTS",
    "FORMAT",
    "PIPELINE",
    "Checkpoint",
    "drop_checkpoints",
    "find_checkpoint",
    "models_of",
    "write_checkpoint",
]

#: The folder of checkpoints within the output folder.
CHECKPOINTS = "checkpoints"

#: The version of the layout.
FORMAT = 1

_NAME = re.compile(r"step-\d{8,}")
_MOMENTS = ("mom1", "mom2", "averages")

#: The folder of the pipeline within a checkpoint of training.
PIPELINE = "pipeline"

#: What is trained, by names that are the same in every process.
Models = Mapping[str, "Model[Any, Any]"]

#: A word type: its text, and its norm if that isn't the one of the rules.
Lexeme = tuple[str, str | None]


@dataclass
class Checkpoint:
    """A checkpoint that was read: how far the run had come, its history and its config, and the
    folder that holds the weights."""

    path: Path
    progress: Progress
    history: History
    config: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """Read the checkpoint at ``path``, without the weights.

        Raises :class:`SerializationError` if a file isn't what was written, and
        :class:`MissingFileError` for one that isn't there.
        """
        state = read_json(path / "state.json", "state of a checkpoint")
        try:
            if state["format"] != FORMAT:
                raise SerializationError(
                    f"'{path}' has format {state['format']}, but this version of Spanloom reads "
                    f"{FORMAT}: resume with the version that wrote it, or start again"
                )
            progress = Progress(**state["progress"])
            steps = [StepResult(**each) for each in state["evaluations"]]
            last = steps[-1] if steps else None
            weights = state["config"].get("training", {}).get("score_weights", {})
            history = History(weights, steps, last)
            files = dict(state["files"])
            before = state.get("threads")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SerializationError(f"'{path}' isn't a valid checkpoint: {error!r}") from error
        for name, digest in files.items():
            if _digest(existing(path / name, "file of a checkpoint")) != digest:
                raise SerializationError(
                    f"'{path / name}' has changed since it was saved. Remove the folder '{path}' "
                    "and start again."
                )
        if before not in (None, threads()):
            warn(
                f"'{path}' was written with {before} threads, and this process has {threads()}: "
                f"the run goes on to slightly other weights. OMP_NUM_THREADS={before} gives those "
                f"of a run that never stopped",
                stacklevel=2,
            )
        return cls(path, progress, history, state["config"])

    def refuse_changes(
        self, before: Mapping[str, Any], now: Mapping[str, Any], free: tuple[str, ...] = ()
    ) -> None:
        """Raise :class:`TrainingError`, which names them, for settings that aren't what they were,
        unless their path starts with one of ``free``."""
        changes = [
            f"{key} is {new!r}, but was {old!r}"
            for key, old, new in differences(before, now)
            if not f"{key}.".startswith(free)
        ]
        if changes:
            raise TrainingError(
                f"Can't resume from '{self.path}', because the config has changed:\n  "
                + "\n  ".join(changes)
                + "\nUse the config of that run, or start again without --resume."
            )

    def restore(self, nlp: Pipeline, optimizer: Optimizer, *, weights_only: bool = False) -> None:
        """Put the weights into a pipeline of the same components, and the moments into an optimizer
        of the same settings. With ``weights_only``, vocab and tokenizer stay as they are."""
        # A tokenizer has no weights, and documents that are in use know their vocab.
        saved = self.path / PIPELINE
        if weights_only:
            for name, component in nlp.components:
                if hasattr(component, "from_disk"):
                    component.from_disk(saved / name)
            nlp.changed()
        else:
            nlp.from_disk(saved)
        lexemes = self.restore_optimizer(models_of(nlp), optimizer)
        if not weights_only:
            # Sums over word types go by their rows, and floats by the order of their sum.
            for text, norm in lexemes:
                nlp.vocab.lexicon.row(text, norm)

    def restore_optimizer(self, models: Models, optimizer: Optimizer) -> list[Lexeme]:
        """Put the moments into an optimizer of the same settings, for models that have their
        weights already. Returns texts and norms of the word types, in the order of their rows."""
        path = self.path / "optimizer"
        try:
            state = _msgpack.loads(path.read_bytes())
            lexemes = [(str(text), norm and str(norm)) for text, norm in state["lexemes"]]
            _set_optimizer(models, optimizer, state)
        except (ValueError, TypeError, KeyError) as error:
            raise SerializationError(f"'{path}': {error!r}") from error
        return lexemes


def models_of(nlp: Pipeline) -> Models:
    """The models of the components that have one of thinc's."""
    models: dict[str, Any] = {name: getattr(each, "model", None) for name, each in nlp.components}
    return {name: model for name, model in models.items() if hasattr(model, "walk")}


def write_checkpoint(
    output: Path,
    save: Callable[[Path], None],
    models: Models,
    optimizer: Optimizer,
    progress: Progress,
    history: History,
    config: Mapping[str, Any],
    *,
    lexemes: Sequence[Lexeme] = (),
) -> Path:
    """Write a checkpoint into the output folder, whole, and remove those before it. ``save`` writes
    the weights of ``models`` into the folder that it is given."""
    target = output / CHECKPOINTS / f"step-{progress.step:08d}"
    with folder_written(target, ["state.json"]) as folder:
        save(folder)
        moments = _optimizer_state(models, optimizer)
        data = _msgpack.dumps({**moments, "lexemes": [list(each) for each in lexemes]})
        write_bytes(folder / "optimizer", data)
        state = {
            "format": FORMAT,
            "threads": threads(),
            "progress": progress.state(),
            "evaluations": [asdict(each) for each in history.evaluations],
            "config": config,
            "files": {
                path.relative_to(folder).as_posix(): _digest(path)
                for path in sorted(folder.rglob("*"))
                if path.is_file()
            },
        }
        write_text(folder / "state.json", json.dumps(state, default=float))
    clear_up(target.parent, "step-*")
    for path in target.parent.iterdir():
        if path != target and _is_checkpoint(path):
            remove_folder(path)
    return target


def drop_checkpoints(output: Path) -> None:
    """Remove all checkpoints of an output folder, and nothing else."""
    folder = output / CHECKPOINTS
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if _is_checkpoint(path):
            remove_folder(path)
    with suppress(OSError):
        folder.rmdir()


def find_checkpoint(output: str | Path) -> Path | None:
    """The folder of the latest checkpoint in an output folder, or ``None``."""
    folder = Path(output) / CHECKPOINTS
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return max((each for each in found if _NAME.fullmatch(each.name)), default=None)


def _is_checkpoint(path: Path) -> bool:
    return bool(_NAME.fullmatch(path.name)) and (path / "state.json").is_file()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = blake2b(digest_size=16)
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _holders(models: Models) -> Iterator[tuple[str, Any]]:
    """Each layer and shim of each model by a name that is the same in every process; thinc's own
    ids aren't."""
    for name, model in models.items():
        for index, node in enumerate(model.walk()):
            yield f"{name}/{index}", node
            for number, shim in enumerate(node.shims):
                yield f"{name}/{index}/shim{number}", shim


def _optimizer_state(models: Models, optimizer: Optimizer) -> dict[str, Any]:
    names = {holder.id: name for name, holder in _holders(models)}

    def named(values: Mapping[Any, Any] | None) -> list[Any] | None:
        if values is None:
            return None
        return [
            [names[owner], parameter, _plain(value)]
            for (owner, parameter), value in values.items()
            if owner in names
        ]

    kept = (*_MOMENTS, "nr_update")
    return {key: named(getattr(optimizer, key)) for key in kept}


def _plain(value: Any) -> Any:
    """A number, or an array in the memory of the CPU."""
    return value.get() if hasattr(value, "get") else value


def _set_optimizer(models: Models, optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    holders = dict(_holders(models))
    for key in _MOMENTS:
        if state[key] is None or getattr(optimizer, key) is None:
            continue
        getattr(optimizer, key).clear()
        for owner, parameter, value in state[key]:
            holder = holders[owner]
            xp = holder.ops.xp if hasattr(holder, "ops") else np
            # What msgpack gives can't be written to, and the optimizer works in place.
            getattr(optimizer, key)[holder.id, parameter] = xp.array(value)
    optimizer.nr_update.clear()
    for owner, parameter, count in state["nr_update"]:
        optimizer.nr_update[holders[owner].id, parameter] = count
    _clear_gradients(holders, optimizer)


def _clear_gradients(holders: Mapping[str, Any], optimizer: Optimizer) -> None:
    """No gradients, but zeros for all parameters that were stepped before: the optimizer steps
    those in each step from then on, with momentum, whether they get a gradient or not."""
    for node in holders.values():
        for name in getattr(node, "param_names", ()):
            stepped = optimizer.nr_update.get((node.id, name), 0)
            if node.has_param(name) and (stepped or node.has_grad(name)):
                node.set_grad(name, node.ops.xp.zeros_like(node.get_param(name)))
