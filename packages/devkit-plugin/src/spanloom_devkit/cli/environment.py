"""``spanloom plugins environment``: what a report of a fault should say."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click

from spanloom.cli.findings import show_findings
from spanloom.plugins.index import current
from spanloom.plugins.tables import Finding

from ..describe import describe
from ..processes import environment

__all__ = ["environment_command", "environment_facts"]

_PACKAGES = (
    "blis",
    "catalogue",
    "click",
    "confection",
    "cupy-cuda12x",
    "cupy-cuda13x",
    "numpy",
    "pluggy",
    "pydantic",
    "srsly",
    "thinc",
    "torch",
    "transformers",
)
_VARIABLES = ("CUDA_VISIBLE_DEVICES", "HF_HOME", "HF_ENDPOINT", "OMP_NUM_THREADS")


def environment_facts() -> dict[str, Any]:
    """Python, machine, distributions, packages, variables, and what computed on each device.

    Plugins are asked in a process of their own, where each device runs a kernel.
    """
    findings = environment()
    return {
        "python": f"{platform.python_version()} at {sys.executable}",
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "memory": _memory(),
        "distributions": {
            each.dist: f"{each.version}, {each.state}" + (f": {each.reason}" if each.reason else "")
            for each in describe(current())
        },
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
        "variables": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith("SPANLOOM_") or name in _VARIABLES
        },
        "checks": [asdict(each) for each in findings],
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _memory() -> str:
    """The machine's memory, where the system tells."""
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return "?"
    return f"{size / 2**30:.1f} GiB"


@click.command("environment")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def environment_command(as_json: bool) -> None:
    """Show what a report of a fault should say: versions, machine, variables, and what each device
    computed. Plugins are asked in a process of their own."""
    facts = environment_facts()
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    checks = [Finding(**each) for each in facts.pop("checks")]
    for key, value in facts.items():
        if isinstance(value, dict):
            click.echo(f"{key}:" + ("" if value else " none"))
            for name, each in value.items():
                click.echo(f"  {name:<24}  {each}")
        else:
            click.echo(f"{key}: {value}")
    click.echo()
    show_findings(checks)
