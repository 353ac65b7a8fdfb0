"""Learning: initialize a pipeline, update it, and measure it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from itertools import chain
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from ..components import Encoder, TrainableComponent
from ..components.base import SAMPLE_SIZE, fitted, minibatch
from ..config.resolve import resolve_section
from ..errors import ConfigError, ConfigProblem, PipelineError
from ..examples.example import Example
from ..plugins.registries import registry
from ..tokens import Doc
from ..tokens.batch import Batch
from ..vocab.vectors import open_vectors
from .batching import slices
from .running import annotate, apply
from .wiring import check_disabled

if TYPE_CHECKING:
    from thinc.api import Optimizer

    from .state import PipelineState

__all__ = ["evaluate", "finish_update", "initialize", "params_used", "update"]


def initialize(
    nlp: PipelineState,
    get_examples: Callable[[], Iterable[Example]] | None,
    keep: Collection[str],
    annotates: Collection[str],
) -> None:
    """See :meth:`Pipeline.initialize`."""
    get_examples = get_examples or partial(_placeholder, nlp)
    for name in annotates:
        nlp.order.index(name)
    before: list[Any] = []
    section = resolve_section(nlp.config, "initialize")
    settings = section.get("components", {})
    if section.get("vectors"):
        nlp.vocab.vectors = open_vectors(section["vectors"], nlp.config["nlp"].get("vectors"))
    _initialize_tokenizer(nlp, get_examples, section.get("tokenizer", {}))
    for slot in nlp.order:
        if hasattr(slot.component, "initialize") and slot.name not in keep:
            nlp.links.assemble()
            extra = settings.get(slot.name, {})
            examples = partial(_annotated, get_examples, tuple(before)) if before else get_examples
            with fitted(slot.component):
                slot.component.initialize(examples, nlp=nlp, **extra)
            nlp.links.changed()
        if slot.name in annotates:
            before.append(slot.component)
    nlp.links.assemble()
    if section.get("init_tok2vec"):
        init_tok2vec = registry.get("misc", "spanloom.init_tok2vec.v1")
        nlp.meta["pretrained"] = asdict(init_tok2vec(nlp, section["init_tok2vec"]))
        nlp.links.changed()


def _placeholder(nlp: PipelineState) -> list[Example]:
    """What shapes are inferred from where there are no examples."""
    doc = Doc(nlp.vocab, words=["One", "sentence", "."])
    return [Example(doc, doc.copy())]


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
    nlp: PipelineState, get_examples: Callable[[], Iterable[Example]], settings: Mapping[str, Any]
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
    nlp: PipelineState,
    examples: Sequence[Example],
    drop: float,
    sgd: Optimizer | Literal[False],
    losses: dict[str, float] | None,
    exclude: Collection[str],
    annotates: Collection[str],
) -> dict[str, float]:
    """See :meth:`Pipeline.update`."""
    losses = losses if losses is not None else {}
    check_examples(examples, "Pipeline.update")
    for name in chain(exclude, annotates):
        nlp.order.index(name)
    if not examples:
        return losses
    nlp.links.assemble()
    if annotates:  # Annotation is set on copies, so that examples can be used again.
        examples = [each.with_predicted(each.predicted.copy()) for each in examples]
    batch = Batch(example.predicted for example in examples)
    active = check_disabled(nlp.order, learning=True)
    learners = []
    for slot in nlp.order:
        component, name = slot.component, slot.name
        if isinstance(component, Encoder):
            if name not in active:
                continue
            if name in exclude:
                component.annotate(component.ready(batch))
            else:
                component.begin(component.ready(batch), drop=drop)
                learners.append(component)
            continue
        if not slot.enabled:
            continue
        if hasattr(component, "update") and name not in exclude:
            if isinstance(component, TrainableComponent):
                component.update(examples, batch=batch, drop=drop, losses=losses)
            else:
                component.update(examples, drop=drop, sgd=None, losses=losses)
            learners.append(component)
        if name in annotates:
            batch = apply(slot, batch)
            examples = [each.with_predicted(doc) for each, doc in zip(examples, batch)]
    batch.backward()
    if sgd is not False:
        _step(learners, sgd)
    return losses


def finish_update(nlp: PipelineState, sgd: Optimizer, exclude: Collection[str]) -> None:
    """See :meth:`Pipeline.finish_update`."""
    _step([slot.component for slot in nlp.order if slot.name not in exclude], sgd)


def _step(components: Iterable[Any], sgd: Optimizer) -> None:
    for component in components:
        if hasattr(component, "finish_update"):
            component.finish_update(sgd)


@contextmanager
def params_used(nlp: PipelineState, params: Mapping[Any, Any] | None) -> Iterator[None]:
    """See :meth:`Pipeline.use_params`."""
    with ExitStack() as stack:
        for slot in nlp.order if params else ():
            model: Any = getattr(slot.component, "model", None)
            if hasattr(model, "use_params"):
                stack.enter_context(model.use_params(params))
        yield


def evaluate(
    nlp: PipelineState,
    examples: Iterable[Example],
    batch_size: int | None,
    per_component: bool = False,
) -> dict[str, Any]:
    """See :meth:`Pipeline.evaluate`."""
    from ..scoring import score_tokenization

    examples = list(examples)
    check_examples(examples, "Pipeline.evaluate")
    nlp.links.assemble()
    scored: list[Example] = []
    started = perf_counter()
    for group in minibatch(examples, batch_size or nlp.batch_size):
        docs = Batch(example.predicted.copy() for example in group)
        for start, end, some in slices(docs, nlp.batch_words):
            done = annotate(nlp, some)
            scored += [e.with_predicted(doc) for e, doc in zip(group[start:end], done)]
    seconds = perf_counter() - started
    parts = {"tokenizer": dict(score_tokenization(scored))}
    for slot in nlp.order:
        if slot.enabled and hasattr(slot.component, "score"):
            parts[slot.name] = slot.component.score(scored)
    scores: dict[str, Any] = dict(parts)
    if not per_component:
        scores = {key: value for part in parts.values() for key, value in part.items()}
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
