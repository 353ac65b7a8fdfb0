"""Our side and spaCy's: the same settings, examples and training for both libraries."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from common import Row, cpu_median, cpu_time

__all__ = [
    "HASHES",
    "OURS",
    "Side",
    "Trained",
    "compared",
    "measured",
    "sides",
    "speed_rows",
    "train",
    "train_and_score",
    "word_batches",
]

WIDTH = 96
#: The hashed features of a word, but for their width.
HASHES = {
    "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
    "rows": [5000, 1000, 2500, 2500],
    "include_static_vectors": False,
}


@dataclass(frozen=True)
class Side:
    """One of the two libraries."""

    name: str

    def _module(self) -> Any:
        if self.name == "spacy":
            import spacy

            return spacy
        import spanloom

        return spanloom

    def example(self, nlp: Any, predicted: Any, **annotation: Any) -> Any:
        """An example: ``predicted`` is a text, or ``None`` for the reference's own tokens."""
        if self.name == "spacy":
            from spacy.tokens import Doc
            from spacy.training import Example
        else:
            from spanloom import Doc, Example
        words, spaces = annotation["words"], annotation.get("spaces")
        doc = Doc(nlp.vocab, words=words, spaces=spaces) if predicted is None else nlp(predicted)
        return Example(doc, Doc(nlp.vocab, **annotation))

    def blank(self, seed: int, lang: str = "en") -> Any:
        """A pipeline without components; what is drawn for them depends on ``seed``."""
        from thinc.api import fix_random_seed

        fix_random_seed(seed)
        return self._module().blank(lang)

    def pipeline(self, seed: int, lang: str, *factories: str) -> Any:
        """A shared layer and components that listen to it."""
        nlp = self.blank(seed, lang)
        nlp.add_pipe("tok2vec", config={"model": self.encoder()})
        listener = {"@architectures": f"{self.name}.Tok2VecListener.v1", "width": WIDTH}
        for factory in factories:
            nlp.add_pipe(factory, config={"model": self.head(factory) | {"tok2vec": listener}})
        return nlp

    def encoder(self, width: int = WIDTH, depth: int = 4) -> dict[str, Any]:
        """The config of a layer over hashed features."""
        window = {"width": width, "depth": depth, "window_size": 1, "maxout_pieces": 3}
        hashes = {"width": width, **HASHES}
        return {
            "@architectures": f"{self.name}.Tok2Vec.v2",
            "embed": {"@architectures": f"{self.name}.MultiHashEmbed.v2", **hashes},
            "encode": {"@architectures": f"{self.name}.MaxoutWindowEncoder.v2", **window},
        }

    def head(self, factory: str) -> dict[str, Any]:
        """The config of a component's model, without what gives it vectors."""
        if factory == "tagger":
            return {"@architectures": f"{self.name}.Tagger.v2"}
        return {
            "@architectures": f"{self.name}.TransitionBasedParser.v2",
            "state_type": factory,
            "extra_state_tokens": False,
            "hidden_width": 64,
            "maxout_pieces": 2,
            "use_upper": True,
        }


OURS = Side("spanloom")


def sides(peer: bool) -> list[Side]:
    """Ours, and spaCy's where it is installed."""
    return [OURS, *([Side("spacy")] if peer else [])]


@dataclass
class Trained:
    """A trained pipeline with its averaged weights, its scores on dev and words per CPU second."""

    nlp: Any
    history: list[dict[str, Any]]
    speed: float


def word_batches(examples: list[Any], words: int, seed: int) -> Iterator[list[Any]]:
    """Batches of ``words`` words without an end, in an order that depends on ``seed`` alone."""
    order, queue = random.Random(seed), []
    while True:
        batch: list[Any] = []
        size = 0
        while size < words:
            if not queue:
                queue = list(examples)
                order.shuffle(queue)
            batch.append(queue.pop())
            size += len(batch[-1].reference)
        yield batch


