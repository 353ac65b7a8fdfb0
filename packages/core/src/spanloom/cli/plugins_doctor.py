"""``spanloom plugins doctor``."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from ..plugins.index import current
from ..plugins.tables import Finding

__all__ = ["doctor_command", "show_findings"]

_MARKS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "error": ("error", "red")}


@click.command(
    "doctor",
    epilog="Ends with 2 where there are errors, with 1 where there are warnings and --strict.",
)
@click.option("--deep", is_flag=True, help="Load every name and compute on every device.")
@click.option("--strict", is_flag=True, help="Let warnings count.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@click.pass_context
def doctor_command(ctx: click.Context, deep: bool, strict: bool, as_json: bool) -> None:
    """Find what is broken, clashing, incompatible or slow among the installed plugins.

    Reads metadata only. With --deep, plugins are loaded as well, each in a process of its own, so
    that one that crashes is a finding; and the devices that there are compute something.
    """
    from ..plugins.doctor import examine

    index = current()
    report = examine(index)
    if deep:
        from ..plugins.deep import environment, load_everything

        load_everything(index, report)
        report.findings += environment()
    if as_json:
        click.echo(json.dumps([asdict(each) for each in report.findings], indent=2))
    else:
        show_findings(report.findings)
    levels = {each.level for each in report.findings}
    if "error" in levels:
        ctx.exit(2)
    if "warning" in levels and strict:
        ctx.exit(1)


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
