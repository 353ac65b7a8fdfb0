"""What a component is, and what those that hold a model have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, runtime_checkable

import srsly

from ..errors import PipelineError, SerializationError, SpanloomError
from ..io import msgpack as _msgpack
from ..io.files import existing, folder_written, read_json, write_bytes
from ..tokens.batch import Batch

if TYPE_CHECKING:
    from thinc.api import Model, Optimizer

    from ..examples.example import Example
    from ..tokens import Doc
    from ..vocab import Vocab
    from ..vocab.protocols import PipelineLike

__all__ = [
    "BatchComponent",
    "Component",
    "DocAnnotator",
    "Scorer",
    "TrainableComponent",
    "minibatch",
]

T = TypeVar("T")
Scorer = Callable[[Iterable["Example"]], dict[str, Any]]
GetExamples = Callable[[], Iterable["Example"]]

# Shapes are inferred from the first few examples; more would only cost time.
SAMPLE_SIZE = 10


@runtime_checkable
class Component(Protocol):
    """Anything that takes a document and gives it back."""

    def __call__(self, doc: Doc, /) -> Doc:
        """Annotate ``doc`` and return it."""


@runtime_checkable
class BatchComponent(Protocol):
    """A component that annotates a whole batch in place, which the pipeline prefers."""

    def annotate(self, batch: Batch, /) -> None:
        """Annotate all documents of ``batch``."""


def minibatch(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of ``size`` items, the last one shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


@contextmanager
def initialized(component: Any) -> Iterator[None]:
    """Let what a component, or an encoder that it listens to, raises for want of weights be a
    :class:`PipelineError` that says so."""
    try:
        yield
    except SpanloomError:
        raise
    except Exception as error:
        for each in (*getattr(component, "upstream", ()), component):
            model: Any = getattr(each, "model", None)
            for node in model.walk() if hasattr(model, "walk") else ():
                if any(node.has_param(name) is None for name in node.param_names):
                    raise PipelineError(
                        f"Component '{each.name}' isn't initialized: call nlp.initialize(), or "
                        "load a trained pipeline"
                    ) from error
        raise


@contextmanager
def fitted(component: Any) -> Iterator[None]:
    """Name the layer of thinc that takes flat arrays where initializing fails since a list came."""
    try:
        yield
    except Exception as error:
        layer = _flat_layer(getattr(component, "model", None))
        if isinstance(error, SpanloomError) or layer is None:
            raise
        raise PipelineError(
            f"Component '{component.name}': thinc's {layer} takes flat arrays, not a list with one "
            "for each document: use remap_ids, Embed and add of spanloom.layers, or with_array"
        ) from error


def _flat_layer(model: Any) -> str | None:
    module = getattr(getattr(model, "_func", None), "__module__", "")
    if module in ("thinc.layers.remap_ids", "thinc.layers.embed"):
        return str(model.name)
    inside = () if module.startswith("thinc.layers.with_") else getattr(model, "layers", ())
    return next(filter(None, map(_flat_layer, inside)), None)


class DocAnnotator:
    """What runs a component on documents, given how it annotates a batch (:meth:`annotate`)."""

    scorer: Scorer | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Annotate one document; encoders that it listens to run first."""
        with initialized(self):
            self.annotate(self.ready([doc]))
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Annotate a stream of documents in batches, in order."""
        for docs in minibatch(stream, batch_size):
            with initialized(self):
                self.annotate(self.ready(docs))
            yield from docs

    def ready(self, docs: Sequence[Doc]) -> Batch:
        """``docs`` as a batch that can be annotated."""
        return Batch.of(docs)

    def annotate(self, batch: Batch) -> None:
        """Annotate the documents of ``batch`` in place."""
        raise NotImplementedError(f"{type(self).__name__} must define annotate")

    def score(self, examples: Iterable[Example], **_: Any) -> dict[str, Any]:
        """The scores of this component's annotation; empty without a scorer."""
        return dict(self.scorer(examples)) if self.scorer is not None else {}


