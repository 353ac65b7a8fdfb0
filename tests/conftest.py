"""What the cross-package tests share: where things lie, and running Python afresh."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def packages() -> dict[str, Path]:
    """Import name of each package to its source folder, core first."""
    folders = sorted(
        (path.parent for path in ROOT.glob("packages/*/src/*/__init__.py")),
        key=lambda folder: folder.name != "spanloom",
    )
    return {folder.name: folder for folder in folders}


@pytest.fixture
def fresh_python() -> Callable[..., str]:
    """Run Python code (or, with ``module=True``, a module's command) in a new process."""

    def run(*arguments: str, module: bool = False) -> str:
        command = [sys.executable, "-m" if module else "-c", *arguments]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, result.stderr
        return result.stdout

    return run
