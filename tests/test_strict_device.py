"""Training and prediction on a device whose arrays refuse what a GPU's refuse.

``nox -s strict-device`` puts a stand-in for CuPy first on the path, which computes on the CPU, lets
nothing be mixed with NumPy's arrays, and counts what is copied to the host. Without it there is
nothing to see here. It shows errors of device, not of memory or speed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import spanloom
from spanloom import Doc, Example, Pipeline
from spanloom.config import init_config
from spanloom.pipeline.devices import use_device
from spanloom.tokens import Span

cupy = pytest.importorskip("cupy", exc_type=ImportError)
pytestmark = pytest.mark.skipif(
    not hasattr(cupy, "transfers"), reason="needs the stand-in for CuPy: nox -s strict-device"
)

TEXTS = ["She sold her old loom to a museum in Leeds.", "Ada moved to Paris in May .", "Sea.", ""]
#: Of one component and one batch, without thinc's Adam: the stand-in lacks the kernel that clips
#: gradients on the device, and asks the host instead.
MOST_COPIES = 12

BOW = {"@architectures": "spanloom.TextCatBOW.v3", "exclusive_classes": True, "ngram_size": 2}
OF_WORDS = {"@architectures": "spanloom.HashEmbedCNN.v2", "width": 16, "depth": 1, "embed_size": 50}
OF_WORDS |= {"window_size": 1, "maxout_pieces": 2, "subword_features": True}
OF_WORDS |= {"pretrained_vectors": None}
PIPELINES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    **{
        name: [(name, {})]
        for name in (
            "tagger",
            "morphologizer",
            "senter",
            "trainable_lemmatizer",
            "parser",
            "ner",
            "beam_ner",
            "textcat",
            "textcat_multilabel",
            "spancat",
            "spancat_singlelabel",
            "span_finder",
        )
    },
    "bag of words": [("textcat", {"model": BOW})],
    "pooled": [
        ("textcat", {"model": {"@architectures": "spanloom.TextCatReduce.v1", "tok2vec": OF_WORDS}})
    ],
}


@pytest.fixture(autouse=True)
def device() -> Iterator[None]:
    from thinc.api import get_current_ops, set_current_ops

    before = get_current_ops()
    use_device("gpu", 0)
    yield
    set_current_ops(before)


def annotated(nlp: Pipeline) -> list[Example]:
    examples = []
    for number, text in enumerate(TEXTS):
        doc = nlp.make_doc(text)
        size = len(doc)
        every: Any = {
            "tags": ["A" if at % 2 else "B" for at in range(size)],
            "pos": ["NOUN" if at % 2 else "VERB" for at in range(size)],
            "morphs": ["Case=Nom" if at % 3 else "" for at in range(size)],
            "heads": [max(at - 1, 0) for at in range(size)],
            "deps": ["x" if at else "ROOT" for at in range(size)],
            "ents": [("B-PER", "I-PER", "O")[min(at, 2)] for at in range(size)],
            "sent_starts": [at == 0 for at in range(size)],
            "lemmas": [token.text.lower() for token in doc],
        }
        words = {"words": [token.text for token in doc]}
        gold = Doc(nlp.vocab, **words, spaces=[bool(t.whitespace_) for t in doc], **every)
        gold.cats = {"odd": float(number % 2), "even": float(1 - number % 2)}
        if size > 3:
            gold.spans["sc"] = [Span(gold, 0, 2, "one"), Span(gold, 2, 3, "two")]
        examples.append(Example(doc, gold))
    return examples


def build(name: str) -> Pipeline:
    if name == "shared layer":
        return Pipeline.from_config(init_config("en", ["tagger", "parser", "ner", "spancat"]))
    nlp = spanloom.blank("en")
    for component, config in PIPELINES[name]:
        nlp.add_pipe(component, config=config)
    return nlp


def copies() -> int:
    """To the host since the last call."""
    number = sum(cupy.transfers.values())
    cupy.transfers.clear()
    return number


@pytest.mark.parametrize("name", [*PIPELINES, "shared layer"])
def test_training_and_prediction(name: str) -> None:
    nlp = build(name)
    examples = annotated(nlp)
    optimizer = nlp.initialize(lambda: examples)
    bound = MOST_COPIES * len(nlp.pipe_names)
    nlp.update(examples, sgd=optimizer)
    copies()
    losses = nlp.update(examples, sgd=False, drop=0.1)
    assert copies() <= bound
    assert all(np.isfinite(float(loss)) for loss in losses.values())
    nlp.update(examples, sgd=optimizer)
    list(nlp.pipe(TEXTS))
    copies()
    docs = list(nlp.pipe(TEXTS))
    assert copies() <= bound
    alone = nlp(TEXTS[0])
    assert copies() <= bound
    assert (
        alone.to_array(["TAG", "DEP", "HEAD"]).tolist()
        == docs[0].to_array(["TAG", "DEP", "HEAD"]).tolist()
    )


@pytest.mark.parametrize("name", ["tagger", "parser", "ner", "textcat"])
def test_the_host_says_the_same(name: str) -> None:
    """A pipeline trained on the device and loaded on the CPU, and the other way round."""
    nlp = build(name)
    examples = annotated(nlp)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(3):
        nlp.update(examples, sgd=optimizer)
    data = nlp.to_bytes()
    columns = ["TAG", "DEP", "HEAD", "ENT_TYPE", "ENT_IOB"]
    there = [(doc.to_array(columns).tolist(), doc.cats) for doc in nlp.pipe(TEXTS)]
    use_device("cpu")
    here = [
        (doc.to_array(columns).tolist(), doc.cats)
        for doc in build(name).from_bytes(data).pipe(TEXTS)
    ]
    for (values, cats), (others, theirs) in zip(there, here):
        assert values == others
        assert cats == pytest.approx(theirs, abs=1e-5)


def test_evaluation_and_saving() -> None:
    nlp = build("shared layer")
    examples = annotated(nlp)
    nlp.initialize(lambda: examples)
    assert nlp.evaluate(examples)["token_acc"] == 1.0
    nlp.from_bytes(nlp.to_bytes())
    assert len(list(nlp.pipe(TEXTS))) == len(TEXTS)


@pytest.mark.parametrize("name", ["characters", "cosine", "L2"])
def test_pretraining(name: str) -> None:
    from thinc.api import Adam

    from spanloom.layers import HashEmbedCNN
    from spanloom_pretrain import PretrainCharacters, PretrainVectors

    nlp = spanloom.blank("en")
    docs = [nlp.make_doc(text) for text in TEXTS]
    encoder = HashEmbedCNN(width=8, depth=1, embed_size=50, maxout_pieces=2)
    encoder.initialize(X=docs)
    sizes: Any = {"maxout_pieces": 2, "hidden_size": 6, "mask_share": 0.4}
    if name == "characters":
        task = PretrainCharacters(**sizes, n_characters=2)(nlp.vocab, encoder)
    else:
        nlp.vocab.vectors = _vectors(docs)
        task = PretrainVectors(**sizes, loss=name)(nlp.vocab, encoder)
    random = np.random.default_rng(1)
    copies()
    loss, words = task.update(docs, random, 0.1)
    assert copies() <= MOST_COPIES
    assert words
    assert np.isfinite(loss)
    task.model.finish_update(Adam(0.01))
    assert np.isfinite(task.evaluate(docs, random)[0])


def _vectors(docs: list[Doc]) -> Any:
    from spanloom_vectors import Table

    words = sorted({token.text for doc in docs for token in doc})
    data = np.random.default_rng(0).standard_normal((len(words), 5)).astype("f")
    return Table.from_arrays(words, data)


def test_static_vectors() -> None:
    nlp = spanloom.blank("en")
    nlp.vocab.vectors = _vectors([nlp.make_doc(text) for text in TEXTS])
    embed = {"@architectures": "spanloom.MultiHashEmbed.v2", "width": 8, "attrs": ["NORM"]}
    embed |= {"rows": [50], "include_static_vectors": True}
    encode = {"@architectures": "spanloom.MaxoutWindowEncoder.v2", "width": 8, "depth": 1}
    encode |= {"window_size": 1, "maxout_pieces": 2}
    tok2vec = {"@architectures": "spanloom.Tok2Vec.v2", "embed": embed, "encode": encode}
    model = {"@architectures": "spanloom.Tagger.v2", "tok2vec": tok2vec}
    nlp.add_pipe("tagger", config={"model": model})
    examples = annotated(nlp)
    optimizer = nlp.initialize(lambda: examples)
    nlp.update(examples, sgd=optimizer)
    copies()
    nlp.update(examples, sgd=False)
    assert copies() <= MOST_COPIES
    list(nlp.pipe(TEXTS))
    assert copies() <= MOST_COPIES
