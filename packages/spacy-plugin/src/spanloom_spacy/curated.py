"""Transformers of spacy-curated-transformers: their configs and saved parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spanloom.config import parse_config
from spanloom.errors import SerializationError
from spanloom.io import msgpack

from .parts import Parts

__all__ = ["PREFIX", "curated_block", "curated_listener", "curated_model"]

PREFIX = "spacy-curated-transformers."
_LISTENER = f"{PREFIX}LastTransformerLayerListener."
_KINDS = ("Bert", "Roberta", "Xlmr", "Camembert")
#: Ids of sentence pieces that get another, and what is added to the others.
_ADAPTERS: Mapping[str, tuple[Mapping[int, int], int]] = {
    "Xlmr": ({0: 3, 1: 0, 2: 2}, 1),
    "Camembert": ({0: 3}, 4),
}


def curated_block(block: Mapping[str, Any]) -> dict[str, Any]:
    """The block of a transformer of ours for one of a curated one."""
    spans = (block.get("model") or {}).get("with_spans") or {}
    window, stride = spans.get("window", 128), spans.get("stride", 96)
    model = {
        "@architectures": "spanloom.TransformerModel.v3",
        "name": "curated",
        "get_spans": {"@span_getters": "spanloom.doc_spans.v1"},
        "window": window,
        "overlap": 1 - stride / window,
        "system": "spacy",
    }
    return {"factory": "transformer", "model": model}


def curated_listener(block: Mapping[str, Any]) -> dict[str, Any] | None:
    """The block of a listener of ours for one of a curated transformer's last layer; ``None`` for
    other blocks."""
    if not str(block.get("@architectures", "")).startswith(_LISTENER):
        return None
    kept = {key: block[key] for key in ("pooling", "upstream", "grad_factor") if key in block}
    return {"@architectures": "spanloom.TransformerListener.v1", **kept}


def curated_model(parts: Parts, name: str, message: Mapping[str, Any]) -> bytes:
    """What a transformer of ours reads of a curated one: its settings, weights and pieces. Raises
    :class:`SerializationError` for a kind that isn't known."""
    config = parse_config((parts.get("config.cfg") or b"").decode("utf8"), source=parts.source)
    settings = dict(config.interpolate()["components"][name]["model"])
    kind = str(settings.pop("@architectures")).removeprefix(PREFIX).partition("Transformer")[0]
    encoder = str(settings["piece_encoder"]["@architectures"]).removeprefix(PREFIX)
    if kind not in _KINDS or settings.get("torchscript"):
        raise SerializationError(
            f"a curated transformer of the kind '{kind}' can't be read: there are {_KINDS}"
        )
    nodes, attrs = message["nodes"], message["attrs"]
    (shim,) = (one for each in message["shims"] for one in each)
    at = next(i for i, node in enumerate(nodes) if node["name"].endswith("_encoder"))
    pieces, model = _pieces(encoder, nodes[at]["name"], attrs[at])
    settings = {key: value for key, value in settings.items() if not isinstance(value, dict)}
    state = msgpack.loads(shim)["state"]
    found = {"kind": kind, "settings": settings, "state": state, "pieces": pieces, "model": model}
    return msgpack.dumps({"curated": found})


def _pieces(encoder: str, name: str, attrs: Mapping[str, bytes]) -> tuple[dict[str, Any], bytes]:
    """The settings of an encoder of pieces, and its model if it has one."""
    if name == "sentencepiece_encoder":
        moved, shift = _ADAPTERS.get(encoder.partition("Sentencepiece")[0], ({}, 0))
        special = {key: moved.get(i, i + shift) for key, i in (("unk", 0), ("bos", 1), ("eos", 2))}
        settings = {"kind": "sentencepiece", "moved": list(moved.items()), "shift": shift}
        return {**settings, **special}, attrs["sentencepiece_processor"]
    marks = {key: msgpack.loads(attrs[f"{key}_piece"]) for key in ("bos", "eos", "unk")}
    if name == "wordpiece_encoder":
        vocabulary: Any = attrs["wordpiece_processor"].decode("utf8").split("\n")
        known = {piece: at for at, piece in enumerate(vocabulary)}
        settings = {
            "kind": "wordpiece",
            "split": encoder.startswith("Bert"),
            "lower": msgpack.loads(attrs["lowercase"]),
            "bare": msgpack.loads(attrs["strip_accents"]),
        }
    elif name == "byte_bpe_encoder":
        processor = msgpack.loads(attrs["byte_bpe_processor"])
        known = vocabulary = processor["vocab"]
        settings = {"kind": "bytes", "merges": processor["merges"]}
    else:
        known = vocabulary = msgpack.loads(attrs["vocab"])
        settings = {"kind": "characters", "normalize": msgpack.loads(attrs["normalize"])}
    ids = {key: known[mark] for key, mark in marks.items()}
    return {**settings, **ids, "vocabulary": vocabulary}, b""
