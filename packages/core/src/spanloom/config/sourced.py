"""Components that a config takes from another pipeline: what is known without loading that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigProblem, SpanloomError
from ..plugins.installed import find, find_all
from ..plugins.registries import registry
from .loading import load_config
from .values import near

__all__ = ["source_problem", "sourced_block"]


def sourced_block(source: Any, component: str) -> Mapping[str, Any]:
    """The block of a component in the config of a saved pipeline, a folder or a package; an empty
    one if there is none, or ``source`` is loaded by a function, which isn't called here."""
    foreign = _foreign(source) if isinstance(source, str) else None
    if foreign is not None:
        return dict(foreign.get(component, {}))
    folder = _folder(source) if isinstance(source, str) else None
    if folder is None or not (folder / "config.cfg").is_file():
        return {}
    try:
        config = load_config(folder / "config.cfg").interpolate()
    except (SpanloomError, ValueError):
        return {}
    block = config.get("components", {}).get(component, {})
    return block if isinstance(block, Mapping) else {}


def source_problem(source: str, component: str) -> ConfigProblem | None:
    """Why ``component`` can't be taken from the pipeline ``source``; the path of the problem is
    ``source`` or ``component``. ``None`` if nothing speaks against it."""
    folder, components = _folder(source), _foreign(source)
    if components is not None:
        return _missing(source, component, components)
    if folder is None:
        if registry.has("models", source):
            return None
        installed = {*registry.names("models"), *(each.name for each in find_all())}
        fix = near(source, installed, "installed") if installed else "give the path of its folder"
        message = f"'{source}' is neither a saved pipeline's folder nor an installed pipeline"
        return ConfigProblem("source", message, fix)
    if not (folder / "config.cfg").is_file():
        message = f"the folder '{folder}' isn't a saved pipeline: it has no 'config.cfg'"
        return ConfigProblem("source", message, "give the folder that to_disk or training wrote")
    try:
        components = load_config(folder / "config.cfg").get("components", {})
    except SpanloomError as error:
        return ConfigProblem("source", f"its config can't be read: {error}")
    return _missing(source, component, components)


def _missing(source: str, component: str, components: Mapping[str, Any]) -> ConfigProblem | None:
    if component in components:
        return None
    message = f"'{source}' has no component '{component}'"
    return ConfigProblem("component", message, near(component, components, "it has"))


def _foreign(source: str) -> Mapping[str, Any] | None:
    """The components of a pipeline that another library saved; ``None`` where it is none."""
    try:
        saved = registry.foreign_pipeline(source)
    except SpanloomError:
        return None
    return None if saved is None else saved.config.get("components", {})


def _folder(source: str) -> Path | None:
    """The folder of a saved pipeline, given itself or by the name of its package."""
    path = Path(source)
    if path.is_dir():
        return path
    found = find(source)
    return found.folder if found is not None else None
