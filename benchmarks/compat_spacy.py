"""Whether weights of spaCy carry over: its models' bytes loaded into ours, and what both give.

Random weights, the texts of EWT. With the padding that spaCy's bytes ask for, all tokens must agree
to 1e-5 of the largest value; without it (our default: zero vectors beyond the edges of a document)
those that see no edge. Prints a table, and exits with 1 if something doesn't hold.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from common import arguments, check_threads, has_spacy
from models import read_sentences
from sides import HASHES
from spanloom.components.tok2vec import TOK2VEC_MODEL

TOLERANCE = 1e-5
EMBED = {"width": 96, **HASHES}
CHARACTERS = {"width": 96, "rows": 7000, "nM": 16, "nC": 8, "include_static_vectors": False}
WINDOW = {"width": 96, "window_size": 1, "depth": 4}
CNN = {key: value for key, value in TOK2VEC_MODEL.items() if not key.startswith("@")}

Build = Callable[[Callable[[str], Any]], Any]


def tok2vec(embed: str, settings: dict[str, Any], encode: str, **more: Any) -> Build:
    """How to build a Tok2Vec model of two named parts."""

    def build(get: Callable[[str], Any]) -> Any:
        parts = get(embed)(**settings), get(encode)(**WINDOW, **more)
        return get("Tok2Vec.v2")(*parts)

    return build


MODELS: dict[str, tuple[Build, int]] = {
    "MultiHashEmbed.v2": (lambda get: get("MultiHashEmbed.v2")(**EMBED), 0),
    "CharacterEmbed.v2": (lambda get: get("CharacterEmbed.v2")(**CHARACTERS), 0),
    "Tok2Vec.v2, MaxoutWindowEncoder.v2": (
        tok2vec("MultiHashEmbed.v2", EMBED, "MaxoutWindowEncoder.v2", maxout_pieces=3),
        4,
    ),
    # spaCy's runs over the whole batch with nothing between the documents: one document here
    "Tok2Vec.v2, MishWindowEncoder.v2": (
        tok2vec("MultiHashEmbed.v2", EMBED, "MishWindowEncoder.v2"),
        4,
    ),
    "HashEmbedCNN.v2": (lambda get: get("HashEmbedCNN.v2")(**CNN), 4),
    "Tagger.v2": (lambda get: get("Tagger.v2")(get("HashEmbedCNN.v2")(**CNN), 17), 4),
}


def randomize(model: Any, seed: int = 0) -> None:
    """Random values in place of those that are zero or one at first."""
    rng = np.random.default_rng(seed)
    for node in model.walk():
        for name in node.param_names:
            values = node.get_param(name)
            noise = rng.normal(0, 0.1, values.shape).astype("float32")
            node.set_param(name, values + noise)


def compare(build: Build, reach: int, ours: Sequence[Any], theirs: Sequence[Any]) -> list[float]:
    """Largest differences, relative to the largest value: with padding, and far from edges."""
    import spacy

    from spanloom import registry

    other = build(lambda name: spacy.registry.architectures.get(f"spacy.{name}"))
    other.initialize(X=theirs[:10])
    randomize(other)
    model = build(lambda name: registry.architectures.get(f"spanloom.{name}"))
    model.initialize(X=ours[:10])
    model.from_bytes(other.to_bytes())
    expected = [other.predict([doc])[0] for doc in theirs]
    scale = max(float(np.abs(values).max()) for values in expected)
    found = [model.predict(list(ours))]
    for node in model.walk():
        if "pad" in node.attrs:
            node.attrs["pad"] = 0
    found.append(model.predict(list(ours)))
    far = [[slice(None)] * len(ours), [slice(reach, max(len(doc) - reach, 0)) for doc in ours]]
    return [
        max(
            float(np.abs(a[part] - b[part]).max(initial=0.0))
            for a, b, part in zip(values, expected, parts, strict=True)
        )
        / scale
        for values, parts in zip(found, far, strict=True)
    ]


def main() -> None:
    """Compare all models."""
    options = arguments(__doc__, docs=300)
    check_threads()
    if not has_spacy():
        sys.exit("This compares with spaCy: install spacy>=3.8,<3.9 beside us.")
    import spacy
    from spacy.tokens import Doc as SpacyDoc

    import spanloom

    sentences = read_sentences("dev", 30 if options.quick else options.docs)
    vocab, other = spanloom.blank("en").vocab, spacy.blank("en").vocab
    ours = [spanloom.Doc(vocab, words=words) for words, _, _ in sentences]
    theirs = [SpacyDoc(other, words=words) for words, _, _ in sentences]
    holds = True
    print(f"{'model':40} {'padded, all':>12} {'far from edges':>15}")
    for name, (build, reach) in MODELS.items():
        padded, inner = compare(build, reach, ours, theirs)
        good = max(padded, inner) <= TOLERANCE
        holds = holds and good
        print(f"{name:40} {padded:12.1e} {inner:15.1e} {'' if good else '  differs'}")
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
