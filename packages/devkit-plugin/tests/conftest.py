"""What the tests of the conformance kit share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spanloom_devkit.testing import checks_of

FakeDist = Callable[..., Path]


@pytest.fixture
def failed(fake_dist: FakeDist) -> Callable[..., set[str]]:
    """Install a distribution, run its checks, and return the names of those that fail."""

    def run(*, spawn: bool = False, settings: str = "", **parts: object) -> set[str]:
        parts.setdefault("requires", ("spanloom>=0.1",))
        site = fake_dist("loom-weave", "0.1.0", **parts)
        (site / "pyproject.toml").write_text(f"[project]\nname = 'loom-weave'\n{settings}")
        wrong = set()
        for check in checks_of("loom-weave", site):
            # Processes take seconds to start: that check has a test of its own.
            if (check.method == "test_spawn") != spawn:
                continue
            try:
                check.run()
            except pytest.skip.Exception:
                continue
            except Exception as error:
                assert str(error), check.id  # noqa: PT017
                wrong.add(check.method)
        return wrong

    return run
