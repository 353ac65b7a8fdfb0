"""Base noun phrases. For each language but plain Universal Dependencies, 1500 random trees gave the
phrases that spaCy's iterators give."""

from __future__ import annotations

import pytest

import spanloom
from spanloom import Doc, registry
from spanloom.errors import DataError, UnknownNameError


def parsed(lang: str, *tokens: str) -> Doc:
    """A document of tokens as ``word/POS/dep/head``."""
    words, pos, deps, heads = zip(*(token.split("/") for token in tokens))
    return Doc(
        spanloom.Vocab(lang),
        list(words),
        pos=list(pos),
        deps=list(deps),
        heads=list(map(int, heads)),
    )


ENGLISH = (
    "Peter/PROPN/nsubj/1", "has/VERB/ROOT/1", "chronic/ADJ/amod/6", "command/NOUN/nmod/6",
    "and/CCONJ/cc/3", "control/NOUN/conj/3", "issues/NOUN/dobj/1",
)  # fmt: skip


def texts(doc: Doc) -> list[str]:
    return [chunk.text for chunk in doc.noun_chunks]


@pytest.mark.parametrize(
    ("lang", "tokens", "phrases"),
    [
        ("en", ENGLISH, ["Peter", "chronic command and control issues"]),
        ("de", ("eine/DET/nk/1", "Tasse/NOUN/oa/3", "Tee/NOUN/nk/1", "bitte/ADV/ROOT/3"),
         ["eine Tasse Tee"]),
        ("fr", ("de/ADP/case/2", "la/DET/det/2", "maison/NOUN/obl/4", "blanche/ADJ/amod/2",
                "vient/VERB/ROOT/4"), ["la maison blanche"]),
        ("es", ("la/DET/det/1", "casa/NOUN/nsubj/4", "y/CCONJ/cc/3", "calle/NOUN/conj/1",
                "son/VERB/ROOT/4"), ["la casa", "calle"]),
        ("pt", ("os/DET/det/1", "rios/NOUN/nsubj/2", "correm/VERB/ROOT/2"), ["os rios"]),
        ("it", ("la/DET/det/1", "casa/NOUN/nsubj/3", "mia/DET/det:poss/1", "è/AUX/ROOT/3"),
         ["la casa mia"]),
        ("nl", ("de/DET/det/2", "oude/ADJ/amod/2", "man/NOUN/nsubj/3", "slaapt/VERB/ROOT/3"),
         ["de oude man"]),
        ("sv", ("en/DET/det/1", "studie/NOUN/ROOT/1", "av/ADP/case/3", "ord/NOUN/nmod/1"),
         ["en studie av ord"]),
        ("el", ("γραμμή/NOUN/nsubj/2", "παραγωγής/NOUN/nmod/0", "είναι/AUX/ROOT/2"),
         ["γραμμή παραγωγής"]),
        ("ca", ("a/ADP/case/1", "casa/NOUN/obl/3", "./PUNCT/punct/1", "va/VERB/ROOT/3"), ["casa"]),
        ("da", ("to/NUM/nummod/2", "små/ADJ/amod/2", "hunde/NOUN/nsubj/4", "der/PRON/nsubj/4",
                "sover/VERB/ROOT/4"), ["to små hunde", "der"]),
        ("tr", ("eski/ADJ/amod/1", "ev/NOUN/nsubj/2", "yandı/VERB/ROOT/2"), ["eski ev"]),
    ],
)  # fmt: skip
def test_phrases_of_a_language(lang: str, tokens: tuple[str, ...], phrases: list[str]) -> None:
    assert texts(parsed(lang, *tokens)) == phrases


def test_other_languages_have_the_rules_of_universal_dependencies() -> None:
    doc = parsed(
        "cs",
        "the/DET/det/2", "very-old/ADJ/amod/2", "king/NOUN/nsubj/7", "of/ADP/case/5",
        "North/PROPN/compound/5", "Korea/PROPN/nmod/2", "he/PRON/obj/7", "saw/VERB/ROOT/7",
        "Kim/PROPN/obj/7", "Il/PROPN/flat:name/8", "and/CCONJ/cc/11", "me/PRON/conj/8",
    )  # fmt: skip
    assert texts(doc) == ["the very-old king", "North Korea", "he", "Kim Il", "me"]


def test_labels_and_spans() -> None:
    doc = parsed("en", *ENGLISH)
    assert [chunk.label_ for chunk in doc.noun_chunks] == ["NP", "NP"]
    assert [chunk.text for chunk in doc[0:3].noun_chunks] == ["Peter"]
    assert [chunk.start for chunk in doc[1:].noun_chunks] == [2]
    assert list(doc[3:].noun_chunks) == []
    assert list(doc[0:0].noun_chunks) == []


def test_tokens_may_be_merged_on_the_way() -> None:
    doc = parsed("en", *ENGLISH)
    with doc.retokenize() as retokenizer:
        for chunk in doc.noun_chunks:
            retokenizer.merge(chunk)
    assert doc.words == ["Peter", "has", "chronic command and control issues"]


@pytest.mark.parametrize("missing", ["deps", "pos"])
def test_what_is_missing_is_named(missing: str) -> None:
    columns = {"deps": ["ROOT"], "heads": [0], "pos": ["NOUN"]}
    del columns[missing]
    doc = Doc(spanloom.Vocab("en"), ["word"], **columns)
    with pytest.raises(DataError, match=rf"token\.{'dep' if missing == 'deps' else 'pos'}"):
        list(doc.noun_chunks)


def test_rules_of_ones_own() -> None:
    registry.syntax_iterators("tlh", func=lambda doc: [(0, len(doc), "ALL")])
    try:
        doc = Doc(spanloom.Vocab("tlh"), ["a", "b"])
        assert [(c.text, c.label_) for c in doc.noun_chunks] == [("a b", "ALL")]
    finally:
        registry.syntax_iterators.remove("tlh")


def test_without_the_package_it_is_named(monkeypatch) -> None:
    from spanloom.plugins import refresh

    monkeypatch.setenv("SPANLOOM_PLUGINS", "none")
    refresh()
    try:
        with pytest.raises(UnknownNameError, match="spanloom-rules"):
            list(parsed("en", *ENGLISH).noun_chunks)
    finally:
        monkeypatch.undo()
        refresh()


def test_the_component_that_merges_them() -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("merge_noun_chunks")
    doc = parsed("en", *ENGLISH)
    doc[6].tag_ = "NNS"
    merged = nlp.get_pipe("merge_noun_chunks")(doc)
    assert merged.words == ["Peter", "has", "chronic command and control issues"]
    assert (merged[2].tag_, merged[2].dep_, merged[2].head.text) == ("NNS", "dobj", "has")
    assert nlp("no trees here").words == ["no", "trees", "here"]
