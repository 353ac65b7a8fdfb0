"""Findings of checks, as commands show them."""

from __future__ import annotations

import click

from ..errors import SpanloomError
from ..plugins.tables import Finding, Report

__all__ = ["show_findings", "show_report"]

_MARKS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "error": ("error", "red")}


def show_findings(findings: list[Finding]) -> None:
    """Print findings under their owners, and how many there are of each kind."""
    owners = dict.fromkeys(each.owner for each in findings)
    for owner in owners:
        click.echo(click.style(owner or "this environment", bold=True))
        for each in findings:
            if each.owner == owner:
                word, color = _MARKS[each.level]
                click.echo(f"  {click.style(f'{word:<8}', fg=color)} {each.message}")
                if each.fix:
                    click.echo(f"           {each.fix}")
    counts = {level: sum(each.level == level for each in findings) for level in _MARKS}
    click.echo(f"\n{counts['error']} errors, {counts['warning']} warnings")


def show_report(report: Report) -> None:
    """Print what a report holds, line by line. Raises `SpanloomError` if there are errors."""
    for found in report.findings:
        fix = f" ({found.fix})" if found.fix else ""
        click.secho(f"{found.level}: {found.message}{fix}", fg=_MARKS[found.level][1])
    if any(found.level == "error" for found in report.findings):
        raise SpanloomError("There are errors, see above.")
