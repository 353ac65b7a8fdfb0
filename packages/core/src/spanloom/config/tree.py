"""Walking through the nested dicts of a config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["above", "circle", "exists", "leaves", "mappings"]


def above(path: str) -> Iterator[str]:
    """The paths above a dotted path, the nearest first."""
    while "." in path:
        path = path.rpartition(".")[0]
        yield path


def exists(config: Any, path: str) -> bool:
    """Whether there is a section or a value at a dotted path."""
    node = config
    for part in path.split("."):
        if not isinstance(node, Mapping) or part not in node:
            return False
        node = node[part]
    return True


def circle(node: Any, path: str = "", around: tuple[int, ...] = ()) -> str | None:
    """The path of a section that holds itself, as references to sections may make it."""
    if not isinstance(node, Mapping):
        return None
    if id(node) in around:
        return path
    inner = (*around, id(node))
    found = (circle(value, f"{path}.{key}".lstrip("."), inner) for key, value in node.items())
    return next((each for each in found if each is not None), None)


def leaves(config: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value with its dotted path; an empty section is a value."""
    for key, value in config.items():
        here = f"{path}.{key}".lstrip(".")
        if isinstance(value, Mapping) and value:
            yield from leaves(value, here)
        else:
            yield here, value


def mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """Each dict within a value, the value itself among them."""
    if isinstance(value, Mapping):
        yield value
        for each in value.values():
            yield from mappings(each)
    elif isinstance(value, list):
        for each in value:
            yield from mappings(each)
