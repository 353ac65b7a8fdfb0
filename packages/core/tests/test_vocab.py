"""The vocab, morphology and vectors by protocol."""

import copy
import json
import pickle
import warnings
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import spanloom
from spanloom.errors import DataError, MissingFileError, SerializationError
from spanloom.tokens import Doc
from spanloom.vocab import Vocab
from spanloom.vocab.features import LexicalRules
from spanloom.vocab.lexicon import Lexicon
from spanloom.vocab.morphology import MorphAnalysis, Morphology, normalize_feats
from spanloom.vocab.strings import StringStore
from spanloom.vocab.vectors import VectorTable


class Table:
    """A small table of vectors."""

    width = 2

    def __init__(self) -> None:
        self.rows = {"king": np.array([1.0, 0.0], "f"), "queen": np.array([1.0, 1.0], "f")}

    def known(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        return np.array([text in self.rows for text in texts], dtype=np.bool_)

    def vectors_for(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([self.rows.get(t, np.zeros(2, "f")) for t in texts], "f").reshape(-1, 2)

    def reference(self) -> dict[str, Any] | None:
        return None

    def token_vectors(
        self, doc: Doc, start: int = 0, end: int | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        words = doc.words[start:end]
        return self.vectors_for(words), self.known(words)

    def set_vector(self, text: str, vector: Any) -> None:
        self.rows[text] = np.asarray(vector, "f")

    def to_disk(self, folder: str | Path) -> None:
        raise AssertionError("not asked for")

    def __reduce__(self) -> Any:
        raise AssertionError("vectors must not travel with a document")


def test_lexemes() -> None:
    vocab = Vocab("en", rules=LexicalRules(stop_words=frozenset(["the"])))
    the = vocab["The"]
    assert the.text == str(the) == "The" and the.is_stop and repr(the) == "Lexeme('The')"
    assert vocab[the.orth] == the and hash(vocab["The"]) == hash(the) and the != vocab["the"]
    assert "The" in vocab and the.orth in vocab and "other" not in vocab and 5 not in vocab
    assert [lex.text for lex in vocab] == ["The", "the"] and len(vocab) == 2
    with pytest.raises(KeyError, match="12345"):
        vocab[12345]
    doc = Doc(vocab, ["The", "x"])
    vocab["x"].is_stop = True
    vocab["The"].norm_ = "that"
    vocab["x"].norm = vocab.strings.add("y")
    assert vocab["x"].norm_ == "y"
    vocab["x"].norm_ = "x"
    assert doc[1].is_stop and doc[0].norm_ == "that" and vocab["x"].norm_ == "x"
    vocab["later"].is_digit = True
    assert vocab["later"].is_digit and not vocab["other"].is_digit
    again = pickle.loads(pickle.dumps(vocab.lexicon))  # noqa: S301
    assert again.strings[int(again.column("NORM")[0])] == "that"
    with pytest.raises(DataError, match="can be set"):
        vocab.lexicon.set_value("LENGTH", "x", "5")


def test_no_vectors() -> None:
    vocab = Vocab()
    assert vocab.vectors is None and vocab.vectors_length == 0
    assert vocab.get_vector("a").shape == (0,) and not vocab.has_vector("a")
    assert vocab["a"].is_oov and vocab["a"].vector_norm == 0.0
    with pytest.raises(DataError, match="pip install spanloom-vectors"):
        vocab.set_vector("a", np.ones(2))


def test_vectors_by_protocol() -> None:
    vocab = Vocab()
    table = Table()
    assert isinstance(table, VectorTable)
    vocab.vectors = table
    doc = Doc(vocab, ["king", "queen", "x"])
    assert vocab.vectors_length == 2 and vocab.has_vector(vocab.strings.add("king"))
    assert doc[0].vector.tolist() == [1, 0] and doc[2].vector.tolist() == [0, 0]
    assert doc[0].similarity(doc[1]) == pytest.approx(0.5**0.5)
    assert doc[0].similarity(vocab["king"]) == pytest.approx(1.0)
    assert doc[0].similarity(doc[2]) == 0.0 and doc[2].is_oov and not doc[2].has_vector
    assert doc.vector.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert doc[0:2].vector.tolist() == [1.0, 0.5] and doc[0:2].has_vector
    assert Doc(vocab).vector.tolist() == [0.0, 0.0] == doc[0:0].vector.tolist()
    vocab.set_vector("x", [0, 2])
    assert doc[2].vector_norm == 2.0
    assert pickle.loads(pickle.dumps(doc)).vocab.vectors is None  # noqa: S301
    assert Doc(Vocab()).from_bytes(doc.to_bytes()).vocab.vectors is None
    vocab.to_bytes()


def test_saved_and_read(tmp_path: Any) -> None:
    vocab = Vocab("en", ["label"])
    Doc(vocab, ["word"], lemmas=["lemma"])
    vocab.to_disk(tmp_path / "vocab")
    again = Vocab("en").from_disk(tmp_path / "vocab")
    assert sorted(again.strings) == sorted(vocab.strings) and "lemma" in again.strings
    other = Vocab().from_bytes(vocab.to_bytes())
    assert other.lang == "en" and sorted(other.strings) == sorted(vocab.strings)
    copy = pickle.loads(pickle.dumps(vocab))  # noqa: S301
    assert copy.lang == "en" and "label" in copy.strings
    with pytest.raises(MissingFileError, match="vocab folder"):
        Vocab().from_disk(tmp_path / "nothing")
    for data in (b"rubbish", b"\x81\xa6format\x63"):
        with pytest.raises(SerializationError):
            Vocab().from_bytes(data)


def test_a_vocab_that_grows_without_end_is_told_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spanloom.vocab.vocab._MANY", 500)
    nlp = spanloom.blank("en")
    told = []
    with warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("default")
        monkeypatch.setattr(warnings, "showwarning", lambda text, *_: told.append(str(text)))
        for start in range(0, 2000, 100):
            list(nlp.pipe(f"word{start + i}x" for i in range(100)))
        assert len(told) == 1 and "nlp.vocab.max_types" in told[0]
        # What it advises works, also on a vocab that has grown already.
        nlp.vocab.max_types = 500
        for start in range(2000, 4000, 100):
            list(nlp.pipe(f"word{start + i}x" for i in range(100)))
    assert len(told) == 1 and len(nlp.vocab.lexicon) <= 700


def test_bounded_memory() -> None:
    vocab = Vocab("en", max_types=100)
    labels = len(vocab.strings)
    docs = []
    for batch in range(50):
        lexicon = vocab.renew()
        doc = Doc(vocab, [f"word{batch}-{i}" for i in range(40)], lemmas=["lemma"] * 40)
        lexicon.column("NORM"), lexicon.column("SHAPE")
        doc[0].tag_ = "MYTAG"
        docs.append(doc)
    assert len(vocab.lexicon) <= 140 and len(vocab.strings) == labels + 1
    assert docs[0][3].text == "word0-3" and docs[0][3].norm_ == "word0-3"
    assert docs[0][3].lemma_ == "lemma" and docs[0][0].tag_ == "MYTAG"
    assert docs[0].lexicon is not docs[-1].lexicon
    joined = Doc.from_docs([docs[0], docs[-1]])
    assert joined is not None and joined[0].lemma_ == "lemma" and joined[0].norm_ == "word0-0"
    assert Doc(Vocab()).from_bytes(docs[0].to_bytes())[0].lemma_ == "lemma"
    with pytest.raises(DataError, match="max_types is 0"):
        Vocab(max_types=0)


def test_threads_see_whole_columns() -> None:
    lexicon = Lexicon(StringStore())
    wrong: list[str] = []

    def work(seed: int) -> None:
        for i in range(300):
            row = lexicon.row(f"Word{(i * seed) % 701}")
            shape = lexicon.column("SHAPE")
            if lexicon.strings[int(shape[row])].rstrip("d") != "Xxxx":
                wrong.append(lexicon.texts[row])

    threads = [Thread(target=work, args=(seed,)) for seed in (1, 7, 11, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and len(set(lexicon.texts)) == len(lexicon)


# Morphology


def test_analyses() -> None:
    strings = StringStore()
    morph = MorphAnalysis(strings, "Number=Sing|Case=Nom,Acc")
    assert str(morph) == morph.to_json() == "Case=Acc,Nom|Number=Sing"
    assert morph.get("Case") == ["Acc", "Nom"] and morph.get("No") == []
    assert morph.get("No", ["x"]) == ["x"] and "Number=Sing" in morph and "Number" not in morph
    assert list(morph) == ["Case=Acc,Nom", "Number=Sing"] and len(morph) == 2
    assert morph.to_dict() == {"Case": "Acc,Nom", "Number": "Sing"}
    assert str(morph.set("Case", None).set("Person", "3")) == "Number=Sing|Person=3"
    assert morph == "Case=Acc,Nom|Number=Sing" and morph == MorphAnalysis(strings, str(morph))
    assert strings[morph.key] == str(morph) and len({morph, morph.set("A", None)}) == 1
    empty = MorphAnalysis(strings)
    assert str(empty) == "" and len(empty) == 0 and list(empty) == [] and empty.key == 456


def test_order_is_spacys() -> None:
    morphology = Morphology(StringStore())  # keys obtained from spaCy 3.8.18
    assert morphology.add("b=1|A=2") == morphology.add({"A": "2", "b": "1"}) == 8586791805839886794
    assert morphology.add("B=1|a=1|C=1") == 17415275466263938490
    assert morphology.add("") == morphology.add("_") == 456
    assert str(morphology.get(456)) == "" == str(morphology.get(0))
    assert normalize_feats("Number=Sing|NumType=Card") == "NumType=Card|Number=Sing"
    for bad in ("foo", "A=1|y", "=1"):
        with pytest.raises(DataError, match="Name=Value"):
            morphology.add(bad)


NAMES = st.text("ABCab", min_size=1, max_size=3)


@given(st.dictionaries(NAMES, NAMES))
def test_normal_form_is_stable(feats: dict[str, str]) -> None:
    text = normalize_feats(feats)
    assert normalize_feats(text) == text
    assert MorphAnalysis(StringStore(), text).to_dict() == feats


def test_what_was_set_on_lexemes_is_saved(tmp_path: Path) -> None:
    vocab = Vocab("en", max_types=2)
    vocab["foo"].norm_, vocab["Bar"].is_stop, vocab["\ud83d"].is_alpha = "bar", True, False
    vocab.to_disk(tmp_path / "vocab")
    doc = Doc(vocab, ["foo", "Bar", "baz"])
    pickled = copy.deepcopy(vocab), copy.deepcopy(doc).vocab
    assert vocab.renew() is not doc.lexicon
    read = Vocab().from_bytes(vocab.to_bytes()), Vocab().from_disk(tmp_path / "vocab")
    for each in (vocab, *pickled, *read):
        assert each["foo"].norm_ == "bar" and each["Bar"].is_stop and not each["bar"].is_stop
    vocab.to_disk(tmp_path / "vocab")
    Vocab().to_disk(tmp_path / "vocab")
    assert Vocab().from_disk(tmp_path / "vocab")["foo"].norm_ == "foo"


@pytest.mark.parametrize(
    "saved",
    [7, ["ab"], [["NORM", "a", True]], [["IS_STOP", "a", "b"]], [["X", "a", "b"]], [[1, 2]]],
)
def test_damaged_settings_of_lexemes_are_an_error(tmp_path: Path, saved: Any) -> None:
    Vocab().to_disk(tmp_path / "vocab")
    (tmp_path / "vocab" / "lexemes.json").write_text(json.dumps(saved))
    with pytest.raises(SerializationError, match="lexemes"):
        Vocab().from_disk(tmp_path / "vocab")
