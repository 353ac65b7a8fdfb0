"""Augmenters: the text changes, and the annotation follows its tokens."""

from __future__ import annotations

import random

import pytest

import spanloom
from spanloom import Doc, Example, registry
from spanloom.corpora import Corpus
from spanloom.errors import DataError
from spanloom.tokens.storage.docfile import write_docs
from spanloom_formats import (
    character_noise,
    combined_augmenter,
    lower_case,
    orth_variants_augmenter,
)

NLP = spanloom.blank("en")
QUOTES = [["``", "''"], ["\u201c", "\u201d"], ['"', '"']]
VARIANTS = {
    "single": [{"tags": ["NFP"], "variants": ["...", "\u2026"]}],
    "paired": [{"tags": ["``", "''"], "variants": QUOTES}],
}


def example() -> Example:
    doc = Doc(
        NLP.vocab,
        words=["Ann", "said", "``", "New", "York", "''", "..."],
        spaces=[True, True, False, True, False, True, False],
        tags=["NNP", "VBD", "``", "NNP", "NNP", "''", "NFP"],
        pos=["PROPN", "VERB", "PUNCT", "PROPN", "PROPN", "PUNCT", "PUNCT"],
        heads=[1, 1, 4, 4, 1, 4, 1],
        deps=["nsubj", "ROOT", "punct", "nn", "obj", "punct", "punct"],
        ents=["B-PER", "O", "O", "B-GPE", "I-GPE", "O", "O"],
    )
    doc.cats = {"NEWS": 1.0}
    doc.spans["sc"] = [doc[3:5], doc[1:7]]
    return Example(NLP.make_doc(doc.text), doc)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    random.seed(0)


def test_lower_case() -> None:
    (lowered,) = lower_case(1.0)(NLP, example())
    assert lowered.text == "ann said ``new york'' ..."
    assert lowered.predicted.text == lowered.reference.text
    assert [e.text for e in lowered.reference.ents] == ["ann", "new york"]
    given = example()
    assert next(lower_case(0.0)(NLP, given)) is given


def test_signs_of_a_document_are_of_one_kind_and_what_opens_stays_what_opens() -> None:
    seen = set()
    for _ in range(40):
        (found,) = orth_variants_augmenter(1.0, 0.0, VARIANTS)(NLP, example())
        words = found.reference.words
        seen.add((words[2], words[5], words[6]))
        assert [e.text for e in found.reference.ents] == ["Ann", "New York"]
        assert found.reference.spans["sc"][0].text == "New York"
        assert found.reference.cats == {"NEWS": 1.0}
        assert [t.tag_ for t in found.reference] == [t.tag_ for t in example().reference]
    assert seen == {(a, b, c) for a, b in QUOTES for c in ("...", "\u2026")}


def test_signs_in_pairs_without_tags_of_their_own_alternate() -> None:
    doc = Doc(NLP.vocab, words=['"', "a", '"', '"', "b", '"'], tags=["Q", "N", "Q", "Q", "N", "Q"])
    variants = {"paired": [{"tags": ["Q"], "variants": [['"', '"'], ["<", ">"]]}]}
    texts = set()
    for _ in range(20):
        made = orth_variants_augmenter(1.0, 0.0, variants)(NLP, Example(doc.copy(), doc))
        texts.add("".join(next(made).reference.words))
    assert texts == {'"a""b"', "<a><b>"}


def test_white_space_gets_the_annotation_of_white_space() -> None:
    augment = combined_augmenter(
        whitespace_level=1.0, whitespace_per_token=0.3, whitespace_variants=["\n"]
    )
    for _ in range(30):
        given = example()
        (found,) = augment(NLP, given)
        doc = found.reference
        assert len(doc) == len(given.reference) + 2
        assert [e.text.split() for e in doc.ents] == [["Ann"], ["New", "York"]]
        assert [s.text.split()[0] for s in doc.spans["sc"]] == ["New", "said"]
        words = [t for t in doc if not t.is_space]
        for token, old in zip(words, given.reference, strict=True):
            assert (token.head.text, token.dep_) == (old.head.text, old.dep_)
        for token in doc:
            if token.is_space:
                assert (token.tag_, token.pos_, token.dep_) == ("_SP", "SPACE", "dep")
        assert sum(1 for _ in doc.sents) == 1
        assert found.predicted.text == doc.text


def test_white_space_before_a_sentence_begins_it() -> None:
    doc = Doc(NLP.vocab, words=["a", "b"], sent_starts=[1, 1])
    augment = combined_augmenter(0, 0, None, 1.0, 0.5, ["\n"])
    seen = set()
    for _ in range(20):
        (found,) = augment(NLP, Example(doc.copy(), doc))
        seen.add(tuple(sent.text for sent in found.reference.sents))
    assert seen == {("\na", "b"), ("a", "\nb")}


def test_slips_of_the_finger() -> None:
    augment = character_noise(level=1.0, rate=0.3)
    texts = set()
    for _ in range(30):
        (found,) = augment(NLP, example())
        texts.add(found.text)
        assert all(found.reference.words)
        assert [e.label_ for e in found.reference.ents] == ["PER", "GPE"]
        assert found.reference.words[5:] == ["''", "..."]
    assert len(texts) > 20


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: lower_case(1.5), "level is 1.5"),
        (lambda: orth_variants_augmenter(1, 0, {"pairs": []}), "'single' and 'paired'"),
        (lambda: orth_variants_augmenter(1, 0, {"single": [{"tags": []}]}), "group 0"),
        (
            lambda: orth_variants_augmenter(1, 0, {"paired": [{"tags": [], "variants": ["a"]}]}),
            "pairs of two words",
        ),
        (lambda: combined_augmenter(whitespace_variants=["a"]), "isn't white space"),
        (lambda: character_noise(rate=-1), "rate is -1"),
    ],
)
def test_settings_that_mean_nothing(make, told) -> None:
    with pytest.raises(DataError, match=told):
        make()


def test_a_corpus_is_read_with_an_augmenter_of_spacys_name(tmp_path) -> None:
    write_docs(tmp_path / "a.loom", [example().reference])
    block = {"@augmenters": "spacy.lower_case.v1", "level": 1.0}
    augmenter = registry.resolve({"it": block})["it"]
    (read,) = Corpus(tmp_path / "a.loom", augmenter=augmenter)(NLP)
    assert read.reference.words[0] == "ann"
