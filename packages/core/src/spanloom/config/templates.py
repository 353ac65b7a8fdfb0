"""Making a new config for a language and a pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConfigError, ConfigProblem
from ..plugins.factory import factory_config
from ..plugins.registries import registry
from .check import check_config
from .fill import fill_config
from .source import Config
from .values import is_block, near

__all__ = ["ENCODER", "GPU_BATCH", "SIZES", "init_config"]

#: Name of the component that holds the shared layer.
ENCODER = "tok2vec"

#: Sizes of the shared layer: what it costs grows with width times width times depth.
SIZES: Mapping[str, Mapping[str, Any]] = {
    "efficiency": {"width": 96, "depth": 4, "rows": [5000, 1000, 2500, 2500]},
    "accuracy": {"width": 256, "depth": 8, "rows": [5000, 1000, 2500, 2500]},
}

#: Words in a training batch, and documents in one at prediction, on a GPU.
GPU_BATCH = {"start": 500, "stop": 4000, "documents": 1024}

#: Name of the component that holds a shared transformer, and of its factory.
TRANSFORMER = "transformer"

#: Transformers are tuned with a small rate that rises and falls; at others they forget or stand.
TRANSFORMER_RATE: Mapping[str, Any] = {
    "@schedules": "warmup_linear.v1",
    "warmup_steps": 250,
    "total_steps": 20000,
    "initial_rate": 5e-5,
}


def init_config(
    lang: str = "en",
    pipeline: Sequence[str] = ("tagger", "morphologizer", "senter"),
    *,
    optimize: str = "efficiency",
    gpu: bool = False,
    vectors: str | Path | None = None,
    transformer: str | None = None,
    sections: tuple[str, ...] = (),
) -> Config:
    """A whole config that trains as it is once the paths to the data are given.

    Each component of ``pipeline`` (names of factories) gets its default settings; those whose model
    has a token-to-vector layer share one, which comes first. ``optimize`` is ``"efficiency"`` or
    ``"accuracy"``. With ``gpu``, batches are larger, which a GPU needs to be busy. With
    ``vectors``, a trained table is used as a feature. With ``transformer``, a folder or the name of
    a model on the hub, that is the shared layer (with ``gpu``, in one pool of memory with CuPy).
    ``sections`` of plugins are added; that of pretraining is for the shared layer.

    Raises :class:`ConfigError` for factories and sections that aren't there.
    """
    if optimize not in SIZES:
        problem = ConfigProblem("--optimize", f"'{optimize}' isn't known", near(optimize, SIZES))
        raise ConfigError([problem], source="init config")
    encoder = ENCODER if transformer is None else TRANSFORMER
    names = [name for name in pipeline if name != encoder]
    components = {name: _component(name) for name in names}
    listener = _listener() if transformer is None else _transformer_listener()
    listeners = [name for name in names if _listen(components[name].get("model"), listener)]
    if transformer is not None:
        _drop_hidden_layers(components)
        components = {encoder: _transformer(transformer), **components}
        names = [encoder, *names]
    elif listeners or encoder in pipeline:
        components = {encoder: _encoder(SIZES[optimize], vectors is not None), **components}
        names = [encoder, *names]
    config = Config(
        {
            "paths": {
                "train": None,
                "dev": None,
                "vectors": str(vectors) if vectors is not None else None,
                "init_tok2vec": None,
            },
            "nlp": {"lang": lang, "pipeline": names},
            "components": components,
        },
        is_interpolated=False,
    )
    config.source = "init config"
    check_config(config)
    filled = fill_config(config, sections=sections)
    if transformer is not None:
        filled["training"]["optimizer"]["learn_rate"] = dict(TRANSFORMER_RATE)
        if filled.get("pretraining", {}).get("component") == ENCODER:
            filled["pretraining"]["component"] = encoder
            rate = TRANSFORMER_RATE["initial_rate"]
            filled["pretraining"]["optimizer"]["learn_rate"] = rate
    if gpu:
        filled["nlp"]["batch_size"] = GPU_BATCH["documents"]
        filled["training"]["batcher"]["size"].update(
            start=GPU_BATCH["start"], stop=GPU_BATCH["stop"]
        )
        if transformer is not None:
            filled["system"]["gpu_allocator"] = "pytorch"
    return filled


def _component(name: str) -> dict[str, Any]:
    if name not in registry.factories:
        fix = near(name, registry.factories.names(), "factories")
        problem = ConfigProblem(f"--pipeline {name}", f"there is no component '{name}'", fix)
        raise ConfigError([problem], source="init config")
    settings = factory_config(registry.factories.get(name))
    block = {"factory": name, **{key: _copy(value) for key, value in settings.items()}}
    return block


def _encoder(sizes: Mapping[str, Any], vectors: bool) -> dict[str, Any]:
    width = f"${{components.{ENCODER}.model.encode.width}}"
    return {
        "factory": ENCODER,
        "model": {
            "@architectures": "spanloom.Tok2Vec.v2",
            "embed": {
                "@architectures": "spanloom.MultiHashEmbed.v2",
                "width": width,
                "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
                "rows": list(sizes["rows"]),
                "include_static_vectors": vectors,
            },
            "encode": {
                "@architectures": "spanloom.MaxoutWindowEncoder.v2",
                "width": sizes["width"],
                "depth": sizes["depth"],
                "window_size": 1,
                "maxout_pieces": 3,
            },
        },
    }


def _listener() -> dict[str, Any]:
    return {
        "@architectures": "spanloom.Tok2VecListener.v1",
        "width": f"${{components.{ENCODER}.model.encode.width}}",
        "upstream": ENCODER,
    }


def _transformer(name: str) -> dict[str, Any]:
    block = _component(TRANSFORMER)
    block["model"]["name"] = name
    return block


def _transformer_listener() -> dict[str, Any]:
    return {
        "@architectures": "spanloom.TransformerListener.v1",
        "grad_factor": 1.0,
        "upstream": TRANSFORMER,
        "pooling": {"@layers": "reduce_mean.v1"},
    }


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


def _drop_hidden_layers(components: Mapping[str, Any]) -> None:
    """Let parsers and recognizers score their actions without a hidden layer: above a transformer,
    whose vectors say much already, one only delays what is learned."""
    for block in components.values():
        model = block.get("model")
        if isinstance(model, dict) and "use_upper" in model:
            model["use_upper"] = False


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(each) for key, each in value.items()}
    return list(value) if isinstance(value, list) else value
