"""Pipelines from a config, from a folder, from an installed package."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import Any

from ..config import Config, load_config
from ..config.check import config_to_build
from ..config.overrides import with_overrides
from ..config.resolve import call_block
from ..config.source import interpolated
from ..errors import ConfigError, ConfigProblem, MissingFileError, PipelineError, SerializationError
from ..io.files import existing, moved_away
from ..plugins import manager
from ..plugins.factory import names_of
from ..plugins.registries import preferences, registry
from ..vocab import Vocab
from .editing import add, enable, left_out
from .saving import from_disk, own_meta, saved_meta, suppliers_in
from .state import P, PipelineState

__all__ = ["Choice", "from_config", "load"]


@dataclass(frozen=True)
class Choice:
    """Which of its components a pipeline loads and runs; see :func:`spanloom.load`."""

    disable: Collection[str] = ()
    enable: Collection[str] = ()
    exclude: Collection[str] = ()

    @classmethod
    def of(cls, *names: str | Collection[str]) -> Choice:
        """One for each of disable, enable and exclude; a string is one name."""
        return cls(*map(names_of, names))


def load(
    cls: Callable[..., P],
    name: str | Path | bytes,
    choice: Choice,
    vocab: Vocab | None = None,
    config: Mapping[str, Any] | None = None,
) -> P:
    """A saved pipeline of a class; see :func:`spanloom.load`."""
    if not isinstance(name, str | bytes | PathLike):
        raise PipelineError(f"load takes the name, folder or bytes of a pipeline, not {name!r}")
    path = Path() if isinstance(name, bytes) else Path(name)
    if isinstance(name, str) and not path.exists():
        from ..plugins.installed import find

        found = find(name)
        if found is not None:
            return _load_folder(cls, found.folder, choice, vocab, config)
        if registry.has("models", name):
            make = registry.get("models", name)
            pipeline: P = make(vocab=vocab, config=config, **vars(choice))
            return pipeline
    foreign = registry.foreign_pipeline(name)
    if foreign is not None:
        saved = Config(dict(foreign.config))
        settings = _overridden(saved, config)
        try:
            nlp = from_config(cls, settings, choice, vocab, foreign.meta)
        except ConfigError as error:
            raise _with_way_out(error, choice) from None
        nlp.links.assemble()
        foreign.read(nlp, choice.exclude)
        _keep_changes(nlp, interpolated(saved))
        nlp.links.changed()
        nlp.links.assemble()
        return nlp
    if isinstance(name, bytes):
        hint = registry.dialect_hint()
        raise SerializationError(f"the bytes aren't those of a pipeline that can be loaded{hint}")
    if not path.is_dir():
        from ..plugins.installed import find_all

        names = {*registry.names("models"), *(each.name for each in find_all())}
        left = moved_away(path)
        installed = ", ".join(sorted(names)) or "none"
        raise MissingFileError(
            f"Can't find the pipeline '{name}': there is no folder '{path.absolute()}', and no "
            f"installed pipeline package has this name (installed: {installed})"
            + (f"; an interrupted save left the old one at '{left}': rename it" if left else "")
            + registry.dialect_hint()
        )
    return _load_folder(cls, path, choice, vocab, config)


def _with_way_out(error: ConfigError, choice: Choice) -> ConfigError:
    """The error about another library's config, and how the rest of its pipeline loads."""
    parts = [each.path.split(".") for each in error.problems]
    names = {part[1] for part in parts if part[0] == "components" and len(part) > 1}
    if not names:
        return error
    fix = f"load the others with exclude={sorted({*choice.exclude, *names})}"
    problem = ConfigProblem("components", f"{len(names)} can't be built here", fix)
    return ConfigError([*error.problems, problem], source=error.source)


def _load_folder(
    cls: Callable[..., P],
    path: Path,
    choice: Choice,
    vocab: Vocab | None,
    config: Mapping[str, Any] | None,
) -> P:
    """Build the pipeline that a folder describes, and read it."""
    meta = saved_meta(path)
    saved = load_config(existing(path / "config.cfg", "config of a saved pipeline"))
    settings = _overridden(saved, config)
    suppliers = suppliers_in(meta)
    settled = registry.settled(suppliers)
    if settled:
        prefer = {**settled, **preferences(settings)}
        settings["plugins"] = {**settings.get("plugins", {}), "prefer": prefer}
    with registry.recorded(suppliers):
        nlp = from_config(cls, settings, choice, vocab, own_meta(meta))
    from_disk(nlp, path, exclude=list(choice.exclude))
    _keep_changes(nlp, interpolated(saved))
    return nlp


