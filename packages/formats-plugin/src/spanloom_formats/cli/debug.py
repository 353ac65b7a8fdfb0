"""``spanloom debug data``."""

from __future__ import annotations

import json

import click

from spanloom.cli.findings import show_report
from spanloom.cli.options import CODE, OVERRIDES
from spanloom.config import load_config, parse_overrides
from spanloom.plugins import import_code

__all__ = ["data_command"]


@click.command("data", context_settings={"ignore_unknown_options": True})
@click.argument("config", type=click.Path(allow_dash=True))
@CODE
@click.option("--json", "as_json", is_flag=True, help="Write all counts as JSON.")
@OVERRIDES
def data_command(config: str, code: str | None, as_json: bool, overrides: tuple[str, ...]) -> None:
    """Look at the training and evaluation data of CONFIG: what is annotated, how often each label
    occurs, what both have in common, and what can't be learned.

    The exit code is 1 if training can't work.
    """
    given = parse_overrides(overrides)
    if code is not None:
        import_code(code)
    from ..inspection import check_data, inspect_data

    found = inspect_data(load_config(config, given))
    report = check_data(found)
    if as_json:
        notes = [{"level": each.level, "message": each.message} for each in report.findings]
        click.echo(json.dumps({**found, "findings": notes}, indent=1, ensure_ascii=False))
        return
    for part in ("train", "dev"):
        click.secho(part, bold=True)
        for key, value in found[part].items():
            if key != "labels":
                click.echo(f"  {key:<38} {value:>12,}")
        for kind, counts in found[part]["labels"].items():
            common = ", ".join(f"{label} {count:,}" for label, count in list(counts.items())[:8])
            more = f", and {len(counts) - 8:,} more" if len(counts) > 8 else ""
            click.echo(f"  {kind:<38} {common}{more}")
        for span in found["misaligned"][part]:
            click.echo(f"  left out: {span}")
    show_report(report)
