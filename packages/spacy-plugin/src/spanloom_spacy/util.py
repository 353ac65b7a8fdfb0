"""What is most used of ``spacy.util``, under its names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from thinc.api import compounding, decaying, fix_random_seed

from spanloom import Pipeline, registry
from spanloom import load as load_model
from spanloom.config import load_config
from spanloom.config import parse_config as load_config_from_str
from spanloom.corpora.batchers import batch_by_sequence
from spanloom.examples import get_words_and_spaces
from spanloom.lang import language as get_lang_class
from spanloom.tokenizer import compile_infixes as compile_infix_regex
from spanloom.tokenizer import compile_prefixes as compile_prefix_regex
from spanloom.tokenizer import compile_suffixes as compile_suffix_regex
from spanloom.tokens import filter_spans

__all__ = [
    "compile_infix_regex",
    "compile_prefix_regex",
    "compile_suffix_regex",
    "compounding",
    "decaying",
    "ensure_path",
    "filter_spans",
    "fix_random_seed",
    "get_lang_class",
    "get_words_and_spaces",
    "load_config",
    "load_config_from_str",
    "load_model",
    "load_model_from_config",
    "minibatch",
    "registry",
]

T = TypeVar("T")


def minibatch(items: Iterable[T], size: int | Iterable[float]) -> Iterator[list[T]]:
    """Lists of ``size`` items, or of the sizes that a schedule (`compounding`) gives in turn."""
    batches: Iterator[list[T]] = batch_by_sequence(size)(items)
    return batches


def ensure_path(path: str | Path) -> Path:
    """A path."""
    return Path(path)


def load_model_from_config(
    config: Mapping[str, Any],
    *,
    auto_fill: bool = True,  # noqa: ARG001
    validate: bool = True,  # noqa: ARG001
    **settings: Any,
) -> Pipeline:
    """:meth:`Pipeline.from_config`, which always fills and checks the config."""
    return Pipeline.from_config(config, **settings)