class TrainableComponent(DocAnnotator):
    """A component with a model: predicts, learns, and is saved.

    A subclass gives ``predict``, ``set_annotations``, ``get_loss`` and ``initialize``. ``upstream``
    holds the encoders that its listeners take their input from; the pipeline sets it.
    """

    def __init__(
        self, vocab: Vocab, model: Model[Any, Any], name: str, scorer: Scorer | None = None
    ) -> None:
        self.vocab, self.model = vocab, model
        self.name, self.scorer = name, scorer
        self.cfg: dict[str, Any] = {}
        self.upstream: tuple[Any, ...] = ()

    # -- running

    def ready(self, docs: Sequence[Doc]) -> Batch:
        """``docs`` as a batch on which the encoders that this component listens to have run."""
        batch = Batch.of(docs)
        for encoder in self.upstream:
            if encoder.name not in batch.features:
                encoder.ready(batch)
                encoder.annotate(batch)
        return batch

    def annotate(self, batch: Batch) -> None:
        """Predict and set annotations on the documents of ``batch``."""
        if batch:
            self.set_annotations(batch, self.predict(batch))

    def predict(self, docs: Sequence[Doc]) -> Any:
        """Predictions for ``docs``, which aren't changed."""
        raise NotImplementedError(f"{type(self).__name__} must define predict")

    def set_annotations(self, docs: Sequence[Doc], predictions: Any) -> None:
        """Write what :meth:`predict` returned on the documents."""
        raise NotImplementedError(f"{type(self).__name__} must define set_annotations")

    # -- learning

    def initialize(
        self, get_examples: GetExamples, *, nlp: PipelineLike | None = None, labels: Any = None
    ) -> None:
        """Read labels from the examples (or take ``labels``) and allocate the weights."""
        raise NotImplementedError(f"{type(self).__name__} must define initialize")

    def get_loss(self, examples: Sequence[Example], predictions: Any) -> tuple[float, Any]:
        """The loss, summed over the batch, and its gradient for what the model returned."""
        raise NotImplementedError(f"{type(self).__name__} must define get_loss")

    def update(
        self,
        examples: Sequence[Example],
        *,
        batch: Batch | None = None,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Add the gradients of ``examples`` to the model's; gradients for encoders that it listens
        to are added to the features of ``batch``. With ``sgd``, take the step as well.

        The gradient is the sum over the batch, so that several calls before one step equal one
        call with all examples.
        """
        from thinc.api import set_dropout_rate

        losses = losses if losses is not None else {}
        losses.setdefault(self.name, 0.0)
        if not examples:
            return losses
        batch = self.ready(batch if batch is not None else Batch(eg.predicted for eg in examples))
        set_dropout_rate(self.model, drop)
        with initialized(self):
            losses[self.name] += self.learn(examples, batch)
        if sgd is not None:
            self.finish_update(sgd)
        return losses

    def learn(self, examples: Sequence[Example], batch: Batch) -> float:
        """Forward, loss and backward for :meth:`update`; returns the loss summed over the batch."""
        predictions, backprop = self.model.begin_update(batch)
        loss, gradient = self.get_loss(examples, predictions)
        backprop(gradient)
        return float(loss)

    def finish_update(self, sgd: Optimizer) -> None:
        """Step with the gradients that were added up, and move the schedules of gradient factors
        on."""
        from ..layers import step_grad_factors

        self.model.finish_update(sgd)
        step_grad_factors(self.model)

    def sample(self, get_examples: GetExamples, nlp: PipelineLike | None = None) -> list[Example]:
        """The first examples, to infer shapes from; listeners of the pipeline ``nlp`` are linked.
        Raises :class:`PipelineError` if there are none."""
        if nlp is not None:
            nlp.assemble()
        if not callable(get_examples):
            raise PipelineError(
                f"'{self.name}' must be initialized with a function that returns examples, not "
                f"with {type(get_examples).__name__}: pass 'lambda: examples'"
            )
        sample = list(islice(get_examples(), SAMPLE_SIZE))
        if not sample:
            raise PipelineError(
                f"'{self.name}' can't be initialized without examples: check the training corpus"
            )
        return sample

    # -- saving

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """Settings and weights as msgpack."""
        return _msgpack.dumps({"cfg": self.cfg, "model": self.model.to_bytes()})

    def from_bytes(self, bytes_data: bytes, *, exclude: Sequence[str] = ()) -> Self:
        """Take what :meth:`to_bytes` gave. Raises :class:`SerializationError` if it doesn't fit."""
        try:
            message = _msgpack.loads(bytes_data)
            cfg, weights = message["cfg"], message["model"]
        except Exception as error:
            raise SerializationError(
                f"These bytes aren't a saved '{self.name}': {error}"
            ) from error
        self.take(cfg, weights, "bytes")
        return self

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write a folder with ``cfg`` (JSON) and ``model`` (thinc's msgpack)."""
        with folder_written(path, ["cfg", "model"]) as folder:
            write_bytes(folder / "cfg", srsly.json_dumps(self.cfg, indent=2).encode("utf8"))
            write_bytes(folder / "model", self.model.to_bytes())

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read the folder that :meth:`to_disk` wrote."""
        folder = existing(path, f"saved '{self.name}'")
        cfg = read_json(folder / "cfg", f"settings of '{self.name}'")
        weights = existing(folder / "model", f"weights of '{self.name}'").read_bytes()
        self.take(cfg, weights, str(folder))
        return self

    def take(self, cfg: Any, weights: bytes | Mapping[str, Any], source: str) -> None:
        """Take saved settings and weights, the latter packed or unpacked. Raises
        :class:`SerializationError`, which names ``source``, if they don't fit."""
        if not isinstance(cfg, dict):
            raise SerializationError(f"{source}: the settings of '{self.name}' aren't an object")
        from ..layers.weights import take_weights

        self.cfg = cfg
        try:
            take_weights(self.model, weights)
        except SpanloomError:
            raise
        except Exception as error:
            widths = "".join(
                f" It listens to '{each.name}', which gives vectors of width {each.width}."
                for each in self.upstream
            )
            raise SerializationError(
                f"{source}: the weights don't fit the model of '{self.name}' "
                f"({type(error).__name__}: {error}).{widths} Was its config, or that of its "
                f"encoder, changed after training?"
            ) from error
