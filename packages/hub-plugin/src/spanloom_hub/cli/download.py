"""``spanloom download``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ..fetching import Progress, fetched

__all__ = ["download_command"]


@click.command("download")
@click.argument("source")
@click.option("--sha256", help="The expected SHA-256 of the file, in hexadecimal.")
@click.option(
    "--to",
    type=click.Choice(["auto", "site", "user"]),
    default="auto",
    show_default=True,
    help="This environment's site-packages, or a folder of yours.",
)
@click.option("--max-size", type=int, help="Largest size when unpacked, in bytes.")
@click.option("--force", "-f", is_flag=True, help="Reinstall an installed version.")
def download_command(
    source: str, sha256: str | None, to: str, max_size: int | None, force: bool
) -> None:
    """Get a packaged pipeline and install it, without pip.

    SOURCE is a path, an address or a repository of the Hugging Face hub (owner/name) with one
    wheel. An address may end in #sha256=HASH. Only data is installed: a wheel that holds code is
    refused, and what the pipeline requires is named, not installed.
    """
    from ..installing import install, is_ours, unmet

    with _bar() as progress, fetched(source, sha256, progress) as (path, origin):
        found = install(path, origin, to=to, force=force, max_size=max_size)
    click.echo(f"installed {found.name} {found.version} in {found.folder}")
    click.echo(f"  sha256 {origin.sha256}")
    missing = unmet(found.requires)
    ours = [each for each in missing if is_ours(each)]
    if ours:
        lines = " ".join(f'"{each}"' for each in ours)
        click.echo(f"It needs more than is installed: pip install {lines}", err=True)
    others = [each for each in missing if each not in ours]
    if others:
        lines = ", ".join(f"{each!a}" for each in others)
        click.echo(
            f"It requires {lines}, which Spanloom doesn't know: find out what that is before you "
            "install it",
            err=True,
        )
    click.echo(f'It loads with spanloom.load("{found.name}")')


@contextmanager
def _bar() -> Iterator[Progress | None]:
    """What shows how much of a file came, on a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, TransferSpeedColumn

    columns = (*Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("downloading", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