def _overridden(saved: Config, config: Mapping[str, Any] | None) -> Config:
    """A copy of a config with the overrides of a call, dotted or nested."""
    settings = saved.copy()
    if config:
        flat = {key: value for key, value in config.items() if "." in key}
        nested = {key: value for key, value in config.items() if "." not in key}
        settings = settings.merge(nested) if nested else settings
        if flat:
            settings = with_overrides(settings, flat)
    return settings


def _keep_changes(nlp: PipelineState, saved: Mapping[str, Any]) -> None:
    """What a call changed in the config goes before the settings that components saved."""
    for name, component in nlp.order.components:
        cfg = getattr(component, "cfg", None)
        before = saved.get("components", {}).get(name, {})
        block = nlp.config["components"].get(name, {})
        if isinstance(cfg, dict):
            changed = (key for key in cfg.keys() & block.keys() & before.keys())
            cfg.update({key: block[key] for key in changed if block[key] != before[key]})


def from_config(
    cls: Callable[..., P],
    config: Mapping[str, Any],
    choice: Choice,
    vocab: Vocab | None = None,
    meta: Mapping[str, Any] | None = None,
) -> P:
    """A pipeline of a class as a config describes it; see :meth:`Pipeline.from_config`."""
    described, whole = config_to_build(config, choice.exclude)
    settings = whole["nlp"]
    if not settings.get("lang"):
        problem = ConfigProblem("nlp.lang", "isn't set", 'set it to a language code such as "en"')
        raise ConfigError([problem], source=getattr(config, "source", "config"))
    _check_names(settings["pipeline"], choice)
    with registry.preferring(whole):
        lang, tokenizer = settings["lang"], settings["tokenizer"]
        nlp = cls(lang, vocab=vocab, tokenizer=tokenizer, config=described, meta=meta)
        _call_back(nlp, whole, "after_creation")
        _add_components(cls, nlp, whole, choice.exclude)
        _call_back(nlp, whole, "after_pipeline_creation")
    # What the call asks for goes before what the config says.
    asleep = [] if choice.enable else settings["disabled"]
    off = {*asleep, *choice.disable} & set(nlp.order.names)
    for name in left_out(nlp, off, choice.enable or None):
        enable(nlp, name, False)
    nlp.links.assemble()
    manager().observe("pipeline_created", nlp=nlp)
    return nlp


def _check_names(pipeline: Collection[str], choice: Choice) -> None:
    """Raise :class:`PipelineError` for names that aren't in the pipeline."""
    for argument, names in vars(choice).items():
        for name in names:
            if name not in pipeline:
                near = get_close_matches(name, pipeline, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"it has: {', '.join(pipeline)}"
                raise PipelineError(f"{argument}: this pipeline has no component '{name}' ({hint})")


def _call_back(nlp: PipelineState, whole: Config, key: str) -> None:
    """Call a function of ``[nlp]`` with the new pipeline, if there is one."""
    block = whole["nlp"].get(key)
    if not block:
        return
    path = f"nlp.{key}"
    returned = call_block(block, path, whole, nlp)
    if returned is not None and returned is not nlp:
        message = f"returned a {type(returned).__name__} instead of the pipeline that it was given"
        fix = "change the pipeline in place, and return it or nothing"
        problem = ConfigProblem(path, message, fix)
        raise ConfigError([problem], source=whole.source)


def _add_components(
    cls: Callable[..., P], nlp: P, whole: Mapping[str, Any], exclude: Collection[str]
) -> None:
    sources: dict[str, P] = {}
    for name in whole["nlp"]["pipeline"]:
        if name in exclude:
            continue
        block = dict(whole["components"][name])
        end = len(nlp.order)
        if "source" not in block:
            add(nlp, block.pop("factory"), name, end, None, (), block)
            continue
        path = block["source"]
        if path not in sources:
            sources[path] = load(cls, path, Choice())
        replaced = block.get("replace_listeners", ())
        add(nlp, block.get("component", name), name, end, sources[path], replaced, None)
