"""Components whose model others share through listeners."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import PipelineError
from ..tokens.batch import Batch, Feature
from .base import GetExamples, TrainableComponent, initialized

if TYPE_CHECKING:
    from thinc.api import Model, Optimizer

    from ..examples.example import Example
    from ..tokens import Doc
    from ..vocab.protocols import PipelineLike

__all__ = ["Encoder"]


def _same_node(one: Model[Any, Any], other: Model[Any, Any]) -> bool:
    """Whether two layers have the same parameters, bit for bit, allocated or not."""
    xp = one.ops.xp
    shims: Any = zip(one.shims, other.shims)
    return (
        one.param_names == other.param_names
        and len(one.shims) == len(other.shims)
        and all(
            one.has_param(name) == other.has_param(name)
            and (
                not one.has_param(name)
                or bool(xp.array_equal(one.get_param(name), other.get_param(name)))
            )
            for name in one.param_names
        )
        and all(mine.to_bytes() == theirs.to_bytes() for mine, theirs in shims)
    )


class Encoder(TrainableComponent):
    """A component whose model others share through listeners.

    It sets no annotation: it writes a :class:`~spanloom.tokens.batch.Feature` under its name. A
    subclass for other values than one vector a token overrides :meth:`feature_of` and ``provides``.
    """

    provides: ClassVar[str] = "tokens"
    """The kind of its values; a listener whose ``listens_to`` is the same can take them."""

    idle_alone: ClassVar[bool] = False
    """Whether it needn't run when nobody listens."""

    _taught = False  # whether a gradient arrived since the last step

    @property
    def width(self) -> int | None:
        """The width of its vectors; ``None`` where it isn't known yet."""
        return int(self.model.get_dim("nO")) if self.model.has_dim("nO") else None

    @property
    def keeps(self) -> bool:
        """Whether documents keep what it gave, so that others can run on them without it."""
        return False

    def kept(self, docs: Sequence[Doc]) -> Feature:
        """The feature of documents that keep what it gave; raises :class:`DataError` where one
        doesn't. It is asked only where it :attr:`keeps`, and doesn't run."""
        raise NotImplementedError(f"{type(self).__name__} must define kept")

    # -- copies

    def same_weights(self, other: Encoder) -> bool:
        """Whether another encoder of the same config has the same weights, bit for bit."""
        mine, theirs = list(self.model.walk()), list(other.model.walk())
        return len(mine) == len(theirs) and all(map(_same_node, mine, theirs))

    def own_config(self, config: Mapping[str, Any], listener: Mapping[str, Any]) -> dict[str, Any]:
        """The block of a model that does inside a component what ``listener``, a block in its
        config, gets from this encoder, whose config is ``config``. A ``grad_factor`` has no meaning
        there: the copy learns from its component alone.

        An encoder that ``provides`` other values than token vectors overrides it, and
        :meth:`give_weights`; this raises :class:`PipelineError` then.
        """
        if self.provides != "tokens":
            raise PipelineError(
                f"'{self.name}' ({type(self).__name__}) doesn't say how a component can have an "
                f"encoder of its own in the place of a listener: it can only be shared"
            )
        return copy.deepcopy(dict(config["model"]))

    def give_weights(self, model: Model[Any, Any], listener: Model[Any, Any]) -> None:
        """Give the weights of this encoder, and of ``listener`` where it has some, to ``model``,
        which was made from :meth:`own_config`."""
        model.from_bytes(self.model.to_bytes())

    # -- running

    def annotate(self, batch: Batch) -> None:
        """Compute the feature in predict mode: nothing is kept for a backward pass."""
        if self.name not in batch.features:
            batch.features[self.name] = self.feature_of(self.model.predict(batch))

    def feature_of(self, values: Any, backward: Callable[[Any], Any] | None = None) -> Feature:
        """The feature for what the model returned."""
        return Feature(self.name, values, backward)

    def predict(self, docs: Sequence[Doc]) -> Any:
        """The values for ``docs``."""
        return self.model.predict(Batch.of(docs))

    def set_annotations(self, docs: Sequence[Doc], predictions: Any) -> None:
        """Write the feature on ``docs``, if they are a batch."""
        if isinstance(docs, Batch):
            docs.features[self.name] = self.feature_of(predictions)

    def begin(self, batch: Batch, *, drop: float = 0.0) -> None:
        """Compute the feature for training: its backward sums into this model's gradients."""
        from thinc.api import set_dropout_rate

        set_dropout_rate(self.model, drop)
        with initialized(self):
            values, backprop = self.model.begin_update(batch)

        def backward(gradient: Any) -> Any:
            self._taught = True
            return backprop(gradient)

        batch.features[self.name] = self.feature_of(values, backward)

    def finish_update(self, sgd: Optimizer) -> None:
        """Step with the gradients that were added up. Without any since the last step, the weights
        stay: neither decay nor momentum moves an encoder that nobody learns with."""
        if self._taught:
            super().finish_update(sgd)
        self._taught = False

    def update(
        self,
        examples: Sequence[Example],
        *,
        batch: Batch | None = None,
        drop: float = 0.0,
        losses: dict[str, float] | None = None,
        **_: Any,
    ) -> dict[str, float]:
        """Write the feature on ``batch``. There is no loss of its own to report: the gradient
        comes from the listeners."""
        if batch is not None and batch:
            self.begin(self.ready(batch), drop=drop)
        return losses if losses is not None else {}

    def initialize(
        self, get_examples: GetExamples, *, nlp: PipelineLike | None = None, labels: Any = None
    ) -> None:
        """Allocate the weights, with shapes inferred from the first examples."""
        batch = self.ready([example.x for example in self.sample(get_examples)])
        self.model.initialize(X=batch)
