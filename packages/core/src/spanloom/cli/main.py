"""The root command. Its commands come from the table that plugins (and core) fill.

Help comes from the table as well, so showing it imports no command's module.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from ..errors import NameClashError, PluginError, SpanloomError
from ..io.files import DISK_ERRORS
from ..plugins.failures import record_failure
from ..plugins.hooks import GROUP, Manager, manager
from ..plugins.index import current
from ..plugins.known import command_providers
from ..plugins.tables import Command, CommandTable
from ..plugins.trace import aside, keep_output_clean

__all__ = ["LazyGroup", "cli", "main"]


class _Lazy(click.Command):
    """Stands for a command whose module is imported when it is run."""

    def __init__(self, word: str, offers: list[Command]) -> None:
        super().__init__(word, help=offers[0].help, short_help=offers[0].help)
        self.offers = offers

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Import the command and let it read its arguments."""
        return self._load().make_context(info_name, args, parent=parent, **extra)

    def _load(self) -> click.Command:
        command = self.offers[0]
        if len(self.offers) > 1:
            who = " and ".join(f"{each.owner} ({each.target})" for each in self.offers)
            raise NameClashError(
                f"command '{command.name}' is offered by {who}. Uninstall one, or leave one out "
                "with SPANLOOM_PLUGINS"
            )
        module, _, attribute = command.target.partition(":")
        where = f"command '{command.name}' of {command.owner} ({command.target})"
        try:
            with aside():
                loaded = getattr(import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise PluginError(
                f"{where} can't be loaded: {type(error).__name__}: {error}\n  "
                f"{_cure(command, error)}"
            ) from error
        if not isinstance(loaded, click.Command):
            raise PluginError(f"{where} isn't a click.Command but {type(loaded).__name__}")
        return loaded


def _cure(command: Command, error: Exception) -> str:
    index = current()
    for entry in (each for name in index.names(GROUP) for each in index.entries(GROUP, name)):
        if entry.dist == command.owner:
            return record_failure(entry, "import", error).cure
    return f"Update or reinstall {command.owner}"


class LazyGroup(click.Group):
    """The commands of the table that start with ``prefix``."""

    def __init__(
        self, prefix: str = "", table: CommandTable | None = None, **settings: Any
    ) -> None:
        super().__init__(**settings)
        self.prefix = prefix
        self._table = table

    @property
    def table(self) -> CommandTable:
        """The commands of all plugins; their hook modules are imported when first asked for."""
        return manager().commands if self._table is None else self._table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The words that may follow, sorted."""
        start = len(self.prefix)
        names = [name[start:] for name in self.table.commands if name.startswith(self.prefix)]
        return sorted({name.partition(" ")[0] for name in names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command or group that a word stands for, or None. Imports no command's module."""
        path = self.prefix + cmd_name
        if self._table is not None:
            return _find(self._table, path, cmd_name, self._table)
        # Names of ours are nobody else's, so those of others need not be asked for.
        found = _find(_own_table(ctx), path, cmd_name, None)
        return _find(self.table, path, cmd_name, None) if found is None else found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, but an unknown command is told near ones or what to install."""
        word = args[0] if args else ""
        if word and not word.startswith("-") and self.get_command(ctx, word) is None:
            ctx.fail(self._unknown(ctx, word, args))
        return super().resolve_command(ctx, args)

    def _unknown(self, ctx: click.Context, word: str, args: list[str]) -> str:
        asked = self.prefix + word
        failures = {failure.dist: str(failure) for failure in manager().failures}
        for name in (f"{asked} {' '.join(args[1:2])}".strip(), asked):
            dist = command_providers().get(name)
            if dist in failures:
                return f"There is no command '{name}': {failures[dist]}"
            if dist is not None:
                return f"'{name}' is in '{dist}', which isn't installed: pip install {dist}"
        near = get_close_matches(word, self.list_commands(ctx), n=2)
        if near:
            return f"There is no command '{asked}'. Did you mean {' or '.join(map(repr, near))}?"
        if not self.table.commands:
            return (
                f"There is no command '{asked}', nor any other: the metadata of Spanloom isn't "
                "installed. Install it with pip (in a checkout: pip install -e packages/core)."
            )
        left_out = [f"\nLeft out: {failure}" for failure in failures.values()]
        return "".join([f"There is no command '{asked}'", *left_out])


def _find(
    table: CommandTable, path: str, word: str, inner: CommandTable | None
) -> click.Command | None:
    if path in table.commands:
        return _Lazy(word, table.commands[path])
    if any(name.startswith(f"{path} ") for name in table.commands):
        help = table.groups.get(path, "")
        return LazyGroup(f"{path} ", inner, name=word, help=help, no_args_is_help=True)
    return None


def _own_table(ctx: click.Context) -> CommandTable:
    """The commands of core and of packages released with it, without importing the hook module of
    anybody else."""
    key = "spanloom.own"
    if key not in ctx.meta:
        ours = {"spanloom", *command_providers().values()}
        ctx.meta[key] = Manager(current(), only=ours).commands
    table: CommandTable = ctx.meta[key]
    return table


class _Root(LazyGroup):
    def main(self, *args: Any, **extra: Any) -> Any:
        """As click's; standard output is the command's own, whatever plugins print."""
        with keep_output_clean():
            return super().main(*args, **extra)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show which plugins had to be left out, and why."""
        super().format_epilog(ctx, formatter)
        failures = manager().failures
        if failures:
            with formatter.section("Plugins that can't be used"):
                formatter.write_dl([(each.dist, str(each)) for each in failures])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; our own errors are shown as one block, without a traceback."""
        try:
            return super().invoke(ctx)
        except (SpanloomError, OSError) as error:
            if os.environ.get("SPANLOOM_DEBUG", "") not in {"", "0"} or not _said(error):
                raise
            click.echo(f"{click.style('Error:', fg='red', bold=True)} {_said(error)}", err=True)
            ctx.exit(1)


def _said(error: Exception) -> str:
    """The message of an error; of one of the system's, which file it was, or nothing where that
    isn't about files."""
    if isinstance(error, SpanloomError) or not isinstance(error, OSError):
        return str(error)
    path = error.filename2 or error.filename
    if path is None:
        return f"Can't write: {error.strerror}" if error.errno in DISK_ERRORS else ""
    return f"Can't read or write '{path}': {error.strerror}"


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from .. import __version__

        python = ".".join(map(str, sys.version_info[:3]))
        click.echo(f"spanloom {__version__} (Python {python})")
        ctx.exit()


@contextmanager
def _environment(settings: dict[str, str]) -> Iterator[None]:
    # Set in the environment so that worker processes do as this one does.
    before = {key: os.environ.get(key) for key in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


def _set_no_plugins(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.with_resource(_environment({"SPANLOOM_PLUGINS": "none"}))


def _set_strict(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.with_resource(_environment({"SPANLOOM_STRICT_PLUGINS": "1"}))


def _flag(name: str, callback: Callable[..., None], help: str) -> click.Option:
    """A flag that takes effect before anything else is read."""
    return click.Option(
        [name], is_flag=True, is_eager=True, expose_value=False, callback=callback, help=help
    )


cli = _Root(
    name="spanloom",
    help="Spanloom: NLP pipelines whose components share one embedding layer.",
    epilog="SPANLOOM_DEBUG=1 shows the traceback of an error.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    params=[
        _flag("--version", _version, "Show the version and exit."),
        _flag("--no-plugins", _set_no_plugins, "Run without the installed plugins."),
        _flag("--strict-plugins", _set_strict, "Stop when an observing hook of a plugin fails."),
    ],
)
"""The command ``spanloom``."""


def main(name: str = "spanloom") -> None:
    """Run the command line with the arguments of this process, and exit with its code."""
    cli.main(prog_name=name)
