"""Reading configs, with the overrides that a command gives."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigError, ConfigProblem, MissingFileError
from .overrides import with_overrides
from .source import Config, interpolated, parse_text

__all__ = ["load_config", "parse_config"]


def load_config(
    path: str | Path, overrides: Mapping[str, Any] | None = None, *, interpolate: bool = False
) -> Config:
    """Read a config from a file, or from standard input for ``-``.

    ``overrides`` maps dotted paths (``training.max_steps``) to values; each must point at a section
    that exists in the file or in the default config. References stay as they are unless
    ``interpolate``. Sections may stand without those above them, which are then empty.
    Raises :class:`ConfigError` with every mistake of form, :class:`MissingFileError`.
    """
    if str(path) == "-":
        return parse_config(sys.stdin.read(), overrides, interpolate=interpolate, source="stdin")
    path = Path(path)
    if path.is_dir() and (path / "config.cfg").is_file():
        path = path / "config.cfg"
    if not path.is_file():
        raise MissingFileError(
            f"There is no config file at '{path}'. Write one with 'spanloom init config {path}'."
        )
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        fix = "save the file as UTF-8"
        problem = ConfigProblem("(file)", f"byte {error.start} isn't valid UTF-8", fix, line)
        raise ConfigError([problem], source=str(path)) from None
    return parse_config(text, overrides, interpolate=interpolate, source=str(path))


def parse_config(
    text: str,
    overrides: Mapping[str, Any] | None = None,
    *,
    interpolate: bool = False,
    source: str = "config",
) -> Config:
    """Read a config from text; see :func:`load_config`."""
    config = parse_text(text, source=source)
    if overrides:
        config = with_overrides(config, overrides)
    return interpolated(config) if interpolate else config
