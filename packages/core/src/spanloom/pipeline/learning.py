"""Learning: initialize a pipeline, update it, and measure it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from itertools import chain
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..components import Encoder, TrainableComponent
from ..components.base import SAMPLE_SIZE, minibatch
from ..errors import ConfigError, ConfigProblem, PipelineError
from ..examples.example import Example
from ..tokens.batch import Batch
from ..vocab.vectors import open_vectors
from .batching import parts
from .pretrained import init_tok2vec
from .wiring import active_encoders

if TYPE_CHECKING:
    from thinc.api import Optimizer

    from .pipeline import Pipeline

__all__ = ["evaluate", "initialize", "update"]


def initialize(
    nlp: Pipeline,
    get_examples: Callable[[], Iterable[Example]],
    *,
    keep: Collection[str] = (),
    annotates: Collection[str] = (),
) -> None:
    """Initialize each component, encoders before those that listen to them, but for those in
    ``keep``, which have their weights already.

    What the config's ``[initialize.components.NAME]`` holds is passed on as keywords, and
    ``[initialize.tokenizer]`` to a tokenizer that has a method ``initialize``. The table of
    vectors that ``[initialize]`` names is opened first, and its pretrained weights come last, so
    that nothing overwrites them; what was applied is in ``nlp.meta["pretrained"]``.

    Components in ``annotates`` annotate the documents that those after them infer shapes from, as
    they will in training: an encoder may need sentences, say.
    """
    for name in annotates:
        nlp.order.index(name)
    before: list[Any] = []
    section = nlp.resolve("initialize")
    settings = section.get("components", {})
    if section.get("vectors"):
        nlp.vocab.vectors = open_vectors(section["vectors"], nlp.config["nlp"].get("vectors"))
    _initialize_tokenizer(nlp, get_examples, section.get("tokenizer", {}))
    for entry in nlp.order:
        if hasattr(entry.component, "initialize") and entry.name not in keep:
            nlp.assemble()
            extra = settings.get(entry.name, {})
            examples = partial(_annotated, get_examples, tuple(before)) if before else get_examples
            entry.component.initialize(examples, nlp=nlp, **extra)
            nlp.changed()
        if entry.name in annotates:
            before.append(entry.component)
    nlp.assemble()
    if section.get("init_tok2vec"):
        nlp.meta["pretrained"] = asdict(init_tok2vec(nlp, section["init_tok2vec"]))
        nlp.changed()


def _annotated(
    get_examples: Callable[[], Iterable[Example]], components: Sequence[Any]
) -> Iterator[Example]:
    """The examples, of which those that shapes are inferred from are copies with annotation."""
    for number, example in enumerate(get_examples()):
        if number < SAMPLE_SIZE:
            doc = example.predicted.copy()
            for component in components:
                doc = component(doc)
            example = Example(doc, example.reference)
        yield example


def _initialize_tokenizer(
    nlp: Pipeline, get_examples: Callable[[], Iterable[Example]], settings: Mapping[str, Any]
) -> None:
    """Initialize a tokenizer that wants it, as by reading words from the examples."""
    if hasattr(nlp.tokenizer, "initialize"):
        nlp.tokenizer.initialize(get_examples, nlp=nlp, **settings)
    elif settings:
        problem = ConfigProblem(
            "initialize.tokenizer",
            f"sets {', '.join(settings)}, but the tokenizer of this pipeline, a "
            f"{type(nlp.tokenizer).__name__}, has no method `initialize` to take it",
            "remove it, or name another tokenizer in [nlp.tokenizer]",
        )
        raise ConfigError([problem])


def update(
    nlp: Pipeline,
    examples: Sequence[Example],
    *,
    drop: float = 0.0,
    sgd: Optimizer | None = None,
    losses: dict[str, float] | None = None,
    exclude: Collection[str] = (),
    annotates: Collection[str] = (),
) -> dict[str, float]:
    """One update of all components, and of the encoders that they share, on one batch.

    Encoders write their features and heads add gradients to them, in the order of the pipeline;
    then each encoder gets its sum, last first. Components in ``exclude`` don't learn (an encoder
    among them still runs, in predict mode, if somebody listens); those in ``annotates`` set their
    predictions on the documents, for those after them. Without ``sgd``, gradients are only added
    up: call again, and step with :meth:`Pipeline.finish_update`.
    """
    losses = losses if losses is not None else {}
    check_examples(examples, "Pipeline.update")
    for name in chain(exclude, annotates):
        nlp.order.index(name)
    if not examples:
        return losses
    nlp.assemble()
    if annotates:  # Annotation is set on copies, so that examples can be used again.
        examples = [each.with_predicted(each.predicted.copy()) for each in examples]
    batch = Batch(example.predicted for example in examples)
    active = active_encoders(nlp.order)
    learners = []
    for entry in nlp.order:
        component, name = entry.component, entry.name
        if isinstance(component, Encoder):
            if name not in active:
                continue
            if name in exclude:
                component.annotate(component.ready(batch))
            else:
                component.begin(component.ready(batch), drop=drop)
                learners.append(component)
            continue
        if not entry.enabled:
            continue
        if hasattr(component, "update") and name not in exclude:
            if isinstance(component, TrainableComponent):
                component.update(examples, batch=batch, drop=drop, losses=losses)
            else:
                component.update(examples, drop=drop, sgd=None, losses=losses)
            learners.append(component)
        if name in annotates:
            batch = nlp.apply(entry, batch)
            examples = [each.with_predicted(doc) for each, doc in zip(examples, batch)]
    batch.backward()
    if sgd is not None:
        for component in learners:
            if hasattr(component, "finish_update"):
                component.finish_update(sgd)
    return losses


def evaluate(
    nlp: Pipeline, examples: Iterable[Example], *, batch_size: int | None = None
) -> dict[str, Any]:
    """Annotate fresh copies of the predicted documents and score them.

    Holds the scores of the tokenizer and of each component, and ``speed``, in words per second of
    wall time. The examples aren't changed.
    """
    from ..scoring import score_tokenization

    examples = list(examples)
    check_examples(examples, "Pipeline.evaluate")
    nlp.assemble()
    scored: list[Example] = []
    started = perf_counter()
    for group in minibatch(examples, batch_size or nlp.batch_size):
        docs = Batch(example.predicted.copy() for example in group)
        for start, end, part in parts(docs, nlp.batch_words):
            done = nlp.annotate_batch(part)
            scored += [e.with_predicted(doc) for e, doc in zip(group[start:end], done)]
    seconds = perf_counter() - started
    scores: dict[str, Any] = dict(score_tokenization(scored))
    for entry in nlp.order:
        if entry.enabled and hasattr(entry.component, "score"):
            scores.update(entry.component.score(scored))
    words = sum(len(example.predicted) for example in scored)
    scores["speed"] = words / seconds if seconds else 0.0
    return scores


def check_examples(examples: Iterable[Any], where: str) -> None:
    """Raise :class:`PipelineError` if anything is no :class:`Example`."""
    for number, example in enumerate(examples):
        if not isinstance(example, Example):
            raise PipelineError(
                f"{where} takes Example objects, but item {number} is a {type(example).__name__}: "
                f"make them with Example.from_dict(nlp.make_doc(text), {{...}})"
            )
