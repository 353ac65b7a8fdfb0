"""Checkpoints: all that a run needs to go on as if it had never stopped.

A checkpoint is a folder ``checkpoints/step-00000200`` of the output folder. It holds the pipeline
with the weights as the optimizer left them (not averaged); the optimizer's moments and averages,
and the word types in the order of their rows, as msgpack; and ``state.json``: progress, history,
config, the state of the random generators, and a hash of each other file. It gets its name when it
is whole, and the one before is removed after that; so however a run ends, there is a whole one. The
position in the data isn't stored: batches are drawn again from the start, and their words must be
as many as before.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SerializationError
from ..io import msgpack as _msgpack
from ..io.files import existing, folder_written, read_json, write_bytes, write_text
from .history import History
from .loop import StepResult
from .progress import Progress

if TYPE_CHECKING:
    from thinc.api import Optimizer

    from ..pipeline import Pipeline

__all__ = [
    "CHECKPOINTS",
    "FORMAT",
    "Checkpoint",
    "drop_checkpoints",
    "find_checkpoint",
    "write_checkpoint",
]

#: The folder of checkpoints within the output folder.
CHECKPOINTS = "checkpoints"

#: The version of the layout.
FORMAT = 1

_NAME = re.compile(r"step-\d{8,}")
_MOMENTS = ("mom1", "mom2", "averages")


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
                    f"'{path}' has the format {state['format']}, this version of spanloom reads "
                    f"{FORMAT}: go on with the version that wrote it, or start again"
                )
            progress = Progress(**state["progress"])
            steps = [StepResult(**each) for each in state["evaluations"]]
            last = steps[-1] if steps else None
            history = History(state["config"]["training"]["score_weights"], steps, last)
            files = dict(state["files"])
        except (ValueError, TypeError, KeyError) as error:
            raise SerializationError(f"'{path}' is no checkpoint: {error!r}") from error
        for name, digest in files.items():
            if _digest(existing(path / name, "file of a checkpoint")) != digest:
                raise SerializationError(
                    f"'{path / name}' isn't what was written: the disk or somebody else changed "
                    f"it. Remove the folder '{path}' and start again"
                )
        return cls(path, progress, history, state["config"])

    def restore(self, nlp: Pipeline, optimizer: Optimizer, *, weights_only: bool = False) -> None:
        """Put the weights into a pipeline of the same components, and the moments into an optimizer
        of the same settings. With ``weights_only``, vocab and tokenizer stay as they are."""
        # A tokenizer has no weights, and documents that are in use know their vocab.
        saved = self.path / "pipeline"
        if weights_only:
            for name, component in nlp.components:
                if hasattr(component, "from_disk"):
                    component.from_disk(saved / name)
            nlp.changed()
        else:
            nlp.from_disk(saved)
        try:
            state = _msgpack.loads((self.path / "optimizer").read_bytes())
            if not weights_only:
                # Sums over word types go by their rows, and floats by the order of their sum.
                for text, norm in state["lexemes"]:
                    nlp.vocab.lexicon.row(text, norm)
            _set_optimizer(nlp, optimizer, state)
        except (ValueError, TypeError, KeyError) as error:
            raise SerializationError(f"'{self.path / 'optimizer'}': {error!r}") from error


def write_checkpoint(
    output: Path,
    nlp: Pipeline,
    optimizer: Optimizer,
    progress: Progress,
    history: History,
    config: Mapping[str, Any],
) -> Path:
    """Write a checkpoint into the output folder, whole, and remove those before it."""
    target = output / CHECKPOINTS / f"step-{progress.step:08d}"
    with folder_written(target) as folder:
        nlp.to_disk(folder / "pipeline")
        lexicon = nlp.vocab.lexicon
        lexemes = [[text, lexicon.norm_given(row)] for row, text in enumerate(lexicon.texts)]
        data = _msgpack.dumps({**_optimizer_state(nlp, optimizer), "lexemes": lexemes})
        write_bytes(folder / "optimizer", data)
        state = {
            "format": FORMAT,
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
    for path in target.parent.iterdir():
        if path != target:
            shutil.rmtree(path, ignore_errors=True)
    return target


def drop_checkpoints(output: Path) -> None:
    """Remove all checkpoints of an output folder, at once: none is half there meanwhile."""
    folder = output / CHECKPOINTS
    if folder.is_dir():
        gone = output / f".{CHECKPOINTS}.old"
        shutil.rmtree(gone, ignore_errors=True)
        folder.replace(gone)
        shutil.rmtree(gone, ignore_errors=True)


def find_checkpoint(output: str | Path) -> Path | None:
    """The folder of the latest checkpoint in an output folder, or ``None``."""
    folder = Path(output) / CHECKPOINTS
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return max((each for each in found if _NAME.fullmatch(each.name)), default=None)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = blake2b(digest_size=16)
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _holders(nlp: Pipeline) -> Iterator[tuple[str, Any]]:
    """Each layer and shim of each component by a name that is the same in every process; thinc's
    own ids aren't."""
    for name, component in nlp.components:
        model: Any = getattr(component, "model", None)
        for index, node in enumerate(model.walk() if hasattr(model, "walk") else ()):
            yield f"{name}/{index}", node
            for number, shim in enumerate(node.shims):
                yield f"{name}/{index}/shim{number}", shim


def _optimizer_state(nlp: Pipeline, optimizer: Optimizer) -> dict[str, Any]:
    names = {holder.id: name for name, holder in _holders(nlp)}

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


def _set_optimizer(nlp: Pipeline, optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    holders = dict(_holders(nlp))
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
