"""What a pipeline's transformer was made of: the revision of the model on the hub and hashes of its
files, which saved configs keep, so that the same is taken again."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanloom.io.manifest import sha256_of

if TYPE_CHECKING:
    from .settings import Settings

__all__ = ["base_of", "note_bases", "pinned", "warn_of_other"]

_KINDS = {".bin", ".json", ".model", ".safetensors", ".txt"}


def pinned(settings: Settings) -> dict[str, str]:
    """The revision to ask the hub for, as an argument; none where the model is a folder."""
    revision = settings.base.get("revision")
    return {"revision": str(revision)} if revision and not Path(settings.name).is_dir() else {}


def base_of(settings: Settings) -> dict[str, Any]:
    """The ``revision`` of a model that was just loaded from the hub, and the SHA-256 of each of its
    ``files``; of a folder, the latter alone."""
    folder, revision = Path(settings.name), None
    if not folder.is_dir():
        from huggingface_hub import try_to_load_from_cache

        asked = {**pinned(settings), **settings.transformer_config}
        where = {key: asked[key] for key in ("revision", "cache_dir") if key in asked}
        found = try_to_load_from_cache(settings.name, "config.json", **where)
        if not isinstance(found, str):
            return {}
        folder = Path(found).parent
        revision = folder.name  # the cache has a folder for each commit
    paths = (each for each in sorted(folder.iterdir()) if each.suffix in _KINDS and each.is_file())
    base: dict[str, Any] = {"files": {path.name: sha256_of(path) for path in paths}}
    return base if revision is None else {"revision": revision, **base}


def note_bases(nlp: Any) -> None:
    """Let the pipeline's config say what the weights were made of that its components loaded: in
    the block of each of their models, wherever it stands."""
    for slot in getattr(nlp, "order", ()):
        model: Any = getattr(slot.component, "model", None)
        nodes = model.walk() if hasattr(model, "walk") else ()
        shims = [shim for node in nodes for shim in node.shims if getattr(shim, "base", None)]
        if shims:
            _note(slot.config, {shim.settings.name: shim.base for shim in shims})


def _note(block: Any, bases: Mapping[str, Any]) -> None:
    if isinstance(block, dict):
        if "@architectures" in block and block.get("name") in bases:
            block["base"] = copy.deepcopy(dict(bases[block["name"]]))
        for value in block.values():
            _note(value, bases)


def warn_of_other(name: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Warn where the files of ``found`` aren't those of ``wanted``; those that one of them hasn't
    don't count."""
    before, now = wanted.get("files"), found.get("files", {})
    known = before.items() if isinstance(before, Mapping) else ()
    other = [file for file, digest in known if now.get(file, digest) != digest]
    if other:
        versions = [str(each.get("revision", "a folder"))[:12] for each in (wanted, found)]
        warnings.warn(
            f"'{name}' isn't what this config's pipeline was made of: {', '.join(other)} differ "
            f"({versions[0]} then, {versions[1]} now). Training will give another pipeline: take "
            f"the old files again, or set model.base to null",
            UserWarning,
            stacklevel=2,
        )
