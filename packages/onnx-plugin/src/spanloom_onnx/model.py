"""``OnnxModel``: the thinc layer that runs an exported encoder on documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self, cast

import srsly
from thinc.api import Model
from thinc.shims import Shim
from thinc.types import Floats2d, Ragged

from spanloom.errors import ConfigError, ConfigProblem, MissingFileError
from spanloom.tokens import Doc

from .data import FullTransformerBatch
from .exported import CPU, ExportedEncoder
from .listener import with_pooling
from .sequences import Limits, Overflow, make_sequences, wrong_limits
from .span_getters import get_doc_spans

__all__ = ["OnnxModel", "OnnxShim", "Tok2VecOnnx", "shim_of"]

#: Padded pieces of a pass, unless the component says otherwise.
_MAX_BATCH_ITEMS = 4096


def OnnxModel(
    get_spans: Callable[..., Any] = get_doc_spans,
    *,
    overflow: Overflow = "window",
    window: int | None = None,
    overlap: float = 0.25,
    threads: int = 0,
    provider: str = CPU,
    system: Literal["spanloom", "spacy"] = "spanloom",
) -> Model[list[Doc], FullTransformerBatch]:
    """An encoder that `spanloom transformers export` wrote, over the spans that ``get_spans``
    gives; it computes in ONNX Runtime, and doesn't learn.

    ``overflow``, ``window``, ``overlap`` and ``system`` are those of ``TransformerModel``.
    ``threads`` is how many compute one pass; 0 takes ``OMP_NUM_THREADS``, or without it as many as
    there are cores. ``provider`` is ONNX Runtime's name of what computes, such as
    ``"CUDAExecutionProvider"`` of the package onnxruntime-gpu.
    """
    problems = wrong_limits(overflow, overlap, window)
    if threads < 0:
        problems.append(
            ConfigProblem("model.threads", f"is {threads}", "0, or a number of threads")
        )
    if problems:
        raise ConfigError(problems, source="transformer")
    return Model(
        "onnx-transformer",
        forward,
        init=init,
        shims=[OnnxShim(threads, provider)],
        dims={"nO": None},
        attrs={
            "get_spans": get_spans,
            "max_batch_items": _MAX_BATCH_ITEMS,
            "overflow": overflow,
            "window": window or 0,
            "overlap": overlap,
            "with_space": system != "spacy",
        },
    )


def Tok2VecOnnx(
    pooling: Model[Ragged, Floats2d],
    get_spans: Callable[..., Any] = get_doc_spans,
    *,
    max_batch_items: int = _MAX_BATCH_ITEMS,
    overflow: Overflow = "window",
    window: int | None = None,
    overlap: float = 0.25,
    threads: int = 0,
    provider: str = CPU,
    system: Literal["spanloom", "spacy"] = "spanloom",
) -> Model[list[Doc], list[Floats2d]]:
    """An exported encoder and its pooling inside one component: what a ``Tok2VecTransformer``
    becomes. The arguments are those of :func:`OnnxModel`."""
    transformer = OnnxModel(
        get_spans,
        overflow=overflow,
        window=window,
        overlap=overlap,
        threads=threads,
        provider=provider,
        system=system,
    )
    return with_pooling(transformer, pooling, 0.0, max_batch_items)


def shim_of(model: Model[Any, Any]) -> OnnxShim | None:
    """What holds the encoder of a model of :func:`OnnxModel`; ``None`` for others."""
    return next((shim for shim in model.shims if isinstance(shim, OnnxShim)), None)


def init(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:
    """The encoder must be there: it was read, and isn't made."""
    model.set_dim("nO", cast(OnnxShim, model.shims[0]).encoder.width)


def forward(
    model: Model[Any, Any], docs: Sequence[Doc], is_train: bool
) -> tuple[FullTransformerBatch, Callable[[Any], list[Doc]]]:
    """Forward of :func:`OnnxModel`. Backward drops the gradient."""
    encoder = cast(OnnxShim, model.shims[0]).encoder
    attrs = model.attrs
    own = encoder.description.limit
    limit = min(own, attrs["window"] or own)
    limits = Limits(limit, attrs["overlap"], attrs["overflow"], attrs["with_space"])
    sequences = make_sequences(docs, attrs["get_spans"](docs), encoder.tokenizer, limits)
    layers = encoder.encode(sequences, int(attrs["max_batch_items"]))
    asarray: Any = model.ops.asarray2f
    return sequences.output(tuple(map(asarray, layers))), lambda gradient: []


class OnnxShim(Shim):
    """Holds an encoder inside a thinc model, once it was read."""

    def __init__(self, threads: int = 0, provider: str = CPU) -> None:
        super().__init__(None)
        self._how = (threads, provider)

    @property
    def loaded(self) -> bool:
        """Whether there is an encoder."""
        return self._model is not None

    @property
    def width(self) -> int | None:
        """The width of the vectors; ``None`` without an encoder."""
        return self._model.width if self._model is not None else None

    @property
    def encoder(self) -> ExportedEncoder:
        """The encoder. Raises :class:`MissingFileError` if there is none."""
        if self._model is None:
            raise MissingFileError(
                "there is no exported encoder: this part of a pipeline is made by `spanloom "
                "transformers export`, and can't be initialized from a config"
            )
        encoder: ExportedEncoder = self._model
        return encoder

    def save(self, folder: Path) -> None:
        """Write the encoder's files."""
        self.encoder.save(folder)

    def restore(self, folder: Path) -> None:
        """Read the encoder that :meth:`save` wrote."""
        self._model = ExportedEncoder.of_folder(folder, *self._how)

    def to_bytes(self) -> bytes:
        """The encoder's files as msgpack."""
        return bytes(srsly.msgpack_dumps(self.encoder.files() if self.loaded else {}))

    def from_bytes(self, data: bytes) -> Self:
        """Take what :meth:`to_bytes` gave."""
        files = srsly.msgpack_loads(data)
        if files:
            self._model = ExportedEncoder.of_files(files, *self._how)
        return self

    def __deepcopy__(self, memo: Any) -> OnnxShim:
        twin = OnnxShim(*self._how)
        twin._model = self._model  # it never changes
        return twin

    # -- what thinc asks of a shim

    def finish_update(self, optimizer: Any) -> None:
        """Nothing: an exported encoder doesn't learn."""

    @contextmanager
    def use_params(self, params: Mapping[Any, Any]) -> Iterator[None]:
        """There are none."""
        yield

    def to_device(self, device_type: str, device_id: int) -> None:
        """Nothing: it computes where ``provider`` says."""
