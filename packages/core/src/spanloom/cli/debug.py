"""``spanloom debug config``, ``debug schema`` and ``debug data``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from ..config import find_problems, load_config, parse_overrides
from ..config.changes import ABSENT, differences
from ..errors import ConfigError, SpanloomError
from ..files import write_text
from ..plugins import import_code
from ..plugins.tables import Report

__all__ = ["config_command", "data_command", "schema_command"]

_OVERRIDES = click.argument("overrides", nargs=-1, type=click.UNPROCESSED)
_CODE = click.option("--code", "-c", type=click.Path(), help="A Python file that registers names.")


@click.command("config", context_settings={"ignore_unknown_options": True})
@click.argument("config", type=click.Path(allow_dash=True))
@_CODE
@click.option("--diff", "-D", is_flag=True, help="Show what differs from the defaults.")
@click.option("--against", "-A", type=click.Path(), help="Show what differs from another config.")
@click.option("--functions", "-F", is_flag=True, help="Show who brings each function.")
@_OVERRIDES
def config_command(
    config: str,
    code: str | None,
    diff: bool,
    against: str | None,
    functions: bool,
    overrides: tuple[str, ...],
) -> None:
    """Check CONFIG without training: every problem at once, and then whether the pipeline can be
    built.

    Corpora aren't read, and paths that have no value yet are no problem. The exit code is 1 if
    anything is wrong.
    """
    given = parse_overrides(overrides)
    if code is not None:
        import_code(code)
    loaded = load_config(config, given)
    report = Report()
    problems = find_problems(loaded, report=report)
    if problems:
        raise ConfigError(problems, source=loaded.source)
    from ..config import fill_config
    from ..pipeline import Pipeline
    from ..pipeline.wiring import check_frozen

    filled = fill_config(loaded)
    if against is not None:
        _show_changes(differences(fill_config(load_config(against)), filled))
    if diff:
        _show_changes(differences(_defaults(filled), filled))
    if functions:
        _show_functions(filled)
    nlp = Pipeline.from_config(filled)
    check_frozen(nlp.order, filled.interpolate()["training"]["frozen_components"])
    _tell(report)
    steps = ", ".join(nlp.pipe_names) or "no components"
    click.echo(f"{loaded.source}: no problems; the pipeline can be built: {steps}.")


def _defaults(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The config that one gets for the language and the factories of ``config`` alone."""
    from ..config import Config, fill_config

    blocks = {
        name: {key: block[key] for key in ("factory", "source") if key in block}
        for name, block in config["components"].items()
    }
    nlp = {key: config["nlp"][key] for key in ("lang", "pipeline")}
    return fill_config(Config({"nlp": nlp, "components": blocks}))


def _show_changes(changes: list[tuple[str, Any, Any]]) -> None:
    for path, old, new in changes:
        if old is not ABSENT:
            click.secho(f"- {path} = {_json(old)}", fg="red")
        if new is not ABSENT:
            click.secho(f"+ {path} = {_json(new)}", fg="green")
    if not changes:
        click.echo("There is no difference.")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _show_functions(config: Mapping[str, Any]) -> None:
    from ..config.tree import leaves
    from ..registries import registry

    named = set()
    for path, value in leaves(config):
        key = path.rpartition(".")[2]
        if key.startswith("@") or (key == "factory" and path.startswith("components.")):
            named.add((key.removeprefix("@") if key != "factory" else "factories", str(value)))
    for kind, name in sorted(named):
        click.echo(f"{kind:<14} {name:<36} {registry.supplier(kind, name)}")


def _tell(report: Report) -> None:
    colors = {"ok": "green", "warning": "yellow", "error": "red"}
    for found in report.findings:
        fix = f" ({found.fix})" if found.fix else ""
        click.secho(f"{found.level}: {found.message}{fix}", fg=colors.get(found.level))
    if any(found.level == "error" for found in report.findings):
        raise SpanloomError("There are errors, see above.")


@click.command("schema")
@click.argument("output", type=click.Path(allow_dash=True), default="-")
def schema_command(output: str) -> None:
    """Write the JSON schema of configs to OUTPUT, for editors.

    It knows the sections, components and functions of everything that is installed.
    """
    from ..config.schema import config_schema

    text = json.dumps(config_schema(), indent=1) + "\n"
    if output == "-":
        click.echo(text, nl=False)
    else:
        write_text(output, text)
        click.echo(f"Wrote '{output}'.")


@click.command("data", context_settings={"ignore_unknown_options": True})
@click.argument("config", type=click.Path(allow_dash=True))
@_CODE
@click.option("--json", "as_json", is_flag=True, help="Write all counts as JSON.")
@_OVERRIDES
def data_command(config: str, code: str | None, as_json: bool, overrides: tuple[str, ...]) -> None:
    """Look at the training and evaluation data of CONFIG: what is annotated, how often each label
    occurs, what both have in common, and what can't be learned.

    The exit code is 1 if training can't work.
    """
    given = parse_overrides(overrides)
    if code is not None:
        import_code(code)
    from ..training.inspection import check_data, inspect_data

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
    _tell(report)
