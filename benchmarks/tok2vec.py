"""Embedding and encoding: tok2vec and tagger models on Docs of EWT, equal sizes and weights.

Width 96, depth 4, four hashed features, as in spaCy's default for efficiency. Documents are made
before; the weights are spaCy's, so that both compute the same numbers. Edges: spaCy pads each
batch, ours gives zero vectors beyond the edges of each document, in every layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from common import Row, arguments, check_threads, cpu_median, has_spacy, report
from models import batches, read_sentences

WIDTH, DEPTH, CLASSES = 96, 4, 50
EMBED = {
    "width": WIDTH,
    "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
    "rows": [5000, 1000, 2500, 2500],
    "include_static_vectors": False,
}
ENCODE = {"width": WIDTH, "window_size": 1, "maxout_pieces": 3, "depth": DEPTH}


def models(registry: Any, prefix: str) -> tuple[Any, Any]:
    """A tok2vec model, and a tagger model on another, not initialised."""

    def tok2vec() -> Any:
        get = registry.architectures.get
        embed = get(f"{prefix}.MultiHashEmbed.v2")(**EMBED)
        encode = get(f"{prefix}.MaxoutWindowEncoder.v2")(**ENCODE)
        return get(f"{prefix}.Tok2Vec.v2")(embed, encode)

    return tok2vec(), registry.architectures.get(f"{prefix}.Tagger.v2")(tok2vec(), CLASSES)


def ours(sentences: Sequence[Any]) -> tuple[list[Any], Any, Any]:
    """Docs and models of ours."""
    import spanloom
    from spanloom import Doc

    nlp = spanloom.blank("en")
    docs = [Doc(nlp.vocab, words=words, spaces=spaces) for words, spaces, _ in sentences]
    return docs, *models(spanloom.registry, "spanloom")


def spacys(sentences: Sequence[Any]) -> tuple[list[Any], Any, Any]:
    """Docs and models of spaCy."""
    import spacy
    from spacy.tokens import Doc

    nlp = spacy.blank("en")
    docs = [Doc(nlp.vocab, words=words, spaces=spaces) for words, spaces, _ in sentences]
    return docs, *models(spacy.registry, "spacy")


def predict(model: Any, docs: list[Any], size: int) -> Callable[[], None]:
    """What predicts all documents in batches."""

    def run() -> None:
        for batch in batches(docs, size):
            model.predict(batch)

    return run


def update(model: Any, docs: list[Any], size: int) -> Callable[[], None]:
    """What runs forward and backward over all documents in batches, without a step."""

    def run() -> None:
        for batch in batches(docs, size):
            outputs, backprop = model.begin_update(batch)
            backprop(outputs)

    return run


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, docs=1024, repeats=5)
    check_threads()
    sentences = read_sentences("dev", 64 if options.quick else options.docs)
    repeats = 1 if options.quick else options.repeats
    cases: dict[str, tuple[int, Callable[..., Any], int, float | None]] = {
        "tok2vec, batches of 256": (1, predict, 256, 3.0),
        "tok2vec, one sentence": (1, predict, 1, 1.0),
        "tok2vec, update, batches of 64": (1, update, 64, 1.3),
        "tok2vec + tagger, batches of 256": (2, predict, 256, 3.0),
        "tok2vec + tagger, one sentence": (2, predict, 1, 1.0),
        "tok2vec + tagger, update, batches of 64": (2, update, 64, 1.3),
    }
    sides: list[Any] = [ours(sentences)]
    if has_spacy():
        sides.append(spacys(sentences))
    for which in (1, 2):
        sides[-1][which].initialize(X=sides[-1][0][:10])
        if len(sides) == 2:
            sides[0][which].initialize(X=sides[0][0][:10])
            sides[0][which].from_bytes(sides[1][which].to_bytes())
            sides[0][which].layers[-1].attrs["pad"] = 0
            sides[0][which].layers[0].layers[-1].attrs["pad"] = 0
    rows = []
    for name, (which, run, size, goal) in cases.items():
        times = [cpu_median(run(side[which], side[0], size), repeats) for side in sides]
        rows.append(Row(name, times[0], times[1] if len(times) > 1 else None, goal=goal))
    words = sum(len(doc) for doc in sides[0][0])
    report(rows, f"tok2vec, {len(sentences)} documents, {words} words", options.json)


if __name__ == "__main__":
    main()
