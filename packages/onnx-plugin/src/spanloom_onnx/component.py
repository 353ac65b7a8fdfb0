"""``onnx_transformer``: a transformer that was exported, for all components that listen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from spanloom.errors import PipelineError
from spanloom.plugins.factory import component_defaults
from spanloom.tokens.batch import Batch

from .annotation_setters import DEFAULT as NULL_SETTER
from .annotation_setters import AnnotationSetter
from .listener import DEFAULT as LISTENER
from .model import OnnxShim, shim_of
from .shared import TransformerComponent
from .span_getters import DEFAULT as STRIDED

if TYPE_CHECKING:
    from thinc.api import Model, Optimizer

    from spanloom.components import Encoder
    from spanloom.components.base import GetExamples
    from spanloom.pipeline import Pipeline
    from spanloom.tokens import Doc
    from spanloom.vocab.protocols import PipelineLike

    from .data import FullTransformerBatch

__all__ = ["OnnxTransformer", "make_onnx_transformer"]


class OnnxTransformer(TransformerComponent):
    """A :class:`~spanloom_onnx.shared.TransformerComponent` that `spanloom transformers export`
    made: what computes is ONNX Runtime, without torch. It doesn't learn; components that listen to
    it can."""

    @property
    def holder(self) -> OnnxShim | None:
        """What holds the encoder."""
        return shim_of(self.model)

    def begin(self, batch: Batch, *, drop: float = 0.0) -> None:
        """Run the model; nobody's gradient comes back."""
        batch.features[self.name] = self.feature_of(self.predict(batch))

    def initialize(
        self, get_examples: GetExamples, *, nlp: PipelineLike | None = None, labels: Any = None
    ) -> None:
        """Raises :class:`MissingFileError` if there is no encoder: it is read, not made."""
        self.model.initialize()

    def finish_update(self, sgd: Optimizer) -> None:
        """Nothing: an exported encoder doesn't learn."""

    def same_weights(self, other: Encoder) -> bool:
        """Whether another one has the same files."""
        mine, theirs = shim_of(self.model), shim_of(other.model)
        if mine is None or theirs is None:
            return super().same_weights(other)
        return mine.to_bytes() == theirs.to_bytes()

    def own_config(self, config: Mapping[str, Any], listener: Mapping[str, Any]) -> dict[str, Any]:
        """Raises :class:`PipelineError`: what was exported stays shared."""
        raise PipelineError(
            f"'{self.name}' was exported, and can only be shared: replace listeners in the "
            f"pipeline that it was exported from, and export that"
        )


@component_defaults(
    {
        "model": {"@architectures": "spanloom.OnnxModel.v1", "get_spans": STRIDED},
        "set_extra_annotations": NULL_SETTER,
    },
    settings_of=TransformerComponent,
    assigns=["doc._.trf_data"],
    listener=LISTENER,
)
def make_onnx_transformer(
    nlp: Pipeline,
    name: str,
    model: Model[list[Doc], FullTransformerBatch],
    set_extra_annotations: AnnotationSetter,
    **settings: Any,
) -> OnnxTransformer:
    """Factory of ``onnx_transformer``."""
    return OnnxTransformer(nlp.vocab, model, set_extra_annotations, name=name, **settings)
