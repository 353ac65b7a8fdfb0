"""Scores, against figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spanloom import registry
from spanloom.examples.example import Example
from spanloom.scoring import (
    Counts,
    score_column,
    score_features,
    score_morphology,
    score_sentences,
    score_spans,
    score_tokenization,
)
from spanloom.tokens import Doc, Span
from spanloom.vocab import Vocab

VOCAB = Vocab("en")


def doc(words: list[str], spaces: list[bool] | None = None, **annotation: Any) -> Doc:
    return Doc(VOCAB, words=words, spaces=spaces or [True] * len(words), **annotation)


def test_counts() -> None:
    counts = Counts()
    assert not counts and counts.precision == counts.recall == counts.fscore == 0.0
    assert counts.named("x") == {"x_p": None, "x_r": None, "x_f": None}
    counts.add_sets({1, 2, 3}, {3, 4})
    assert (counts.tp, counts.fp, counts.fn) == (1, 2, 1)
    assert counts.to_dict() == {"p": 1 / 3, "r": 1 / 2, "f": pytest.approx(0.4)}


def test_tokens() -> None:
    # Predicted: can't | go | . — reference: ca | n't | go | .
    predicted = doc(["can't", "go", "."], [True, False, False])
    reference = doc(["ca", "n't", "go", "."], [False, True, False, False])
    scores = score_tokenization([Example(predicted, reference)])
    assert scores == {
        "token_acc": 2 / 3,
        "token_p": 2 / 3,
        "token_r": 2 / 4,
        "token_f": pytest.approx(4 / 7),
    }


def test_tokens_of_references_without_known_spaces_do_not_count() -> None:
    reference = Doc(VOCAB, words=["a", "b"])
    scores = score_tokenization([Example(doc(["a", "b"]), reference)])
    assert set(scores.values()) == {None}


def test_whitespace_tokens_do_not_count() -> None:
    predicted = doc(["a", "  ", "b"], [True, False, False])
    reference = doc(["a", "b"], [True, False])
    scores = score_tokenization([Example(predicted, reference)])
    assert scores["token_acc"] == scores["token_f"] == 1.0


def test_accuracy_where_tokens_agree_is_the_share_of_right_ones() -> None:
    predicted = doc(["a", "b", "c", "d"], tags=["X", "Y", "X", "Z"])
    reference = doc(["a", "b", "c", "d"], tags=["X", "X", "X", ""])
    scores = score_column([Example(predicted, reference)], "TAG", "tag")
    assert scores == {"tag_acc": 2 / 3}


def test_each_value_of_a_column_has_its_own_scores() -> None:
    words = ["a", "b", "c", "d", "e"]
    predicted = doc(words, tags=["X", "Y", "X", "Z", ""])
    reference = doc(words, tags=["X", "X", "Y", "", "Y"])
    scores = score_column([Example(predicted, reference)], "TAG", "tag", per_type=True)
    # X: 1 right of 2 predicted and 2 wanted. Y: none of 1 and 2. Z meets a token without a tag.
    assert scores["tag_per_type"] == {
        "X": {"p": 0.5, "r": 0.5, "f": 0.5},
        "Y": {"p": 0.0, "r": 0.0, "f": 0.0},
    }
    split = doc(["ca", "n't"], [False, True], tags=["X", "Y"])
    whole = doc(["can't"], tags=["X"])
    scores = score_column([Example(split, whole)], "TAG", "tag", per_type=True)
    assert scores["tag_per_type"] == {
        "X": {"p": 1.0, "r": 1.0, "f": 1.0},
        "Y": {"p": 0.0, "r": 0.0, "f": 0.0},
    }
    bare = Example(doc(["a"]), doc(["a"]))
    assert score_column([bare], "TAG", "tag", per_type=True)["tag_per_type"] is None


def test_accuracy_where_tokens_differ_is_f1() -> None:
    # "can't" covers two reference tokens, so it is compared with none: tp 2, predicted 2, gold 4.
    predicted = doc(["can't", "go", "."], tags=["MD", "VB", "."])
    reference = doc(
        ["ca", "n't", "go", "."], [False, True, True, True], tags=["MD", "RB", "VB", "."]
    )
    scores = score_column([Example(predicted, reference)], "TAG", "tag")
    assert scores["tag_acc"] == pytest.approx(2 * 2 / (2 + 4))


def test_several_tokens_in_one_reference_token_count_once_for_each_value() -> None:
    predicted = doc(["ca", "n't", "go"], [False, True, True], tags=["MD", "MD", "VB"])
    reference = doc(["can't", "go"], tags=["MD", "VB"])
    assert score_column([Example(predicted, reference)], "TAG", "tag") == {"tag_acc": 1.0}
    predicted = doc(["ca", "n't", "go"], [False, True, True], tags=["MD", "RB", "VB"])
    # Pairs (can't, MD), (can't, RB), (go, VB) against (can't, MD), (go, VB).
    scores = score_column([Example(predicted, reference)], "TAG", "tag")
    assert scores["tag_acc"] == pytest.approx(4 / 5)


def test_missing_annotation_is_none_and_wrong_annotation_is_zero() -> None:
    bare = doc(["a", "b"])
    tagged = doc(["a", "b"], tags=["X", "Y"])
    assert score_column([Example(tagged, bare)], "TAG", "tag") == {"tag_acc": None}
    assert score_column([Example(bare, tagged)], "TAG", "tag") == {"tag_acc": 0.0}
    assert score_column([], "TAG", "tag") == {"tag_acc": None}
    assert set(score_morphology([Example(tagged, bare)]).values()) == {None}
    assert set(score_sentences([Example(tagged, bare)]).values()) == {None}


def test_labels_that_training_never_saw_are_scored_as_wrong() -> None:
    reference = doc(["a", "b"], tags=["NEVER-SEEN", "Y"])
    example = Example(doc(["a", "b"], tags=["X", "Y"]), reference)
    assert score_column([example], "TAG", "tag") == {"tag_acc": 0.5}


def test_morphological_features() -> None:
    predicted = doc(["a", "b", "c"], morphs=["Case=Nom|Number=Sing", "Number=Plur", "Case=Nom"])
    reference = doc(["a", "b", "c"], morphs=["Case=Nom|Number=Plur", "Number=Plur", "_"])
    scores = score_morphology([Example(predicted, reference)])
    # "c" has no features in the reference: it counts for the whole value, not for single features.
    assert scores["morph_acc"] == 1 / 3
    assert scores["morph_micro_p"] == 2 / 3
    assert scores["morph_micro_r"] == 2 / 3
    assert scores["morph_per_feat"] == {
        "Case": {"p": 1.0, "r": 1.0, "f": 1.0},
        "Number": {"p": 0.5, "r": 0.5, "f": 0.5},
    }


def test_features_of_tokens_that_do_not_align() -> None:
    predicted = doc(["can't"], morphs=["Polarity=Neg"])
    reference = doc(["ca", "n't"], [False, False], morphs=["VerbForm=Fin", "Polarity=Neg"])
    scores = score_features([Example(predicted, reference)])
    assert scores["morph_micro_p"] == 0.0 and scores["morph_micro_r"] == 0.0
    predicted, reference = reference, predicted
    scores = score_features([Example(predicted, reference)])
    # (can't, VerbForm=Fin) is wrong, (can't, Polarity=Neg) is right.
    assert scores["morph_micro_p"] == 0.5 and scores["morph_micro_r"] == 1.0


def test_sentences() -> None:
    words = ["a", ".", "b", ".", "c", "."]
    reference = doc(words, sent_starts=[1, -1, 1, -1, 1, -1])
    predicted = doc(words, sent_starts=[1, -1, 1, -1, -1, -1])
    scores = score_sentences([Example(predicted, reference)])
    assert scores == {"sents_p": 1 / 2, "sents_r": 1 / 3, "sents_f": pytest.approx(0.4)}


def test_sentences_of_different_tokens_and_spaces() -> None:
    reference = doc(["can't", ".", "b"], sent_starts=[1, -1, 1])
    predicted = doc(
        ["ca", "n't", ".", " ", "b"],
        [False, True, True, True, True],
        sent_starts=[1, -1, -1, -1, 1],
    )
    assert score_sentences([Example(predicted, reference)])["sents_f"] == 1.0
    bare = doc(["can't", ".", "b"])
    assert score_sentences([Example(bare, reference)])["sents_r"] == 0.0


def test_spans_of_groups_may_overlap() -> None:
    words = ["new", "york", "city", "hall"]
    reference, predicted = doc(words), doc(words)
    reference.spans["sc"] = [
        Span(reference, 0, 2, "GPE"),
        Span(reference, 0, 4, "FAC"),
        Span(reference, 1, 2, "ORG"),
    ]
    predicted.spans["sc"] = [
        Span(predicted, 0, 2, "GPE"),
        Span(predicted, 0, 2, "ORG"),
        Span(predicted, 0, 4, "FAC"),
        Span(predicted, 2, 4, "FAC"),
    ]
    other = Example(doc(words), doc(words))  # has no such group
    scores = score_spans([Example(predicted, reference), other])
    assert (scores["spans_sc_p"], scores["spans_sc_r"]) == (2 / 4, 2 / 3)
    assert scores["spans_sc_f"] == pytest.approx(4 / 7)
    assert scores["spans_sc_per_type"] == {
        "FAC": {"p": 0.5, "r": 1.0, "f": pytest.approx(2 / 3)},
        "GPE": {"p": 1.0, "r": 1.0, "f": 1.0},
        "ORG": {"p": 0.0, "r": 0.0, "f": 0.0},
    }
    # By their bounds alone: (0,2), (0,4) and (2,4) against (0,2), (0,4) and (1,2).
    assert score_spans([Example(predicted, reference)], labeled=False)["spans_sc_p"] == 2 / 3
    assert score_spans([other], "sc")["spans_sc_f"] is None
    reference.spans["sc"] = []
    assert score_spans([Example(predicted, reference)])["spans_sc_p"] == 0.0


def test_empty_documents_score_nothing() -> None:
    example = Example(doc([]), doc([]))
    for score in (score_tokenization, score_morphology, score_sentences):
        assert set(score([example]).values()) == {None}


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("tagger", {"tag_acc", "tag_per_type"}),
        ("lemmatizer", {"lemma_acc"}),
        ("morphologizer", {"pos_acc", "morph_acc", "morph_micro_f", "morph_per_feat"}),
        ("senter", {"sents_p", "sents_r", "sents_f"}),
    ],
)
def test_scorers_by_name(name: str, keys: set[str]) -> None:
    scorer = registry.scorers.get(f"spanloom.{name}_scorer.v1")()
    assert keys <= set(scorer(iter([Example(doc(["a"]), doc(["a"]))])))


def test_the_scorer_of_spans_has_a_key() -> None:
    example = Example(doc(["a"]), doc(["a"]))
    scorer = registry.scorers.get("spanloom.spancat_scorer.v1")(spans_key="mine")
    assert "spans_mine_f" in scorer([example])


def test_sentences_of_which_no_start_is_known_do_not_count() -> None:
    reference = doc(["a", "b"])
    reference.set_column("SENT_START", [0, 0])
    predicted = doc(["a", "b"], sent_starts=[True, True])
    assert score_sentences([Example(predicted, reference)])["sents_f"] is None
