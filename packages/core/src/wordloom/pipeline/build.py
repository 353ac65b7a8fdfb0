"""Making pipelines: from nothing, from a config, from a folder."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..components.factory import factory_config
from ..config import Config, default_config
from ..config.fill import fill_block
from ..config.resolve import resolve_block
from ..errors import ConfigError, ConfigProblem, MissingFileError, PipelineError
from ..lang import language
from ..plugins import manager
from ..registries import registry
from ..vocab import Vocab

if TYPE_CHECKING:
    from .pipeline import Pipeline

__all__ = ["blank", "create_component", "from_config", "load", "vocab_for"]


def vocab_for(lang: str) -> Vocab:
    """A new vocab with the lexical rules of a language."""
    return Vocab(lang, rules=language(lang).lexical_rules())


def blank(
    lang: str = "en",
    *,
    vocab: Vocab | None = None,
    config: Mapping[str, Any] | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Pipeline:
    """A pipeline with a tokenizer for ``lang`` and no components.

    ``lang`` is an ISO 639 code; one without rules of its own gets language-neutral ones.
    """
    from .pipeline import Pipeline

    settings = Config({"nlp": {"lang": lang}})
    if config:
        settings = settings.merge(Config(dict(config)))
    return Pipeline.from_config(settings, vocab=vocab, meta=meta)


def load(
    name: str | Path,
    *,
    vocab: Vocab | None = None,
    disable: Collection[str] = (),
    enable: Collection[str] = (),
    exclude: Collection[str] = (),
    config: Mapping[str, Any] | None = None,
) -> Pipeline:
    """Load a saved pipeline: a folder, or the name of an installed package that brings one.

    ``disable`` loads components without running them; ``enable`` runs only those that it names;
    ``exclude`` doesn't load them. ``config`` holds overrides, dotted (``{"nlp.batch_size": 64}``)
    or nested. Raises :class:`MissingFileError` if there is neither. A packaged pipeline is data:
    nothing of it is imported.
    """
    from .saving import load_folder

    options: dict[str, Any] = {
        "vocab": vocab,
        "disable": disable,
        "enable": enable,
        "exclude": exclude,
        "config": config,
    }
    path = Path(name)
    if isinstance(name, str) and not path.exists():
        from ..packaging import find

        found = find(name)
        if found is not None:
            return load_folder(found.folder, **options)
        if registry.has("models", name):
            pipeline: Pipeline = registry.get("models", name)(**options)
            return pipeline
    if not path.is_dir():
        from ..packaging import find_all

        names = {*registry.names("models"), *(each.name for each in find_all())}
        installed = ", ".join(sorted(names)) or "none"
        raise MissingFileError(
            f"no pipeline '{name}': it is neither a folder (looked at '{path.absolute()}') nor an "
            f"installed pipeline package (installed: {installed})"
        )
    return load_folder(path, **options)


def from_config(
    config: Mapping[str, Any],
    *,
    vocab: Vocab | None = None,
    disable: Collection[str] = (),
    enable: Collection[str] = (),
    exclude: Collection[str] = (),
    meta: Mapping[str, Any] | None = None,
) -> Pipeline:
    """See :meth:`Pipeline.from_config`."""
    from .pipeline import Pipeline

    described = default_config().merge(
        config if isinstance(config, Config) else Config(dict(config))
    )
    whole = described.interpolate()
    settings = whole["nlp"]
    if not settings.get("lang"):
        raise ConfigError([ConfigProblem("nlp.lang", "no language is given", 'such as "en"')])
    with registry.preferring(whole):
        nlp = Pipeline(
            settings["lang"],
            vocab=vocab,
            tokenizer=settings["tokenizer"],
            config=described,
            meta=meta,
        )
        _add_components(nlp, whole, exclude)
    _switch(nlp, {*settings["disabled"], *disable}, enable)
    manager().observe("pipeline_created", nlp=nlp)
    return nlp


def _add_components(nlp: Pipeline, whole: Mapping[str, Any], exclude: Collection[str]) -> None:
    for name in whole["nlp"]["pipeline"]:
        if name in exclude:
            continue
        block = whole["components"].get(name)
        if block is None:
            near = get_close_matches(name, whole["components"], n=1)
            raise ConfigError(
                [
                    ConfigProblem(
                        "nlp.pipeline",
                        f"'{name}' has no block [components.{name}]",
                        f"did you mean '{near[0]}'?" if near else "add the block",
                    )
                ]
            )
        block = dict(block)
        if "source" in block:
            nlp.add_pipe(block.get("component", name), name=name, source=load(block["source"]))
        elif "factory" in block:
            nlp.add_pipe(block.pop("factory"), name=name, config=block)
        else:
            raise ConfigError(
                [
                    ConfigProblem(
                        f"components.{name}",
                        "neither `factory` nor `source` is given",
                        'such as factory = "tagger"',
                    )
                ]
            )


def _switch(nlp: Pipeline, disable: Iterable[str], enable: Collection[str]) -> None:
    both = sorted(set(disable) & set(enable))
    if both:
        raise PipelineError(f"{', '.join(both)} can't be both disabled and enabled")
    for name in enable:
        nlp.order.index(name)
    for name in nlp.component_names:
        if name in disable or (enable and name not in enable):
            nlp.disable_pipe(name)


def create_component(
    nlp: Pipeline, factory: str, name: str, config: Mapping[str, Any] | None = None
) -> tuple[Any, dict[str, Any]]:
    """Call a factory, with its default settings merged with ``config``.

    Returns the component, and the filled block that describes it. Raises
    :class:`UnknownNameError` for an unknown factory, :class:`ConfigError` for unknown settings.
    """
    function = registry.get("factories", factory)
    given = Config(dict(config or {}))
    _check_settings(function, factory, name, given)
    merged = Config(factory_config(function)).merge(given)
    where = f"components.{name}"
    filled = fill_block(merged, where)
    component = function(nlp=nlp, name=name, **resolve_block(filled, where, made=placed(where)))
    if component is None:
        raise PipelineError(f"the factory '{factory}' returned None: it must return the component")
    return component, {"factory": factory, **filled}


def placed(where: str) -> Callable[[str, Any], None]:
    """A function that lets listeners remember their place in the config of the component whose
    block is at ``where``; for :func:`~wordloom.config.resolve.resolve_block`."""

    def remember(path: str, made: Any) -> None:
        attrs = getattr(made, "attrs", None)
        link = attrs.get("link") if isinstance(attrs, dict) else None
        if link is not None and not link.place:
            link.place = path.removeprefix(f"{where}.")

    return remember


def _check_settings(function: Any, factory: str, name: str, config: Mapping[str, Any]) -> None:
    parameters = inspect.signature(function).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    known = [key for key in parameters if key not in ("nlp", "name")]
    problems = []
    for key in config:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            fix = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known) or 'none'}"
            problems.append(
                ConfigProblem(f"components.{name}.{key}", f"'{factory}' has no such setting", fix)
            )
    if problems:
        raise ConfigError(problems, f"component '{name}'")
