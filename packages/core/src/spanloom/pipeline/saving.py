"""Saving and loading pipelines.

A saved pipeline is a folder: ``config.cfg`` (filled), ``meta.json``, ``vocab``, ``tokenizer``, and
one file or folder for each component. ``meta.json`` holds the format version, and which
distribution supplied the names in the config. Nothing in it is executed when it is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import srsly

from ..errors import MissingFileError, SerializationError, SpanloomError
from ..io import msgpack as _msgpack
from ..io.files import existing, folder_written, json_ready, read_json, write_text
from ..io.manifest import check_files, list_files
from ..lang import language
from ..plugins import manager
from ..plugins.registries import registry
from .description import config_text
from .editing import labels

if TYPE_CHECKING:
    from .state import PipelineState

__all__ = [
    "FORMAT",
    "MARKS",
    "from_bytes",
    "from_disk",
    "names_in",
    "own_meta",
    "readable",
    "saved_meta",
    "suppliers_in",
    "to_bytes",
    "to_disk",
]

#: The files that every saved pipeline has.
MARKS = ("config.cfg", "meta.json")

FORMAT = 1
"""The version of the folder's layout. A reader takes this one and all before it."""


def full_meta(nlp: PipelineState) -> dict[str, Any]:
    """What ``meta.json`` holds: ``None`` for numbers that JSON doesn't have (NaN)."""
    with registry.preferring(nlp.config):
        suppliers = {
            f"{group}/{name}": registry.supplier(group, name)
            for group, name in sorted({*names_in(nlp.config), ("languages", nlp.lang)})
            # spaCy's configs name what opens vectors where there are none, too.
            if registry.has(group, name)
        }
    return {
        **json_ready(nlp.meta),
        "lang": nlp.lang,
        "format": FORMAT,
        "spanloom_version": version("spanloom"),
        "pipeline": nlp.order.enabled,
        "components": nlp.order.names,
        "disabled": nlp.order.disabled,
        "labels": labels(nlp),
        "suppliers": suppliers,
    }


def names_in(block: Any) -> Iterator[tuple[str, str]]:
    """Each registry and name that a config mentions."""
    if isinstance(block, Mapping):
        for key, value in block.items():
            if isinstance(key, str) and key.startswith("@"):
                yield key[1:], str(value)
            elif key == "factory" and isinstance(value, str):
                yield "factories", value
            else:
                yield from names_in(value)
    elif isinstance(block, list | tuple):
        for value in block:
            yield from names_in(value)


