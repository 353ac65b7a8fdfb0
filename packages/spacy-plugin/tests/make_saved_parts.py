"""Makes ``data/saved_parts.tar.xz``: tiny pipelines that spaCy trained, and what they say there.

Run it with spaCy 3.8 beside us: ``python packages/spacy-plugin/tests/make_saved_parts.py``.
"""

from __future__ import annotations

import json
import random
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

TARGET = Path(__file__).parent / "data" / "saved_parts.tar.xz"

TEXTS = [
    "Ann Lee sees the dog in Berlin . It barks",
    "Free prizes ! Call 555 now | or never",
    "the cat",
    "Bob likes Anna Lee , the dog and the cat .  They live in New York City .",
    "!",
    "Ünïcödé 日本 dogs in Rome see a cat in Paris . Bob waits",
]

_NAMES = [["Ann", "Lee"], ["Bob"], ["Anna", "Maria", "Lee"], ["Carl"]]
_PLACES = [["Berlin"], ["New", "York", "City"], ["Rome"], ["Paris"]]


def sentences(vocab: Any, count: int = 60) -> list[Any]:
    """Documents with every kind of annotation."""
    from spacy.tokens import Doc, Span

    chosen = random.Random(0)
    docs = []
    for _ in range(count):
        name, place = chosen.choice(_NAMES), chosen.choice(_PLACES)
        verb, noun = chosen.choice(["sees", "likes"]), chosen.choice(["dog", "cat", "prize"])
        words = [*name, verb, "the", noun, "in", *place, "."]
        at = len(name)  # of the verb
        last = at + 3 + len(place)  # of the place
        heads = [*[at - 1] * (at - 1), at, at, at + 2, at, *[last] * len(place), at, at]
        doc = Doc(
            vocab,
            words=words,
            heads=heads,
            deps=[
                *["flat"] * (at - 1),
                *("nsubj", "ROOT", "det", "obj", "case"),
                *["flat"] * (len(place) - 1),
                "obl",
                "punct",
            ],
            tags=[*["NNP"] * at, "VBZ", "DT", "NN", "IN", *["NNP"] * len(place), "."],
            pos=[*["PROPN"] * at, "VERB", "DET", "NOUN", "ADP", *["PROPN"] * len(place), "PUNCT"],
            morphs=["", *["Number=Sing"] * (len(words) - 1)],
            lemmas=[*name, verb[:-1], "the", noun, "in", *place, "."],
            sent_starts=[i == 0 for i in range(len(words))],
        )
        doc.ents = [Span(doc, 0, at, label="PER"), Span(doc, at + 4, last + 1, label="LOC")]
        doc.spans["sc"] = [*doc.ents, Span(doc, at + 1, at + 3, label="NP")]
        doc.spans["single"] = doc.spans["found"] = list(doc.spans["sc"])
        doc.cats = {"dog": float(noun == "dog"), "other": float(noun != "dog")}
        docs.append(doc)
    return docs


def embedding(kind: str = "MultiHashEmbed.v2", *, vectors: bool = False) -> dict[str, Any]:
    block: dict[str, Any] = {"@architectures": f"spacy.{kind}", "width": 8}
    if kind.startswith("Character"):
        block |= {"rows": 20, "nM": 4, "nC": 4}
    else:
        block |= {"attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"], "rows": [16, 8, 8, 8]}
    return {**block, "include_static_vectors": vectors}


def encoder(embed: dict[str, Any], kind: str = "Maxout", version: str = "v2") -> dict[str, Any]:
    layers = {
        "@architectures": f"spacy.{kind}WindowEncoder.{version}",
        "width": 8,
        "depth": 1,
        "window_size": 1,
    }
    if kind == "Maxout":
        layers["maxout_pieces"] = 2
    return {"@architectures": f"spacy.Tok2Vec.{version}", "embed": embed, "encode": layers}


def cnn(version: str = "v2", *, vectors: bool | None = None, pieces: int = 2) -> dict[str, Any]:
    return {
        "@architectures": f"spacy.HashEmbedCNN.{version}",
        "pretrained_vectors": vectors,
        "width": 8,
        "depth": 1,
        "embed_size": 12,
        "window_size": 1,
        "maxout_pieces": pieces,
        "subword_features": True,
    }


LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": 8, "upstream": "*"}


