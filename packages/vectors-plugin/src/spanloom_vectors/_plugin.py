"""Hooks of spanloom-vectors. Light: what they need is imported when it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanloom.plugins import hookimpl

if TYPE_CHECKING:
    from spanloom.plugins import CommandTable

SPANLOOM_API = 1

_CLI = "spanloom_vectors.cli"


@hookimpl
def register_commands(commands: CommandTable) -> None:
    """The commands over tables of vectors."""
    commands.group("vectors", help="Work with tables of word vectors.")
    commands.add(
        "init vectors",
        target=f"{_CLI}.init:init_vectors_command",
        help="Make a pipeline that has word vectors.",
    )
    for name, help in (
        ("convert", "Convert vectors from one format to another."),
        ("distill", "Make a table from what an encoder gives for each word."),
        ("evaluate", "Compare a table with human judgements and analogies."),
        ("info", "Show what a file of vectors contains."),
        ("prune", "Reduce the number of rows."),
        ("search", "Find the words nearest to a word."),
    ):
        commands.add(f"vectors {name}", target=f"{_CLI}.{name}:{name}_command", help=help)


@hookimpl
def after_load(nlp: Any, path: Path, manifest: Mapping[str, Any]) -> None:  # noqa: ARG001
    """Refuse a pipeline whose table isn't the one that its models were trained with."""
    names = {node.name for _, part in nlp.components for node in _nodes(part)}
    if "static_vectors" in names:
        from .static import check_tables

        check_tables(nlp)


def _nodes(component: Any) -> Any:
    model = getattr(component, "model", None)
    walk = getattr(model, "walk", None)
    return walk() if walk is not None else ()
