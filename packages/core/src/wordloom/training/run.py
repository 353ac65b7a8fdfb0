"""Training from a config: initialize, train, log, save."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from shutil import copytree
from typing import IO, TYPE_CHECKING, Any

from ..config import Config, fill_config, find_problems, load_config, resolve_section
from ..config.overrides import with_overrides
from ..errors import ConfigError, TrainingError
from ..files import folder_written
from ..plugins import TrainContext, manager
from ..pretraining import Applied
from .corpus import corpus
from .history import History
from .loop import StepResult, train_steps
from .settings import Reader, Settings, read_settings

if TYPE_CHECKING:
    from ..example import Example
    from ..pipeline import Pipeline

__all__ = [
    "BEST",
    "LAST",
    "TrainingResult",
    "initialize",
    "save",
    "seed_everything",
    "train",
    "use_averages",
    "use_gpu",
]

#: Folders within the output folder: the pipeline with the highest score, and the latest one.
BEST = "model-best"
LAST = "model-last"


@dataclass
class TrainingResult:
    """What a training run gives: the pipeline with its last weights (averaged, if the optimizer
    averages), the history, and the folders of the best and the last pipeline if they were saved.
    ``interrupted`` says that the user stopped it."""

    nlp: Pipeline
    history: History = field(default_factory=History)
    best: Path | None = None
    last: Path | None = None
    interrupted: bool = False


Data = str | Path | Reader | Iterable["Example"]


def train(
    config: str | Path | Mapping[str, Any] | Pipeline,
    output: str | Path | None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
    train: Data | None = None,
    dev: Data | None = None,
    stdout: IO[str] | None = None,
    quiet: bool = False,
) -> TrainingResult:
    """Train a pipeline.

    ``config`` is the path of a config, or a config itself; it must be complete. Or it is a
    pipeline: one that is initialized goes on learning. ``overrides`` replace single settings
    (``{"training.max_steps": 100}``). ``train`` and ``dev`` take the place of the corpora that the
    config names: a path, a function from the pipeline to examples, or, where ``config`` is a
    pipeline, examples. With ``output``, the best and the last pipeline are saved there, each whole
    or not at all; Ctrl-C stops and saves the last one. ``quiet`` shows nothing.

    Raises :class:`ConfigError` for a config that is wrong or incomplete, :class:`TrainingError`
    where training can't go on, and what reading the data raises.
    """
    ready: Pipeline | None = None
    source = config if isinstance(config, str | Path | Mapping) else config.config
    if not isinstance(config, str | Path | Mapping):
        ready = config
    readers = {
        f"{name}_corpus": _reader(name, data, ready is not None)
        for name, data in (("train", train), ("dev", dev))
        if data is not None
    }
    whole = _complete(source, overrides or {}, readers)
    seed_everything(whole["training"]["seed"])
    nlp = ready or _built(whole)
    settings = read_settings(whole, readers)
    if settings.max_epochs >= 0:
        settings.train_corpus = _kept(settings.train_corpus)
    sink = stdout or sys.stdout
    if not _is_initialized(nlp):
        initialize(nlp, whole, settings)
        if "pretrained" in nlp.meta and not quiet:
            print(Applied(**nlp.meta["pretrained"]), file=sink)
    run = _Run(nlp, settings, whole, Path(output) if output else None, None if quiet else sink)
    return run.run()


def _built(config: Config) -> Pipeline:
    from ..pipeline import Pipeline

    return Pipeline.from_config(config)


def _reader(name: str, data: Data, of_pipeline: bool) -> Reader:
    if isinstance(data, str | Path):
        return corpus(data)
    if callable(data):
        return data
    if not of_pipeline:
        raise TrainingError(
            f"{name}= has examples, which belong to the vocab of a pipeline, but a config is "
            f"trained. Give a path or a function from the pipeline to examples, or make the "
            f"pipeline first: train(Pipeline.from_config(config), ...)."
        )
    examples = list(data)
    return lambda nlp: examples


def _kept(reader: Reader) -> Reader:
    """The same reader, which reads once: components look for labels in all examples, one component
    after the other, and then the loop wants them in memory too."""
    kept: list[Example] = []

    def read(nlp: Pipeline) -> list[Example]:
        if not kept:
            kept.extend(reader(nlp))
        return kept

    return read


def _complete(
    given: str | Path | Mapping[str, Any],
    overrides: Mapping[str, Any],
    readers: Mapping[str, Reader],
) -> Config:
    """The config, checked, with its references resolved. The path of a corpus that the caller has
    a reader for need not be there."""
    if isinstance(given, str | Path):
        config = load_config(given, overrides)
    else:
        config = fill_config(with_overrides(Config(dict(given)), overrides))
    unused = {str(config["training"].get(key)) for key in readers if "training" in config}
    problems = [
        problem
        for problem in find_problems(config, complete=True)
        if not problem.path.startswith(tuple(unused) or "-")
    ]
    if problems:
        raise ConfigError(problems, source=config.source)
    return config.interpolate()


def seed_everything(seed: int | None) -> None:
    """Seed the generators that thinc draws weights and dropout from, as far as there is a seed."""
    if seed is not None:
        from thinc.api import fix_random_seed

        fix_random_seed(seed)


def _is_initialized(nlp: Pipeline) -> bool:
    """Whether all weights of all components are allocated."""
    return all(
        node.has_param(name) is not None for node in _nodes(nlp) for name in node.param_names
    )


def _nodes(nlp: Pipeline) -> Iterator[Any]:
    """Each layer of each component's model."""
    for _, component in nlp.components:
        model: Any = getattr(component, "model", None)
        if hasattr(model, "walk"):
            yield from model.walk()


