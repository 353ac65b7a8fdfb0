"""Loading one entry, and saying well what went wrong when it can't be loaded."""

from __future__ import annotations

import re
import sys
import time
import traceback as tracebacks
import warnings
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import version
from typing import Any

from ..errors import Failure, PluginError
from .index import Entry, Owner, enabled, normalize
from .trace import aside, trace

__all__ = ["compatibility", "load_entry", "missing_cure", "outgrown", "record_failure"]

_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


#: Module -> the distribution that brings it, where the names have nothing in common.
_BROUGHT_BY = {
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "google": "protobuf",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}


def record_failure(entry: Entry, stage: str, error: BaseException | str) -> Failure:
    """Describe ``error``, raised (or found) while ``entry`` was at ``stage``."""
    missing = _missing_module(error)
    if missing is not None:
        cure = missing_cure(entry, missing)
    elif stage in {"import", "attribute"}:
        cure = f"This is a bug in {entry.dist}: update or uninstall it"
    else:
        cure = ""
    raised = isinstance(error, BaseException)
    return Failure(
        dist=entry.dist,
        version=entry.version,
        group=entry.group,
        name=entry.name,
        target=entry.target,
        stage=stage,
        error=type(error).__name__ if raised else "",
        message=str(error),
        missing_module=missing,
        cure=cure,
        traceback="".join(tracebacks.format_exception(error)) if raised else "",  # type: ignore[arg-type]
    )


def _missing_module(error: BaseException | str | None) -> str | None:
    while isinstance(error, BaseException):
        if isinstance(error, ModuleNotFoundError):
            return error.name
        error = error.__cause__
    return None


def missing_cure(entry: Entry, module: str) -> str:
    """What to install so that ``module``, which the entry's distribution imports, is there."""
    if module.partition(".")[0] == entry.module.partition(".")[0]:
        return (
            f"A module of {entry.dist} itself is missing: pip install --force-reinstall "
            f'"{entry.dist}"'
        )
    first = module.partition(".")[0]
    top = normalize(_BROUGHT_BY.get(first, first))
    for requirement, extra in _requirements(entry.owner):
        name = normalize(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0])
        if name == top or name.startswith(f"{top}-"):
            what = f"{entry.dist}[{extra}]" if extra else requirement
            return f'pip install "{what}"'
    return f"{entry.dist} doesn't declare what provides the module '{module}': install that package"


def _requirements(owner: Owner) -> list[tuple[str, str]]:
    """Each requirement without its marker, and the extra that it belongs to (or "")."""
    found = []
    for line in owner.requires:
        requirement, _, marker = line.partition(";")
        extra = _EXTRA.search(marker)
        found.append((requirement.strip(), extra.group(1) if extra else ""))
    return found


@cache
def _own_version() -> str:
    return version("spanloom")  # reads metadata: once, not for each distribution


def compatibility(entry: Entry) -> str:
    """Why the entry's distribution can't be used with this Spanloom; empty if it can.

    It needs a later version, or excludes this one. pip checks ``Requires-Dist`` when it installs;
    ``--no-deps`` and editable installs go round it.
    """
    return next((reason for reason, outgrown in _misfits(entry) if not outgrown), "")


def outgrown(entry: Entry) -> str:
    """How this Spanloom is later than those that the entry's distribution allows, or nothing.

    It is used all the same, since what it relies on has numbers of its own: the API of hooks that
    its hook module states, and the ``.vN`` of names.
    """
    return next((reason for reason, outgrown in _misfits(entry) if outgrown), "")


def _misfits(entry: Entry) -> Iterator[tuple[str, bool]]:
    """What the distribution requires of Spanloom in vain, and whether that is an upper bound."""
    for requirement, extra in _requirements(entry.owner):
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
        if extra or normalize(name) != "spanloom" or normalize(entry.dist) == "spanloom":
            continue
        from packaging.requirements import InvalidRequirement, Requirement
        from packaging.version import Version

        try:
            wanted = Requirement(requirement).specifier
        except InvalidRequirement as error:
            yield f"its requirement '{requirement}' can't be read ({error})", False
            continue
        ours = _own_version()
        for each in wanted:
            if not each.contains(ours, prereleases=True):
                bound = Version(each.version.removesuffix(".*"))
                later = each.operator in {"<", "<=", "==", "~="} and Version(ours) >= bound
                yield f"it needs spanloom {wanted}, but this is {ours}", later


def load_entry(entry: Entry) -> Any:
    """Import the entry's module and return its target.

    Raises `PluginError`, with the `Failure` as its ``failure``, where the distribution is disabled
    or incompatible, or where its module or the target in it can't be had. A plugin that calls
    ``sys.exit`` when it is imported fails like any other.
    """
    if not enabled(entry):
        failure = record_failure(entry, "disabled", "SPANLOOM_PLUGINS disables it")
        raise PluginError(str(failure), failure)
    reason = compatibility(entry)
    if reason:
        failure = record_failure(entry, "compat", reason)
        raise PluginError(str(failure), failure)
    if not entry.owner.warned and (reason := outgrown(entry)):
        entry.owner.warned = True
        warnings.warn(
            f"{entry.dist} {entry.version} was made for an earlier version of Spanloom: {reason}. "
            "It is used anyway; if something fails, look for a newer version of it.",
            RuntimeWarning,
            stacklevel=2,
        )
    start = time.perf_counter()
    try:
        with aside():
            value: Any = import_module(entry.module)
    except KeyboardInterrupt:
        where = f"{entry.dist} {entry.version} was imported ({entry.module})"
        print(f"spanloom: interrupted while {where}", file=sys.stderr)
        raise
    except (Exception, SystemExit) as error:
        failure = record_failure(entry, "import", error)
        raise PluginError(str(failure), failure) from error
    try:
        for part in filter(None, entry.attribute.split(".")):
            value = getattr(value, part)
    except AttributeError as error:
        failure = record_failure(entry, "attribute", error)
        raise PluginError(str(failure), failure) from error
    trace(f"load {entry.group} {entry.name} ({entry.target})", start)
    return value
