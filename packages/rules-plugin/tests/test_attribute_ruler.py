"""The component attribute_ruler."""

from __future__ import annotations

import pickle

import pytest

import spanloom
from spanloom import Doc, Token
from spanloom.errors import DataError, SerializationError
from spanloom_rules import AttributeRuler


@pytest.fixture
def nlp() -> spanloom.Pipeline:
    return spanloom.blank("en")


@pytest.fixture
def ruler(nlp: spanloom.Pipeline) -> AttributeRuler:
    return AttributeRuler(nlp.vocab)


def tagged(nlp: spanloom.Pipeline) -> Doc:
    words = ["She", "has", "been", "has", "."]
    return Doc(nlp.vocab, words=words, tags=["PRP", "VBZ", "VBN", "VBZ", "."])


def test_values_of_words_and_tags_are_set(nlp, ruler) -> None:
    ruler.add([[{"TAG": "VBZ"}]], {"POS": "VERB", "MORPH": "VerbForm=Fin|Tense=Pres"})
    ruler.add([[{"LOWER": "has", "TAG": "VBZ"}], [{"ORTH": "been"}]], {"POS": "AUX"})
    ruler.add([[{"tag": {"IN": [".", ","]}}]], {"POS": "PUNCT", "LEMMA": "."})
    doc = ruler(tagged(nlp))
    assert [token.pos_ for token in doc] == ["", "AUX", "AUX", "AUX", "PUNCT"]
    assert str(doc[1].morph) == "Tense=Pres|VerbForm=Fin"
    assert str(doc[2].morph) == "" and doc[4].lemma_ == "." and doc[0].lemma_ == ""


def test_rules_do_not_see_what_others_set(nlp, ruler) -> None:
    ruler.add([[{"TAG": "VBZ"}]], {"TAG": "VBN", "POS": "X"})
    ruler.add([[{"TAG": "VBN"}]], {"POS": "VERB"})
    assert [t.pos_ for t in ruler(tagged(nlp))] == ["", "X", "VERB", "X", ""]


def test_the_later_rule_counts_and_the_rest_of_the_first_stays(nlp, ruler) -> None:
    ruler.add([[{"TAG": "VBZ"}]], {"POS": "VERB", "LEMMA": "first"})
    ruler.add([[{"ORTH": "has"}]], {"POS": "AUX"})
    doc = ruler(tagged(nlp))
    assert (doc[1].pos_, doc[1].lemma_) == ("AUX", "first")


def test_tokens_without_a_rule_keep_their_annotation(nlp, ruler) -> None:
    ruler.add([[{"ORTH": "has"}]], {"POS": "AUX"})
    doc = tagged(nlp)
    doc[0].pos_ = "PRON"
    assert [t.pos_ for t in ruler(doc)] == ["PRON", "AUX", "", "AUX", ""]


def test_values_that_a_token_must_not_have(nlp, ruler) -> None:
    ruler.add([[{"TAG": {"NOT_IN": ["VBZ", "."]}, "IS_TITLE": False}]], {"POS": "X"})
    assert [t.pos_ for t in ruler(tagged(nlp))] == ["", "", "X", "", ""]


def test_a_pattern_without_tests_matches_each_token(nlp, ruler) -> None:
    ruler.add([[{}]], {"POS": "X"})
    assert [t.pos_ for t in ruler(tagged(nlp))] == ["X"] * 5


def test_norms_flags_and_custom_attributes(nlp, ruler) -> None:
    Token.set_extension("seen", default=False)
    try:
        ruler.add([[{"ORTH": "has"}]], {"NORM": "have", "IS_STOP": True, "_": {"seen": True}})
        doc = ruler(tagged(nlp))
        assert (doc[1].norm_, doc[1].is_stop, doc[1]._.seen, doc[0]._.seen) == (
            "have",
            True,
            True,
            False,
        )
    finally:
        Token.remove_extension("seen")


@pytest.mark.parametrize(
    ("attrs", "said"),
    [
        ({"COLOUR": 1}, "COLOUR"),
        ({"HEAD": 1}, "HEAD"),
        ({"_": {"nobody": 1}}, "nobody"),
        ({"POS": ["VERB"]}, "POS"),
    ],
)
def test_attributes_that_cannot_be_set_are_named_with_their_rule(ruler, attrs, said) -> None:
    ruler.add([[{"ORTH": "a"}]], {"POS": "X"})
    with pytest.raises(DataError, match=f"rule 1.*{said}"):
        ruler.add([[{"ORTH": "b"}]], attrs)
    assert len(ruler) == 1


def test_rules_of_another_shape_are_shown(ruler) -> None:
    with pytest.raises(DataError, match="'attrs'.*pattern"):
        ruler.add_patterns([{"pattern": [{"ORTH": "a"}], "attrs": {}}])


def test_tag_map_takes_unknown_names_as_features(nlp, ruler) -> None:
    ruler.load_from_tag_map({"VBZ": {"POS": "VERB", "Tense": "Pres"}, ".": {"POS": "PUNCT"}})
    doc = ruler(tagged(nlp))
    assert (doc[1].pos_, str(doc[1].morph)) == ("VERB", "Tense=Pres")
    assert doc[4].has_morph() and str(doc[4].morph) == ""


