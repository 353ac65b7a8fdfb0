"""Rules of single languages, on small tables. That whole tables give spaCy's lemmas was compared on
20,000 words of each language that spacy-lookups-data has rules for."""

from __future__ import annotations

import sys

import pytest

import spanloom
from spanloom import Doc
from spanloom.errors import DataError
from spanloom_rules import Lemmatizer, Lookups
from spanloom_rules.lemmas.languages import pymorphy

TABLES = {
    "lemma_lookup": {"liep": "lopen", "chevaux": ["cheval"], "rossi": "rosso"},
    "lemma_rules": {
        "noun": [["aux", "al"], ["s", ""], ["en", ""]],
        "verb": [["ent", "er"], ["t", "en"], ["ше", "ам"]],
        "noun_plur": [["es", ""], ["s", ""]],
        "verb_pres": [["o", "ar"], ["o", "er"], ["o", "ir"]],
        "voc_alt_1": [["i", "e"]],
        "voc_alt_2": [["ue", "o"]],
        "accents": [["ó", "o"], ["é", "e"], ["á", "a"]],
        "det": [["las", "el"]],
        "pron": [["me", "yo"]],
        "det_and_pron_fixed": [["tales", "tal"]],
        "det_and_pron_general": [["as", "o"], ["s", ""]],
        "adverbs": [["muy", "mucho"]],
        "num": [["doscientas", "doscientos"]],
    },
    "lemma_rules_groups": {
        "noun": [["noun_plur", ["Number=Plur"]]],
        "verb": [["verb_pres", ["Tense=Pres"]]],
    },
    "lemma_index": {
        "noun": ["paf", "joven", "boek", "λόγος"],
        "verb": ["contar", "pedir", "dar", "lopen", "werken"],
        "det": ["tanto"],
    },
    "lemma_exc": {"noun": {"yeux": ["œil"], "koeien": ["koe"]}, "pron": {"lo": ["él"]}},
    **{
        f"lemma_lookup_{part}": {}
        for part in ["adp", "adv", "aux", "num", "part", "pron", "det", "other"]
    },
    "lemma_lookup_adj": {"dobry": "dobry", "lepszy": "dobry", "belle": "bello"},
    "lemma_lookup_verb": {"robi": "robić", "oibrí": "oibrigh"},
    "lemma_lookup_noun": {
        "koty": "kot",
        "Rzymu": "Rzym",
        "cat": "cat",
        "athair": ["athair"],
        "Corcaigh": "Corcaigh",
    },
}


