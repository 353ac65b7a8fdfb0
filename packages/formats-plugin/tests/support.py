"""What the tests of formats share: commands."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from spanloom.cli.main import cli


def run(*arguments: str | Path, code: int = 0, text: str | None = None) -> Result:
    """Run a command that has to end with ``code``; ``text`` is what it reads from the user."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], input=text)
    if result.exit_code != code:
        raise AssertionError(f"exit code {result.exit_code}: {result.output}") from result.exception
    return result
