"""Walking through the nested dicts of a config."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["above", "circle", "exists", "is_section", "leaves", "mappings", "parts"]

_PLAIN_KEY = re.compile(r"^[@\w*-]+$")


def above(path: str) -> Iterator[str]:
    """The paths above a dotted path, the nearest first."""
    while "." in path:
        path = path.rpartition(".")[0]
        yield path


def exists(config: Any, path: str) -> bool:
    """Whether there is a section or a value at a dotted path."""
    node = config
    for part in parts(config, path):
        if not isinstance(node, Mapping) or part not in node:
            return False
        node = node[part]
    return True


def is_section(value: Any) -> bool:
    """Whether a dict can be a section: one whose keys have dots or equal signs is a value, which a
    setting holds, as one of regular expressions does."""
    return isinstance(value, Mapping) and all(
        isinstance(key, str) and _PLAIN_KEY.match(key) for key in value
    )


def parts(config: Any, path: str) -> list[str]:
    """The keys that a dotted path goes through; one that is there may have dots itself."""
    found: list[str] = []
    node, rest = config, path.split(".")
    while rest and isinstance(node, Mapping):
        sizes = (n for n in range(len(rest), 0, -1) if ".".join(rest[:n]) in node)
        size = next(sizes, None)
        if size is None:
            break
        found.append(".".join(rest[:size]))
        node, rest = node[found[-1]], rest[size:]
    return [*found, *rest]


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
    """Each value with its dotted path; an empty section is a value, and so is a dict that can't be
    a section."""
    for key, value in config.items():
        here = f"{path}.{key}".lstrip(".")
        if value and is_section(value):
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
