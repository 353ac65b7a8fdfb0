"""Keeps torch out of processes that don't need it: thinc imports it wherever it is installed.

That takes two seconds and half a gigabyte, and only layers of PyTorch need it. So thinc alone is
told that torch isn't there, and it is told of it when somebody else imports torch, as all who make
such layers do: until then no tensor can reach thinc.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:  # importing it takes longer than all of spanloom's start
    from importlib.abc import Loader

__all__ = ["hold_back_torch", "import_torch", "seed_torch"]

_ASKS = "thinc.compat"
"""The module of thinc that looks for torch, and from which its others have what it found."""


def hold_back_torch() -> None:
    """From now on, importing thinc doesn't import torch; importing torch tells thinc of it. Does
    nothing where either is imported already, or has been held back."""
    there = any(name in sys.modules for name in ("torch", _ASKS))
    if not there and not any(isinstance(each, _Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def import_torch() -> Any:
    """torch, for thinc too; ``None`` where it isn't installed."""
    try:
        import torch
    except ImportError:
        return None
    return torch


def seed_torch(seed: int) -> None:
    """Seed torch's generator when it is imported, if it isn't yet: what draws from it draws what it
    would have drawn if torch had been there."""
    for each in sys.meta_path:
        if isinstance(each, _Finder):
            each.seed = seed


class _Finder:
    """Finds torch for all but thinc, until it is imported; many only ask whether it is there."""

    seed: int | None = None

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As the other finders, with a loader that tells thinc."""
        if name != "torch":
            return None
        if _importer() == _ASKS:
            raise ModuleNotFoundError("torch waits until it is needed", name=name)
        others = (each for each in sys.meta_path if not isinstance(each, _Finder))
        found = (each.find_spec(name, path, target) for each in others)
        spec = next((each for each in found if each is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = cast("Loader", _Loader(spec, spec.loader, self))
        return spec


class _Loader:
    """The loader of a module, which tells thinc of it when it is there."""

    def __init__(self, spec: ModuleSpec, inner: Loader, finder: _Finder) -> None:
        self._spec = spec
        self._inner = inner
        self._finder = finder

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the loader that was found."""
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """As the loader that was found, in whose place this one stood only for this."""
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        self._spec.loader = module.__loader__ = self._inner
        self._inner.exec_module(module)
        _tell_thinc()
        if self._finder.seed is not None:
            module.manual_seed(self._finder.seed % 0xFFFF_FFFF_FFFF_FFFF)  # as thinc does


def _importer() -> str:
    """The module whose code imports what is being looked for."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        frame = frame.f_back
        name = str(frame.f_globals.get("__name__", ""))
        if not name.startswith("importlib") and name != __name__:
            return name
    return ""


def _tell_thinc() -> None:
    """Put what thinc finds now in the place of what it found without torch, in all its modules."""
    spec = find_spec(_ASKS) if _ASKS in sys.modules else None
    if spec is None or spec.loader is None:
        return
    before = dict(vars(sys.modules[_ASKS]))
    now = module_from_spec(spec)
    spec.loader.exec_module(now)
    found = {name: value for name, value in vars(now).items() if "torch" in name or "gpu" in name}
    modules = [each for name, each in sys.modules.items() if name.partition(".")[0] == "thinc"]
    for module in modules:
        for name, value in found.items():
            if name in vars(module) and vars(module)[name] is before[name]:
                setattr(module, name, value)
