"""spaCy's names, meaning ours, while spaCy's own tests run: nothing of spaCy's is here.

`names.NAMES` says what each module of spaCy's has. What it doesn't name can be imported all the
same, but not used: see `names.NotThere`. ``spacy.tests`` is spaCy's, from ``SPANLOOM_PEER_TESTS``.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

__path__: list[str] = [str(Path(__file__).parent)]


class _Modules(MetaPathFinder, Loader):
    """Makes the modules of spaCy's that have no file here."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == "spacy.tests":
            tests = Path(os.environ["SPANLOOM_PEER_TESTS"])
            return spec_from_file_location(
                name, tests / "__init__.py", submodule_search_locations=[str(tests)]
            )
        if name.startswith("spacy.lang.") and name.endswith(".examples"):
            # A language's sentences, which are data, stand beside the tests.
            folder = Path(os.environ["SPANLOOM_PEER_TESTS"]).parent / "lang"
            return spec_from_file_location(name, folder / name.split(".")[2] / "examples.py")
        ours = name.startswith("spacy.") and not name.startswith("spacy.tests.")
        return ModuleSpec(name, self, is_package=True) if ours else None

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.__getattr__ = lambda name: _attribute(module.__name__, name)  # type: ignore[method-assign]


def _attribute(module: str, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    names = importlib.import_module("spacy.names")
    if name not in names.NAMES.get(module, ()) and f"{module}.{name}" in names.NAMES:
        return importlib.import_module(f"{module}.{name}")
    return names.find(module, name)


def __getattr__(name: str) -> Any:
    return _attribute("spacy", name)


# Last, so that a module that has a file here is taken from it.
sys.meta_path.append(_Modules())
