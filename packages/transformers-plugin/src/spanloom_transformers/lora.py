"""Low-rank adapters (LoRA) by the package ``peft``, which is imported where they are used.

The weights of the model stay as they are, and small matrices beside some of them are trained (Hu et
al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021). They are saved in a file of their
own beside the model's, or merged into its weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spanloom.errors import ConfigError, ConfigProblem, SerializationError
from spanloom.io.files import existing

__all__ = ["FILE", "add_adapters", "base_state", "load_adapters", "merge_adapters", "save_adapters"]

#: The file of the adapters, in the folder of the model or alone.
FILE = "adapters.safetensors"

_MARK = "lora_"


def add_adapters(module: Any, settings: Mapping[str, Any]) -> Any:
    """Put adapters into ``module``, whose own weights won't be trained any more.

    ``settings`` are those of ``peft.LoraConfig``. Raises :class:`ConfigError` if ``peft`` isn't
    there or refuses them.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        problem = ConfigProblem(
            "model.lora",
            f"adapters need the package peft ({error})",
            'pip install "spanloom-transformers[lora]"',
        )
        raise ConfigError([problem], source="transformer") from error
    try:
        return inject_adapter_in_model(LoraConfig(**settings), module)
    except (TypeError, ValueError) as error:
        problem = ConfigProblem(
            "model.lora", f"peft refuses these settings: {error}", "change them"
        )
        raise ConfigError([problem], source="transformer") from error


def has_adapters(module: Any) -> bool:
    """Whether there are adapters in ``module``."""
    return any(_MARK in name for name, _ in module.named_parameters())


def base_state(module: Any) -> dict[str, Any]:
    """The weights of the model without the adapters, under the names that they had before."""
    return {
        name.replace(".base_layer.", "."): value
        for name, value in module.state_dict().items()
        if _MARK not in name
    }


def save_adapters(module: Any, path: Path) -> None:
    """Write the adapters alone."""
    from safetensors.torch import save_file

    save_file(_tensors(module), str(path), {"format": "pt"})


def load_adapters(module: Any, path: Path) -> None:
    """Read the adapters into a module that has such ones.

    Raises :class:`SerializationError` unless the file has exactly the same.
    """
    from safetensors.torch import load_file

    mine, read = _tensors(module), load_file(str(existing(path, "file of adapters")))
    wrong = [
        name
        for name in sorted({*mine, *read})
        if name not in mine or name not in read or mine[name].shape != read[name].shape
    ]
    if wrong:
        raise SerializationError(
            f"'{path}': the adapters aren't those that the config's `lora` describes "
            f"({len(wrong)} differ, such as {wrong[0]})"
        )
    for name, value in read.items():
        mine[name].copy_(value)


def _tensors(module: Any) -> dict[str, Any]:
    return {name: value.detach() for name, value in module.state_dict().items() if _MARK in name}


def merge_adapters(module: Any) -> None:
    """Add the adapters to the weights that they belong to, and take them out."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    found = [(name, layer) for name, layer in module.named_modules()
             if isinstance(layer, BaseTunerLayer)]  # fmt: skip
    for name, layer in found:
        layer.merge()
        parent, _, last = name.rpartition(".")
        setattr(module.get_submodule(parent), last, layer.get_base_layer())
    for parameter in module.parameters():
        parameter.requires_grad_(True)
