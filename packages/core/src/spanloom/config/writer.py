"""Writing configs as text: each section with its subsections after it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..errors import ConfigError, ConfigProblem
from .tree import is_section

__all__ = ["write_config"]

_REFERENCE = re.compile(r"\$\{[\w\.:]+\}")


def write_config(config: Mapping[str, Any]) -> str:
    """The text of a config, which reads back as the same config. Sections come in the order of
    the dicts, parents before children.

    Raises :class:`ConfigError` for a value that JSON can't hold.
    """
    blocks: list[str] = []
    for name, section in config.items():
        if not isinstance(section, Mapping):
            problem = ConfigProblem(name, "is a value outside of any section", "put it in one")
            raise ConfigError([problem])
        _write_section(blocks, name, section)
    return "\n\n".join(blocks) + "\n"


def _write_section(blocks: list[str], path: str, section: Mapping[str, Any]) -> None:
    lines, children = [f"[{path}]"], []
    for key, value in section.items():
        if is_section(value):
            children.append((f"{path}.{key}", value))
        else:
            lines.append(f"{key} = {_dump(value, f'{path}.{key}')}")
    if path.split(".")[-1] != "*" or len(lines) > 1:
        blocks.append("\n".join(lines))
    for child, value in children:
        _write_section(blocks, child, value)


def _dump(value: Any, path: str) -> str:
    if isinstance(value, str) and _REFERENCE.search(value):
        return value
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        fix = "configs hold JSON values; use a registered function for anything else"
        problem = ConfigProblem(path, f"can't be written: {error}", fix)
        raise ConfigError([problem]) from None
    return text.replace("$", "$$")
