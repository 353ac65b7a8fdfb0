"""Making a new config for a language and a pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConfigError, ConfigProblem
from ..lang import code_of, warn_if_neutral
from ..plugins.factory import FactoryInfo, NewConfig, factory_config, factory_info, names_of
from ..plugins.known import providers
from ..plugins.registries import registry
from .check import check_config
from .fill import fill_config
from .source import Config
from .values import is_block, near

__all__ = ["ENCODER", "GOALS", "GPU_BATCH", "idle_components", "init_config"]

#: The factory of the encoder that components share where the pipeline names none.
ENCODER = "tok2vec"

#: The factory whose encoder begins with the weights that ``transformer`` names.
TRANSFORMER = "transformer"

#: What a new config can be made for: small and fast, or wide and deep.
GOALS = ("efficiency", "accuracy")

#: Words in a training batch, and documents in one at prediction, on a GPU.
GPU_BATCH = {"start": 500, "stop": 4000, "documents": 1024}


def init_config(
    lang: str = "en",
    pipeline: Sequence[str] = ("tagger", "morphologizer", "senter"),
    *,
    optimize: str = "efficiency",
    gpu: bool = False,
    vectors: str | Path | None = None,
    transformer: str | None = None,
    sections: Sequence[str] = (),
) -> Config:
    """A whole config that trains as it is once the paths to the data are given.

    Each component of ``pipeline`` (names of factories) gets its default settings; those whose model
    has a token-to-vector layer share one, which comes first: the first of ``pipeline`` whose
    factory declares a ``listener``, else ``tok2vec``. Components that assign what others require
    annotate in training. ``optimize`` is ``"efficiency"`` or ``"accuracy"``. With ``gpu``, batches
    are larger, which a GPU needs to be busy. With ``vectors``, a trained table is used as a
    feature. With ``transformer``, a folder or the name of a model on the hub, that is the shared
    layer (with ``gpu``, in one pool of memory with CuPy). ``sections`` of plugins are added; that
    of pretraining is for the shared layer.

    Raises :class:`ConfigError` for factories and sections that aren't there, and
    :class:`DataError` for a language that isn't.
    """
    warn_if_neutral(lang)
    if optimize not in GOALS:
        problem = ConfigProblem("--optimize", f"'{optimize}' isn't known", near(optimize, GOALS))
        raise ConfigError([problem], source="init config")
    pipeline, sections = names_of(pipeline), names_of(sections)
    if transformer is not None:
        _check_factory(TRANSFORMER, f"--transformer {transformer}")
        pipeline = [TRANSFORMER, *pipeline]
    for name in pipeline:
        _check_factory(name, f"--pipeline {name}")
    shared = next((name for name in pipeline if _info(name).listener is not None), ENCODER)
    names = [name for name in pipeline if name != shared]
    components = {name: _component(name) for name in names}
    listener = _info(shared).listener or {}
    listeners = [name for name in names if _listen(components[name].get("model"), listener)]
    if listeners or shared in pipeline:
        names = [shared, *names]
        components = {shared: _component(shared), **components}
    config = Config(
        {
            "paths": {
                "train": None,
                "dev": None,
                "vectors": str(vectors) if vectors is not None else None,
                "init_tok2vec": None,
            },
            "nlp": {"lang": code_of(lang), "pipeline": names},
            "components": components,
        },
        is_interpolated=False,
    )
    filled = fill_config(config, sections=sections)
    filled["training"]["annotating_components"] = _annotating(names)
    for section in sections:
        if filled[section].get("component") == ENCODER:
            filled[section]["component"] = shared
    if gpu:
        filled["nlp"]["batch_size"] = GPU_BATCH["documents"]
        filled["training"]["batcher"]["size"].update(
            start=GPU_BATCH["start"], stop=GPU_BATCH["stop"]
        )
    adapt = _info(shared).init_config
    if adapt is not None and shared in components:
        table = str(vectors) if vectors is not None else None
        adapt(filled, NewConfig(shared, optimize, gpu, table, transformer))
        filled = fill_config(filled)
    # What a plugin's section can't do without may be known to the user alone.
    checked = Config({key: value for key, value in filled.items() if key not in sections})
    checked.is_interpolated, checked.source = False, "init config"
    check_config(checked)
    filled.source = "init config"
    return filled


def idle_components(config: Mapping[str, Any]) -> list[str]:
    """Names of components with a model that assign nothing, as their factories declare it, and that
    no other can listen to: encoders whose factory declares no ``listener``."""
    return [
        name
        for name in config["nlp"]["pipeline"]
        if "model" in config["components"][name]
        and not _info(name).assigns
        and _info(name).listener is None
        and not _listen(_copy(config["components"][name]["model"]), {})
    ]


def _check_factory(name: str, option: str) -> None:
    if name in registry.factories:
        return
    message = f"there is no component '{name}'"
    fix = near(name, registry.factories.names(), "factories")
    if name in providers("factories"):  # it says what to install
        message, fix = str(registry.factories.unknown(name)), ""
    raise ConfigError([ConfigProblem(option, message, fix)], source="init config")


def _info(name: str) -> FactoryInfo:
    return factory_info(registry.factories.get(name))


def _component(name: str) -> dict[str, Any]:
    settings = factory_config(registry.factories.get(name))
    return {"factory": name, **{key: _copy(value) for key, value in settings.items()}}


def _annotating(names: Sequence[str]) -> list[str]:
    """Those of the components, in order, that assign what a later one requires."""
    infos = [_info(name) for name in names]
    return [
        name
        for place, (name, info) in enumerate(zip(names, infos), start=1)
        if any(set(info.assigns) & set(later.requires) for later in infos[place:])
    ]


def _listen(model: Any, listener: Mapping[str, Any]) -> bool:
    """Replace each token-to-vector block within a model's block by a listener. Returns whether
    there was one."""
    if not isinstance(model, dict):
        return False
    found = False
    for key, value in model.items():
        if key == "tok2vec" and is_block(value):
            model[key] = _copy(listener)
            found = True
        else:
            found = _listen(value, listener) or found
    return found


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(each) for key, each in value.items()}
    return list(value) if isinstance(value, list) else value
