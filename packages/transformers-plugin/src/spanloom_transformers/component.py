"""The ``transformer`` component: one encoder of Hugging Face for all components that listen."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanloom.components import Encoder
from spanloom.errors import PipelineError
from spanloom.plugins.factory import component_defaults
from spanloom.plugins.registries import registry
from spanloom.tokens.batch import Batch
from spanloom_onnx.annotation_setters import DEFAULT as NULL_SETTER
from spanloom_onnx.data import FullTransformerBatch
from spanloom_onnx.keeping import Keep
from spanloom_onnx.listener import DEFAULT as LISTENER
from spanloom_onnx.shared import TransformerComponent
from spanloom_onnx.span_getters import DEFAULT as STRIDED

from . import lora
from .base import note_bases
from .loading import files_of
from .model import TransformerModel, shim_of
from .new_config import init_config
from .shim import TransformerShim
from .spacy_files import bytes_for_spacy
from .tuning import usual_scale

if TYPE_CHECKING:
    from thinc.api import Model, Optimizer

    from spanloom.components.base import GetExamples
    from spanloom.pipeline import Pipeline
    from spanloom.tokens import Doc
    from spanloom.vocab.protocols import PipelineLike

    from .pretraining import MaskedPiecesTask

__all__ = ["Transformer", "make_transformer"]


class Transformer(TransformerComponent):
    """A :class:`~spanloom_onnx.shared.TransformerComponent` whose encoder is one of Hugging Face,
    computed by torch: it learns."""

    @property
    def width(self) -> int | None:
        """The width of the vectors; ``None`` where it isn't known yet."""
        shim = shim_of(self.model)
        if self.model.has_dim("nO"):
            return int(self.model.get_dim("nO"))
        return shim.width if shim is not None else None

    @property
    def holder(self) -> TransformerShim | None:
        """What holds the weights; ``None`` for a model of one's own kind."""
        return shim_of(self.model)

    def begin(self, batch: Batch, *, drop: float = 0.0) -> None:
        """Run the model for training."""
        self.cache.clear()
        super().begin(batch, drop=drop)

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

    def loaded(self) -> None:
        """Compute in int8 where that was chosen before it was saved."""
        super().loaded()
        shim = shim_of(self.model)
        if shim is not None:
            shim.use_int8(bool(self.cfg.get("int8")))

    def spacy_bytes(self) -> bytes:
        """The model as spacy-transformers saves its own. Raises :class:`PipelineError` for a model
        that it doesn't have."""
        shim = shim_of(self.model)
        if shim is None or shim.width is None or shim.of_tokens is not None:
            raise PipelineError(f"'{self.name}' holds a model that spacy-transformers can't have")
        files = files_of(shim.module, shim.tokenizer)
        return bytes_for_spacy(files, fast=shim.tokenizer.is_fast, width=shim.width)


@component_defaults(
    {
        "model": {
            "@architectures": "spanloom.TransformerModel.v3",
            "name": "roberta-base",
            "tokenizer_config": {"use_fast": True},
            "transformer_config": {},
            "mixed_precision": False,
            "grad_scaler_config": {},
            "get_spans": STRIDED,
        },
        "set_extra_annotations": NULL_SETTER,
    },
    assigns=["doc._.trf_data"],
    listener=LISTENER,
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
