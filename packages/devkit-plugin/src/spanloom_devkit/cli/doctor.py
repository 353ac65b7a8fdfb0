"""``spanloom plugins doctor``."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from spanloom.cli.findings import show_findings
from spanloom.plugins.index import current

__all__ = ["doctor_command"]


@click.command("doctor", epilog="The exit code is 2 for errors, and 1 for warnings with --strict.")
@click.option("--deep", is_flag=True, help="Load every name and compute on every device.")
@click.option("--strict", is_flag=True, help="Fail for warnings, too.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@click.pass_context
def doctor_command(ctx: click.Context, deep: bool, strict: bool, as_json: bool) -> None:
    """Find what is broken, clashing, incompatible or slow among the installed plugins.

    Reads metadata only. With --deep, plugins are loaded as well, each in a process of its own, so
    that a crash is a finding, too, and something is computed on each device.
    """
    from ..doctor import examine

    index = current()
    report = examine(index)
    if deep:
        from ..deep import load_everything
        from ..processes import environment

        load_everything(index, report)
        report.findings += environment(failures=False)  # they are in the report
    if as_json:
        click.echo(json.dumps([asdict(each) for each in report.findings], indent=2))
    else:
        show_findings(report.findings)
    levels = {each.level for each in report.findings}
    if "error" in levels:
        ctx.exit(2)
    if "warning" in levels and strict:
        ctx.exit(1)
