"""The ``transformer`` component: one encoder of Hugging Face for all components that listen."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast, get_args

import srsly

from spanloom.components import Encoder
from spanloom.errors import ConfigError, ConfigProblem, DataError, PipelineError, SerializationError
from spanloom.io.files import existing, folder_written, write_bytes
from spanloom.plugins.factory import component_defaults
from spanloom.plugins.registries import registry
from spanloom.tokens.batch import Batch, Feature

from . import lora
from .annotation_setters import AnnotationSetter, null_annotation_setter
from .base import note_bases
from .cache import OutputCache
from .data import FullTransformerBatch
from .keeping import kept
from .listener import LISTENS_TO
from .loading import files_of
from .model import TransformerModel, shim_of
from .new_config import init_config
from .settings import Keep
from .spacy_files import bytes_for_spacy
from .tuning import usual_scale
from .vectors import set_hooks

if TYPE_CHECKING:
    from thinc.api import Model, Optimizer

    from spanloom.components.base import GetExamples
    from spanloom.pipeline import Pipeline
    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab
    from spanloom.vocab.protocols import PipelineLike

    from .pretraining import MaskedPiecesTask

__all__ = ["Transformer", "make_transformer"]

_OWNER = "spanloom-transformers"
_EMPTY = "uninitialized"  # the file of one that has no weights yet
_SUBFOLDER = "model"


class Transformer(Encoder):
    """Holds a ``Model[list[Doc], FullTransformerBatch]`` that others share.

    It writes its output on the batch, where listeners find it, and what ``keep`` says on each
    document, as ``doc._.trf_data`` (:class:`~spanloom_transformers.data.TransformerData`, on the
    CPU): the last layer
    (``"last"``), all that the model gives (``"all"``), one vector for each token (``"pooled"``), or
    ``"none"``. ``set_extra_annotations`` is called with the documents and the output of each batch.
    """

    provides: ClassVar[str] = LISTENS_TO
    idle_alone: ClassVar[bool] = False  # it annotates documents

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], FullTransformerBatch],
        set_extra_annotations: AnnotationSetter = null_annotation_setter,
        *,
        name: str = "transformer",
        max_batch_items: int = 4096,
        keep: Keep = "last",
        vector_hooks: bool = False,
        cache_megabytes: int = 0,
    ) -> None:
        """``max_batch_items`` is how many word pieces, padding included, go through the model at a
        time. ``vector_hooks`` makes ``.vector`` and ``.similarity`` use the transformer.
        ``cache_megabytes`` is how much output is kept for documents that come again, as in training
        with the transformer frozen; any change of the weights empties it. A model of one's own,
        without ``get_spans``, isn't cached.
        """
        if keep not in get_args(Keep):
            known = ", ".join(f'"{each}"' for each in get_args(Keep))
            problem = ConfigProblem(f"components.{name}.keep", f"is {keep!r}", f"use {known}")
            raise ConfigError([problem], source=f"component '{name}'")
        super().__init__(vocab, model, name)
        self.set_extra_annotations = set_extra_annotations
        self.keep: Keep = keep
        self.vector_hooks = vector_hooks
        self.cache = OutputCache(cache_megabytes)
        self.max_batch_items = max_batch_items
        vocab.extensions.declare("doc", "trf_data", owner=_OWNER, default=None)

    @property
    def max_batch_items(self) -> int:
        """Word pieces, padding included, that go through the model at a time."""
        return int(self.model.attrs.get("max_batch_items", 0))

    @max_batch_items.setter
    def max_batch_items(self, value: int) -> None:
        self.model.attrs["max_batch_items"] = value

    @property
    def width(self) -> int | None:
        """The width of the vectors; ``None`` where it isn't known yet."""
        shim = shim_of(self.model)
        if self.model.has_dim("nO"):
            return int(self.model.get_dim("nO"))
        return shim.width if shim is not None else None

    # -- running

    def annotate(self, batch: Batch) -> None:
        """Run the model in inference mode, unless it ran on this batch, and set annotation."""
        if self.name in batch.features:
            return
        values = self.predict(batch)
        batch.features[self.name] = self.feature_of(values)
        self.set_annotations(batch, values)

    def predict(self, docs: Sequence[Doc]) -> FullTransformerBatch:
        """The output for ``docs``, without setting anything on them."""
        get_spans = self.model.attrs.get("get_spans")
        if self.cache.size and len(docs) and get_spans is not None:
            return self.cache.through(docs, get_spans, self.model.predict, self.model.ops)
        return cast(FullTransformerBatch, self.model.predict(Batch.of(docs)))

    def feature_of(self, values: Any, backward: Callable[[Any], Any] | None = None) -> Feature:
        """The feature, whose gradient is that of the rows of the last layer."""
        if backward is None:
            return Feature(self.name, values)
        return Feature(self.name, values, lambda flat: backward(values.like(flat)))

    @property
    def keeps(self) -> bool:
        """Whether documents keep what listeners take: with ``keep`` as ``"last"`` or ``"all"``."""
        return self.keep in ("last", "all")

    def kept(self, docs: Sequence[Doc]) -> Feature:
        """The feature of documents that have ``doc._.trf_data`` of this width and of their text.
        Raises :class:`DataError` where one hasn't."""
        for number, doc in enumerate(docs):
            data = doc._.trf_data
            if data is None or data.pooled or data.width != self.width or not data.fits(doc):
                raise DataError(
                    f"'{self.name}' is disabled, and document {number} ({doc.text[:40]!r}) has no "
                    f"output of it: run '{self.name}' on it first, or enable it"
                )
        asarray: Any = self.model.ops.asarray2f
        return self.feature_of(FullTransformerBatch.of([doc._.trf_data for doc in docs], asarray))

    def begin(self, batch: Batch, *, drop: float = 0.0) -> None:
        """Run the model for training."""
        self.cache.clear()
        super().begin(batch, drop=drop)

    def set_annotations(self, docs: Sequence[Doc], predictions: FullTransformerBatch) -> None:
        """Set ``doc._.trf_data`` as ``keep`` says, and whatever the setter sets."""
        if isinstance(docs, Batch):
            docs.features.setdefault(self.name, self.feature_of(predictions))
        if self.keep != "none":
            for doc, data in zip(docs, kept(predictions, self.keep, self.model.ops)):
                data.text_length = len(doc.text)
                doc._.trf_data = data
                if self.vector_hooks:
                    set_hooks(doc)
        self.set_extra_annotations(docs, predictions)

    # -- learning

    def initialize(
        self, get_examples: GetExamples, *, nlp: PipelineLike | None = None, labels: Any = None
    ) -> None:
        """Load the pretrained weights."""
        self.cache.clear()
        shim = shim_of(self.model)
        if shim is not None:
            self.model.initialize()
            note_bases(nlp)
        else:
            super().initialize(get_examples, nlp=nlp, labels=labels)

    def finish_update(self, sgd: Optimizer) -> None:
        """Step with the gradients that were added up."""
        super().finish_update(sgd)
        self._changed()

    def _changed(self) -> None:
        """The weights are others now: drop what was made of the old ones."""
        self.cache.clear()
        shim = shim_of(self.model)
        if self.cfg.pop("int8", False) and shim is not None:
            shim.use_int8(False)

    @property
    def pretraining_learn_rate(self) -> float:
        """A learning rate to go on pretraining with, where the config gives none: the highest that
        Devlin et al. (2018, https://arxiv.org/abs/1810.04805) try on pretrained weights, 5e-5; for
        adapters alone, which begin at nothing, ten times as much. It is what gives that rate after
        ``learn_rates``."""
        shim = shim_of(self.model)
        if shim is None:
            return 5e-5
        return (5e-4 if shim.settings.lora else 5e-5) / usual_scale(shim.settings)

    def pretraining_task(self, nlp: Pipeline) -> MaskedPiecesTask:
        """Masked language modelling over word pieces, for ``spanloom pretrain``.

        Raises :class:`PipelineError` for a model that can't be pretrained so.
        """
        from .pretraining import masked_language_task

        self.cache.clear()
        return masked_language_task(self.model, self.name)

    # -- adapters

    def save_adapters(self, path: str | Path) -> None:
        """Write the adapters (``lora``) alone, as a file of safetensors."""
        lora.save_adapters(self._module(), Path(path))

    def load_adapters(self, path: str | Path) -> None:
        """Read adapters that :meth:`save_adapters` wrote; the model must have such ones."""
        lora.load_adapters(self._module(), Path(path))
        self._changed()

    def merge_adapters(self) -> None:
        """Add the adapters to the model's weights, and go on without: the same output, faster."""
        lora.merge_adapters(self._module())
        self._changed()

    def _module(self) -> Any:
        shim = shim_of(self.model)
        if shim is None:
            raise PipelineError(f"'{self.name}' holds a model of its own kind, without adapters")
        return shim.module

    # -- copies

    def same_weights(self, other: Encoder) -> bool:
        """Whether another transformer has the same weights, bit for bit."""
        mine, theirs = shim_of(self.model), shim_of(other.model)
        if mine is None or theirs is None:
            return super().same_weights(other)
        return mine.same_weights(theirs)

    def own_config(self, config: Mapping[str, Any], listener: Mapping[str, Any]) -> dict[str, Any]:
        """The block of a ``Tok2VecTransformer`` that does what ``listener`` does with this
        transformer. Its ``grad_factor`` is kept if it is a number; else it is 1.

        Raises :class:`PipelineError` for a model that isn't of :func:`TransformerModel`.
        """
        block = copy.deepcopy(dict(config["model"]))
        name = block.pop("@architectures")
        if registry.get("architectures", name) is not TransformerModel:
            raise PipelineError(
                f"the model of '{self.name}' is '{name}', and only one of TransformerModel can "
                f"become part of another component"
            )
        factor = listener.get("grad_factor", 1.0)
        return {
            "@architectures": "spanloom.Tok2VecTransformer.v3",
            **block,
            "pooling": copy.deepcopy(listener["pooling"]),
            "grad_factor": factor if isinstance(factor, int | float) else 1.0,
            "max_batch_items": self.max_batch_items,
        }

    def give_weights(self, model: Model[Any, Any], listener: Model[Any, Any]) -> None:
        """Give the weights of this transformer and of the listener's pooling to ``model``."""
        transformer, pooling = model.layers
        mine, theirs = shim_of(self.model), shim_of(transformer)
        if mine is not None and theirs is not None:
            theirs.trusted = mine.trusted  # what runs here already may run there
        transformer.from_bytes(self.model.to_bytes())
        pooling.from_bytes(listener.layers[0].to_bytes())
        if self.width is not None and not model.has_dim("nO"):
            model.set_dim("nO", self.width)

    # -- saving

    def take(self, cfg: Any, weights: bytes | Mapping[str, Any], source: str) -> None:
        """See :meth:`~spanloom.components.TrainableComponent.take`."""
        super().take(cfg, weights, source)
        self._loaded()

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write a folder with ``cfg`` and the model: a folder ``model`` as transformers writes it
        (config, safetensors, tokenizer), or a file of thinc's for a model of one's own."""
        shim = shim_of(self.model)
        if shim is None:
            super().to_disk(path, exclude=exclude)
            return
        with folder_written(path, ["cfg"]) as folder:
            write_bytes(folder / "cfg", srsly.json_dumps(self.cfg, indent=2).encode("utf8"))
            if not shim.loaded:
                write_bytes(folder / _EMPTY, b"")
                return
            (folder / _SUBFOLDER).mkdir()
            shim.save(folder / _SUBFOLDER)

    def spacy_bytes(self) -> bytes:
        """The model as spacy-transformers saves its own. Raises :class:`PipelineError` for a model
        that it doesn't have."""
        shim = shim_of(self.model)
        if shim is None or shim.width is None or shim.of_tokens is not None:
            raise PipelineError(f"'{self.name}' holds a model that spacy-transformers can't have")
        files = files_of(shim.module, shim.tokenizer)
        return bytes_for_spacy(files, fast=shim.tokenizer.is_fast, width=shim.width)

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read the folder that :meth:`to_disk` wrote. Opens no connection."""
        shim = shim_of(self.model)
        if shim is None:
            super().from_disk(path, exclude=exclude)
            return self
        folder = existing(path, f"saved '{self.name}'")
        self.cfg = srsly.read_json(existing(folder / "cfg", f"settings of '{self.name}'"))
        if (folder / _EMPTY).exists():
            return self
        weights = existing(folder / _SUBFOLDER, f"saved transformer of '{self.name}'")
        if not weights.is_dir():
            raise SerializationError(
                f"'{weights}' must be a folder with the transformer of '{self.name}': was the "
                "pipeline saved by another library?"
            )
        shim.restore(weights)
        self._loaded()
        return self

    def _loaded(self) -> None:
        self.cache.clear()
        shim = shim_of(self.model)
        if shim is None or not shim.loaded:
            return
        shim.use_int8(bool(self.cfg.get("int8")))
        width = shim.width
        if width is None:
            return
        if self.model.has_dim("nO") and self.model.get_dim("nO") != width:
            raise SerializationError(
                f"'{self.name}' was saved with vectors of width {width}, but the model that its "
                f"config names has width {self.model.get_dim('nO')}"
            )
        self.model.set_dim("nO", width)


@component_defaults(
    {
        "model": {
            "@architectures": "spanloom.TransformerModel.v3",
            "name": "roberta-base",
            "tokenizer_config": {"use_fast": True},
            "transformer_config": {},
            "mixed_precision": False,
            "grad_scaler_config": {},
            "get_spans": {
                "@span_getters": "spanloom.strided_spans.v1",
                "window": 128,
                "stride": 96,
            },
        },
        "set_extra_annotations": {"@annotation_setters": "spanloom.null_annotation_setter.v1"},
    },
    assigns=["doc._.trf_data"],
    listener={
        "@architectures": "spanloom.TransformerListener.v1",
        "grad_factor": 1.0,
        "upstream": "transformer",
        "pooling": {"@layers": "reduce_mean.v1"},
    },
    init_config=init_config,
)
def make_transformer(
    nlp: Pipeline,
    name: str,
    model: Model[list[Doc], FullTransformerBatch],
    set_extra_annotations: Callable[..., Any],
    max_batch_items: int = 4096,
    keep: Keep = "last",
    vector_hooks: bool = False,
    cache_megabytes: int = 0,
) -> Transformer:
    """Factory of ``transformer``."""
    return Transformer(
        nlp.vocab,
        model,
        set_extra_annotations,
        name=name,
        max_batch_items=max_batch_items,
        keep=keep,
        vector_hooks=vector_hooks,
        cache_megabytes=cache_megabytes,
    )
