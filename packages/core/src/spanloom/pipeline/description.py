"""The config that describes a pipeline: what may be set in it, and what follows from components."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from ..config.source import VARIABLE
from ..config.tree import leaves
from ..errors import PipelineError

if TYPE_CHECKING:
    from ..config import Config
    from .state import PipelineState, References

__all__ = ["config_of", "config_text", "references_in"]

#: The sections that follow from the pipeline.
_DERIVED = ("nlp", "components")


class _ReadOnly(dict[str, Any]):
    """A section that follows from the pipeline, so that a change in it would be lost. A copy of it
    is a dict."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise PipelineError(
            "[nlp] and [components] of nlp.config follow from the pipeline and can't be set in it: "
            "give settings to add_pipe or replace_pipe (config=...), set nlp.batch_size, or build "
            "another pipeline: Pipeline.from_config(changed), from a changed nlp.config.copy()"
        )

    __setitem__ = __delitem__ = update = setdefault = pop = popitem = clear = __ior__ = _refuse

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {key: copy.deepcopy(value, memo) for key, value in self.items()}

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


def _read_only(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _ReadOnly({key: _read_only(each) for key, each in value.items()})
    return copy.deepcopy(value)


def config_of(nlp: PipelineState, config: Config, tokenizer: Mapping[str, Any]) -> Config:
    """See :attr:`Pipeline.config`; ``config`` is its own, which is brought up to date, and
    ``tokenizer`` the block of its tokenizer."""
    config["nlp"] = _read_only(
        {
            **config.get("nlp", {}),
            "lang": nlp.lang,
            "pipeline": nlp.order.names,
            "disabled": nlp.order.disabled,
            "batch_size": nlp.batch_size,
            "tokenizer": tokenizer,
        }
    )
    config["components"] = _read_only({slot.name: slot.config for slot in nlp.order})
    return config


def references_in(config: Config) -> References:
    """The values in ``[nlp]`` and ``[components]`` that refer to other sections."""
    found = {
        f"{section}.{path}": value
        for section in _DERIVED
        for path, value in leaves(config.get(section, {}))
        if any(not _derived(name) for name in _names(value))
        and not any(map(_derived, _names(value)))
    }
    if not found:
        return {}
    resolved = config.interpolate()
    return {path: (value, _at(resolved, path)) for path, value in found.items()}


def config_text(nlp: PipelineState) -> str:
    """The config as it is saved. It keeps references, so that other values of ``[paths]`` or
    ``[system]`` still reach what uses them; those to components, which may go, are resolved."""
    config = nlp.config.copy()
    for path, (value, resolved) in nlp.references.items():
        if _at(config, path) == resolved:
            _set(config, path, value)
    gone = [path for path, value in leaves(config) if any(map(_derived, _names(value)))]
    if gone:
        resolved = config.interpolate()
        for path in gone:
            _set(config, path, _at(resolved, path))
    return config.to_str(interpolate=False)


def _names(value: Any) -> list[str]:
    """The paths that a value refers to."""
    if isinstance(value, list):
        return [name for each in value for name in _names(each)]
    return VARIABLE.findall(value) if isinstance(value, str) else []


def _derived(name: str) -> bool:
    return name.replace(":", ".").partition(".")[0] in _DERIVED


def _at(config: Mapping[str, Any], path: str) -> Any:
    node: Any = config
    for part in path.split("."):
        node = node.get(part) if isinstance(node, Mapping) else None
    return node


def _set(config: dict[str, Any], path: str, value: Any) -> None:
    *parents, key = path.split(".")
    for part in parents:
        config = config[part]
    config[key] = value
