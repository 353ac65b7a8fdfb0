"""What a packaged pipeline is called, and what it requires."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from spanloom.errors import PackageError
from spanloom.pipeline.saving import names_in
from spanloom.plugins.index import normalize
from spanloom.plugins.registries import registry

__all__ = ["package_name", "package_version", "required_range", "requirements"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")

#: What core brings along; a package that requires core has these.
_OF_CORE = {"thinc"}


def package_name(meta: Mapping[str, Any], name: str | None = None) -> str:
    """The distribution's name, which is the folder's and what `spanloom.load` takes.

    It is the pipeline's language and name, as in ``en_my_tagger``; ``name`` takes the place of the
    name in ``meta``. Raises `PackageError` for a name that can't be a folder's everywhere.
    """
    lang = str(meta.get("lang") or "xx")
    given = re.sub(r"[-.\s]+", "_", (name or str(meta.get("name") or "pipeline")).strip().lower())
    whole = given if given == lang or given.startswith(f"{lang}_") else f"{lang}_{given}"
    if not _NAME.fullmatch(whole):
        raise PackageError(
            f"'{whole}' can't be the name of a package: use lower-case letters, digits and _ "
            "(--name, or 'name' in the pipeline's meta.json)"
        )
    return whole


def package_version(meta: Mapping[str, Any], given: str | None = None) -> str:
    """The version in the form that indexes compare. Raises `PackageError` if it isn't one."""
    from packaging.version import InvalidVersion, Version

    text = given or str(meta.get("version") or "0.0.0")
    try:
        return str(Version(text))
    except InvalidVersion:
        raise PackageError(
            f"'{text}' isn't a version: write one such as 1.0.0 (--version, or 'version' in the "
            "pipeline's meta.json)"
        ) from None


def required_range(dist: str, known: str) -> str:
    """A requirement for all versions that can read what ``known`` wrote: up to the next major one.

    A pipeline carries the version of its format, and released names keep their meaning, so a
    narrower range would only pin its users' other packages.
    """
    from packaging.version import Version

    found = Version(known)
    return f"{dist}>={found.base_version},<{found.major + 1}"


def requirements(
    config: Mapping[str, Any],
    meta: Mapping[str, Any],
    extra: Iterable[str] = (),
    *,
    vectors: Mapping[str, Any] | None = None,
) -> list[str]:
    """What must be installed for a saved pipeline to be loaded and run, core first.

    It is who supplied the names in ``[nlp]`` and ``[components]`` and in ``vectors`` (the vocab's
    reference to a table), and who left something in the manifest when it was saved; what only
    training needs isn't. ``extra`` are requirements to add.
    Raises `PackageError` where a name came from code passed with ``--code``, which a package
    doesn't hold, unless ``extra`` says what brings it; and where ``extra`` can't be read.
    """
    suppliers: Mapping[str, str] = meta.get("suppliers", {})
    needed = {"spanloom": str(meta.get("spanloom_version", "0.1.0"))}
    own = []
    blocks = {key: config.get(key, {}) for key in ("nlp", "components")}
    language = ("languages", str(meta.get("lang")))
    for group, name in sorted({language, *names_in(blocks), *names_in(vectors or {})}):
        dist, _, known = suppliers.get(f"{group}/{name}", "").partition(" ")
        if not dist and vectors and group == "vectors" and registry.has(group, name):
            dist, _, known = registry.supplier(group, name).partition(" ")
        if dist == "code":
            own.append(name)
        elif dist and dist not in _OF_CORE:
            needed[dist] = known
    for dist in meta.get("plugins", {}):
        needed.setdefault(dist, _installed(dist))
    added = [_checked(line) for line in extra]
    if own and not added:
        raise PackageError(
            f"{', '.join(own)}: registered by code of your own, which a package doesn't hold. "
            "Make a plugin of it (spanloom plugins new), or name the distribution that brings it "
            "with --requires"
        )
    order = sorted(needed, key=lambda dist: (normalize(dist) != "spanloom", dist))
    return [*(required_range(dist, needed[dist]) for dist in order), *added]


def _installed(dist: str) -> str:
    try:
        return version(dist)
    except PackageNotFoundError:
        raise PackageError(
            f"the pipeline holds data of {dist}, which isn't installed: pip install {dist}"
        ) from None


def _checked(line: str) -> str:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return str(Requirement(line))
    except InvalidRequirement as error:
        raise PackageError(f"--requires '{line}' isn't a requirement: {error}") from None