def states(kind: str, tok2vec: Any = LISTENER, version: str = "v2", **more: Any) -> dict[str, Any]:
    model = {
        "@architectures": f"spacy.TransitionBasedParser.{version}",
        "state_type": kind,
        "extra_state_tokens": False,
        "hidden_width": 8,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": tok2vec,
    }
    return {"model": {**model, **more}}


def tagger(tok2vec: Any = LISTENER, version: str = "v2") -> dict[str, Any]:
    return {"model": {"@architectures": f"spacy.Tagger.{version}", "tok2vec": tok2vec}}


def bow(version: str, exclusive: bool, *, bare: bool = False) -> dict[str, Any]:
    block = {
        "@architectures": f"spacy.TextCatBOW.{version}",
        "exclusive_classes": exclusive,
        "ngram_size": 2,
        "no_output_layer": bare,
    }
    return {**block, "length": 64} if version == "v3" else block


def classifiers(exclusive: bool) -> dict[str, dict[str, Any]]:
    """A model of each architecture."""

    def pooled(name: str, **more: Any) -> dict[str, Any]:
        block = {"@architectures": f"spacy.{name}", "exclusive_classes": exclusive}
        return {**block, "tok2vec": cnn(), **more}

    reductions = {f"use_reduce_{each}": True for each in ("first", "last", "max", "mean")}
    first = {
        "@architectures": "spacy.TextCatEnsemble.v1",
        "exclusive_classes": exclusive,
        "pretrained_vectors": False,
        "width": 8,
        "embed_size": 20,
        "conv_depth": 2,
        "window_size": 1,
        "ngram_size": 1,
        "dropout": None,
    }
    second = {"@architectures": "spacy.TextCatEnsemble.v2", "tok2vec": cnn()}
    return {
        "bow1": bow("v1", exclusive),
        "bow2": bow("v2", exclusive),
        "bow3": bow("v3", exclusive),
        "bare": bow("v3", exclusive, bare=True),
        "cnn1": pooled("TextCatCNN.v1"),
        "cnn2": pooled("TextCatCNN.v2"),
        "reduce": pooled("TextCatReduce.v1", **reductions),
        "attention": pooled("TextCatParametricAttention.v1"),
        "ensemble1": first,
        "ensemble2": {**second, "linear_model": bow("v3", exclusive)},
    }


def spans(layer: str) -> dict[str, Any]:
    model = {
        "@architectures": "spacy.SpanCategorizer.v1",
        "scorer": {"@layers": layer},
        "reducer": {"@layers": "spacy.mean_max_reducer.v1", "hidden_size": 8},
        "tok2vec": LISTENER,
    }
    ngrams = {"@misc": "spacy.ngram_suggester.v1", "sizes": [1, 2, 3]}
    return {"model": model, "suggester": ngrams}


def blank() -> Any:
    import spacy

    return spacy.blank("xx")


def texts() -> Any:
    """All classifiers, each trained by itself: spaCy wants one true label in all."""
    nlp = blank()
    for exclusive, factory, left_out in (
        (True, "textcat", ("bow2", "bare", "cnn2", "attention")),
        (False, "textcat_multilabel", ("bow1", "bow3", "cnn1")),
    ):
        for name, model in classifiers(exclusive).items():
            if name in left_out:
                continue
            name = f"{name}_{'one' if exclusive else 'many'}"
            own = blank()
            own.add_pipe(factory, name, config={"model": model})
            nlp.add_pipe(name, source=trained(own, prefix=f"{name}:"))
    return nlp


def groups() -> Any:
    nlp = blank()
    nlp.add_pipe("tok2vec", config={"model": encoder(embedding())})
    nlp.add_pipe("spancat", config={**spans("spacy.LinearLogistic.v1"), "threshold": 0.3})
    settings = {"spans_key": "single", "allow_overlap": False}
    nlp.add_pipe("spancat_singlelabel", config={**spans("Softmax.v2"), **settings})
    scorer = {"@layers": "spacy.LinearLogistic.v1", "nO": 2}
    finder = {"@architectures": "spacy.SpanFinder.v1", "scorer": scorer, "tok2vec": LISTENER}
    settings = {"spans_key": "found", "threshold": 0.3, "max_length": 3}
    nlp.add_pipe("span_finder", config={"model": finder, **settings})
    nlp.add_pipe("sentencizer").punct_chars = {".", "|"}
    return trained(nlp)


