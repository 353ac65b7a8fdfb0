"""A model of transformers inside a thinc model: parameters, optimizer steps, device, bytes."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
import srsly
import torch
from thinc.api import get_current_ops
from thinc.shims import Shim

from spanloom.errors import ConfigError, ConfigProblem, SerializationError
from spanloom.io.consent import remote_code_allowed

from . import loading, lora
from .base import base_of, warn_of_other
from .curated import files_of_curated, is_curated
from .devices import device_for, to_array, to_tensor, used_params
from .encoder import PADDING, Runner, mixed_dtype, reads_padding
from .linear import Linear
from .pieces import PieceTokenizer
from .scaler import LossScale
from .settings import Settings
from .spacy_files import files_of_spacy, is_spacys
from .token_pieces import TokenPieces
from .tuning import prepare, rate_scales

__all__ = ["TransformerShim"]


class TransformerShim(Shim):
    """Holds the module and its tokenizer, once they are loaded.

    Its device is that of the settings, or else of the thinc ops of the model that it is in. Whether
    code that came with the model may run was said by who made it (``trusted``).
    """

    def __init__(self, settings: Settings, head: str = "") -> None:
        """``head`` names the class of transformers for a model with its head."""
        super().__init__(None)
        self.settings = settings
        self.head = head
        self.trusted = remote_code_allowed()
        self.pieces: PieceTokenizer | None = None
        self.device = device_for(get_current_ops(), settings.device)
        self.limit = 0
        self.base: dict[str, Any] = {}
        self.scale = LossScale(settings.grad_scaler_config)
        self._rates: dict[str, float] = {}
        self._alike: bool | None = None

    @property
    def loaded(self) -> bool:
        """Whether there are weights."""
        return self._model is not None

    @property
    def module(self) -> Any:
        """The model of transformers. Raises :class:`MissingFileError` if it isn't loaded."""
        if self._model is None:
            raise loading.missing_model("it can't run")
        return self._model

    @property
    def tokenizer(self) -> PieceTokenizer:
        """The tokenizer, as :attr:`module`."""
        if self.pieces is None:
            raise loading.missing_model("it can't run")
        return self.pieces

    @property
    def of_tokens(self) -> TokenPieces | None:
        """The tokenizer, if it is one of single tokens."""
        pieces: Any = self.pieces
        return pieces if isinstance(pieces, TokenPieces) else None

    @property
    def dtype(self) -> torch.dtype | None:
        """The type for autocast; ``None`` where all is computed in the weights' own."""
        return mixed_dtype(self.settings.mixed_precision, self.device)

    @property
    def pad(self) -> int:
        """The id that fills rows up."""
        pad = self.tokenizer.tokenizer.pad_token_id
        return int(pad) if pad is not None else 0

    def runner(self, budget: int) -> Runner:
        """What runs the module, ``budget`` padded pieces at a time."""
        least = int(getattr(self.module.config, "downsampling_rate", 1))  # CANINE's
        module, device = self.module, self.device
        if self._alike is None:
            self._alike = self._sees_padding(least)
        return Runner(module, self.pad, device, budget, self.dtype, self._alike, least)

    def _sees_padding(self, least: int) -> bool:
        pieces = self.tokenizer
        ids = np.concatenate([pieces.prefix, pieces.encode(["a b"]).ids, pieces.suffix])
        ids = np.resize(ids, max(len(ids), least))  # as long as the model needs
        if len(ids) + PADDING > self.limit:
            return True
        training = self.module.training
        try:
            return reads_padding(self.module.eval(), ids, self.pad, self.device)
        finally:
            self.module.train(training)

    @property
    def width(self) -> int | None:
        """The width of the vectors, as far as it can be known without loading weights."""
        if self._model is not None:
            return int(self._model.config.hidden_size)
        return loading.read_width(self.settings.name)

    def load(self) -> None:
        """Take the pretrained weights that the settings name, unless there are weights already."""
        if self._model is None:
            module, tokenizer = loading.load_pretrained(self.settings, self.trusted, self.head)
            self.base = base_of(self.settings)
            warn_of_other(self.settings.name, self.settings.base, self.base)
            if self.settings.lora:
                module = lora.add_adapters(module, self.settings.lora)
            self._take(module, tokenizer)

    def _take(self, module: Any, tokenizer: PieceTokenizer) -> None:
        self._model = prepare(module, self.settings).to(self.device).eval()
        self.pieces = tokenizer
        own = loading.position_limit(self._model)
        self.limit = min(own, self.settings.window or own)
        special = len(tokenizer.prefix) + len(tokenizer.suffix)
        if self.limit <= special:
            problem = ConfigProblem(
                "model.window",
                f"{self.limit} pieces, {special} special ones among them, leave no room for text",
                "a larger one, or null",
            )
            raise ConfigError([problem], source="transformer")
        self._rates = rate_scales(self._model, self.settings)
        self._alike = None

    @property
    def int8(self) -> bool:
        """Whether linear layers compute in int8."""
        return self._model is not None and any(layer.int8 is not None for layer in self._linear())

    def use_int8(self, wanted: bool) -> None:
        """Round the weights of linear layers as they are now, or take the rounded ones away."""
        for layer in self._linear():
            if wanted:
                layer.round_weights()
            else:
                layer.int8 = None

    def _linear(self) -> list[Linear]:
        return [layer for layer in self.module.modules() if isinstance(layer, Linear)]

    def gradients(self) -> Iterator[tuple[str, Any]]:
        """Names and gradients of the parameters that have some; none where the loss is scaled,
        which may make them infinite."""
        if self._model is None or self.scale.used:
            return
        ops = get_current_ops()
        for name, parameter in self._model.named_parameters():
            if parameter.grad is not None:
                yield name, to_array(parameter.grad, ops)

    # -- what thinc asks of a shim

    def finish_update(self, optimizer: Any) -> None:
        """Step the parameters that got gradients, each with its own learning rate."""
        if self._model is None:
            return
        named = [(n, p) for n, p in self._model.named_parameters() if p.grad is not None]
        usable = self.scale.unscale([p.grad for _, p in named])
        ops = get_current_ops()
        for name, parameter in named:
            if usable:
                same = to_array(parameter.data, ops)
                gradient = to_array(parameter.grad, ops)
                scale = self._rates.get(name, 1.0)
                array, _ = optimizer((self.id, name), same, gradient, lr_scale=scale)
                stepped = to_tensor(array, parameter.device).view_as(parameter)
                if stepped.data_ptr() != parameter.data_ptr():  # else it was changed in place
                    parameter.data.copy_(stepped)
            parameter.grad = None

    @contextmanager
    def use_params(self, params: Mapping[Any, Any]) -> Iterator[None]:
        """Use other parameters, such as averages, inside a ``with`` block."""
        module = torch.nn.Module() if self._model is None else self._model
        with used_params(self.id, module, params):
            yield

    def to_device(self, device_type: str, device_id: int) -> None:
        """Move to thinc's device, unless the settings name another."""
        if not self.settings.device:
            index = f"cuda:{device_id}" if device_type == "gpu" else "cpu"
            self.device = torch.device(index)
            if self._model is not None:
                self._model = self._model.to(self.device)

    def __deepcopy__(self, memo: Any) -> TransformerShim:
        twin = TransformerShim(self.settings, self.head)
        twin.trusted = self.trusted
        if self._model is not None:
            twin._take(copy.deepcopy(self._model, memo), copy.deepcopy(self.tokenizer, memo))
        return twin

    def same_weights(self, other: TransformerShim) -> bool:
        """Whether another one has the same weights, bit for bit; none are the same as none."""
        if self._model is None or other._model is None:
            return self._model is other._model
        mine, theirs = self._model.state_dict(), other._model.state_dict()
        return mine.keys() == theirs.keys() and all(
            torch.equal(mine[name].cpu(), theirs[name].cpu()) for name in mine
        )

    # -- saving

    def save(self, folder: Path) -> None:
        """Write config, weights and tokenizer into ``folder``."""
        if self._model is None or self.pieces is None:
            raise loading.missing_model("there is nothing to save")
        loading.save(self._model, self.pieces, folder)

    def restore(self, folder: Path) -> None:
        """Read the folder that :meth:`save` wrote."""
        module, tokenizer = loading.restore(folder, self.settings, self.trusted, self.head)
        # Those of a pipeline that was trained with adapters may have been merged.
        if (folder / lora.FILE).exists():
            module = lora.add_adapters(module, self.settings.lora)
            lora.load_adapters(module, folder / lora.FILE)
        self._take(module, tokenizer)

    def to_bytes(self) -> bytes:
        """The files of :meth:`save` as msgpack; none where no weights are loaded."""
        if self._model is None or self.pieces is None:
            return bytes(srsly.msgpack_dumps({}))
        return bytes(srsly.msgpack_dumps(loading.files_of(self._model, self.pieces)))

    def from_bytes(self, data: bytes) -> Self:
        """Take what :meth:`to_bytes` gave, or what spacy-transformers keeps of its models."""
        files = srsly.msgpack_loads(data)
        if is_spacys(files):
            files = files_of_spacy(files)
        elif is_curated(files):
            files = files_of_curated(files)
        if not files:
            return self
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name).resolve()
            for file, content in files.items():
                path = (folder / str(file)).resolve()
                if not path.is_relative_to(folder) or not isinstance(content, bytes):
                    raise SerializationError(
                        f"saved transformer: the file name {file!r} isn't safe"
                    )
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            self.restore(folder)
        return self