@pytest.mark.parametrize(
    ("lang", "word", "pos", "morph", "lemma"),
    [
        ("fr", "Paf", "NOUN", "", "paf"),
        ("fr", "yeux", "NOUN", "", "œil"),
        ("fr", "journaux", "NOUN", "", "journal"),
        ("fr", "chevaux", "ADJ", "", "cheval"),
        ("fr", "chevaux", "X", "", "cheval"),
        ("ca", "parlent", "VERB", "", "parler"),
        ("el", "Λόγος", "NOUN", "", "λόγος"),
        ("mk", "стануваше", "VERB", "", "стануваше"),
        ("mk", "станувајќи", "ADV", "", "станува"),
        ("nl", "Liep", "VERB", "", "lopen"),
        ("nl", "werkt", "VERB", "", "werken"),
        ("nl", "koeien", "NOUN", "", "koe"),
        ("nl", "Huizen", "NOUN", "", "huiz"),
        ("nl", "Amsterdam", "PROPN", "", "amsterdam"),
        ("es", "jóvenes", "NOUN", "Number=Plur", "joven"),
        ("es", "cuento", "VERB", "Tense=Pres", "contar"),
        ("es", "pido", "VERB", "Tense=Pres", "pedir"),
        ("es", "dámelo", "VERB", "PronType=Prs", "da yo él"),
        ("es", "dar", "VERB", "PronType=Prs", "dar"),
        ("es", "las", "DET", "", "el"),
        ("es", "tantas", "DET", "", "tanto"),
        ("es", "tales", "PRON", "", "tal"),
        ("es", "muy", "ADV", "", "mucho"),
        ("es", "1.000,5", "NUM", "", "1000.5"),
        ("es", "doscientas", "NUM", "", "doscientos"),
        ("es", "De", "ADP", "", "de"),
        ("es", "Roma", "PROPN", "", "Roma"),
        ("pl", "Koty", "NOUN", "", "kot"),
        ("pl", "Rzymu", "NOUN", "", "Rzym"),
        ("pl", "najlepszy", "ADJ", "", "dobry"),
        ("pl", "nienajlepszy", "ADJ", "", "dobry"),
        ("pl", "niedobry", "ADJ", "", "dobry"),
        ("pl", "nierobi", "VERB", "", "robić"),
        ("pl", "Nieznany", "PRON", "", "nieznany"),
        ("ga", "gcat", "NOUN", "", "cat"),
        ("ga", "Ċat", "NOUN", "", "cat"),
        ("ga", "nAthair", "NOUN", "", "athair"),
        ("ga", "hathair", "NOUN", "", "athair"),
        ("ga", "gCorcaigh", "PROPN", "", "Corcaigh"),
        ("ga", "dhéanamh", "NOUN", "VerbForm=Inf", "déanamh"),
        ("ga", "héirí", "NOUN", "Form=HPref|VerbForm=Vnoun", "éirí"),
        ("ga", "n-oibrí", "VERB", "", "oibrigh"),
        ("ga", "Leis", "ADP", "", "leis"),
        ("ga", "Agus", "CCONJ", "", "agus"),
        ("ht", "Lekòl", "NOUN", "", "lekòl"),
        ("it", "gli", "DET", "", "il"),
        ("it", "gli", "PRON", "", "lo"),
        ("it", "un'", "DET", "", "uno"),
        ("it", "D'", "ADP", "", "di"),
        ("it", "Belle", "ADJ", "", "bello"),
        ("it", "rossi", "AUX", "", "rosso"),
    ],
)
def test_lemmas_of_a_language(lang: str, word: str, pos: str, morph: str, lemma: str) -> None:
    lookups = Lookups()
    for name, data in TABLES.items():
        lookups.add_table(name, data)
    vocab = spanloom.Vocab(lang)
    lemmatizer = Lemmatizer(vocab)
    lemmatizer.initialize(lookups=lookups)
    doc = Doc(vocab, words=[word], pos=[pos], morphs=[morph], sent_starts=[True])
    assert lemmatizer(doc)[0].lemma_ == lemma


def test_a_mode_that_a_language_has_not_is_named_with_what_to_do() -> None:
    with pytest.raises(DataError, match="'pymorphy2': this language has .*trainable_lemmatizer"):
        Lemmatizer(spanloom.Vocab("ru"), mode="pymorphy2")


@pytest.mark.parametrize("mode", ["pymorphy3", "pymorphy3_lookup"])
def test_without_pymorphy_it_is_said_what_to_install(mode: str, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pymorphy3", None)
    pymorphy._analyzer.cache_clear()
    vocab = spanloom.Vocab("uk")
    lemmatizer = Lemmatizer(vocab, mode=mode)
    with pytest.raises(DataError, match=r"pip install 'spanloom-rules\[pymorphy\]'"):
        lemmatizer(Doc(vocab, words=["слова"], pos=["NOUN"]))


@pytest.mark.parametrize(
    ("lang", "word", "pos", "morph", "lemma"),
    [
        ("ru", "стали", "NOUN", "Case=Gen|Number=Sing", "сталь"),
        ("ru", "стали", "VERB", "Tense=Past", "стать"),
        ("ru", "Москвы", "PROPN", "", "москва"),
        ("ru", "«", "PUNCT", "", '"'),
        ("ru", "Неттакогослова", "NOUN", "", "неттакогослова"),
        ("ru", "быстро", "ADV", "", "быстро"),
        ("uk", "слова", "NOUN", "Case=Gen", "слово"),
    ],
)
def test_lemmas_by_pymorphy(lang: str, word: str, pos: str, morph: str, lemma: str) -> None:
    pytest.importorskip("pymorphy3")
    pytest.importorskip(f"pymorphy3_dicts_{lang}")
    pymorphy._analyzer.cache_clear()
    vocab = spanloom.Vocab(lang)
    doc = Doc(vocab, words=[word], pos=[pos], morphs=[morph])
    assert Lemmatizer(vocab)(doc)[0].lemma_ == lemma
