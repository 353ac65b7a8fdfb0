"""``spanloom debug config``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from spanloom.cli.findings import show_report
from spanloom.cli.options import CODE, CONFIG, OVERRIDES
from spanloom.config import find_problems, load_config, parse_overrides
from spanloom.config.changes import ABSENT, differences
from spanloom.errors import ConfigError
from spanloom.plugins import import_code
from spanloom.plugins.tables import Report

__all__ = ["config_command"]


@click.command("config", context_settings={"ignore_unknown_options": True})
@CONFIG
@CODE
@click.option("--diff", "-D", is_flag=True, help="Show what differs from the defaults.")
@click.option("--against", "-A", type=click.Path(), help="Show what differs from another config.")
@click.option("--functions", "-F", is_flag=True, help="Show which package provides each function.")
@OVERRIDES
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

    Corpora aren't read, and paths may still be without a value. The exit code is 1 if
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
    from spanloom.config import fill_config
    from spanloom.pipeline import Pipeline
    from spanloom.pipeline.wiring import check_frozen

    filled = fill_config(loaded)
    if against is not None:
        _show_changes(differences(fill_config(load_config(against)), filled))
    if diff:
        _show_changes(differences(_defaults(filled), filled))
    if functions:
        _show_functions(filled)
    nlp = Pipeline.from_config(filled)
    check_frozen(nlp.order, filled.interpolate()["training"]["frozen_components"])
    show_report(report)
    steps = ", ".join(nlp.pipe_names) or "no components"
    click.echo(f"{loaded.source}: no problems; the pipeline can be built: {steps}.")


def _defaults(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The config that one gets for the language and the factories of ``config`` alone."""
    from spanloom.config import Config, fill_config

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
    from spanloom.config.tree import leaves
    from spanloom.plugins.registries import registry

    named = set()
    for path, value in leaves(config):
        key = path.rpartition(".")[2]
        if key.startswith("@") or (key == "factory" and path.startswith("components.")):
            named.add((key.removeprefix("@") if key != "factory" else "factories", str(value)))
    for kind, name in sorted(named):
        click.echo(f"{kind:<14} {name:<36} {registry.supplier(kind, name)}")
