"""Which checks concern a distribution: one class for each name, one for the distribution."""

from __future__ import annotations

import inspect
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from spanloom.errors import PluginError, UnknownNameError
from spanloom.plugins.index import Entry, current, normalize
from spanloom.plugins.registries import registry as registries

from ..describe import registry_of
from ..doctor import project_folder
from .architecture import ArchitectureConformance
from .around import CallbackConformance, MiscConformance, ModelConformance, RendererConformance
from .base import Conformance, NameConformance
from .component import ComponentConformance
from .distribution import DistributionConformance
from .encoding import AnnotationSetterConformance, EncoderConformance
from .engines import EngineConformance
from .files import ConverterConformance, WriterConformance
from .others import (
    BatcherConformance,
    DialectConformance,
    LanguageConformance,
    ReaderConformance,
    ScorerConformance,
    SpanGetterConformance,
    TokenizerConformance,
)
from .training import AugmenterConformance, LoggerConformance, ObjectiveConformance
from .words import LemmaRulesConformance, SyntaxIteratorConformance, VectorsConformance

__all__ = ["BASES", "Check", "checks_of", "entries_of"]

BASES: Mapping[str, type[NameConformance]] = {
    "annotation_setters": AnnotationSetterConformance,
    "architectures": ArchitectureConformance,
    "augmenters": AugmenterConformance,
    "batchers": BatcherConformance,
    "callbacks": CallbackConformance,
    "converters": ConverterConformance,
    "dialects": DialectConformance,
    "encoders": EncoderConformance,
    "engines": EngineConformance,
    "factories": ComponentConformance,
    "languages": LanguageConformance,
    "lemmatizer_rules": LemmaRulesConformance,
    "loggers": LoggerConformance,
    "misc": MiscConformance,
    "models": ModelConformance,
    "objectives": ObjectiveConformance,
    "readers": ReaderConformance,
    "renderers": RendererConformance,
    "scorers": ScorerConformance,
    "span_getters": SpanGetterConformance,
    "syntax_iterators": SyntaxIteratorConformance,
    "tokenizers": TokenizerConformance,
    "vectors": VectorsConformance,
    "writers": WriterConformance,
}
"""Registry -> the class of its checks."""


@dataclass(frozen=True)
class Check:
    """One check: ``id`` says of what, ``help`` what it wants."""

    id: str
    case: type[Conformance]
    method: str

    @property
    def help(self) -> str:
        """The first paragraph of what the check says of itself."""
        text = inspect.getdoc(getattr(self.case, self.method)) or ""
        return " ".join(text.partition("\n\n")[0].split())

    def run(self) -> None:
        """Run it. An `AssertionError` says what is wrong; pytest's skip, why it can't be told."""
        case = self.case()
        method = getattr(case, self.method)
        case.setup_method(method)
        method()


def checks_of(dist: str, folder: Path | None = None) -> list[Check]:
    """All checks of an installed distribution.

    Several names for one thing are checked once, under the first. ``folder`` is where a
    ``pyproject.toml`` of that name is looked for, if the distribution isn't an editable install.
    Raises `UnknownNameError` if no such distribution offers anything.
    """
    entries = entries_of(dist)
    said = _settings(entries[0], folder)
    attributes = {"dist": entries[0].dist, **said.get("distribution", {})}
    cases: list[tuple[str, type[Conformance]]] = [
        ("distribution", type("Distribution", (DistributionConformance,), attributes))
    ]
    for entry in _distinct(entries):
        registry = registry_of(entry.group)
        given = {
            "registry": registry,
            "name": entry.name,
            **said.get(f"{registry}/{entry.name}", {}),
        }
        if isinstance(given.get("examples"), str):
            given["examples"] = _function(given["examples"], _project(entry, folder))
        case = type(f"Test_{registry}", (BASES[registry],), given)
        cases.append((f"{registry}/{entry.name}", case))
    return [Check(f"{where}::{name}", case, name) for where, case in cases for name in _tests(case)]


def entries_of(dist: str) -> list[Entry]:
    """All that an installed distribution offers. Raises `UnknownNameError` if that is nothing."""
    everything = current().all_entries()
    entries = [each for each in everything if normalize(each.dist) == normalize(dist)]
    if not entries:
        raise UnknownNameError(
            f"no installed distribution '{dist}' offers anything to Spanloom; these do: "
            f"{', '.join(sorted({each.dist for each in everything}))}"
        )
    return entries


def _distinct(entries: list[Entry]) -> Iterator[Entry]:
    seen = set()
    known = registries.kinds()
    order = sorted(entries, key=lambda each: (not each.name.startswith(each.dist), each.name))
    for entry in order:
        named = registry_of(entry.group) in known and entry.group.startswith("spanloom_")
        if named:
            key = (entry.group, entry.target)
            if key not in seen:
                seen.add(key)
                yield entry


def _tests(case: type[Conformance]) -> list[str]:
    """The checks of a class, in the order in which they are written, the base's first."""
    order: dict[str, None] = {}
    for each in reversed(case.__mro__):
        order |= {name: None for name in vars(each) if name.startswith("test_")}
    return list(order)


def _settings(entry: Entry, folder: Path | None) -> dict[str, dict[str, Any]]:
    """``[tool.spanloom.conformance]`` of its pyproject.toml: by registry and name."""
    project = _project(entry, folder)
    if project is None:
        return {}
    whole = tomllib.loads((project / "pyproject.toml").read_text("utf8"))
    found: dict[str, dict[str, Any]] = (
        whole.get("tool", {}).get("spanloom", {}).get("conformance", {})
    )
    return found


def _project(entry: Entry, folder: Path | None) -> Path | None:
    """The folder with the distribution's pyproject.toml, if there is one."""
    for place in (project_folder(entry.owner.distribution), folder):
        path = None if place is None else place / "pyproject.toml"
        if place is None or path is None or not path.is_file():
            continue
        name = tomllib.loads(path.read_text("utf8")).get("project", {}).get("name", "")
        if normalize(name) == normalize(entry.dist):
            return place
    return None


def _function(target: str, project: Path | None) -> Callable[[Any, Any], Any]:
    """``module:function``, in an installed module or one in the project's folder or its tests, as
    a method. Raises `PluginError` where there is none."""
    name, _, attribute = target.partition(":")
    folders = [] if project is None else [str(project / "tests"), str(project)]
    before = list(sys.path)
    sys.path[:0] = folders
    try:
        function = getattr(import_module(name), attribute)
    except (ImportError, AttributeError) as error:
        raise PluginError(
            f"[tool.spanloom.conformance]: examples = '{target}' can't be had: {error}"
        ) from error
    finally:
        sys.path[:] = before
    return lambda case, nlp: list(function(nlp))
