"""``spanloom init config`` and ``spanloom init fill-config``."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import click

from ..config import check_config, fill_config, init_config, load_config
from ..config.templates import GOALS, idle_components
from ..errors import SpanloomError
from ..io.files import write_text
from ..plugins import import_code
from ..plugins.registries import registry
from .options import CODE, choice

__all__ = ["config_command", "fill_config_command"]

_PRETRAINING = click.option("--pretraining", is_flag=True, help="Add the section [pretraining].")


def _components(_context: click.Context, _option: click.Parameter, typed: str) -> list[str]:
    """What a shell may put behind the last comma."""
    before, comma, last = typed.rpartition(",")
    every = registry.names("factories")
    return [before + comma + name for name in every if name.startswith(last)]


def _write(text: str, path: str) -> None:
    """Write to a file, or to standard output for ``-``."""
    if path == "-":
        click.echo(text, nl=False)
        return
    write_text(path, text)


@click.command("config")
@click.argument("output", type=click.Path(allow_dash=True))
@click.option("--lang", "-l", default="en", show_default=True, help="Language code.")
@click.option(
    "--pipeline",
    "-p",
    default="tagger,morphologizer,senter",
    show_default=True,
    help="Components, separated by commas.",
    shell_complete=_components,
)
@choice(
    "--optimize", "-o", of=GOALS, default="efficiency", help="Small and fast, or wide and deep."
)
@click.option("--gpu", "-G", is_flag=True, help="Make batches large enough for a GPU.")
@click.option("--vectors", help="A vector table to use as a feature.")
@click.option("--transformer", "-t", help="Share this transformer: a folder, or a name on the hub.")
@_PRETRAINING
@click.option("--force", "-F", is_flag=True, help="Overwrite an existing file.")
def config_command(
    output: str,
    lang: str,
    pipeline: str,
    optimize: str,
    gpu: bool,
    vectors: str | None,
    transformer: str | None,
    pretraining: bool,
    force: bool,
) -> None:
    """Write a complete config for a language and a pipeline to OUTPUT ("-" prints it).

    It is ready for training:

      spanloom train OUTPUT --output DIR --paths.train FILE --paths.dev FILE
    """
    if output != "-" and Path(output).exists() and not force:
        raise SpanloomError(f"'{output}' already exists: use --force to overwrite it")
    names = [name.strip() for name in pipeline.split(",") if name.strip()]
    sections = ("pretraining",) if pretraining else ()
    config = init_config(
        lang,
        names,
        optimize=optimize,
        gpu=gpu,
        vectors=vectors,
        transformer=transformer,
        sections=sections,
    )
    for name in idle_components(config):
        click.echo(
            f"No component uses '{name}', since it assigns nothing and declares no listener: an "
            f"encoder's factory declares one with @component_defaults(..., listener={{...}})",
            err=True,
        )
    _write(config.to_str(interpolate=False), output)
    if output != "-":
        click.echo(f"Wrote '{output}': {', '.join(config['nlp']['pipeline'])} for '{lang}'.")
        click.echo(
            f"Train it: spanloom train {output} --output DIR --paths.train FILE --paths.dev FILE"
        )


@click.command("fill-config")
@click.argument("base", type=click.Path(allow_dash=True))
@click.argument("output", type=click.Path(allow_dash=True), default="-")
@CODE
@click.option("--diff", "-D", is_flag=True, help="Show what is added.")
@_PRETRAINING
def fill_config_command(
    base: str, output: str, code: str | None, diff: bool, pretraining: bool
) -> None:
    """Write the config BASE to OUTPUT with every default that it leaves out.

    Mistakes in it are reported first, all at once, and then nothing is written.
    """
    if code is not None:
        import_code(code)
    config = load_config(base)
    check_config(config)
    before = config.to_str(interpolate=False)
    sections = ("pretraining",) if pretraining else ()
    after = fill_config(config, sections=sections).to_str(interpolate=False)
    if diff:
        _show_diff(before, after)
    if output != "-" or not diff:
        _write(after, output)
    if output != "-":
        click.echo(f"Wrote '{output}'.", err=True)


def _show_diff(before: str, after: str) -> None:
    colors = {"+": "green", "-": "red", "@": "cyan"}
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), "given", "filled", lineterm="", n=1
    )
    found = False
    for line in lines:
        found = True
        color = colors.get(line[:1]) if sys.stdout.isatty() else None
        click.echo(click.style(line, fg=color) if color else line)
    if not found:
        click.echo("Nothing is missing: the config is complete.")
