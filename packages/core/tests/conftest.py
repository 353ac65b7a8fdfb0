"""Fixtures that tests share: a corpus, and distributions that aren't really installed."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from spanloom import Vocab

from .support import write_treebank

# Time says nothing on a machine that does other work besides.
settings.register_profile("spanloom", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("spanloom")

FakeDist = Callable[..., Path]
FreshPython = Callable[..., subprocess.CompletedProcess[str]]


def write_dist(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    points: Mapping[str, Mapping[str, str]] | None = None,
    modules: Mapping[str, str] | None = None,
    requires: tuple[str, ...] = (),
) -> None:
    """Write what pip leaves of an installed distribution: metadata, entry points and modules."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", f"Summary: {name}"]
    lines += [f"Requires-Dist: {line}" for line in requires]
    (info / "METADATA").write_text("\n".join(lines) + "\n", "utf-8")
    text = ""
    for group, names in (points or {}).items():
        text += f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in names.items())
    (info / "entry_points.txt").write_text(text, "utf-8")
    for module, source in (modules or {}).items():
        path = folder / f"{module.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, "utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on ``sys.path``; modules imported from it are forgotten afterwards."""
    from spanloom.plugins import refresh

    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
    monkeypatch.undo()
    importlib.invalidate_caches()
    refresh()


@pytest.fixture
def fake_dist(site: Path) -> FakeDist:
    """``fake_dist(name, version, points=..., modules=..., requires=...)`` installs one."""
    from spanloom.plugins import refresh

    def install(name: str, version: str = "1.0", **parts: object) -> Path:
        write_dist(site, name, version, **parts)  # type: ignore[arg-type]
        importlib.invalidate_caches()
        refresh()
        return site

    return install


@pytest.fixture
def fresh_python(tmp_path: Path) -> FreshPython:
    """``fresh_python(code or [arguments], site=..., **environment)`` in a new process."""

    def run(
        what: str | list[str], site: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        arguments = ["-c", what] if isinstance(what, str) else what
        clean = {k: v for k, v in os.environ.items() if not k.startswith("SPANLOOM_")}
        clean |= environment
        if site is not None:
            clean["PYTHONPATH"] = str(site)
        return subprocess.run(
            [sys.executable, *arguments], env=clean, cwd=tmp_path, capture_output=True, text=True
        )

    return run


@pytest.fixture
def data(tmp_path: Path) -> dict[str, str]:
    """Overrides that point at a small corpus."""
    return write_treebank(tmp_path)


@pytest.fixture
def vocab() -> Vocab:
    return Vocab("en")
