"""The layers above a transformer that guess masked pieces: those of BERT, with scores by the
embeddings of the pieces themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import safetensors.torch
import torch
from thinc.api import get_current_ops
from thinc.shims import Shim
from torch import nn
from torch.nn import functional

from spanloom.errors import SerializationError

from .base import pinned
from .devices import to_array, to_tensor, used_params

if TYPE_CHECKING:
    from .shim import TransformerShim

__all__ = ["HeadShim", "MaskedHead", "make_head"]


class MaskedHead(nn.Module):
    """A dense layer with GELU and layer normalisation, then the product with the table of
    embeddings, which belongs to the encoder, and a bias for each piece."""

    def __init__(self, width: int, size: int, vocabulary: int, eps: float = 1e-12) -> None:
        """``width`` is that of the encoder, ``size`` that of the embeddings."""
        super().__init__()
        self.dense = nn.Linear(width, size)
        self.norm = nn.LayerNorm(size, eps=eps)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, hidden: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        """Scores of shape ``(rows, vocabulary)`` of vectors of shape ``(rows, width)``."""
        values: torch.Tensor = self.norm(functional.gelu(self.dense(hidden)))
        return functional.linear(values, table, self.bias)


def make_head(shim: TransformerShim) -> MaskedHead:
    """The head for the transformer of ``shim``: with the weights that its checkpoint has for it, if
    it has any and they are of this kind; else drawn from torch's generator."""
    config = shim.module.config
    vocabulary, size = shim.module.get_input_embeddings().weight.shape
    eps = float(getattr(config, "layer_norm_eps", 1e-12))
    head = MaskedHead(int(config.hidden_size), size, vocabulary, eps)
    nn.init.normal_(head.dense.weight, std=float(getattr(config, "initializer_range", 0.02)))
    nn.init.zeros_(head.dense.bias)
    known = _of_checkpoint(shim, head)
    if known:
        head.load_state_dict(known)
    return head


def _of_checkpoint(shim: TransformerShim, head: MaskedHead) -> dict[str, torch.Tensor]:
    """The weights of the head in the checkpoint; none if it hasn't all of them."""
    from transformers import AutoConfig, AutoModelForMaskedLM

    settings = shim.settings
    access = {
        **pinned(settings),
        "trust_remote_code": settings.trust_remote_code and shim.trusted,
        "local_files_only": Path(settings.name).is_dir(),
    }
    options = {**settings.transformer_config, **access, "output_loading_info": True}
    config = AutoConfig.from_pretrained(settings.name, **access)
    if type(config) not in AutoModelForMaskedLM._model_mapping:
        return {}
    state = torch.get_rng_state()
    with _quiet():
        whole, report = AutoModelForMaskedLM.from_pretrained(settings.name, **options)
    torch.set_rng_state(state)  # weights that were missing were drawn
    inside, table = f"{whole.base_model_prefix}.", (len(head.bias), head.dense.out_features)
    above = {
        name: value.float()
        for name, value in whole.state_dict().items()
        if not name.startswith(inside) and value.shape != table
    }
    return {} if above.keys() & set(report["missing_keys"]) else _matched(above, head)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' report of weights that the checkpoint lacks: that is expected here."""
    from logging import CRITICAL

    from transformers.utils import logging

    from .loading import without_progress

    before = logging.get_verbosity()
    logging.set_verbosity(CRITICAL)
    try:
        with without_progress():
            yield
    finally:
        logging.set_verbosity(before)


def _matched(above: Mapping[str, torch.Tensor], head: MaskedHead) -> dict[str, torch.Tensor]:
    """The weights of a checkpoint under our names. They are told apart by their shapes, and those
    of the normalisation by their names."""
    found: dict[str, torch.Tensor] = {}
    for name, value in above.items():
        place = _place(name, value, head)
        if place is None or (place in found and not torch.equal(found[place], value)):
            return {}
        found[place] = value
    return found if found.keys() == head.state_dict().keys() else {}


def _place(name: str, value: torch.Tensor, head: MaskedHead) -> str | None:
    *_, layer, last = ["", *name.split(".")]
    is_norm = "norm" in layer.lower()
    shapes = {key: each.shape for key, each in head.state_dict().items()}
    if value.shape == shapes["bias"] and last == "bias" and not is_norm:
        return "bias"
    place = f"{'norm' if is_norm else 'dense'}.{last}"
    return place if shapes.get(place) == value.shape else None


class HeadShim(Shim):
    """Holds a head inside a thinc model."""

    def __init__(self, module: MaskedHead, lr_scale: float = 1.0) -> None:
        """``lr_scale`` is the factor of the learning rate that the encoder below has too."""
        super().__init__(module)
        self._lr_scale = lr_scale
        self._usable = True

    @property
    def module(self) -> MaskedHead:
        """The head."""
        module: MaskedHead = self._model
        return module

    def unscale(self, scale: float) -> None:
        """Divide the gradients by the factor of the loss. If they aren't finite, they won't be
        used."""
        if scale == 1.0:
            return
        gradients = [p.grad for p in self.module.parameters() if p.grad is not None]
        self._usable = all(bool(torch.isfinite(gradient).all()) for gradient in gradients)
        for gradient in gradients:
            gradient /= scale

    def finish_update(self, optimizer: Any) -> None:
        """Step with the gradients that were added up."""
        ops = get_current_ops()
        for name, parameter in self.module.named_parameters():
            if parameter.grad is not None and self._usable:
                same, gradient = to_array(parameter.data, ops), to_array(parameter.grad, ops)
                key, scale = (self.id, name), self._lr_scale
                stepped, _ = optimizer(key, same, gradient, lr_scale=scale)
                parameter.data = to_tensor(stepped, parameter.device).view_as(parameter)
            parameter.grad = None
        self._usable = True

    @contextmanager
    def use_params(self, params: Mapping[Any, Any]) -> Iterator[None]:
        """Use other parameters, such as averages, inside a ``with`` block."""
        with used_params(self.id, self.module, params):
            yield

    def to_device(self, device_type: str, device_id: int) -> None:
        """Move to thinc's device."""
        self.module.to(f"cuda:{device_id}" if device_type == "gpu" else "cpu")

    def to_bytes(self) -> bytes:
        """The weights as safetensors."""
        state = {name: each.contiguous() for name, each in self.module.state_dict().items()}
        return safetensors.torch.save(state)

    def from_bytes(self, data: bytes) -> Self:
        """Take what :meth:`to_bytes` gave. Raises :class:`SerializationError` for other weights."""
        try:
            self.module.load_state_dict(safetensors.torch.load(data))
        except (RuntimeError, safetensors.SafetensorError) as error:
            raise SerializationError(
                f"the layers above the transformer can't be read: {error}"
            ) from error
        return self
