"""The component lemmatizer and its tables. tests/peer runs spaCy's own tests on it."""

from __future__ import annotations

import gzip
import json
import pickle
import sys

import pytest

import spanloom
from spanloom import Doc, registry
from spanloom.errors import DataError, PipelineError, SerializationError
from spanloom_rules import LemmaRules, Lemmatizer, Lookups, Mode, Table
from spanloom_rules.lemmas.lookups import load_lookups

TABLES = {
    "lemma_lookup": {"geese": "goose", "A": "a"},
    "lemma_rules": {"verb": [["ies", "y"], ["ing", ""], ["ing", "e"]], "noun": [["s", ""]]},
    "lemma_index": {"verb": ["try", "make", "sing", "sle"], "noun": ["cat"]},
    "lemma_exc": {"verb": {"was": ["be"], "axes": ["ax", "axe"]}, "noun": {"axes": ["ax", "axis"]}},
}


@pytest.fixture
def tables() -> Lookups:
    lookups = Lookups()
    for name, data in TABLES.items():
        lookups.add_table(name, data)
    return lookups


def lemmas(lookups: Lookups, lang: str = "xx", mode: str = "rule", **columns: list[str]):
    """The lemmas of words with their parts of speech."""
    vocab = spanloom.Vocab(lang)
    lemmatizer = Lemmatizer(vocab, mode=mode)
    lemmatizer.initialize(lookups=lookups)
    return [token.lemma_ for token in lemmatizer(Doc(vocab, **columns))]


def test_words_are_looked_up_as_they_are_written(tables) -> None:
    assert lemmas(tables, mode="lookup", words=["geese", "Geese", "A"]) == ["goose", "Geese", "a"]


@pytest.mark.parametrize(
    ("word", "pos", "lemma"),
    [
        ("tries", "VERB", "try"),  # known to the index
        ("Making", "VERB", "make"),  # the form of the index before the others
        ("mowing", "VERB", "mow"),  # none is known: the first
        ("was", "VERB", "be"),  # irregular
        ("axes", "NOUN", "axis"),  # of irregular forms the last
        ("Cats", "NOUN", "cat"),
        ("Kinds", "NOUN", "kind"),
        ("Nice", "PROPN", "Nice"),  # no rules for names
        ("Nice", "ADJ", "nice"),  # nor for these, which aren't names
        (" ", "SPACE", " "),
    ],
)
def test_endings_are_replaced_by_part_of_speech(tables, word, pos, lemma) -> None:
    assert lemmas(tables, words=[word], pos=[pos]) == [lemma]


def test_tokens_without_part_of_speech_warn(tables) -> None:
    with pytest.warns(UserWarning, match=r"token\.pos"):
        assert lemmas(tables, words=["Making"]) == ["making"]


def test_english_base_forms_are_not_looked_at(tables) -> None:
    vocab = spanloom.Vocab("en")
    lemmatizer = Lemmatizer(vocab)
    assert lemmatizer.mode == "rule"
    lemmatizer.initialize(lookups=tables)
    morphs = ["Number=Sing", "Number=Plur", "VerbForm=Inf", "Tense=Past|VerbForm=Fin"]
    doc = Doc(vocab, words=["gas", "gas", "sing", "sing"], pos=[*["NOUN"] * 2, *["VERB"] * 2],
              morphs=morphs)  # fmt: skip
    assert [token.lemma_ for token in lemmatizer(doc)] == ["gas", "ga", "sing", "s"]
    # What is remembered of the first goes by the analysis, too.
    assert [token.lemma_ for token in lemmatizer(doc.copy())] == ["gas", "ga", "sing", "s"]


def test_lemmas_that_are_there_stay_unless_overwritten(tables) -> None:
    vocab = spanloom.Vocab("xx")
    for overwrite, wanted in ((False, "mine"), (True, "goose")):
        lemmatizer = Lemmatizer(vocab, mode="lookup", overwrite=overwrite)
        lemmatizer.initialize(lookups=tables)
        doc = Doc(vocab, words=["geese", "geese"], lemmas=["mine", ""])
        assert [token.lemma_ for token in lemmatizer(doc)] == [wanted, "goose"]


def test_a_table_changed_in_place_counts_after_clear_cache(tables) -> None:
    vocab = spanloom.Vocab("xx")
    lemmatizer = Lemmatizer(vocab, mode="lookup")
    lemmatizer.initialize(lookups=tables)
    lemmatizer(Doc(vocab, words=["geese"]))
    lemmatizer.lookups.get_table("lemma_lookup")["geese"] = "bird"
    lemmatizer.clear_cache()
    assert lemmatizer(Doc(vocab, words=["geese"]))[0].lemma_ == "bird"


def test_without_tables_it_says_what_to_do() -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("lemmatizer", config={"mode": "lookup"})
    with pytest.raises(PipelineError, match=r"lemma_lookup.*nlp\.initialize"):
        nlp("test")
    with pytest.raises(DataError, match=r"modes?.*'topsy'.*'lookup', 'rule'"):
        Lemmatizer(nlp.vocab, mode="topsy")