def train(
    nlp: Any,
    examples: list[Any],
    dev: list[Any],
    *,
    steps: int,
    seed: int,
    every: int,
    measure: Callable[[dict[str, Any]], float],
    words: int = 1000,
    dropout: float = 0.1,
) -> Trained:
    """Update for ``steps`` batches of ``words`` words, in an order that depends on ``seed`` alone,
    and keep the averaged weights that were best on dev by ``measure``."""
    from thinc.api import Adam

    nlp.initialize(lambda: examples)
    optimizer = Adam(0.001, L2=0.01, grad_clip=1.0, use_averages=True)
    seconds, count, history, best = 0.0, 0, [], b""
    for step, batch in enumerate(islice(word_batches(examples, words, seed), steps), 1):
        count += sum(len(example.reference) for example in batch)
        seconds += cpu_time(partial(nlp.update, batch, sgd=optimizer, losses={}, drop=dropout))
        if step % every == 0 or step == steps:
            with nlp.use_params(optimizer.averages):
                history.append(nlp.evaluate(dev))
                if measure(history[-1]) >= max(map(measure, history)):
                    best = nlp.to_bytes()
    nlp.from_bytes(best)
    return Trained(nlp, history, count / seconds)


def train_and_score(
    nlp: Any, parts: dict[str, list[Any]], names: Sequence[str], **settings: Any
) -> tuple[Trained, dict[str, float]]:
    """Train on the part "train", and score the parts "dev" and "test" by ``names``, in percent;
    ``settings`` are those of :func:`train`."""
    trained = train(nlp, parts["train"], parts["dev"], **settings)
    scores = {}
    for part in ("dev", "test"):
        found = nlp.evaluate(parts[part])
        for name in names:
            scores[f"{part}, {name}"] = 100 * (found[name] or 0.0)
    return trained, scores


Figures = dict[str, dict[str, list[float]]]
"""For each side and figure, a value of each seed."""


def measured(
    run: Callable[[Side, int], tuple[Trained, dict[str, float]]],
    chosen: list[Side],
    seeds: int,
    speed: Callable[[Any], dict[str, float]],
) -> Figures:
    """What ``run`` gives for each side and seed, and what ``speed`` says of the first pipeline."""
    figures: Figures = {}
    for side in chosen:
        table = figures[side.name] = {}
        for seed in range(seeds):
            trained, scores = run(side, seed)
            scores["training"] = trained.speed
            if seed == 0:
                scores |= speed(trained.nlp)
            for name, value in scores.items():
                table.setdefault(name, []).append(value)
    return figures


def compared(figures: Figures, goal: Callable[[str], float | None]) -> list[Row]:
    """The means of our figures beside the peer's; a score has a comma in its name."""
    return [
        Row(
            name,
            statistics.mean(values),
            statistics.mean(peer) if (peer := figures.get("spacy", {}).get(name)) else None,
            unit="%" if "," in name else "words / CPU s",
            higher_is_better="spread" not in name,
            goal=goal(name),
        )
        for name, values in figures[OURS.name].items()
    ]


def speed_rows(nlp: Any, texts: list[str], words: int, repeats: int) -> dict[str, float]:
    """Words per CPU second on raw text: in batches, one text at a time, of the tokenizer, and of
    the last component by the difference that it makes if others listen to the shared layer too."""
    few = texts[:200]
    few_words = sum(len(nlp.make_doc(text)) for text in few)

    def piped() -> Any:
        return list(nlp.pipe(texts, batch_size=1000))

    whole = cpu_median(piped, repeats)
    found = {
        "in batches": words / whole,
        "one sentence": few_words / cpu_median(lambda: [nlp(text) for text in few], repeats),
        "tokenizer": words / cpu_median(lambda: [nlp.make_doc(text) for text in texts], repeats),
    }
    last = nlp.pipe_names[-1]
    if len(nlp.pipe_names) > 2:
        with nlp.select_pipes(disable=[last]):
            rest = cpu_median(piped, repeats)
        found[f"{last} alone"] = words / max(whole - rest, 1e-9)
    return found
