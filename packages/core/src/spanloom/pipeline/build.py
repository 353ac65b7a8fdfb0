"""Making pipelines: from nothing, from a config, from a folder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import Config
from ..config.blocks import check_component
from ..config.check import config_to_build
from ..config.fill import fill_block
from ..config.resolve import resolve_block
from ..errors import ConfigError, ConfigProblem, MissingFileError, PipelineError
from ..lang import language
from ..plugins import manager
from ..plugins.factory import factory_config
from ..plugins.registries import registry
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

    ``disable`` loads components without running them; ``enable`` runs only those that it names and
    the encoders that they listen to, whatever the config says; ``exclude`` doesn't load them.
    ``config`` holds overrides, dotted (``{"nlp.batch_size": 64}``) or nested. A packaged pipeline
    is data: nothing of it is imported.

    Raises :class:`MissingFileError` if there is neither, :class:`ConfigError` with everything that
    is wrong with the config, :class:`PipelineError` for components that aren't there or listen to
    one that isn't, and :class:`SerializationError` for files that can't be read.
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
        from ..plugins.installed import find

        found = find(name)
        if found is not None:
            return load_folder(found.folder, **options)
        if registry.has("models", name):
            pipeline: Pipeline = registry.get("models", name)(**options)
            return pipeline
    if not path.is_dir():
        from ..plugins.installed import find_all

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

    described, whole = config_to_build(config, exclude)
    settings = whole["nlp"]
    if not settings.get("lang"):
        problem = ConfigProblem("nlp.lang", "no language is given", 'such as "en"')
        raise ConfigError([problem], source=getattr(config, "source", "config"))
    _check_names(settings["pipeline"], {"exclude": exclude, "disable": disable, "enable": enable})
    with registry.preferring(whole):
        nlp = Pipeline(
            settings["lang"],
            vocab=vocab,
            tokenizer=settings["tokenizer"],
            config=described,
            meta=meta,
        )
        _call_back(nlp, whole, "after_creation")
        _add_components(nlp, whole, exclude)
        _call_back(nlp, whole, "after_pipeline_creation")
    # What the call asks for goes before what the config says.
    asleep = [] if enable else settings["disabled"]
    off = {*asleep, *disable} & set(nlp.component_names)
    for name in nlp.left_out(off, enable or None):
        nlp.disable_pipe(name)
    nlp.assemble()
    manager().observe("pipeline_created", nlp=nlp)
    return nlp


def _check_names(pipeline: Collection[str], asked: Mapping[str, Collection[str]]) -> None:
    """Raise :class:`PipelineError` for names that aren't in the pipeline."""
    for argument, names in asked.items():
        for name in [names] if isinstance(names, str) else names:
            if name not in pipeline:
                near = get_close_matches(name, pipeline, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"it has: {', '.join(pipeline)}"
                raise PipelineError(f"{argument}: no component '{name}' in this pipeline ({hint})")


def _call_back(nlp: Pipeline, whole: Config, key: str) -> None:
    """Call a function of ``[nlp]`` with the new pipeline, if there is one."""
    block = whole["nlp"].get(key)
    if not block:
        return
    path = f"nlp.{key}"
    returned = resolve_block(block, path, whole)(nlp)
    if returned is not None and returned is not nlp:
        problem = ConfigProblem(
            path,
            f"returned a {type(returned).__name__} that isn't the pipeline which it was given",
            "change the pipeline in place, and return it or nothing",
        )
        raise ConfigError([problem], source=whole.source)


def _add_components(nlp: Pipeline, whole: Mapping[str, Any], exclude: Collection[str]) -> None:
    sources: dict[str, Pipeline] = {}
    for name in whole["nlp"]["pipeline"]:
        if name in exclude:
            continue
        block = dict(whole["components"][name])
        if "source" not in block:
            nlp.add_pipe(block.pop("factory"), name=name, config=block)
            continue
        path = block["source"]
        if path not in sources:
            sources[path] = load(path)
        nlp.add_pipe(
            block.get("component", name),
            name=name,
            source=sources[path],
            replace_listeners=block.get("replace_listeners", ()),
        )


def create_component(
    nlp: Pipeline, factory: str, name: str, config: Mapping[str, Any] | None = None
) -> tuple[Any, dict[str, Any]]:
    """Call a factory, with its default settings merged with ``config``.

    Returns the component, and the filled block that describes it. Raises
    :class:`UnknownNameError` for an unknown factory, :class:`ConfigError` for unknown settings.
    """
    function = registry.get("factories", factory)
    given = Config(dict(config or {}))
    check_component(name, factory, given)
    merged = Config(factory_config(function)).merge(given)
    where = f"components.{name}"
    filled = fill_block(merged, where)
    component = function(nlp=nlp, name=name, **resolve_block(filled, where, made=placed(where)))
    if component is None:
        raise PipelineError(f"the factory '{factory}' returned None: it must return the component")
    return component, {"factory": factory, **filled}


def placed(where: str) -> Callable[[str, Any], None]:
    """A function that lets listeners remember their place in the config of the component whose
    block is at ``where``; for :func:`~spanloom.config.resolve.resolve_block`."""

    def remember(path: str, made: Any) -> None:
        attrs = getattr(made, "attrs", None)
        link = attrs.get("link") if isinstance(attrs, dict) else None
        if link is not None and not link.place:
            link.place = path.removeprefix(f"{where}.")

    return remember
