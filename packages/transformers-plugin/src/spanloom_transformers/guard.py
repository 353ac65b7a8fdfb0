"""What keeps a saved transformer from running code: only the caller can allow that.

Hugging Face's library runs Python files beside a model where it is told to trust them, fetches
kernels that settings name, and unpickles weights where they say so. A pipeline's config and files
come from elsewhere, so what they say of this doesn't count: see :mod:`spanloom.io.consent`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from spanloom.errors import ConfigError, ConfigProblem, SerializationError
from spanloom.io.consent import VARIABLE

__all__ = ["check_files", "check_settings", "not_allowed", "without_code"]

#: Endings of what is saved: configs, weights as safetensors, and what tokenizers write.
_ENDINGS = frozenset({
    ".bpe", ".codes", ".jinja", ".json", ".jsonl", ".model", ".safetensors", ".spm", ".tiktoken",
    ".tokenizer", ".txt", ".vocab",
})  # fmt: skip

#: Arguments of `from_pretrained` that choose code, or let weights be unpickled.
_RISKY = {
    "adapter_kwargs", "allow_all_kernels", "code_revision", "custom_generate", "export",
    "kernel_config", "use_kernels",
}  # fmt: skip
_KERNELS = ("attn_implementation", "_attn_implementation", "experts_implementation")

#: A file of JSON without these names no code. Letters may be written as escapes.
_WORDS = (b"auto_map", b"_implementation", b"\\u")

_CURE = (
    f"if you trust it with all that you can do, call spanloom.load(..., trust_remote_code=True) or "
    f"set the environment variable {VARIABLE}=1"
)


def check_settings(asked: Mapping[str, Any], setting: str) -> None:
    """Raise :class:`ConfigError` for arguments of `from_pretrained` that could run code."""
    bad = [key for key in asked if key in _RISKY and asked[key]]
    bad += [key for key in _KERNELS if _names_kernel(asked.get(key))]
    bad += [key for key in ("weights_only", "use_safetensors") if asked.get(key) is False]
    if bad:
        problem = ConfigProblem(
            f"{setting}.{bad[0]}", f"is {asked[bad[0]]!r}, which may run code from elsewhere", _CURE
        )
        raise ConfigError([problem], source="transformer")


def check_files(files: Iterable[tuple[str, Path]], source: str) -> None:
    """Raise :class:`SerializationError` for files, by name, that aren't data, or name code."""
    for name, path in files:
        if Path(name).suffix.lower() not in _ENDINGS:
            raise SerializationError(
                f"{source} holds '{name}', and a saved transformer is configs, safetensors and "
                f"files of a tokenizer: {_CURE}"
            )
        if path.suffix.lower() == ".json":
            content = path.read_bytes()
            if not any(word in content for word in _WORDS):
                continue  # most: the vocabulary of a tokenizer takes long to look through
            named = next(_named_code(_read(content, name, source)), None)
            if named is not None:
                raise SerializationError(f"{source}: '{name}' names code ({named}): {_CURE}")


def not_allowed() -> ConfigError:
    """The error for a config that asks for what only the caller can allow."""
    problem = ConfigProblem(
        "model.trust_remote_code", "is true, and a config alone can't run code", _CURE
    )
    return ConfigError([problem], source="transformer")


def without_code(folder: Path) -> None:
    """Take what names code out of the configs that a model of transformers' own was saved with:
    a model on the hub may offer both, and ours is loaded without."""
    for path in folder.glob("*.json"):
        content = json.loads(path.read_text("utf8"))
        if isinstance(content, dict) and content.pop("auto_map", None) is not None:
            path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf8")


def _read(content: bytes, name: str, source: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SerializationError(f"{source}: '{name}' isn't JSON: {error}") from None


def _named_code(content: Any) -> Iterator[str]:
    """What names code in a config of a model or tokenizer, however deep."""
    todo = [content]
    while todo:
        each = todo.pop()
        if isinstance(each, dict):
            if isinstance(each.get("auto_map"), dict | list | str):  # else a piece of a vocabulary
                yield "auto_map"
            yield from (key for key in _KERNELS if _names_kernel(each.get(key)))
        todo += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()


def _names_kernel(value: Any) -> bool:
    """Whether an implementation of attention is one that would be fetched from the hub."""
    if isinstance(value, Mapping):
        return any(map(_names_kernel, value.values()))
    return isinstance(value, str) and any(mark in value for mark in "/:@")
