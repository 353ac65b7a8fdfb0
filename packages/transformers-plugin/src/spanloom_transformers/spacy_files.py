"""What spacy-transformers saved of a model, as the files of ours.

It keeps the weights as torch saves them, which is a pickle: it is read by torch's restricted
unpickler, which makes tensors and nothing else, and written as safetensors.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import srsly
import torch
from safetensors.torch import load, save

from spanloom.errors import SerializationError

__all__ = ["bytes_for_spacy", "files_of_spacy", "is_spacys", "read_state"]

#: Parameters that nobody reads here, and what earlier releases of transformers saved as such.
_UNREAD = ("pooler.", "position_ids", "token_type_ids")


def is_spacys(message: Any) -> bool:
    """Whether a message is what spacy-transformers makes of a model with its tokenizer."""
    return isinstance(message, dict) and {"config", "state", "tokenizer"} <= message.keys()


def files_of_spacy(message: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a model: its config, weights and tokenizer; none if it had no weights. Raises
    :class:`SerializationError` for damaged ones."""
    if not message["config"]:
        return {}
    try:
        files = {str(name): data for name, data in message["tokenizer"].items() if name != "kwargs"}
        if not all(isinstance(data, bytes) for data in files.values()):
            raise TypeError("a file of the tokenizer isn't bytes")
        config = json.dumps(message["config"]).encode()
    except Exception as error:
        raise SerializationError(f"the saved transformer is damaged: {error!r}") from error
    weights = save(read_state(message["state"]), metadata={"format": "pt"})
    return {**files, "config.json": config, "model.safetensors": weights}


def read_state(data: Any) -> dict[str, torch.Tensor]:
    """Tensors by name that torch saved, without those that aren't used. Raises
    :class:`SerializationError` for anything else."""
    try:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        return {
            str(name): tensor.clone().contiguous()
            for name, tensor in state.items()
            if not (str(name).startswith(_UNREAD[0]) or str(name).endswith(_UNREAD[1:]))
        }
    except Exception as error:  # damaged files fail in many ways, and others are refused
        raise SerializationError(
            f"the weights of the saved transformer are no tensors by name: {error}"
        ) from error


def bytes_for_spacy(files: Mapping[str, bytes], *, fast: bool, width: int) -> bytes:
    """The model of spacy-transformers that has these files, as it is saved there."""
    config = json.loads(files["config.json"])
    buffer = io.BytesIO()
    torch.save(_whole(load(files["model.safetensors"]), config), buffer)
    tokenizer: dict[str, Any] = {
        name: data
        for name, data in files.items()
        if name not in ("config.json", "model.safetensors")
    }
    tokenizer["kwargs"] = {"use_fast": fast}
    inner = {"config": config, "state": buffer.getvalue(), "tokenizer": tokenizer}
    settings: dict[str, Any] = {"_init_tokenizer_config": {}, "_init_transformer_config": {}}
    nodes = [
        {"index": 0, "name": "transformer", "dims": {"nO": width}, "refs": {}},
        {"index": 1, "name": "hf-pytorch", "dims": {}, "refs": {}},
    ]
    shims = [[], [srsly.msgpack_dumps({**inner, **settings})]]
    attrs = [{"has_transformer": srsly.msgpack_dumps(True)}, {}]
    message = {"nodes": nodes, "attrs": attrs, "params": [{}, {}], "shims": shims}
    return bytes(srsly.msgpack_dumps(message))


def _whole(state: dict[str, torch.Tensor], config: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """The tensors with zeros for the layers that we leave out, and that are made there."""
    from transformers import AutoConfig, AutoModel

    settings = {key: value for key, value in config.items() if key != "model_type"}
    make: Any = AutoModel.from_config
    with torch.device("meta"):
        model = make(AutoConfig.for_model(config["model_type"], **settings))
    missing = {
        name: torch.zeros(tensor.shape)
        for name, tensor in model.state_dict().items()
        if name not in state
    }
    return {**state, **missing}