def test_missing_tables_name_the_package(monkeypatch) -> None:
    monkeypatch.setattr("spanloom_rules.lemmas.lookups.entry_points", lambda **_: ())
    with pytest.raises(DataError, match="pip install spacy-lookups-data"):
        Lemmatizer(spanloom.Vocab("xx"), mode="lookup").initialize()


def test_tables_of_an_installed_distribution(tmp_path, monkeypatch) -> None:
    """As spacy-lookups-data offers them: paths without the ending of the packed file."""
    info = tmp_path / "words_data-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: words-data\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[spacy_lookups]\nxx = words_data:xx\n")
    (tmp_path / "words_data.py").write_text(
        f"xx = {{'lemma_lookup': {str(tmp_path / 'xx_lemma_lookup.json')!r}, 'other': {{'a': 1}}}}"
    )
    packed = gzip.compress(json.dumps({"mice": "mouse"}).encode())
    (tmp_path / "xx_lemma_lookup.json.gz").write_bytes(packed)
    monkeypatch.syspath_prepend(str(tmp_path))
    lemmatizer = Lemmatizer(spanloom.Vocab("xx"), mode="lookup")
    lemmatizer.initialize()
    assert lemmatizer(Doc(lemmatizer.vocab, words=["mice"]))[0].lemma_ == "mouse"
    assert load_lookups("xx", ["other", "nothing"], strict=False).tables == ["other"]
    (tmp_path / "xx_lemma_lookup.json.gz").write_bytes(gzip.compress(b"[1]"))
    with pytest.raises(SerializationError, match="xx_lemma_lookup.json"):
        load_lookups("xx", ["lemma_lookup"])
    sys.modules.pop("words_data")


def test_rules_of_a_language_by_decorator() -> None:
    def backwards(tables, word):
        return [word.text[::-1]]

    rules = LemmaRules("backwards", {"backwards": Mode(backwards)})
    registry.lemmatizer_rules("tlh", func=rules)
    try:
        vocab = spanloom.Vocab("tlh")
        assert Lemmatizer(vocab)(Doc(vocab, words=["abc"]))[0].lemma_ == "cba"
    finally:
        registry.lemmatizer_rules.remove("tlh")


def test_a_table_takes_strings_and_ids() -> None:
    from spanloom.vocab.strings import hash_string

    table = Table({"geese": "goose", 7: "seven"})
    assert table["geese"] == table[hash_string("geese")] == "goose"
    assert "geese" in table and table.get("x", 1) == 1 and table[7] == "seven"


def test_saved_and_loaded(tables, tmp_path) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("lemmatizer", config={"mode": "lookup"}).initialize(lookups=tables)
    nlp.to_disk(tmp_path / "saved")
    assert spanloom.load(tmp_path / "saved")("geese")[0].lemma_ == "goose"
    assert pickle.loads(pickle.dumps(nlp))("geese")[0].lemma_ == "goose"  # noqa: S301
    component = nlp.get_pipe("lemmatizer")
    again = Lemmatizer(nlp.vocab, mode="lookup").from_bytes(component.to_bytes())
    assert again.to_bytes() == component.to_bytes()
    with pytest.raises(SerializationError):
        again.from_bytes(b"nothing")


def test_tables_file_of_spacy_is_read(tmp_path) -> None:
    # As spaCy 3.8 writes it: msgpack of the tables by name, their keys the ids of strings.
    import srsly

    from spanloom.vocab.strings import hash_string

    (tmp_path / "lookups").mkdir()
    data = {"lemma_lookup": {hash_string("geese"): "goose"}}
    (tmp_path / "lookups" / "lookups.bin").write_bytes(srsly.msgpack_dumps(data))
    lemmatizer = Lemmatizer(spanloom.Vocab("en"), mode="lookup").from_disk(tmp_path)
    assert lemmatizer(Doc(lemmatizer.vocab, words=["geese"]))[0].lemma_ == "goose"


def test_a_bounded_vocab_forgets_no_lemmas(tables) -> None:
    nlp = spanloom.blank("en", vocab=spanloom.Vocab("en", max_types=5))
    nlp.add_pipe("lemmatizer", config={"mode": "lookup"}).initialize(lookups=tables)
    docs = list(nlp.pipe([f"word{i} geese other{i}" for i in range(20)], batch_size=3))
    assert [doc[1].lemma_ for doc in docs] == ["goose"] * 20
    assert docs[-1][2].lemma_ == "other19"


@pytest.mark.lengthy
def test_two_processes_give_the_same(tables) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("lemmatizer", config={"mode": "lookup"}).initialize(lookups=tables)
    docs = list(nlp.pipe(["geese", "A", "b"] * 4, n_process=2, batch_size=2))
    assert [doc[0].lemma_ for doc in docs] == ["goose", "a", "b"] * 4
