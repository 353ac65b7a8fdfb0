"""Training from a config: initialize, train, log, save."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..config import Config, fill_config, find_problems, load_config
from ..config.foreign import is_foreign
from ..config.overrides import with_overrides
from ..config.resolve import call_block
from ..config.sections import with_required
from ..config.tree import leaves
from ..corpora.corpus import corpus
from ..errors import ConfigError, TrainingError
from ..io.files import check_replaceable, clear_up, existing
from ..pipeline.devices import use_allocator, use_device
from ..pipeline.saving import MARKS
from ..pipeline.wiring import check_frozen
from ..plugins.registries import registry
from .checkpoint import Checkpoint, find_checkpoint
from .events import Events, Tracker
from .randomness import seed_everything
from .session import BEST, LAST, Session, TrainingResult, nodes, save, use_averages
from .settings import Reader, Settings, read_settings

if TYPE_CHECKING:
    from ..examples.example import Example
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

#: What may differ from the config of the run that is resumed.
_MAY_CHANGE = (
    "paths.",
    "corpora.train.path.",
    "corpora.dev.path.",
    "initialize.",
    "training.max_steps.",
    "training.max_epochs.",
    "training.patience.",
    "training.logger.",
)

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
    resume: bool = False,
    checkpoints: bool = True,
    trackers: Sequence[Tracker] = (),
) -> TrainingResult:
    """Train a pipeline.

    ``config`` is the path of a config, or a config itself; it must be complete. Or it is a
    pipeline: one that is initialized goes on learning. ``overrides`` replace single settings
    (``{"training.max_steps": 100}``). ``train`` and ``dev`` take the place of the corpora that the
    config names: a path, a function from the pipeline to examples, or, where ``config`` is a
    pipeline, examples. With ``output``, the best and the last pipeline are saved there, each whole
    or not at all. Ctrl-C and SIGTERM stop after the present step and save it, a second one stops at
    once. ``quiet`` shows nothing.

    At the start and after each evaluation a checkpoint is written into ``output`` too, unless
    ``checkpoints`` is false. With ``resume``, training goes on from the one that is there, however
    the run before ended, and gives the same weights as if it had never stopped (on the CPU);
    without one it starts. The config must be the same, but for the limits of ``[training]``, the
    logger and the paths. If losses or gradients become infinite or NaN, training returns to the
    checkpoint and goes on with half the learning rate, three times at most.

    ``trackers`` are called with the kind of an event and a dict: ``start``, ``step``,
    ``evaluation``, ``checkpoint``, ``rollback`` and ``end``. What they or a logger raise becomes a
    warning: they can't stop a training.

    Raises :class:`ConfigError` for a config that is wrong or incomplete, :class:`PipelineError` if
    a frozen component listens to an encoder that isn't frozen and learns from others,
    :class:`TrainingError` where training can't go on, and what reading the data raises.
    """
    folder = Path(output) if output else None
    if folder is not None:
        clear_up(folder, BEST, LAST)
        for name in (BEST, LAST):
            check_replaceable(folder / name, MARKS)
    ready: Pipeline | None = None
    source = config if isinstance(config, str | Path | Mapping) else config.config
    if not isinstance(config, str | Path | Mapping):
        ready = config
    readers = {
        f"{name}_corpus": _reader(name, data, ready is not None)
        for name, data in (("train", train), ("dev", dev))
        if data is not None
    }
    given = _complete(source, overrides or {}, readers)
    _warn_of_unused(given, overrides or {})
    whole = given.interpolate()
    checkpoint = _checkpoint(output, whole) if resume else None
    use_allocator(whole["training"]["gpu_allocator"])
    seed_everything(whole["training"]["seed"])
    nlp = ready or _built(given)
    settings = read_settings(whole, readers)
    nlp.assemble()
    check_frozen(nlp.order, settings.frozen_components)
    if settings.max_epochs >= 0:
        settings.train_corpus = _kept(settings.train_corpus)
    sink = None if quiet else stdout or sys.stdout

    def fresh() -> Settings:
        again = read_settings(whole, readers)
        return replace(again, train_corpus=settings.train_corpus, dev_corpus=settings.dev_corpus)

    _set_weights(nlp, whole, settings, checkpoint, sink)
    session = Session(nlp, settings, whole, folder, sink, Events(trackers), fresh, checkpoints)
    if checkpoint is not None:
        session.resume(checkpoint)
        _say(sink, f"Going on after step {checkpoint.progress.step}.")
    return session.run()


def _set_weights(
    nlp: Pipeline,
    config: Config,
    settings: Settings,
    checkpoint: Checkpoint | None,
    sink: IO[str] | None,
) -> None:
    """Take the weights of a checkpoint, or make new ones where there are none."""
    if checkpoint is not None:
        checkpoint.restore(nlp, settings.optimizer)
        _read_again(nlp, settings)
    elif not _is_initialized(nlp):
        initialize(nlp, config, settings)
        if "pretrained" in nlp.meta:
            told = (
                "Pretrained weights of '{target}' from {source}: {tensors} of {tensors} tensors "
                "applied, hash {hash:.16}"
            )
            _say(sink, told.format(**nlp.meta["pretrained"]))


def _warn_of_unused(config: Config, overrides: Mapping[str, Any]) -> None:
    """Warn of a path that was given and that no setting refers to."""
    values = [str(value) for _, value in leaves(config)]
    for path in overrides:
        if path.startswith("paths.") and not any(f"${{{path}}}" in value for value in values):
            message = f"--{path} has no effect: no setting of the config refers to ${{{path}}}"
            warnings.warn(message, UserWarning, stacklevel=3)


def _say(sink: IO[str] | None, message: object) -> None:
    if sink is not None:
        print(message, file=sink)


def _checkpoint(output: str | Path | None, config: Config) -> Checkpoint | None:
    """The checkpoint to go on from, if there is one. Raises :class:`TrainingError` if it is of
    another config."""
    if output is None:
        raise TrainingError("Can't resume without an output folder: give that of the earlier run")
    path = find_checkpoint(output)
    if path is None:
        return None
    found = Checkpoint.read(path)
    # Settings that a later version brought have their defaults.
    before = fill_config(Config(dict(found.config)))
    try:
        found.refuse_changes(before, config, _MAY_CHANGE)
    except TrainingError:
        if found.progress.step:
            raise
        return None  # nothing is lost
    return found


def _read_again(nlp: Pipeline, settings: Settings) -> None:
    """Read a corpus that is kept at the moment when the first run read it, for augmenters that draw
    random numbers."""
    if settings.max_epochs >= 0:
        seed_everything(settings.seed)
        list(settings.train_corpus(nlp))


def _built(config: Config) -> Pipeline:
    from ..pipeline import Pipeline

    return Pipeline.from_config(config)


def _reader(name: str, data: Data, of_pipeline: bool) -> Reader:
    if isinstance(data, str | Path):
        return corpus(existing(data, f"{name} corpus"))
    if callable(data):
        return data
    if not of_pipeline:
        raise TrainingError(
            f"{name}= was given examples, which belong to a pipeline's vocab, but no pipeline was "
            "given. Give a path or a function from the pipeline to examples, or make the pipeline "
            "first: train(Pipeline.from_config(config), ...)."
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
    """The config, checked. One that was written for spaCy, which
    can't have the arguments that are ours alone, is filled before. The path of a corpus that the
    caller has a reader for need not be there."""
    if isinstance(given, str | Path):
        config = load_config(given, overrides)
        if is_foreign(config):
            config = fill_config(config)
        config = with_required(config)
    else:
        config = fill_config(with_overrides(Config(dict(given)), overrides))
    unused = {str(config["training"].get(key)) for key in readers if "training" in config}
    problems = [
        problem
        for problem in find_problems(config, complete=True, phase="train")
        if not problem.path.startswith(tuple(unused) or "-")
    ]
    if problems:
        raise ConfigError(problems, source=config.source)
    return config


def _is_initialized(nlp: Pipeline) -> bool:
    """Whether all weights of all components are allocated. Without any of thinc's nobody knows: a
    component may have a model of another kind, which must be told the labels."""
    there = [node.has_param(name) is not None for node in nodes(nlp) for name in node.param_names]
    return bool(there) and all(there)


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
            nlp.initialize(
                get_examples,
                sgd=settings.optimizer,
                keep=sourced,
                annotates=settings.annotating_components,
            )
        if section.get(key):
            with registry.preferring(config):
                call_block(section[key], f"initialize.{key}", config, nlp)


def use_gpu(gpu_id: int) -> None:
    """Compute on a GPU from now on; see :func:`spanloom.pipeline.devices.use_device`. Raises
    :class:`TrainingError` where there is none to use."""
    use_device("gpu", gpu_id)
