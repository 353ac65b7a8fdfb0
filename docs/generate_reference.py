"""Writes the reference pages of the site: registries, hooks, commands, defaults and API.

It runs inside ``mkdocs build`` (plugin gen-files). What it tells comes from the entry points in the
packages' ``pyproject.toml``, from source that is read and not imported, so that torch is not
needed, and, for commands and defaults, from the installed packages without torch.
"""

from __future__ import annotations

import inspect
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import griffe
import mkdocs_gen_files

sys.path.insert(0, str(Path(__file__).parent))
from api import MODULES, PROJECTS, ROOT, homes, load_packages, public_names, resolved

from spanloom.config import default_config, fill_config
from spanloom.config.sections import plugin_defaults
from spanloom.config.source import Config
from spanloom.plugins import manager

#: Registries whose names don't stand behind an ``@``, and what has such a name.
WHERE = {
    "converters": "The ending of a file that is read",
    "dialects": "The first part of another library's name",
    "factories": "A component's `factory`",
    "languages": "A pipeline's `lang`",
    "renderers": "A kind of output",
    "writers": "The ending of a file that is written",
}
#: Anchors of objects that have a place on a page already.
PLACED: dict[str, str] = {}


def write(name: str, text: str) -> None:
    """One page under reference/."""
    with mkdocs_gen_files.open(f"reference/{name}", "w") as file:
        file.write(text.rstrip() + "\n")


def first_line(found: griffe.Object | None) -> str:
    """The first sentence of a docstring, fit for a cell of a table."""
    if found is None or found.docstring is None:
        return ""
    paragraph = found.docstring.value.split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    return paragraph.split(". ")[0].rstrip(".") + "."


def api_pages(code: griffe.ModulesCollection) -> Iterator[tuple[str, str]]:
    """A page per public module; an object that stands on another page is linked."""
    home = homes(code)
    for name, about in MODULES.items():
        rows, blocks = [], []
        for public in public_names(code[name]):
            target = resolved(code, f"{name}.{public}")
            if target is None:
                continue
            rows.append(f"| [`{public}`][{target.path}] | {first_line(target)} |")
            if home[target.path] == name:
                PLACED[target.path] = f"api/{name}.md"
                blocks.append(f"::: {target.path}\n")
        table = "\n".join(["| name | |", "|---|---|", *rows])
        text = f"# `{name}`\n\n{about}\n\n{table}\n\n" + "\n".join(blocks)
        write(f"api/{name}.md", text)
        yield f"`{name}`", f"api/{name}.md"


def entry_points() -> dict[str, dict[tuple[str, str], list[str]]]:
    """Registry -> (target, distribution) -> its names, ours before those of others."""
    found: dict[str, dict[tuple[str, str], list[str]]] = {}
    for path in PROJECTS:
        project = tomllib.loads(path.read_text("utf-8"))["project"]
        for group, names in project.get("entry-points", {}).items():
            registry = group.removeprefix("spanloom_")
            if registry == group or registry == "plugins":
                continue
            functions = found.setdefault(registry, {})
            for name, target in names.items():
                functions.setdefault((target, project["name"]), []).append(name)
    for functions in found.values():
        for names in functions.values():
            names.sort(key=lambda name: (not name.startswith("spanloom."), name))
    return found


def registry_pages(code: griffe.ModulesCollection) -> Iterator[tuple[str, str]]:
    """A page per registry: a table of its names, and each function with its arguments."""
    for registry, functions in sorted(entry_points().items()):
        if not functions:
            continue
        rows, blocks = [], []
        for (target, owner), names in sorted(functions.items(), key=lambda each: each[1][0]):
            path = target.replace(":", ".")
            function = resolved(code, path)
            shown = "<br>".join(f"`{name}`" for name in names)
            label = f"`{target.rpartition(':')[2]}`"
            link = label if function is None else f"[{label}][{function.path}]"
            rows.append(f"| {shown} | {link} | {first_line(function)} | `{owner}` |")
            if function is not None and function.path not in PLACED:
                PLACED[function.path] = f"registries/{registry}.md"
                blocks.append(f"::: {function.path}\n")
        key = WHERE.get(registry, f"`@{registry}` in a config")
        head = ["| names | function | what it makes | distribution |", "|---|---|---|---|"]
        table = "\n".join([*head, *rows])
        intro = f"{key} names one of these. Names in one row mean the same."
        write(
            f"registries/{registry}.md",
            f"---\nhide: [toc]\n---\n\n# Registry `{registry}`\n\n{intro}\n\n{table}\n\n"
            + "\n".join(blocks),
        )
        yield f"`{registry}`", f"registries/{registry}.md"


