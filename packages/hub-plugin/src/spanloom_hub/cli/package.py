"""``spanloom package``."""

from __future__ import annotations

import click

__all__ = ["package_command"]


@click.command("package")
@click.argument("pipeline", type=click.Path())
@click.argument("out", type=click.Path())
@click.option("--name", "-n", help="Name after the language; by default 'name' in meta.json.")
@click.option("--version", "-v", help="Version; by default 'version' in meta.json.")
@click.option("--requires", "-r", multiple=True, help="A further requirement; may be repeated.")
@click.option("--sdist", is_flag=True, help="Write a source distribution as well.")
@click.option("--force", "-f", is_flag=True, help="Overwrite an existing file.")
def package_command(
    pipeline: str,
    out: str,
    name: str | None,
    version: str | None,
    requires: tuple[str, ...],
    sdist: bool,
    force: bool,
) -> None:
    """Make a wheel of the saved pipeline in the folder PIPELINE, and write it into the folder OUT.

    The wheel holds data and no code. It requires what supplied the names in the pipeline's config,
    plugins included. 'pip install' or 'spanloom download' installs it; then its name is enough for
    spanloom.load.
    """
    from ..making import package

    made = package(
        pipeline, out, name=name, version=version, requires=requires, sdist=sdist, force=force
    )
    for path, digest in made.files.items():
        click.echo(f"wrote {path} ({path.stat().st_size:,} bytes)\n  sha256 {digest}")
    click.echo(f"requires {', '.join(made.requires)}")
    click.echo(f'installed, it loads with spanloom.load("{made.name}")')