def to_disk(nlp: PipelineState, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
    """Write the folder. If anything fails, what was at ``path`` before stays as it was; so does
    what isn't a saved pipeline and nothing else: see :func:`spanloom.io.files.folder_written`."""
    _check_kept(nlp, exclude)
    with folder_written(path, MARKS) as folder:
        manifest: dict[str, Any] = {}
        manager().demand("before_save", nlp=nlp, path=folder, manifest=manifest)
        write_text(folder / "config.cfg", config_text(nlp))
        if "vocab" not in exclude:
            nlp.vocab.to_disk(folder / "vocab")
        if hasattr(nlp.tokenizer, "to_disk") and "tokenizer" not in exclude:
            nlp.tokenizer.to_disk(folder / "tokenizer")
        for name, component in nlp.order.components:
            if hasattr(component, "to_disk") and name not in exclude:
                component.to_disk(folder / name)
        files = list_files(folder)
        meta = {**full_meta(nlp), "plugins": json_ready(manifest), "files": files}
        write_text(folder / "meta.json", srsly.json_dumps(meta, indent=2))


def _check_kept(nlp: PipelineState, exclude: Sequence[str]) -> None:
    """Raise :class:`SerializationError` for a tokenizer that would be another after loading."""
    found, made = type(nlp.tokenizer), nlp.tokenizer_type
    if "tokenizer" not in exclude and found is not made:
        raise SerializationError(
            f"Can't save the tokenizer: nlp.tokenizer was replaced by a {found.__name__}, but the "
            f"config makes a {made.__name__}, which would give other tokens. Register a function "
            "that makes it (@registry.tokenizers) and name that in [nlp.tokenizer], or leave it "
            "out (exclude=['tokenizer'])."
        )


def from_disk(nlp: PipelineState, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
    """Read the folder into a pipeline that was built from its config."""
    folder = existing(path, "saved pipeline")
    meta = saved_meta(folder)
    _check_language(nlp, meta)
    if "files" in meta:
        check_files(folder, meta["files"], folder / "meta.json", exclude)
    nlp.meta.update(own_meta(meta))
    nlp.links.assemble()
    if "vocab" not in exclude and (folder / "vocab").exists():
        with readable(folder / "vocab"):
            nlp.vocab.from_disk(folder / "vocab")
    if hasattr(nlp.tokenizer, "from_disk") and (folder / "tokenizer").exists():
        with readable(folder / "tokenizer"):
            nlp.tokenizer.from_disk(folder / "tokenizer")
    for name, component in nlp.order.components:
        if hasattr(component, "from_disk") and name not in exclude:
            with readable(folder / name):
                component.from_disk(existing(folder / name, f"saved component '{name}'"))
    nlp.links.changed()
    nlp.links.assemble()
    manifest = meta.get("plugins", {})
    manager().demand("after_load", nlp=nlp, path=folder, manifest=manifest)


@contextmanager
def readable(what: str | Path) -> Iterator[None]:
    """Turn whatever reading damaged data raises into :class:`SerializationError`."""
    try:
        yield
    except (SpanloomError, MemoryError):
        raise
    except Exception as error:
        raise SerializationError(
            f"Can't read {what}: it is damaged, or was saved by different code "
            f"({type(error).__name__}: {error})"
        ) from error


_OF_PIPELINE = "lang pipeline components disabled labels"
_DERIVED = {*_OF_PIPELINE.split(), *["format", "spanloom_version", "suppliers", "plugins", "files"]}


def saved_meta(folder: Path) -> dict[str, Any]:
    """What the ``meta.json`` in a folder holds."""
    path = folder / "meta.json"
    if not path.exists():
        raise MissingFileError(
            f"'{folder}' isn't a saved pipeline: it has no 'meta.json'. Give the folder that "
            "to_disk wrote, or 'model-best' or 'model-last' in the output of training."
        )
    return _checked_meta(read_json(path, "meta.json of a saved pipeline"), f"'{path}'")


def suppliers_in(meta: Mapping[str, Any]) -> dict[str, str]:
    """Who supplied each name when the pipeline was saved; empty where the meta data don't tell."""
    found = meta.get("suppliers")
    return {key: str(found[key]) for key in found} if isinstance(found, Mapping) else {}


def _check_language(nlp: PipelineState, meta: Mapping[str, Any]) -> None:
    """Raise :class:`UnknownNameError` where a package supplied the language that isn't there."""
    with registry.recorded(suppliers_in(meta)):
        language(nlp.lang)


def own_meta(meta: Mapping[str, Any]) -> dict[str, Any]:
    """The pipeline's own meta data: without what is derived from the pipeline."""
    return {key: meta[key] for key in meta if key not in _DERIVED}


def _checked_meta(meta: Any, source: str) -> dict[str, Any]:
    version = meta.get("format") if isinstance(meta, dict) else None
    if not isinstance(version, int) or version > FORMAT:
        raise SerializationError(
            f"{source} has format {version}, but this version of Spanloom reads up to {FORMAT}: "
            "upgrade Spanloom"
            if isinstance(version, int)
            else f"{source} has no format number, so Spanloom didn't write it"
            + registry.dialect_hint()
        )
    return dict(meta)


def to_bytes(nlp: PipelineState, *, exclude: Sequence[str] = ()) -> bytes:
    """All that :func:`to_disk` writes, as msgpack."""
    _check_kept(nlp, exclude)
    parts = {
        name: each.to_bytes()
        for name, each in _pieces(nlp).items()
        if hasattr(each, "to_bytes") and name not in exclude
    }
    hashes = {name: sha256(part).digest() for name, part in parts.items()}
    config, meta = config_text(nlp), full_meta(nlp)
    return _msgpack.dumps({"config": config, "meta": meta, "parts": parts, "hashes": hashes})


def from_bytes(nlp: PipelineState, data: bytes, *, exclude: Sequence[str] = ()) -> None:
    """Take what :func:`to_bytes` gave."""
    try:
        message = _msgpack.loads(data)
        meta, saved = message["meta"], message["parts"]
    except Exception as error:
        raise SerializationError(f"These bytes aren't a saved pipeline: {error}") from error
    meta = _checked_meta(meta, "The meta data")
    _check_language(nlp, meta)
    nlp.links.assemble()
    wanted = {
        name: each
        for name, each in _pieces(nlp).items()
        if hasattr(each, "from_bytes") and name not in exclude
    }
    missing = [name for name in wanted if name not in saved]
    if missing:
        raise SerializationError(f"The bytes hold no data for {', '.join(missing)}")
    for name, each in wanted.items():
        with readable(f"bytes of '{name}'"):
            if sha256(saved[name]).digest() != message.get("hashes", {}).get(name):
                raise SerializationError(f"The bytes of '{name}' are damaged")
            each.from_bytes(saved[name])
    nlp.meta.update(own_meta(meta))
    nlp.links.changed()
    nlp.links.assemble()


def _pieces(nlp: PipelineState) -> dict[str, Any]:
    """All that may be saved, by name."""
    return {"vocab": nlp.vocab, "tokenizer": nlp.tokenizer, **dict(nlp.order.components)}