def trees() -> Any:
    nlp = blank()
    nlp.add_pipe("tok2vec", config={"model": encoder(embedding())})
    extra = {"extra_state_tokens": True}
    nlp.add_pipe("parser", config={**states("parser", **extra), "min_action_freq": 1})
    nlp.add_pipe("ner", config=states("ner", **extra, use_upper=False))
    nlp.add_pipe("morphologizer", config=tagger())
    nlp.add_pipe("trainable_lemmatizer", config={**tagger(), "min_tree_freq": 1, "top_k": 2})
    return trained(nlp)


def first_versions() -> Any:
    nlp = blank()
    numbers = np.random.default_rng(0)
    for word in ("Ann", "Bob", "sees", "the", "dog", "Rome"):
        nlp.vocab.set_vector(word, numbers.normal(size=6).astype("f"))
    nlp.add_pipe(
        "tagger", config=tagger(encoder(embedding("MultiHashEmbed.v1"), "Maxout", "v1"), "v1")
    )
    nlp.add_pipe("ner", config=states("ner", cnn("v1"), "v1"))
    embed = embedding("CharacterEmbed.v1")
    nlp.add_pipe("parser", config={**states("parser", encoder(embed), "v1"), "min_action_freq": 1})
    embed = embedding("CharacterEmbed.v2", vectors=True)
    nlp.add_pipe("morphologizer", config=tagger(encoder(embed)))
    return trained(nlp)


def floret() -> Any:
    from spacy.vectors import Vectors

    nlp = blank()
    rows = np.random.default_rng(0).normal(size=(40, 6)).astype("f")
    settings = {"hash_count": 2, "minn": 2, "maxn": 4, "bow": "<", "eow": ">", "hash_seed": 7}
    nlp.vocab.vectors = Vectors(
        strings=nlp.vocab.strings, mode="floret", data=rows, name="floret", **settings
    )
    nlp.add_pipe("tagger", config=tagger(cnn(vectors=True)))
    return trained(nlp)


PIPELINES: dict[str, Callable[[], Any]] = {
    "texts": texts,
    "groups": groups,
    "trees": trees,
    "first_versions": first_versions,
    "floret": floret,
}


def trained(nlp: Any, steps: int = 30, *, prefix: str = "") -> Any:
    """The pipeline, after some steps; labels of documents begin with ``prefix``."""
    from spacy.training import Example
    from spacy.util import fix_random_seed

    fix_random_seed(0)
    examples = []
    for doc in sentences(nlp.vocab):
        doc.cats = {f"{prefix}{label}": value for label, value in doc.cats.items()}
        examples.append(Example(nlp.make_doc(doc.text), doc))
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.02
    for step in range(steps):
        nlp.update(examples[step * 10 % 60 :][:10], sgd=optimizer, drop=0.1)
    return nlp


def said(doc: Any) -> dict[str, Any]:
    """What a document holds, as JSON can. It takes ours as well."""
    groups = {key: [(s.start, s.end, s.label_) for s in group] for key, group in doc.spans.items()}
    return {
        "words": [token.text for token in doc],
        "tags": [token.tag_ for token in doc],
        "pos": [token.pos_ for token in doc],
        "morphs": [str(token.morph) for token in doc],
        "lemmas": [token.lemma_ for token in doc],
        "heads": [token.head.i for token in doc],
        "relations": [token.dep_ for token in doc],
        "sentences": [s.start for s in doc.sents] if doc.has_annotation("SENT_START") else [],
        "entities": [(each.start, each.end, each.label_) for each in doc.ents],
        "groups": groups,
        "scores": {
            **doc.cats,
            **{
                f"{key}:{place}": float(score)
                for key, group in doc.spans.items()
                for place, score in enumerate(np.ravel(group.attrs.get("scores", ())))
            },
        },
        "vectors": [float(token.vector.sum()) for token in doc] if doc.vocab.vectors_length else [],
    }


def main() -> None:
    """Train, save, and write down what is said."""
    with tempfile.TemporaryDirectory() as name:
        for pipeline, make in PIPELINES.items():
            nlp = make()
            nlp.to_disk(Path(name, pipeline))
            # One by one: some of spaCy's layers look beyond the edges of a text of a batch.
            docs = [said(nlp(text)) for text in TEXTS]
            Path(name, f"{pipeline}.json").write_text(json.dumps(docs), "utf8")
            counts = {key: sum(len(doc[key]) for doc in docs) for key in ("entities", "scores")}
            sys.stdout.write(f"{pipeline}: {counts}\n")
        with tarfile.open(TARGET, "w:xz", preset=9) as archive:
            archive.add(name, ".")


if __name__ == "__main__":
    main()
