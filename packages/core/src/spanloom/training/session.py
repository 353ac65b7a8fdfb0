"""One run of the training loop: its log, its checkpoints, what it saves, and going back."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import IO, TYPE_CHECKING, Any

from ..io.files import folder_written
from ..pipeline.saving import MARKS
from ..plugins import TrainContext, manager
from .checkpoint import PIPELINE, Checkpoint, drop_checkpoints, models_of, write_checkpoint
from .events import Events
from .history import History
from .interrupts import deferred_interrupts
from .loop import train_steps
from .progress import Progress
from .steps import StepResult

if TYPE_CHECKING:
    from ..config import Config
    from ..pipeline import Pipeline
    from .settings import Settings

__all__ = ["BEST", "LAST", "Session", "TrainingResult", "nodes", "save", "use_averages"]

#: Folders within the output folder: the pipeline with the highest score, and the latest one.
BEST = "model-best"
LAST = "model-last"

#: How often in a row weights are rolled back before training gives up.
_ROLLBACKS = 3


@dataclass
class TrainingResult:
    """What a training run gives: the pipeline with its last weights (averaged, if the optimizer
    averages), the history, and the folders of the best and the last pipeline if they were saved.
    ``interrupted`` says that the user stopped it, ``rollbacks`` counts how often it went back to a
    checkpoint."""

    nlp: Pipeline
    history: History = field(default_factory=History)
    best: Path | None = None
    last: Path | None = None
    interrupted: bool = False
    rollbacks: int = 0


@dataclass
class Session:
    """One run. ``fresh_settings`` gives settings whose schedules are at their start again; with
    ``checkpoints``, one is written at the start and after each evaluation."""

    nlp: Pipeline
    settings: Settings
    config: Config
    output: Path | None
    stdout: IO[str] | None
    events: Events
    fresh_settings: Callable[[], Settings]
    checkpoints: bool = True
    progress: Progress = field(default_factory=Progress)
    result: TrainingResult = field(init=False)

    def __post_init__(self) -> None:
        history = History(dict(self.settings.score_weights))
        self.result = TrainingResult(self.nlp, history)
        self.checkpoint: Path | None = None
        self.resumed = False
        self.tries = 0

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint whose weights the pipeline has."""
        self.progress = checkpoint.progress
        self.result.history = checkpoint.history
        self.checkpoint = checkpoint.path
        self.resumed = True
        if self.output is not None:
            self.result.last = _if_there(self.output / LAST)
            self.result.best = _if_there(self.output / BEST)

    def run(self) -> TrainingResult:
        """Train to the end."""
        context = TrainContext(self.nlp, self.config, self.output, self.resumed)
        manager().observe("before_train", ctx=context)
        self.events.tell("start", config=self.config, step=self.progress.step)
        error: BaseException | None = None
        log_step, finalize = self._logger()
        try:
            with deferred_interrupts() as interrupt:
                for step in self._steps():
                    self._after(step)
                    info = self._info(step)
                    self.events.guard("the logger", log_step, info if step.evaluated else None)
                    self.events.tell("evaluation" if step.evaluated else "step", **info)
                    manager().observe("after_step", ctx=context, step=step)
                    if interrupt.asked:
                        self._stop(step)
                        break
        except KeyboardInterrupt:  # a second one, or one of a callback
            self.result.interrupted = True
            self._save_last()
        except BaseException as problem:
            error = problem
            raise
        finally:
            self.events.guard("the logger", finalize)
            self.events.tell("end", step=self.progress.step, error=error)
            manager().observe("after_train", ctx=context, error=error)
        use_averages(self.nlp, self.settings.optimizer.averages)
        return self.result

    def _steps(self) -> Iterator[StepResult]:
        """The steps of the loop, which begins again at the last checkpoint if it has to: the first
        is of the weights that it starts with."""
        if not self.resumed:
            self._keep()
        again = True
        while again:
            again = False
            for step in train_steps(self.nlp, self.settings, progress=self.progress):
                if step.problem is not None and self._go_back(step.problem):
                    again = True
                    break
                if step.problem is None:
                    yield step

    def _go_back(self, problem: str) -> bool:
        """Return to the last checkpoint, with half the learning rate. Returns whether there is one
        and it wasn't tried too often."""
        if self.checkpoint is None or self.tries >= _ROLLBACKS:
            return False
        self.tries += 1
        self.result.rollbacks += 1
        factor = self.progress.rate_factor / 2
        found = Checkpoint.read(self.checkpoint)
        self.settings = self.fresh_settings()
        found.restore(self.nlp, self.settings.optimizer, weights_only=True)
        self.progress, self.result.history = found.progress, found.history
        self.progress.rate_factor = factor
        message = (
            f"{problem.partition('. Its')[0]}. The weights are those of step {found.progress.step} "
            f"again, and the learning rate is multiplied by {factor} from there on."
        )
        warnings.warn(message, RuntimeWarning, stacklevel=2)
        self.events.tell("rollback", step=found.progress.step, factor=factor, problem=problem)
        return True

    def _logger(self) -> tuple[Callable[[dict[str, Any] | None], None], Callable[[], None]]:
        nothing = (lambda info: None), (lambda: None)
        if self.stdout is None or self.settings.logger is None:
            return nothing
        made = self.events.guard(
            "the logger", self.settings.logger, self.nlp, self.stdout, sys.stderr
        )
        return made if made is not None else nothing

    def _after(self, step: StepResult) -> None:
        self.result.history.add(step)
        if not step.evaluated:
            return
        self.tries = 0
        self.nlp.meta["performance"] = dict(step.scores or {})
        self._save_last()
        if step.is_best and self.output is not None and self.result.last is not None:
            self.result.best = self.output / BEST
            with folder_written(self.result.best, MARKS) as folder:
                copytree(self.result.last, folder, dirs_exist_ok=True)
        self._keep()

    def _stop(self, step: StepResult) -> None:
        """End the run after a step, so that it can go on from there."""
        self.result.interrupted = True
        if not step.evaluated:
            self._save_last()
            self._keep()

    def _keep(self) -> None:
        """Write a checkpoint of what there is now."""
        if not self.checkpoints or self.output is None:
            return
        if self.checkpoint is None:  # there may be some of an earlier run
            drop_checkpoints(self.output)
        nlp, lexicon = self.nlp, self.nlp.vocab.lexicon
        self.checkpoint = write_checkpoint(
            self.output,
            lambda folder: nlp.to_disk(folder / PIPELINE),
            models_of(nlp),
            self.settings.optimizer,
            self.progress,
            self.result.history,
            self.config,
            lexemes=[(text, lexicon.norm_given(row)) for row, text in enumerate(lexicon.texts)],
        )
        self.events.tell("checkpoint", step=self.progress.step, path=str(self.checkpoint))

    def _save_last(self) -> None:
        if self.output is not None:
            save(self.nlp, self.output / LAST, self.settings)
            self.result.last = self.output / LAST

    def _info(self, step: StepResult) -> dict[str, Any]:
        history = self.result.history
        return {
            "epoch": step.epoch,
            "step": step.step,
            "score": step.score,
            "other_scores": dict(step.scores or {}),
            "losses": dict(step.losses),
            "checkpoints": [(each.score, each.step) for each in history.evaluations],
            "seconds": step.seconds,
            "words": step.words,
            "output_path": str(self.result.last) if self.result.last else None,
        }


def _if_there(path: Path) -> Path | None:
    return path if path.is_dir() else None


def save(nlp: Pipeline, path: Path, settings: Settings) -> None:
    """Save a pipeline as it was scored: with averaged weights if there are any. The folder at
    ``path`` is replaced as a whole; if anything fails, it stays as it was."""
    with nlp.use_params(settings.optimizer.averages or None):
        ready = settings.before_to_disk(nlp) if settings.before_to_disk is not None else nlp
        ready.to_disk(path)


def nodes(nlp: Pipeline) -> Iterator[Any]:
    """Each layer of each component's model."""
    for model in models_of(nlp).values():
        yield from model.walk()


def use_averages(nlp: Pipeline, averages: Mapping[Any, Any] | None) -> None:
    """Put averaged weights in the place of the last ones, for good."""
    if not averages:
        return
    for node in nodes(nlp):
        for name in node.param_names:
            if (node.id, name) in averages:
                node.set_param(name, averages[node.id, name])
