"""``Scorer`` and ``PRFScore`` as code for spaCy calls them; our own are `spanloom.scoring`.

Of tokens and spans, any attribute or function can be scored, one token or span at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NoReturn, TypedDict, Unpack

from spanloom import Doc, Example, Pipeline, Span, Token, blank
from spanloom.errors import AbsentError
from spanloom.scoring import Counts, score_tokenization
from spanloom.scoring.counts import aligned_pairs, solid_bounds
from spanloom.scoring.spans import Spans, add_spans, named_scores
from spanloom.vocab.morphology import feats_to_dict

__all__ = ["PRFScore", "Scorer"]

#: Values of a token that mean that it has none.
MISSING: Collection[Any] = frozenset([None, 0, ""])


class Reading(TypedDict, total=False):
    """How values of tokens are read, by default as attributes, and which mean that there is none,
    by default ``None``, 0 and ""."""

    getter: Callable[[Token, str], Any]
    missing_values: Collection[Any]


class PRFScore(Counts):
    """Counts that add up: ``a + b``, ``a += b``."""

    def __add__(self, other: Counts) -> PRFScore:
        return PRFScore(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    def __len__(self) -> int:
        return self.tp + self.fp + self.fn

    score_set = Counts.add_sets


def _elsewhere(use: str) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise AbsentError(f"this score isn't part of spanloom-spacy: {use}")

    return refuse


class Scorer:
    """Scores examples by the components of a pipeline: ``nlp``, or a blank one for
    ``default_lang`` with ``default_pipeline``. It doesn't annotate, as ``nlp.evaluate`` does."""

    def __init__(
        self,
        nlp: Pipeline | None = None,
        default_lang: str = "xx",
        default_pipeline: Sequence[str] = (),
    ) -> None:
        if nlp is None:
            nlp = blank(default_lang)
            for name in default_pipeline:
                nlp.add_pipe(name)
        self.nlp = nlp

    def score(self, examples: Iterable[Example], *, per_component: bool = False) -> dict[str, Any]:
        """The scores of tokens and of each component that scores; with ``per_component``, by its
        name ("tokenizer" for those of tokens)."""
        examples = list(examples)
        parts: dict[str, dict[str, Any]] = {"tokenizer": score_tokenization(examples)}
        for name, component in self.nlp.pipeline:
            if hasattr(component, "score"):
                parts[name] = dict(component.score(examples))
        if per_component:
            return dict(parts)
        return {key: value for part in parts.values() for key, value in part.items()}

    score_tokenization = staticmethod(score_tokenization)
    score_cats = staticmethod(_elsewhere("use spanloom_tasks.score_cats(examples, ...)"))
    score_deps = staticmethod(_elsewhere("use spanloom_tasks.score_dependencies(examples)"))
    score_links = staticmethod(
        _elsewhere("count kb_id_ of doc.ents by PRFScore in a scorer of your own")
    )

    @staticmethod
    def score_token_attr(
        examples: Iterable[Example], attr: str, **reading: Unpack[Reading]
    ) -> dict[str, Any]:
        """``{attr}_acc``: the F1 of pairs of token and value, where the reference has a value.
        Predicted tokens that cover exactly one reference token count. For ``getter`` and
        ``missing_values`` see :class:`Reading`."""
        counts = Counts()
        for found, wanted in _values(examples, attr, **reading):
            counts.add_sets(set(found), set(wanted))
        return {f"{attr}_acc": counts.fscore if counts else None}

    @staticmethod
    def score_token_attr_per_feat(
        examples: Iterable[Example], attr: str, **reading: Unpack[Reading]
    ) -> dict[str, Any]:
        """Of values that are FEATS: ``{attr}_micro_p``, ``_r`` and ``_f`` over all features, and
        ``{attr}_per_feat`` for each."""
        counts: dict[str, Counts] = {}
        for pair in _values(examples, attr, **reading):
            found, wanted = (
                {(name, i, value) for i, feats in side for name, value in _feats(feats)}
                for side in pair
            )
            for name in {item[0] for item in found | wanted}:
                counts.setdefault(name, Counts()).add_sets(
                    {item for item in found if item[0] == name},
                    {item for item in wanted if item[0] == name},
                )
        micro = PRFScore()
        for each in counts.values():
            micro += each
        table = {name: each.to_dict() for name, each in sorted(counts.items())}
        return {**micro.named(f"{attr}_micro"), f"{attr}_per_feat": table if micro else None}

    @staticmethod
    def score_spans(
        examples: Iterable[Example],
        attr: str,
        *,
        getter: Callable[[Doc, str], Iterable[Span]] = getattr,
        has_annotation: Callable[[Doc], bool] | None = None,
        labeled: bool = True,
        allow_overlap: bool = False,
    ) -> dict[str, Any]:
        """``{attr}_p``, ``_r``, ``_f`` and ``{attr}_per_type`` of spans with the same first and
        last character (and label, if ``labeled``). References for which ``has_annotation`` is
        false don't count. Without ``allow_overlap``, of spans that overlap the first counts."""
        counts, per_type = Counts(), dict[str, Counts]()
        for example in examples:
            if has_annotation is not None and not has_annotation(example.reference):
                continue
            found, wanted = (
                _places(doc, getter(doc, attr), labeled, allow_overlap)
                for doc in (example.predicted, example.reference)
            )
            add_spans(found, wanted, counts, per_type)
        scores = named_scores(attr, counts, per_type)
        if not labeled:
            del scores[f"{attr}_per_type"]
        return scores


Values = list[tuple[int, Any]]


def _values(
    examples: Iterable[Example],
    attr: str,
    *,
    getter: Callable[[Token, str], Any] = getattr,
    missing_values: Collection[Any] = MISSING,
) -> Iterable[tuple[Values, Values]]:
    """For each example, reference tokens with the values predicted for them and with their own."""
    for example in examples:
        gold = {
            token.i: value
            for token in example.reference
            if not token.is_space and (value := getter(token, attr)) not in missing_values
        }
        predicted = example.predicted
        at, of = (each.tolist() for each in aligned_pairs(example))
        found = [(y, getter(predicted[x], attr)) for x, y in zip(at, of, strict=True) if y in gold]
        yield found, list(gold.items())


def _feats(feats: Any) -> Iterable[tuple[str, str]]:
    return feats_to_dict(str(feats)).items()


def _places(doc: Doc, spans: Iterable[Span], labeled: bool, allow_overlap: bool) -> Spans:
    bounds = solid_bounds(doc)
    places: Spans = set()
    taken: set[int] = set()
    for span in spans:
        tokens = set(range(span.start, span.end))
        if allow_overlap or not tokens & taken:
            taken |= tokens
            label = span.label_ if labeled else ""
            places.add((label, int(bounds[span.start]), int(bounds[span.end])))
    return places
