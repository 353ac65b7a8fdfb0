"""What users of spaCy reach for: it works, or reading it says what to use instead."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import spanloom
from spanloom import Doc, Example, Pipeline, Vocab
from spanloom.errors import AbsentError, SpanloomError
from spanloom.tokens import MorphAnalysis, SpanGroup
from spanloom.vocab.absent import ABSENT
from spanloom.vocab.attrs import attr_id
from spanloom.vocab.morphology import Morphology

from .support import run


def things() -> dict[str, object]:
    nlp = spanloom.blank("en")
    doc = nlp("a b")
    return {
        "Doc": doc,
        "Example": Example(doc, doc),
        "Lexeme": nlp.vocab["a"],
        "Pipeline": nlp,
        "Span": doc[0:1],
        "SpanGroup": SpanGroup(doc, name="x"),
        "StringStore": nlp.vocab.strings,
        "Token": doc[0],
        "Tokenizer": nlp.tokenizer,
        "Vocab": nlp.vocab,
    }


@pytest.mark.parametrize(
    ("of", "name"), [(of, name) for of, names in ABSENT.items() for name in names]
)
def test_what_is_not_there_says_what_to_use(of: str, name: str) -> None:
    thing = things()[of]
    if name.endswith(" ="):
        with pytest.raises(AbsentError, match=f"{of}.{name} isn't there: .{{10}}"):
            setattr(thing, name.removesuffix(" ="), 1)
        return
    if name.endswith(")"):
        method, _, argument = name[:-1].partition("(")
        with pytest.raises(TypeError, match=f"{of}.{method}.{argument}. isn't there: .{{10}}"):
            getattr(thing, method)(**{argument: None})
        return
    for each in (thing, type(thing)):
        assert not hasattr(each, name)
        with pytest.raises(AbsentError, match=f"{of}.{name} isn't there: .{{10}}"):
            getattr(each, name)
    assert isinstance(AbsentError("x"), AttributeError | SpanloomError)
    with pytest.raises(AttributeError, match="has no attribute"):
        _ = thing.nothing_of_the_kind  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["Language", "util", "scorer", "attrs", "prefer_gpu", "info"])
def test_modules_of_spacy_are_told(name: str) -> None:
    with pytest.raises(AbsentError, match=f"spanloom.{name} isn't there"):
        getattr(spanloom, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = spanloom.nothing  # type: ignore[attr-defined]


def test_scores_by_component() -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("tagger")
    doc = Doc(nlp.vocab, ["a", "b"], [True, False], tags=["X", "Y"])
    rows = [Example(nlp.make_doc("a b"), doc)]
    nlp.initialize(lambda: rows)
    whole, parts = nlp.evaluate(rows), nlp.evaluate(rows, per_component=True)
    assert set(parts) == {"tokenizer", "tagger", "speed"}
    assert parts["tokenizer"]["token_acc"] == whole["token_acc"] == 1.0
    assert parts["tagger"]["tag_acc"] == whole["tag_acc"]


def test_small_things_work_as_in_spacy() -> None:
    nlp = spanloom.load("blank:en", config={"nlp": {"batch_size": 7}})
    assert type(nlp) is Pipeline and nlp.lang == nlp.meta["lang"] == "en" and nlp.batch_size == 7
    assert nlp.vocab["ten"].check_flag("IS_ALPHA") and not nlp.vocab["ten"].check_flag("IS_PUNCT")
    assert nlp.vocab["3"].check_flag(attr_id("LIKE_NUM"))
    assert Morphology.feats_to_dict("B=2|A=1") == {"A": "1", "B": "2"}
    assert Morphology.dict_to_feats({"B": "2", "A": "1"}) == "A=1|B=2"
    doc = Doc(Vocab(), ["a", "b", "c", "d"], heads=[1, 1, 1, 2], morphs=["A=1"] * 4)
    assert MorphAnalysis.from_id(doc.vocab, doc[0].morph.key) == doc[0].morph
    assert doc[1:4].get_lca_matrix().tolist() == [[0, 0, 0], [0, 1, 1], [0, 1, 2]]
    assert doc[2:4].get_lca_matrix().tolist() == [[0, 0], [0, 1]]
    assert Doc(Vocab(), list("abc"), heads=[1, 1, 1])[0:3:1][0:1].get_lca_matrix().tolist() == [[0]]
    doc.tensor = np.arange(8).reshape(4, 2)
    assert doc[2].tensor.tolist() == [4, 5] and doc[1:3].tensor.tolist() == [[2, 3], [4, 5]]


def test_info_counts_who_supplied_what(tmp_path) -> None:  # type: ignore[no-untyped-def]
    nlp = spanloom.blank("en")
    nlp.add_pipe("tagger")
    nlp.to_disk(tmp_path / "m")
    told = run("info", tmp_path / "m").output
    assert "spanloom 0.1.0 (" in told and max(map(len, told.splitlines())) < 200
    assert "suppliers" in run("info", tmp_path / "m", "--json").output


def test_the_guide_names_all_of_it() -> None:
    guide = Path(__file__).parents[3] / "docs" / "coming-from-spacy.md"
    text = guide.read_text("utf8")
    names = {name.removesuffix(" =") for of in ABSENT.values() for name in of}
    names = {name.partition("(")[2].removesuffix(")") or name for name in names}
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []
