"""`util`, `scorer` and `attrs` under spaCy's names."""

from __future__ import annotations

import pytest

import spanloom
from spanloom import Doc, Example, Vocab, registry
from spanloom.config import check_config, default_config
from spanloom.errors import AbsentError, ConfigError, DataError
from spanloom.vocab.columns import PARTS_OF_SPEECH
from spanloom_spacy import attrs, explain, util
from spanloom_spacy.scorer import PRFScore, Scorer


def example() -> Example:
    vocab = Vocab("en")
    words = ["a", "b", "c", "d"]
    spaces = [True, True, True, False]
    predicted = Doc(vocab, words, spaces, tags=["X", "Y", "", "X"], morphs=["A=1|B=1"] * 4)
    gold = Doc(vocab, words, spaces, tags=["X", "X", "X", ""], morphs=["A=1|B=2", "A=1", "", ""])
    predicted.spans["sc"] = [predicted[0:2], predicted[1:3]]
    gold.spans["sc"] = [gold[0:2], gold[1:3], gold[3:4]]
    return Example(predicted, gold)


def test_numbers_of_attributes_are_those_of_spacy() -> None:
    assert (attrs.ORTH, attrs.LOWER, attrs.POS, attrs.NOUN) == (65, 66, 74, 92)
    doc = spanloom.blank("en")("A b")
    assert doc.to_array(attrs.LOWER).tolist() == doc.to_array("LOWER").tolist()
    assert attrs.NAMES[attrs.IDS["LEMMA"]] == "LEMMA"
    with pytest.raises(AttributeError, match="NOTHING"):
        _ = attrs.NOTHING


def test_tags_and_labels_in_words() -> None:
    assert explain("NNP") == "proper noun, singular"
    assert explain("nsubj") == explain("nsubj:outer") == "nominal subject"
    assert explain("GPE") == "country, city or state"
    assert explain("NOTHING") is None
    assert all(explain(name) for name in PARTS_OF_SPEECH)


def test_most_used_functions_of_util() -> None:
    sizes = util.compounding(1.0, 4.0, 2.0)
    assert [len(batch) for batch in util.minibatch(range(10), sizes)] == [1, 2, 4, 3]
    assert list(util.minibatch("abc", 2)) == [["a", "b"], ["c"]]
    assert util.compile_prefix_regex(["#", r"\("]).search("#(a")
    assert util.load_config_from_str('[nlp]\nlang = "en"')["nlp"]["lang"] == "en"
    assert util.get_lang_class("eng").code == "en"
    config = {"nlp": {"lang": "en", "pipeline": []}}
    assert util.load_model_from_config(config, auto_fill=True, validate=True).lang == "en"
    with pytest.raises(DataError, match="ISO 639"):
        util.get_lang_class("qq")


@pytest.mark.parametrize(
    ("kind", "name", "use"),
    [("architectures", "spacy.TorchBiLSTMEncoder.v1", "MaxoutWindowEncoder")],
)
def test_what_is_not_here_says_what_to_use(kind: str, name: str, use: str) -> None:
    assert use in (registry.advice(kind, name) or "")
    config = default_config()
    config["corpora"]["train"] = {f"@{kind}": name}
    with pytest.raises(ConfigError, match=use):
        check_config(config)


def test_scores_of_any_attribute_or_function() -> None:
    rows = [example()]
    assert Scorer.score_token_attr(rows, "tag_") == {"tag__acc": pytest.approx(1 / 3)}
    upper = Scorer.score_token_attr(rows, "first", getter=lambda token, _: token.text > "b")
    assert upper == {"first_acc": 1.0}
    skipped = Scorer.score_token_attr(rows, "tag_", missing_values={"", "X"})
    assert skipped == {"tag__acc": None}
    feats = Scorer.score_token_attr_per_feat(rows, "morph", missing_values={""})
    assert feats["morph_per_feat"]["A"]["r"] == 1.0 and feats["morph_per_feat"]["B"]["p"] == 0.0
    groups = {"getter": lambda doc, name: doc.spans[name]}
    spans = Scorer.score_spans(rows, "sc", allow_overlap=True, **groups)
    assert (spans["sc_p"], spans["sc_r"]) == (1.0, pytest.approx(2 / 3))
    first = Scorer.score_spans(rows, "sc", **groups)
    assert (first["sc_p"], first["sc_r"]) == (1.0, 0.5)
    none = Scorer.score_spans(rows, "sc", has_annotation=lambda doc: False, **groups)
    assert none == {"sc_p": None, "sc_r": None, "sc_f": None, "sc_per_type": None}


def test_a_scorer_scores_by_the_components_of_its_pipeline() -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("tagger")
    rows = [example()]
    parts = Scorer(nlp).score(rows, per_component=True)
    assert set(parts) == {"tokenizer", "tagger"} and parts["tokenizer"]["token_acc"] == 1.0
    assert Scorer(nlp).score(rows)["tag_acc"] == parts["tagger"]["tag_acc"] == pytest.approx(1 / 3)
    assert Scorer(default_lang="en").score(rows)["token_f"] == 1.0
    total = PRFScore(tp=1, fp=1) + PRFScore(fn=2)
    total += PRFScore(tp=1)
    total.score_set({1, 2}, {2, 3})
    assert (total.tp, total.fp, total.fn, len(total)) == (3, 2, 3, 8)
    for call in (Scorer.score_cats, Scorer.score_deps, Scorer.score_links):
        with pytest.raises(AbsentError, match="use|count"):
            call(rows, "x")
