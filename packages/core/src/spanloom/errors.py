"""Every exception that Spanloom raises on purpose.

::

    SpanloomError
    ├── ConfigError (ValueError)         a config that can't be used; holds all its problems
    ├── RegistryError (LookupError, ValueError)
    │   ├── UnknownNameError             no such name; near names and the package that has it
    │   ├── NameClashError               two distributions offer the same name
    │   └── PluginError                  a plugin that can't be loaded or misbehaves
    ├── PipelineError (ValueError)       components that don't fit together
    │   └── NoComponentError (KeyError)  no component of that name
    ├── DataError (ValueError)           bad text, tokens or annotation
    │   └── FormatError                  a file whose content is malformed; names file and line
    ├── AbsentError (AttributeError, TypeError)   what another library has and isn't here
    ├── MissingFileError (FileNotFoundError)
    ├── OccupiedError (FileExistsError)  what is at a path isn't ours to replace
    ├── SerializationError (ValueError)  saved data that can't be read back
    ├── PackageError (ValueError)        a packaged pipeline that can't be made, got or installed
    └── TrainingError (RuntimeError)     training can't start or go on

Each message says what was wrong, where, and what to do. Where Python has a built-in class that a
caller would expect, ours derives from it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = [
    "AbsentError",
    "ConfigError",
    "ConfigProblem",
    "DataError",
    "Failure",
    "FormatError",
    "MissingFileError",
    "NameClashError",
    "NoComponentError",
    "OccupiedError",
    "PackageError",
    "PipelineError",
    "PluginError",
    "RegistryError",
    "SerializationError",
    "SpanloomError",
    "TrainingError",
    "UnknownNameError",
]


class SpanloomError(Exception):
    """Base of all errors raised on purpose. They are pickled with all that they hold."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, dict(self.__dict__))


def _restored(cls: type[SpanloomError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    # Not by the class: an error takes other arguments than its message.
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


@dataclass(frozen=True)
class ConfigProblem:
    """One thing that is wrong with a config.

    ``path`` is the dotted path of section and key (``training.dropout``), ``message`` says what is
    wrong, ``fix`` what to do, and ``line`` is the line in the file where it is known.
    """

    path: str
    message: str
    fix: str = ""
    line: int | None = None

    def __str__(self) -> str:
        where = f"line {self.line}, {self.path}" if self.line is not None else self.path
        return f"{where}: {self.message}" + (f" ({self.fix})" if self.fix else "")


class ConfigError(SpanloomError, ValueError):
    """A config that can't be used. ``problems`` holds each thing that is wrong with it."""

    def __init__(self, problems: Sequence[ConfigProblem], source: str = "config") -> None:
        self.problems = list(problems)
        self.source = source
        count = f"{len(self.problems)} problem" + ("s" if len(self.problems) != 1 else "")
        super().__init__("\n  ".join([f"{source}: {count}", *map(str, self.problems)]))


class RegistryError(SpanloomError, LookupError, ValueError):
    """A name can't be looked up in a registry."""


class UnknownNameError(RegistryError):
    """Nothing that is installed offers this name."""


class NameClashError(RegistryError):
    """Two distributions, or a distribution and a decorator, offer the same name."""


@dataclass(frozen=True)
class Failure:
    """Why one entry of one distribution can't be used.

    ``stage`` is where it failed: ``disabled``, ``compat``, ``import``, ``attribute``,
    ``validate`` or ``call``. ``cure`` says what to do; ``traceback`` is the text of the original
    one and isn't part of the message.
    """

    dist: str
    version: str
    group: str
    name: str
    target: str
    stage: str
    error: str
    message: str
    missing_module: str | None = None
    cure: str = ""
    traceback: str = field(default="", repr=False)

    def __str__(self) -> str:
        what = f"'{self.name}' of {self.dist} {self.version} ({self.target}) can't be used"
        cause = f"{self.error}: {self.message}" if self.error else self.message
        return f"{what}: {cause}" + (f"\n  {self.cure}" if self.cure else "")


class PluginError(RegistryError):
    """A plugin can't be loaded, is incompatible or failed in a hook.

    ``failure`` is the record of what went wrong, where there is one.
    """

    def __init__(self, message: str, failure: Failure | None = None) -> None:
        self.failure = failure
        super().__init__(message)


class PipelineError(SpanloomError, ValueError):
    """Components that don't fit together: a missing producer, widths that differ, a name twice."""


class NoComponentError(PipelineError, KeyError):
    """No component of a pipeline has this name."""

    __str__ = Exception.__str__  # a KeyError shows its message in quotes


class DataError(SpanloomError, ValueError):
    """A text, token or annotation that can't be used."""


class FormatError(DataError):
    """A file whose content is malformed, with the ``path`` and ``line`` where it is."""

    def __init__(self, path: str | Path, line: int | None, message: str) -> None:
        self.path = Path(path)
        self.line = line
        super().__init__(
            f"{path}, line {line}: {message}" if line is not None else f"{path}: {message}"
        )


class AbsentError(SpanloomError, AttributeError, TypeError):
    """An attribute, or an argument, that another library has and this one hasn't; says what to use
    instead."""


class MissingFileError(SpanloomError, FileNotFoundError):
    """A file or folder that was named isn't there."""


class OccupiedError(SpanloomError, FileExistsError):
    """What is at a path isn't ours to replace: a stranger's file, a folder with such files, or the
    source that the output would be made of."""


class SerializationError(SpanloomError, ValueError):
    """Saved data that can't be read back: wrong format, version or structure."""


class PackageError(SpanloomError, ValueError):
    """A packaged pipeline that can't be made, fetched or installed."""


class TrainingError(SpanloomError, RuntimeError):
    """Training can't start or go on."""
