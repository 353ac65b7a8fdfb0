"""The ``[pretraining]`` section, resolved once into typed settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from spanloom.config import resolve_section
from spanloom.corpora.batchers import Batcher
from spanloom.training import Limits
from spanloom.training.settings import check_numbers, read_corpus

from .task import PretrainingTask

if TYPE_CHECKING:
    from thinc.api import Model, Optimizer

    from spanloom import Doc, Example, Pipeline, Vocab

__all__ = ["Objective", "Reader", "Settings", "read_settings"]

Reader = Callable[["Pipeline"], "Iterable[Doc | Example]"]
Objective = Callable[["Vocab", "Model[Any, Any]"], PretrainingTask]

_LOWEST = {
    "max_epochs": 0,
    "max_steps": 0,
    "patience": 0,
    "eval_frequency": 1,
    "held_out_words": 0,
    "shuffle_buffer": 0,
    "n_save_every": 1,
    "n_save_epoch": 1,
}
_SHARES = ("dropout", "held_out")


@dataclass
class Settings(Limits):
    """What a pretraining run needs; the attributes are the keys of ``[pretraining]``.

    ``make_batcher`` makes a batcher; each epoch has its own, so that a run can go on in the middle
    of one: a schedule of sizes begins anew with each epoch. ``held_out`` is the share of documents
    that nothing is learned from, up to ``held_out_words`` of which are measured. ``shuffle_buffer``
    is the number of documents among which the next one is drawn; 0 keeps their order. 0 is no limit
    for ``max_epochs``, ``max_steps`` and ``patience``, the steps to wait for a lower held-out loss.
    The best and the last weights are saved, and where it is asked for, those after every
    ``n_save_every`` steps and every ``n_save_epoch`` epochs. ``chosen`` is the part of the config
    that a run must keep to go on.
    """

    corpus: Reader
    make_batcher: Callable[[], Batcher]
    optimizer: Optimizer
    objective: Objective
    component: str = "tok2vec"
    layer: str = ""
    seed: int = 0
    dropout: float = 0.0
    held_out: float = 0.01
    held_out_words: int = 10000
    shuffle_buffer: int = 20000
    n_save_every: int | None = None
    n_save_epoch: int | None = None
    chosen: Mapping[str, Any] = field(default_factory=dict)

    # Other defaults than those of training.
    max_epochs: int = field(default=1000, kw_only=True)
    max_steps: int = field(default=0, kw_only=True)
    patience: int = field(default=6000, kw_only=True)
    eval_frequency: int = field(default=500, kw_only=True)


#: Settings that may be changed between stopping and going on: they don't touch the weights.
_FREE = ("max_epochs", "max_steps", "patience", "n_save_every", "n_save_epoch", "eval_frequency")

#: Of ``[nlp]``, what touches them: how text is tokenized, and what is known of words.
_NLP = ("lang", "tokenizer", "vectors")


def read_settings(config: Mapping[str, Any], *, corpus: Reader | None = None) -> Settings:
    """Resolve ``[pretraining]`` of a complete config, and the corpus that it names, unless
    ``corpus`` takes its place.

    Raises :class:`ConfigError` for values that make no sense, and whatever the functions raise.
    """
    values = dict(resolve_section(config, "pretraining"))
    check_numbers(config, "pretraining", values, _LOWEST, _SHARES)
    values["seed"] = values["seed"] or 0
    values["corpus"] = corpus if corpus is not None else read_corpus(config, "pretraining.corpus")
    known = Settings.__dataclass_fields__
    return Settings(
        make_batcher=lambda: resolve_section(config, "pretraining.batcher"),
        chosen=_chosen(config, corpus is None),
        **{key: value for key, value in values.items() if key in known},
    )


def _chosen(config: Mapping[str, Any], with_corpus: bool) -> dict[str, Any]:
    section = config["pretraining"]
    chosen = {
        "nlp": {key: config["nlp"].get(key) for key in _NLP},
        "initialize": {"vectors": config.get("initialize", {}).get("vectors")},
        "pretraining": {key: value for key, value in section.items() if key not in _FREE},
        "components": {section["component"]: config["components"].get(section["component"])},
    }
    if with_corpus:
        first, *rest = str(section["corpus"]).split(".")
        block = config.get(first, {})
        if rest and rest[0] in block:
            block = {rest[0]: block[rest[0]]}
        chosen[first] = _without_paths(block)
    return chosen


def _without_paths(block: Mapping[str, Any]) -> dict[str, Any]:
    """Text may have moved: whether it is the same is seen when it's read."""
    return {
        key: _without_paths(value) if isinstance(value, Mapping) else value
        for key, value in block.items()
        if key != "path"
    }
