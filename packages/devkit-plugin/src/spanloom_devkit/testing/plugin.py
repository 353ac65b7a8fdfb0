"""The pytest plugin: ``pytest --spanloom-conformance=DIST``.

pytest imports this module wherever Spanloom is installed, so it imports nothing but pytest until
the option is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .suite import Check

__all__ = ["ConformanceFile", "ConformanceItem"]

_SUITE = Path(__file__).with_name("conformance.txt")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("spanloom").addoption(
        "--spanloom-conformance",
        metavar="DIST",
        action="append",
        default=[],
        help="check all that this installed distribution offers to Spanloom; may be repeated",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Where the option is given, collect the kit, and other tests only if they are named."""
    if not config.getoption("spanloom_conformance"):
        return
    from .suite import entries_of

    try:
        for dist in config.getoption("spanloom_conformance"):
            entries_of(dist)
    except LookupError as error:
        raise pytest.UsageError(str(error)) from error
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    config.args[:] = [*(config.args if named else []), str(_SUITE)]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The kit's own file stands for its checks."""
    dists = parent.config.getoption("spanloom_conformance")
    if not dists or file_path != _SUITE:
        return None
    found: pytest.Collector = ConformanceFile.from_parent(parent, path=file_path, nodeid="spanloom")
    return found


class ConformanceFile(pytest.File):
    """Collects the checks of the distributions that were asked for."""

    def collect(self) -> Iterator[ConformanceItem]:
        """One item for each check."""
        from .suite import checks_of

        for dist in self.config.getoption("spanloom_conformance"):
            for check in checks_of(dist, self.config.invocation_params.dir):
                yield ConformanceItem.from_parent(self, name=check.id, check=check)


class ConformanceItem(pytest.Item):
    """One check of one name."""

    def __init__(self, *, check: Check, **settings: Any) -> None:
        super().__init__(**settings)
        self.check = check

    def runtest(self) -> None:
        """Run it; a skip has its reason."""
        self.check.run()

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> str | Any:
        """What the check said, without the kit's own frames where it said it in words."""
        if isinstance(excinfo.value, AssertionError) and str(excinfo.value):
            return f"{self.check.id}: {excinfo.value}\n\nThe check: {self.check.help}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where pytest says that it is."""
        return self.path, None, self.name
