"""What stands beside an exported encoder: how it takes texts, and what it gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, get_args

from spanloom.errors import SerializationError

from .pieces import Specials

__all__ = ["Description", "Precision"]

Precision = Literal["fp32", "fp16", "int8"]

_FORMAT = 1

#: Where each number of a description must lie.
_RANGES = {"width": (1, 1 << 20), "layers": (1, 1 << 12), "limit": (1, 1 << 32), "least": (1, 4096)}


@dataclass(frozen=True, slots=True)
class Description:
    """The file ``encoder.json``.

    ``width`` is that of the vectors, ``layers`` how many the graph gives: the last one, or all.
    ``limit`` is how many pieces a sequence may have, special ones included, ``pad`` the id that
    fills rows up. ``alike`` and ``least`` are those of models that see padding, or need some
    pieces. ``text_is_text`` and ``specials`` are the tokenizer's, ``rounded`` the share of linear
    layers that compute in int8.
    """

    width: int
    layers: int
    limit: int
    pad: int
    specials: Specials
    text_is_text: bool = True
    alike: bool = False
    least: int = 1
    precision: Precision = "fp32"
    rounded: float = 0.0

    def to_json(self) -> bytes:
        """The file's content."""
        return json.dumps({"format": _FORMAT, **asdict(self)}, indent=2).encode("utf8")

    @classmethod
    def of(cls, content: bytes) -> Self:
        """What :meth:`to_json` gave. Raises :class:`SerializationError` for anything else."""
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise SerializationError(f"'encoder.json' isn't JSON: {error}") from None
        version = found.get("format") if isinstance(found, dict) else None
        if version != _FORMAT:
            raise SerializationError(
                f"'encoder.json' has format {version!r}, and this version of spanloom-onnx reads "
                f"{_FORMAT}: was it written by a newer one?"
            )
        try:
            return cls._checked(found)
        except (KeyError, TypeError, ValueError) as error:
            raise SerializationError(
                f"'encoder.json' doesn't describe an encoder ({type(error).__name__}: {error})"
            ) from None

    @classmethod
    def _checked(cls, found: Mapping[str, Any]) -> Self:
        numbers = {name: _number(found[name], name, *bounds) for name, bounds in _RANGES.items()}
        given = found["specials"]
        unknown = None if given["unknown"] is None else str(given["unknown"])
        ids = [given["pad"], given["unknown_id"]]
        pad, unknown_id = (None if each is None else _number(each, "specials") for each in ids)
        precision = found["precision"]
        if precision not in get_args(Precision):
            raise ValueError(f"precision is {precision!r}")
        return cls(
            pad=_number(found["pad"], "pad"),
            specials=Specials(
                tuple(_number(each, "specials") for each in given["ids"]), pad, unknown, unknown_id
            ),
            text_is_text=bool(found["text_is_text"]),
            alike=bool(found["alike"]),
            precision=precision,
            rounded=float(found["rounded"]),
            **numbers,
        )


def _number(value: Any, name: str, least: int = 0, most: int = 1 << 32) -> int:
    if not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} is {value!r}")
    return value