def hooks_page(code: griffe.ModulesCollection) -> None:
    """All hooks with their arguments, and who of ours implements each."""
    hooks = [
        name
        for name, found in code["spanloom.plugins.spec"].members.items()
        if isinstance(found, griffe.Function)
        and any("hookspec" in str(each.value) for each in found.decorators)
    ]
    owners: dict[str, list[str]] = {}
    for path in PROJECTS:
        package = next(path.parent.glob("src/*/__init__.py")).parent.name
        module = resolved(code, f"{package}._plugin")
        for name, found in module.members.items() if module else ():
            if isinstance(found, griffe.Function) and name in hooks:
                owners.setdefault(name, []).append(f"`{package.replace('_', '-')}`")
    rows = []
    for name in hooks:
        found = code[f"spanloom.plugins.spec.{name}"]
        ours = ", ".join(owners.get(name, [])) or "none of ours"
        rows.append(f"| [`{name}`][{found.path}] | {first_line(found)} | {ours} |")
    table = "\n".join(["| hook | | implemented by |", "|---|---|---|", *rows])
    blocks = "\n".join(f"::: spanloom.plugins.spec.{name}\n" for name in hooks)
    intro = (
        "A plugin implements those that it wants, with those arguments that it wants. "
        "[Writing a plugin](../plugins.md#hooks) tells what happens when one raises."
    )
    write("hooks.md", f"# Hooks\n\n{intro}\n\n{table}\n\n{blocks}")


def option_rows(command: click.Command) -> list[str]:
    """A row for each option of a command."""
    context = click.Context(command)
    rows = []
    for each in command.get_params(context):
        record = each.get_help_record(context)
        if record is not None:  # arguments have none: the usage line shows them
            name, text = record
            rows.append(f"| `{name}` | {text.replace('|', chr(92) + '|')} |")
    return rows


def cli_page() -> None:
    """Every command of the packages that are installed, from click's own description."""
    parts = ["# Command line\n", "`spanloom COMMAND --help` shows the same.\n"]
    for name, offers in sorted(manager().commands.commands.items()):
        module, _, attribute = offers[0].target.partition(":")
        command = getattr(import_module(module), attribute)
        usage = " ".join(command.collect_usage_pieces(click.Context(command)))
        parts += [f"## `spanloom {name}`\n", f"From `{offers[0].owner}`.\n"]
        parts += [inspect.cleandoc(command.help or offers[0].help).replace("\b", "") + "\n"]
        parts += [f"```text\nspanloom {name} {usage}\n```\n"]
        parts += ["| option | |", "|---|---|", *option_rows(command), ""]
    write("cli.md", "\n".join(parts))


def defaults_page() -> None:
    """The default config of core and plugins, and the defaults of each component."""
    parts = [
        "# Defaults of configs\n",
        "What `spanloom init fill-config` writes down. "
        "[Configs](../config.md) tells what each setting means.\n",
        "## All sections\n",
        f"```ini\n{default_config().to_str(interpolate=False)}```\n",
    ]
    for name in sorted(manager().sections):
        text = plugin_defaults([name]).to_str(interpolate=False)
        parts += [f"## `[{name}]` and what comes with it\n", f"```ini\n{text}```\n"]
    for name in sorted(names_without_torch("factories")):
        bare: dict[str, Any] = {
            "nlp": {"lang": "en", "pipeline": [name]},
            "components": {name: {"factory": name}},
        }
        block = {"components": {name: fill_config(bare)["components"][name]}}
        parts += [f"## Component `{name}`\n", f"```ini\n{Config(block).to_str()}```\n"]
    write("defaults.md", "\n".join(parts))


def names_without_torch(registry: str) -> list[str]:
    """Names of a registry that the packages without torch offer."""
    return [
        name
        for (_, owner), names in entry_points()[registry].items()
        for name in names
        if owner != "spanloom-transformers"
    ]


def main() -> None:
    """Write all pages, and their table of contents."""
    code = load_packages()
    lines = ["- [Overview](index.md)"]
    api = [f"    - [{title}]({page})" for title, page in api_pages(code)]
    lines += ["- Registries", *(f"    - [{t}]({page})" for t, page in registry_pages(code))]
    hooks_page(code)
    cli_page()
    defaults_page()
    lines += ["- [Hooks](hooks.md)", "- [Command line](cli.md)"]
    lines += ["- [Defaults of configs](defaults.md)", "- API", *api]
    write("SUMMARY.md", "\n".join(lines))
    intro = (ROOT / "docs" / "reference" / "index.md").read_text("utf-8")
    write("index.md", intro + "\n" + "\n".join(lines[1:]))


main()
