"""Running a Python file of the user's own (``--code file.py``), so that its decorators register."""

from __future__ import annotations

import hashlib
import sys
import traceback
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from ..errors import MissingFileError, PluginError

__all__ = ["import_code"]


def import_code(path: str | Path) -> ModuleType:
    """Run a Python file and return it as a module.

    Names that it registers can then be used in configs. It is run because the user asked for it by
    name: nothing in Spanloom runs a file that a config or a saved pipeline mentions. Running it
    again replaces what it registered before. While it runs, it can import files beside it.

    Raises `MissingFileError` if there is no such file, and `PluginError`, with file and line, if it
    can't be run.
    """
    path = Path(path).resolve()
    if not path.is_file():
        raise MissingFileError(f"There is no file '{path}': --code takes the path of a Python file")
    # The same file gets the same module name in every process, so its functions keep their place.
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    name = f"spanloom_code_{path.stem}_{digest}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"'{path}' isn't a Python file: --code takes a file ending in .py")
    module = module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise PluginError(
            f"{path}, line {_line(path, error)}: {type(error).__name__}: {error}. The file was "
            "passed with --code and must run without errors."
        ) from error
    finally:
        sys.path.remove(str(path.parent))
    return module


def _line(path: Path, error: BaseException) -> int | str:
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or "?"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return (lines[-1] if lines else None) or "?"
