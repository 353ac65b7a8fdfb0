"""What spacy-curated-transformers saved of a model, as the files of ours.

Its encoders are those of Hugging Face under other names, with the weights of queries, keys and
values in one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from safetensors.torch import save

from spanloom.errors import SerializationError, SpanloomError

from .spacy_files import read_state
from .token_pieces import TokenPieces

__all__ = ["files_of_curated", "is_curated"]

#: The settings of a model, as transformers has them: their names there, and what they are here.
_SETTINGS: Mapping[str, tuple[str, Any]] = {
    "vocab_size": ("vocab_size", None),
    "hidden_width": ("hidden_size", 768),
    "intermediate_width": ("intermediate_size", 3072),
    "num_attention_heads": ("num_attention_heads", 12),
    "num_hidden_layers": ("num_hidden_layers", 12),
    "hidden_act": ("hidden_act", "gelu"),
    "hidden_dropout_prob": ("hidden_dropout_prob", 0.1),
    "attention_probs_dropout_prob": ("attention_probs_dropout_prob", 0.1),
}
_BERT = {
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "padding_idx": 0,
}
_ROBERTA = {
    "layer_norm_eps": 1e-5,
    "max_position_embeddings": 514,
    "type_vocab_size": 1,
    "padding_idx": 1,
}

#: Names of parameters there, and here.
_NAMES = {
    "mha.output": "attention.output.dense",
    "attn_output_layernorm": "attention.output.LayerNorm",
    "ffn.intermediate": "intermediate.dense",
    "ffn.output": "output.dense",
    "ffn_output_layernorm": "output.LayerNorm",
}
_LAYER = re.compile(r"layers\.(\d+)\.(.+)\.(weight|bias)")


def is_curated(message: Any) -> bool:
    """Whether a message has the parts of such a model: ``kind``, ``settings``, ``state`` and
    ``pieces`` (the settings of a
    :class:`~spanloom_transformers.token_pieces.TokenPieces`) with its ``model``."""
    return isinstance(message, dict) and "curated" in message


def files_of_curated(message: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a model. Raises :class:`SerializationError` for damaged parts."""
    found = message["curated"]
    try:
        roberta = found["kind"] != "Bert"
        given = {**(_ROBERTA if roberta else _BERT), **found["settings"]}
        config = {name: given.get(key, value) for key, (name, value) in _SETTINGS.items()}
        config |= {key: given[key] for key in list(_BERT)[:3]}
        config |= {"pad_token_id": given["padding_idx"]}
        config |= {"model_type": "roberta" if roberta else "bert"}
        pieces = {**found["pieces"], "pad": given["padding_idx"]}
        tokens = TokenPieces(pieces, found.get("model") or b"")
        state = dict(_renamed(read_state(found["state"])))
    except SpanloomError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SerializationError(f"the saved transformer is damaged: {error!r}") from error
    weights = save(state, metadata={"format": "pt"})
    return {
        **tokens.files(),
        "config.json": json.dumps(config).encode(),
        "model.safetensors": weights,
    }


def _renamed(state: Mapping[str, torch.Tensor]) -> Iterator[tuple[str, torch.Tensor]]:
    for long, tensor in state.items():
        name = long.removeprefix("curated_encoder.")
        layer = _LAYER.fullmatch(name)
        if layer is None:
            yield name.replace("inner.", "").replace("layer_norm", "LayerNorm"), tensor
            continue
        number, part, kind = layer.groups()
        if part == "mha.input":
            for one, value in zip(("query", "key", "value"), tensor.chunk(3), strict=True):
                yield f"encoder.layer.{number}.attention.self.{one}.{kind}", value.clone()
        else:
            yield f"encoder.layer.{number}.{_NAMES[part]}.{kind}", tensor
