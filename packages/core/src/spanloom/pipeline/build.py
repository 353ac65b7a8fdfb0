"""Making pipelines: from nothing, and from what was saved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..config import Config
from ..io.consent import remote_code
from ..io.msgpack import collecting
from ..lang import warn_if_neutral
from ..vocab import Vocab
from . import loading
from .pipeline import Pipeline

__all__ = ["blank", "load"]


def blank(
    lang: str = "en",
    *,
    vocab: Vocab | None = None,
    config: Mapping[str, Any] | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Pipeline:
    """A pipeline with a tokenizer for ``lang`` and no components.

    ``lang`` is a code of ISO 639, of two or three letters; a language without rules of its own gets
    neutral ones, with a warning. Raises :class:`DataError` for a code that isn't known.
    """
    if vocab is None:
        warn_if_neutral(lang)
    settings = Config({"nlp": {"lang": lang}})
    if config:
        settings = settings.merge(Config(dict(config)))
    return Pipeline.from_config(settings, vocab=vocab, meta=meta)


def load(
    name: str | Path | bytes,
    *,
    vocab: Vocab | None = None,
    disable: Collection[str] = (),
    enable: Collection[str] = (),
    exclude: Collection[str] = (),
    config: Mapping[str, Any] | None = None,
    trust_remote_code: bool | None = None,
) -> Pipeline:
    """Load a saved pipeline: a folder, or the name of an installed package that brings one; of
    another library, if its dialect is installed, what that takes too (a wheel, bytes);
    ``"blank:en"`` is :func:`blank`.

    ``disable`` loads components without running them; ``enable`` runs only those that it names and
    the encoders that they listen to, whatever the config says; ``exclude`` doesn't load them.
    ``config`` holds overrides, dotted (``{"nlp.batch_size": 64}``) or nested. A packaged pipeline
    is data: nothing of it is imported. ``trust_remote_code=True`` allows a transformer to run the
    Python files that came with its model, which can do anything that you can; what the pipeline
    itself says of that doesn't count. ``None`` leaves it to ``SPANLOOM_TRUST_REMOTE_CODE``.

    Raises :class:`MissingFileError` if there is neither, :class:`ConfigError` with everything that
    is wrong with the config, :class:`PipelineError` for components that aren't there or listen to
    one that isn't, and :class:`SerializationError` for files that can't be read.
    """
    if isinstance(name, str) and name.startswith("blank:"):
        return blank(name.removeprefix("blank:"), vocab=vocab, config=config)
    choice = loading.Choice.of(disable, enable, exclude)
    with remote_code(trust_remote_code), collecting(on=False):
        return loading.load(Pipeline, name, choice, vocab, config)
