"""Pretraining from a config: make the task, train, log, save."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from spanloom.config import Config, fill_config, find_problems, load_config
from spanloom.config.overrides import with_overrides
from spanloom.errors import ConfigError, TrainingError
from spanloom.io.files import write_bytes, write_text
from spanloom.pipeline.devices import use_allocator
from spanloom.pipeline.pretrained import PretrainingTask, encoder_bytes

from .checkpoints import load_state, save_state
from .corpus import JsonlCorpus
from .interrupts import deferred_interrupts
from .learn_rate import gives_learn_rate, suit_learn_rate
from .loop import Position, PretrainStep, pretrain_steps
from .report import History, Table
from .settings import Reader, Settings, read_settings
from .target import make_task

if TYPE_CHECKING:
    from spanloom import Pipeline

__all__ = ["BEST", "LAST", "LOG", "STATE", "PretrainResult", "pretrain"]

#: Files in the output folder: the weights with the lowest loss, the last ones, a line for each
#: evaluation, and what --resume goes on from.
BEST = "model-best.bin"
LAST = "model-last.bin"
LOG = "log.jsonl"
STATE = "resume.bin"

#: Parts of a config that pretraining doesn't read, and that needn't be complete.
_UNUSED = ("training", "initialize", "paths")


@dataclass
class PretrainResult:
    """What a run gives: the pipeline, the task with its last weights, the history, and the files of
    the best and the last weights if they were saved. ``interrupted`` says that it was stopped."""

    nlp: Pipeline
    task: PretrainingTask
    position: Position
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
    task = make_task(nlp, settings)
    start = Position()
    if resume and folder is not None:
        start = load_state(folder / STATE, task, settings)
    sink = None if quiet else stdout or sys.stdout
    run = _Run(nlp, settings, task, start, folder, sink)
    if folder is not None:
        write_text(folder / "config.cfg", whole.to_str())
    return run.run()


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
    if resume and folder is None:
        raise TrainingError("There is nothing to go on with: resume needs the output folder.")
    if folder is not None and not resume and (folder / STATE).exists():
        raise TrainingError(
            f"'{folder}' holds a run already: go on with it by --resume (resume=True), or give "
            f"another folder."
        )


class _Run:
    """One run of the loop, with its log and its files."""

    def __init__(
        self,
        nlp: Pipeline,
        settings: Settings,
        task: PretrainingTask,
        start: Position,
        folder: Path | None,
        stdout: IO[str] | None,
    ) -> None:
        self.settings = settings
        self.folder = folder
        self.start = start
        self.table = None if stdout is None else Table(stdout, settings, start)
        history = History(None if folder is None else folder / LOG)
        history.load(start.step)
        self.result = PretrainResult(nlp, task, start, history)
        if folder is not None and (folder / BEST).exists() and start.step:
            self.result.best = folder / BEST
        self._saved = start.step

    def run(self) -> PretrainResult:
        result = self.result
        with deferred_interrupts() as interrupt:
            for step in pretrain_steps(
                result.nlp, self.settings, task=result.task, start=self.start
            ):
                self._after(step)
                if interrupt.asked:
                    result.interrupted = True
                    break
            self._save_last()
        return result

    def _after(self, step: PretrainStep) -> None:
        position = self.result.position = step.position
        if step.evaluated:
            self.result.history.add(step)
        if self.table is not None:
            self.table.add(step)
        if self.folder is None:
            return
        if step.is_best:
            self.result.best = self._save(BEST)
        every = self.settings.n_save_every
        if every and position.step % every == 0:
            self._save(f"model{position.epoch}.temp.bin")
        if step.epoch_ended and position.epoch % (self.settings.n_save_epoch or 1) == 0:
            self._save(f"model{position.epoch}.bin")
        if step.evaluated or (every and position.step % every == 0):
            self._save_state()

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
            "step": self.result.position.step,
            "words": self.result.position.words,
        }
        with task.model.use_params(settings.optimizer.averages or {}):
            write_bytes(self.folder / name, encoder_bytes(task.encoder, about))
        return self.folder / name

    def _save_state(self) -> None:
        if self.folder is not None:
            position = self.result.position
            save_state(self.folder / STATE, self.result.task, self.settings, position)
            self._saved = position.step

    def _save_last(self) -> None:
        self.result.last = self._save(LAST)
        if self._saved != self.result.position.step:
            self._save_state()
