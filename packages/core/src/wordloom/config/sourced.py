"""Components that a config takes from another pipeline: what is known without loading that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigProblem, WordloomError
from ..registries import registry
from .source import load_config
from .values import near

__all__ = ["source_problem", "sourced_block"]


def sourced_block(source: Any, component: str) -> Mapping[str, Any]:
    """The block of a component in the config of a saved pipeline; an empty one if there is none or
    ``source`` is no folder that can be read, such as the name of an installed pipeline."""
    path = Path(source, "config.cfg") if isinstance(source, str) else None
    if path is None or not path.is_file():
        return {}
    try:
        block = load_config(path).interpolate().get("components", {}).get(component, {})
    except (WordloomError, ValueError):
        return {}
    return block if isinstance(block, Mapping) else {}


def source_problem(source: str, component: str) -> ConfigProblem | None:
    """Why ``component`` can't be taken from the pipeline ``source``; the path of the problem is
    ``source`` or ``component``. ``None`` if nothing speaks against it."""
    path = Path(source)
    if not path.is_dir():
        if registry.has("models", source):
            return None
        installed = registry.names("models")
        fix = near(source, installed, "installed") if installed else "give the path of its folder"
        message = f"'{source}' is neither the folder of a saved pipeline nor an installed one"
        return ConfigProblem("source", message, fix)
    if not (path / "config.cfg").is_file():
        message = f"the folder '{source}' holds no pipeline: 'config.cfg' isn't there"
        return ConfigProblem("source", message, "name the folder that `to_disk` or training wrote")
    try:
        components = load_config(path / "config.cfg").get("components", {})
    except WordloomError as error:
        return ConfigProblem("source", f"its config can't be read: {error}")
    if component not in components:
        message = f"'{source}' has no component '{component}'"
        return ConfigProblem("component", message, near(component, components, "it has"))
    return None