def test_initialize_replaces_the_rules(nlp) -> None:
    ruler = nlp.add_pipe("attribute_ruler")
    ruler.add([[{"ORTH": "has"}]], {"POS": "X"})
    ruler.initialize(list, morph_rules={"VBZ": {"has": {"POS": "AUX", "Number": "Sing"}}})
    doc = ruler(tagged(nlp))
    assert (doc[1].pos_, str(doc[1].morph), len(ruler)) == ("AUX", "Number=Sing", 1)


def test_saved_and_loaded(nlp, tmp_path) -> None:
    ruler = nlp.add_pipe("attribute_ruler")
    ruler.add([[{"LOWER": {"IN": ["has", "had"]}}]], {"LEMMA": "have"})
    nlp.to_disk(tmp_path / "saved")
    again = spanloom.load(tmp_path / "saved")
    assert [t.lemma_ for t in again("She has had")] == ["", "have", "have"]
    assert again.get_pipe("attribute_ruler").patterns == ruler.patterns
    copied = AttributeRuler(nlp.vocab).from_bytes(ruler.to_bytes())
    assert copied.to_bytes() == ruler.to_bytes()
    assert pickle.loads(pickle.dumps(nlp))("had")[0].lemma_ == "have"  # noqa: S301


def test_other_bytes_are_refused(ruler) -> None:
    with pytest.raises(SerializationError):
        ruler.from_bytes(b"nothing")


def test_patterns_file_of_spacy_is_read(nlp, ruler, tmp_path) -> None:
    # As spaCy 3.8 writes it: a folder with one file of msgpack.
    import srsly

    rows = [{"patterns": [[{"TAG": "VBZ"}]], "attrs": {"POS": "VERB", "MORPH": "_"}, "index": 0}]
    (tmp_path / "patterns").write_bytes(srsly.msgpack_dumps(rows))
    assert [t.pos_ for t in ruler.from_disk(tmp_path)(tagged(nlp))][1] == "VERB"


def test_a_bounded_vocab_forgets_no_values(nlp) -> None:
    small = spanloom.blank("en", vocab=spanloom.Vocab("en", max_types=5))
    ruler = small.add_pipe("attribute_ruler")
    ruler.add([[{"LOWER": "seven"}]], {"LEMMA": "7", "POS": "NUM"})
    texts = [f"word{i} other{i} Seven more{i}" for i in range(20)]
    docs = list(small.pipe(texts, batch_size=3))
    assert all([t.lemma_ for t in doc] == ["", "", "7", ""] for doc in docs)


def test_documents_of_different_lexicons_in_one_batch(nlp) -> None:
    from spanloom.tokens.batch import Batch

    vocab = spanloom.Vocab("en", max_types=2)
    first = Doc(vocab, words=["one", "two", "has"])
    vocab.renew()
    second = Doc(vocab, words=["has", "three"])
    assert first.lexicon is not second.lexicon
    ruler = AttributeRuler(vocab)
    ruler.add([[{"ORTH": "has"}]], {"LEMMA": "have"})
    ruler.annotate(Batch([first, Doc(vocab, words=[]), second, first]))
    assert [t.lemma_ for t in first] == ["", "", "have"] and second[0].lemma_ == "have"


def test_longer_patterns_count_in_the_order_of_rules(nlp, ruler) -> None:
    ruler.add([[{"LOWER": "has"}]], {"POS": "X", "LEMMA": "have"})
    ruler.add([[{"TAG": "VBZ"}, {"TAG": "VBN"}]], {"POS": "AUX"})
    ruler.add([[{"LOWER": {"REGEX": "^b"}}]], {"POS": "VERB"})
    ruler.add([[{"TAG": "VBN"}, {"OP": "?"}, {"ORTH": "."}]], {"TAG": "END"}, index=-1)
    ruler.add([[{"ORTH": "."}]], {"LEMMA": "stop"})
    doc = ruler(tagged(nlp))
    assert [token.pos_ for token in doc] == ["", "AUX", "VERB", "X", ""]
    assert [token.lemma_ for token in doc] == ["", "have", "", "have", "stop"]
    assert doc[4].tag_ == "END" and len(ruler.matcher) == len(ruler) == 5


def test_an_index_outside_of_the_match_is_named(nlp, ruler) -> None:
    ruler.add([[{"ORTH": "has"}]], {"POS": "X"}, index=1)
    with pytest.raises(DataError, match="rule 0.*token 1.*'has'"):
        ruler(tagged(nlp))


def test_bad_patterns_name_their_rule(ruler) -> None:
    with pytest.raises(DataError, match="rule 0"):
        ruler.add([[{"COLOUR": "red"}]], {"POS": "X"})
    with pytest.raises(DataError, match="rule 0.*lists of dicts"):
        ruler.add([{"ORTH": "red"}], {"POS": "X"})
