"""Pretraining from a config: make the task, train, log, save."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from spanloom.config import Config, fill_config, find_problems, load_config
from spanloom.config.overrides import with_overrides
from spanloom.errors import ConfigError, MissingFileError, TrainingError
from spanloom.io.files import clear_up, write_bytes, write_text
from spanloom.pipeline.devices import use_allocator
from spanloom.training import History, Progress, StepResult
from spanloom.training.checkpoint import Checkpoint, find_checkpoint, write_checkpoint
from spanloom.training.interrupts import deferred_interrupts

from .corpus import JsonlCorpus
from .learn_rate import gives_learn_rate, suit_learn_rate
from .loop import pretrain_steps
from .report import LossTable, write_log
from .settings import Reader, Settings, read_settings
from .target import make_task
from .task import PretrainingTask
from .weights import encoder_bytes

if TYPE_CHECKING:
    from spanloom import Pipeline

__all__ = ["BEST", "LAST", "LOG", "PretrainResult", "pretrain"]

#: Files in the output folder: the weights with the lowest loss, the last ones, and a line for each
#: evaluation.
BEST = "model-best.bin"
LAST = "model-last.bin"
LOG = "log.jsonl"

#: The config as it was used, in the output folder.
_CONFIG = "config.cfg"

#: The weights of the task within a checkpoint.
_MODEL = "model"

#: Parts of a config that pretraining doesn't read, and that needn't be complete.
_UNUSED = ("training", "initialize", "paths")


@dataclass
class PretrainResult:
    """What a run gives: the pipeline, the task with its last weights, the history, and the files of
    the best and the last weights if they were saved. ``interrupted`` says that it was stopped."""

    nlp: Pipeline
    task: PretrainingTask
    progress: Progress
    history: History = field(default_factory=History)
    best: Path | None = None
    last: Path | None = None
    interrupted: bool = False


def pretrain(
    config: str | Path | Mapping[str, Any],
    output: str | Path | None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
    corpus: str | Path | Reader | None = None,
    resume: bool = False,
    stdout: IO[str] | None = None,
    quiet: bool = False,
) -> PretrainResult:
    """Pretrain the encoder that ``[pretraining]`` of a config names.

    ``config`` is the path of a config or a config itself; defaults of ``[pretraining]`` that it
    leaves out are filled in. ``overrides`` replace single settings. ``corpus``, a path or a
    function from the pipeline to documents, takes the place of the corpus that the config names.
    With ``output``, weights and log are saved there; ``resume`` goes on with the run that was saved
    there, to the same weights as if it had never stopped. Ctrl-C stops after the present step.

    Raises :class:`ConfigError` for a config that is wrong, :class:`TrainingError` where pretraining
    can't go on, and what reading the data raises.
    """
    from spanloom import Pipeline

    given = JsonlCorpus(corpus) if isinstance(corpus, str | Path) else corpus
    raw = load_config(config) if isinstance(config, str | Path) else Config(dict(config))
    whole = _complete(raw, overrides or {}, given is not None)
    folder = Path(output) if output is not None else None
    _check_folder(folder, resume)
    whole["initialize"]["init_tok2vec"] = None
    use_allocator(whole["training"]["gpu_allocator"])
    nlp = Pipeline.from_config(whole)
    component = dict(nlp.components).get(whole["pretraining"]["component"])
    suit_learn_rate(whole, component, given=gives_learn_rate(raw, overrides or {}))
    settings = read_settings(whole, corpus=given)
    found = _checkpoint(folder, settings) if resume and folder is not None else None
    result = PretrainResult(nlp, make_task(nlp, settings), Progress())
    if found is not None:
        _go_on(result, settings, found)
    stdout = None if quiet else stdout or sys.stdout
    return _Run(result, settings, whole, folder, stdout).run()


def _complete(config: Config, overrides: Mapping[str, Any], has_corpus: bool) -> Config:
    """The config with the defaults of all sections, checked as far as pretraining reads it, with
    its references resolved."""
    whole = with_overrides(fill_config(config, sections=("pretraining",)), overrides)
    whole = fill_config(whole)
    used = str(whole["pretraining"].get("corpus"))
    problems = [
        problem
        for problem in find_problems(whole, complete=True)
        if _concerns(problem.path, used, has_corpus)
    ]
    if problems:
        raise ConfigError(problems, source=config.source)
    return whole.interpolate()


def _concerns(path: str, used: str, has_corpus: bool) -> bool:
    section = path.partition(".")[0]
    if section == "corpora":
        return not has_corpus and f"{path}.".startswith(f"{used}.")
    return section not in _UNUSED


def _check_folder(folder: Path | None, resume: bool) -> None:
    """Raise :class:`TrainingError` if the run can't be saved there; else remove what one that was
    killed left half written."""
    if resume and folder is None:
        raise TrainingError("Can't resume without the output folder of the earlier run")
    if folder is not None and not resume and find_checkpoint(folder) is not None:
        raise TrainingError(
            f"'{folder}' already holds a run: continue it with --resume (resume=True), or give "
            "another folder"
        )
    if folder is not None:
        clear_up(folder, "model*.bin", LOG, _CONFIG)


def _checkpoint(folder: Path, settings: Settings) -> Checkpoint:
    """That of the run that a folder holds."""
    path = find_checkpoint(folder)
    if path is None:
        raise MissingFileError(f"There is no checkpoint to resume from in '{folder.absolute()}'")
    found = Checkpoint.read(path)
    found.refuse_changes(found.config, settings.chosen)
    return found


def _go_on(result: PretrainResult, settings: Settings, found: Checkpoint) -> None:
    """Take weights, moments and history of a run."""
    from spanloom.layers.weights import refuse_pickles

    refuse_pickles(result.task.model)
    result.task.model.from_disk(found.path / _MODEL)
    found.restore_optimizer({"task": result.task.model}, settings.optimizer)
    result.progress, result.history = found.progress, found.history
    optimizer: Any = settings.optimizer  # thinc doesn't annotate the method
    for _ in range(found.progress.step):
        optimizer.step_schedules()


class _Run:
    """One run of the loop, with its log and its files."""

    def __init__(
        self,
        result: PretrainResult,
        settings: Settings,
        config: Config,
        folder: Path | None,
        stdout: IO[str] | None,
    ) -> None:
        self.result = result
        self.settings = settings
        self.config = config
        self.folder = folder
        self.table = None if stdout is None else LossTable(stdout, settings, result.progress)
        self._saved = result.progress.step
        if folder is not None and result.progress.step and (folder / BEST).exists():
            result.best = folder / BEST

    def run(self) -> PretrainResult:
        result = self.result
        try:
            with deferred_interrupts() as interrupt:
                for step in pretrain_steps(
                    result.nlp, self.settings, task=result.task, progress=result.progress
                ):
                    if step.problem is None:
                        self._after(step)
                    if interrupt.asked:
                        result.interrupted = True
                        break
                self._save_last()
        finally:
            if self.table is not None:
                self.table.close()
        return result

    def _after(self, step: StepResult) -> None:
        result = self.result
        result.history.add(step)
        if self.table is not None:
            self.table.add(step)
        if self.folder is None:
            return
        if step.is_best:
            result.best = self._save(BEST)
        every, epochs = self.settings.n_save_every, self.settings.n_save_epoch
        due = bool(every and step.step % every == 0)
        if due:
            self._save(f"model{step.epoch}.temp.bin")
        if step.epoch_ended and epochs and step.epoch % epochs == 0:
            self._save(f"model{step.epoch}.bin")
        if step.evaluated or due:
            self._keep()

    def _save(self, name: str) -> Path | None:
        """Write the encoder's weights, averaged if the optimizer averages."""
        if self.folder is None:
            return None
        task, settings = self.result.task, self.settings
        architecture = self.result.nlp.config.interpolate()["components"][settings.component]
        about = {
            "component": settings.component,
            "layer": settings.layer,
            "architecture": architecture.get("model", {}),
            "step": self.result.progress.step,
            "words": self.result.progress.words,
        }
        with task.model.use_params(settings.optimizer.averages or {}):
            write_bytes(self.folder / name, encoder_bytes(task.encoder, about))
        return self.folder / name

    def _keep(self) -> None:
        """Write a checkpoint of what there is now, beside config and log."""
        if self.folder is None:
            return
        result = self.result
        write_text(self.folder / _CONFIG, self.config.to_str())
        write_log(self.folder / LOG, result.history)
        model = result.task.model
        write_checkpoint(
            self.folder,
            lambda folder: model.to_disk(folder / _MODEL),
            {"task": model},
            self.settings.optimizer,
            result.progress,
            result.history,
            self.settings.chosen,
        )
        self._saved = result.progress.step

    def _save_last(self) -> None:
        self.result.last = self._save(LAST)
        if self._saved != self.result.progress.step:
            self._keep()
