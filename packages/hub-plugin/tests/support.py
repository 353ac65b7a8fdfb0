"""What the tests of this package share."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from spanloom.cli import cli


def run(*arguments: str | Path, code: int = 0) -> Result:
    """Run a command that has to end with ``code``."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result