def initialize(nlp: Pipeline, config: Config, settings: Settings) -> None:
    """Allocate the weights from the training corpus, with the callbacks of ``[initialize]``.
    Components that the config takes from another pipeline keep theirs.

    Raises :class:`TrainingError` if the corpus is empty.
    """
    section = config["initialize"]
    sourced = [name for name, block in config["components"].items() if "source" in block]
    if next(iter(settings.train_corpus(nlp)), None) is None:
        raise TrainingError(
            "There is nothing to train on: the training corpus is empty. Check paths.train, and "
            "limit and max_length in [corpora.train]."
        )
    for key in ("before_init", "after_init"):
        if key == "after_init":
            get_examples = partial(settings.train_corpus, nlp)
            nlp.initialize(get_examples, sgd=settings.optimizer, keep=sourced)
        if section.get(key):
            resolve_section(config, f"initialize.{key}")(nlp)


class _Run:
    """One run of the loop, with its log and its checkpoints."""

    def __init__(
        self,
        nlp: Pipeline,
        settings: Settings,
        config: Config,
        output: Path | None,
        stdout: IO[str] | None,
    ) -> None:
        self.nlp = nlp
        self.settings = settings
        self.output = output
        self.stdout = stdout
        self.context = TrainContext(nlp, config, output)
        self.result = TrainingResult(nlp, History(dict(settings.score_weights)))

    def run(self) -> TrainingResult:
        hooks = manager()
        hooks.observe("before_train", ctx=self.context)
        error: BaseException | None = None
        log_step, finalize = self._logger()
        try:
            for step in train_steps(self.nlp, self.settings):
                self._after(step)
                log_step(self._info(step) if step.evaluated else None)
                hooks.observe("after_step", ctx=self.context, step=step)
        except KeyboardInterrupt:
            self.result.interrupted = True
            self._save_last()
        except BaseException as problem:
            error = problem
            raise
        finally:
            finalize()
            hooks.observe("after_train", ctx=self.context, error=error)
        use_averages(self.nlp, self.settings.optimizer.averages)
        return self.result

    def _logger(self) -> tuple[Callable[[dict[str, Any] | None], None], Callable[[], None]]:
        if self.stdout is None or self.settings.logger is None:
            return (lambda info: None), (lambda: None)
        log_step, finalize = self.settings.logger(self.nlp, self.stdout, sys.stderr)
        return log_step, finalize

    def _after(self, step: StepResult) -> None:
        self.result.history.add(step)
        if not step.evaluated:
            return
        self.nlp.meta["performance"] = dict(step.scores or {})
        self._save_last()
        if step.is_best and self.output is not None and self.result.last is not None:
            self.result.best = self.output / BEST
            with folder_written(self.result.best) as folder:
                copytree(self.result.last, folder, dirs_exist_ok=True)

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


def save(nlp: Pipeline, path: Path, settings: Settings) -> None:
    """Save a pipeline as it was scored: with averaged weights if there are any. The folder at
    ``path`` is replaced as a whole; if anything fails, it stays as it was."""
    with nlp.use_params(settings.optimizer.averages or None):
        ready = settings.before_to_disk(nlp) if settings.before_to_disk is not None else nlp
        ready.to_disk(path)


def use_averages(nlp: Pipeline, averages: Mapping[Any, Any] | None) -> None:
    """Put averaged weights in the place of the last ones, for good."""
    if not averages:
        return
    for node in _nodes(nlp):
        for name in node.param_names:
            if (node.id, name) in averages:
                node.set_param(name, averages[node.id, name])


def use_gpu(gpu_id: int) -> None:
    """Compute on a GPU from now on. Raises :class:`TrainingError` where there is none to use."""
    from thinc.api import require_gpu

    try:
        require_gpu(gpu_id)
    except ValueError as error:
        raise TrainingError(
            f"GPU {gpu_id} can't be used: {error}. Install the CuPy package for your CUDA version, "
            f"or leave --gpu-id out to compute on the CPU."
        ) from error
