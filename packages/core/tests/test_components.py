"""Token classifiers and the sentencizer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spanloom
from spanloom import Doc, Example
from spanloom.components.classifier import cross_entropy
from spanloom.components.columns import MISSING, lookup
from spanloom.errors import PipelineError
from spanloom.scoring import score_column

from .support import encoder, two_sentences

TOK2VEC = encoder(16, rows=100)
MODEL = {"@architectures": "spanloom.Tagger.v2", "tok2vec": TOK2VEC}


def softmax(logits):
    chance = np.exp(logits - logits.max(axis=1, keepdims=True))
    return chance / chance.sum(axis=1, keepdims=True)


def pipeline(factory, data, words=("a", "b", "c"), steps=25, **config):
    """A pipeline of one component, trained on one document with the given annotation."""
    nlp = spanloom.blank("en")
    nlp.add_pipe(factory, config={"model": MODEL, **config})
    reference = Doc(nlp.vocab, words=list(words), **data)
    examples = [Example(Doc(nlp.vocab, words=list(words)), reference)] * 4
    sgd = nlp.initialize(lambda: examples)
    for _ in range(steps):
        nlp.update(examples, sgd=sgd)
    return nlp


def run(nlp, words=("a", "b", "c"), **annotation):
    return nlp(Doc(nlp.vocab, words=list(words), **annotation))


# -- the loss


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("target", [0, 2, MISSING, MISSING - 1 - 1])
def test_gradient_of_the_loss_agrees_with_finite_differences(target, smoothing):
    logits = np.random.default_rng(0).normal(size=(1, 4))
    targets = np.array([target])

    def loss(logits):
        chance = softmax(logits)
        if target == MISSING:
            return 0.0
        if target < MISSING:
            return -np.log(1 - chance[0, MISSING - 1 - target])
        truth = np.full(4, smoothing / 3)
        truth[target] = 1 - smoothing
        return -(truth * np.log(chance[0])).sum()

    _, gradient = cross_entropy(softmax(logits), targets, smoothing=smoothing)
    for i in range(4):
        step = np.zeros((1, 4))
        step[0, i] = 1e-5
        numeric = (loss(logits + step) - loss(logits - step)) / 2e-5
        assert gradient[0, i] == pytest.approx(numeric, abs=1e-5)


def test_loss_does_not_change_the_scores():
    scores = softmax(np.zeros((2, 3)))
    before = scores.copy()
    loss, _ = cross_entropy(scores, np.array([1, MISSING]))
    assert loss == pytest.approx(np.log(3), abs=1e-6)
    np.testing.assert_array_equal(scores, before)


@given(st.lists(st.integers(0, 2**64 - 1), unique=True), st.lists(st.integers(0, 2**64 - 1)))
def test_lookup_finds_positions(keys, values):
    found = lookup(np.array(keys, dtype=np.uint64), np.array(values + keys, dtype=np.uint64))
    expected = [keys.index(v) if v in keys else MISSING for v in values + keys]
    assert found.tolist() == expected


# -- tagger


def test_tagger_learns_and_keeps_annotation_that_is_there():
    nlp = pipeline("tagger", {"tags": ["X", "Y", "Z"]})
    assert [t.tag_ for t in run(nlp)] == ["X", "Y", "Z"]
    assert [t.tag_ for t in run(nlp, tags=["Q", "", ""])] == ["Q", "Y", "Z"]
    nlp = pipeline("tagger", {"tags": ["X", "Y", "Z"]}, overwrite=True)
    assert [t.tag_ for t in run(nlp, tags=["Q", "", ""])] == ["X", "Y", "Z"]


def test_tokens_without_a_gold_tag_give_no_gradient():
    nlp = pipeline("tagger", {"tags": ["X", "", "Z"]}, steps=1)
    examples = [Example(run(nlp), Doc(nlp.vocab, words=["a", "b", "c"]))]
    losses = nlp.update(examples)
    assert losses["tagger"] == 0.0


def test_tag_that_training_never_saw_is_no_error():
    nlp = pipeline("tagger", {"tags": ["X", "Y", "Z"]})
    reference = Doc(nlp.vocab, words=["a", "b", "c"], tags=["X", "NEW", "Z"])
    examples = [Example(Doc(nlp.vocab, words=["a", "b", "c"]), reference)]
    nlp.update(examples)
    assert nlp.evaluate(examples)["tag_acc"] == pytest.approx(2 / 3)


def test_denied_tag_becomes_unlikely():
    nlp = pipeline("tagger", {"tags": ["X", "Y", "Z"]})
    reference = Doc(nlp.vocab, words=["a", "b", "c"], tags=["!X", "Y", "Z"])
    examples = [Example(Doc(nlp.vocab, words=["a", "b", "c"]), reference)] * 4
    sgd = nlp.create_optimizer()
    for _ in range(40):
        nlp.update(examples, sgd=sgd)
    assert run(nlp)[0].tag_ in ("Y", "Z")
    assert nlp.get_pipe("tagger").labels == ("X", "Y", "Z")


def test_labels_can_be_given_and_order_is_kept():
    nlp = spanloom.blank("en")
    tagger = nlp.add_pipe("tagger", config={"model": MODEL})
    assert tagger.add_label("B") == 1
    assert tagger.add_label("B") == 0
    tagger.add_label("A")
    nlp.initialize()
    assert tagger.labels == ("B", "A")
    with pytest.raises(PipelineError, match="can't add the label 'C'"):
        tagger.add_label("C")


def test_no_labels_is_an_error_that_says_so():
    nlp = spanloom.blank("en")
    nlp.add_pipe("tagger", config={"model": MODEL})
    with pytest.raises(PipelineError, match="'tagger' found no tag"):
        nlp.initialize()


def test_gold_of_other_tokens_is_aligned():
    nlp = spanloom.blank("en")
    nlp.add_pipe("tagger", config={"model": MODEL})
    reference = Doc(nlp.vocab, words=["do", "n't", "go"], spaces=[False, True, False], tags="VRV")
    predicted = Doc(nlp.vocab, words=["don't", "go"], spaces=[True, False])
    example = Example(predicted, reference)
    nlp.initialize(lambda: [example])
    targets = nlp.get_pipe("tagger").targets([example])
    labels = nlp.get_pipe("tagger").labels
    assert targets[0] == MISSING and labels[targets[1]] == "V"


# -- morphologizer


def test_morphologizer_sets_pos_and_features():
    data = {"pos": ["DET", "NOUN", "VERB"], "morphs": ["", "Number=Sing", "Tense=Past|Mood=Ind"]}
    nlp = pipeline("morphologizer", data)
    doc = run(nlp)
    assert [t.pos_ for t in doc] == ["DET", "NOUN", "VERB"]
    assert [str(t.morph) for t in doc] == ["", "Number=Sing", "Mood=Ind|Tense=Past"]
    assert "Number=Sing|POS=NOUN" in nlp.get_pipe("morphologizer").labels


@pytest.mark.parametrize(
    ("overwrite", "expected"), [(True, "Case=Nom|Number=Sing"), (False, "Case=Nom|Number=Plur")]
)
def test_morphologizer_extends_features(overwrite, expected):
    data = {"pos": ["X", "NOUN", "VERB"], "morphs": ["Number=Sing"] * 3}
    nlp = pipeline("morphologizer", data, overwrite=overwrite, extend=True)
    doc = run(nlp, morphs=["Case=Nom|Number=Plur", "", ""])
    assert str(doc[0].morph) == expected
    assert str(doc[1].morph) == "Number=Sing"


def test_morphologizer_learns_from_parts_of_speech_alone():
    nlp = pipeline("morphologizer", {"pos": ["DET", "NOUN", "VERB"]})
    assert [t.pos_ for t in run(nlp)] == ["DET", "NOUN", "VERB"]


# -- sentences


def test_senter_learns_and_first_token_begins_a_sentence():
    nlp = pipeline("senter", {"sent_starts": [True, False, True]})
    doc = run(nlp)
    assert [t.is_sent_start for t in doc] == [True, False, True]
    assert run(nlp, words=["b"])[0].is_sent_start


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("This is one. This is two! And three?", 3),
        ("No mark at the end", 1),
        ("He said (really?!) that. Yes.", 3),
        ("Stop . . . Go on.", 2),
        ("! Begin", 2),
        ("これは文です。これも文です。", 2),
        ("One.\n\nTwo.\n", 2),
    ],
)
def test_sentencizer(text, sentences):
    nlp = spanloom.blank("ja" if "。" in text else "en")
    nlp.add_pipe("sentencizer")
    assert len(list(nlp(text).sents)) == sentences


def test_sentencizer_takes_other_marks_and_keeps_them_when_saved(tmp_path):
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer", config={"punct_chars": [";"]})
    assert [s.text for s in nlp("One; two. Three")] != []
    assert len(list(nlp("One; two. Three").sents)) == 2
    nlp.to_disk(tmp_path / "m")
    assert len(list(spanloom.load(tmp_path / "m")("One; two. Three").sents)) == 2


def reference_sentences(doc, marks):
    """The rule, word by word."""
    starts, since = [token.i == 0 for token in doc], None
    opening = None
    for token in doc:
        if token.text in marks:
            since, opening = token.i, None
        elif token.is_punct:
            if token.text == "(" and opening is None:
                opening = token.i
        elif not token.is_space:
            if since is not None:
                starts[token.i if opening is None else opening] = True
            since = opening = None
    return starts


WORDS = ["a", ".", "!", ",", "(", "b", "\n"]


@pytest.mark.lengthy
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=8), max_size=5))
def test_sentencizer_equals_the_rule_word_by_word(documents):
    nlp = spanloom.blank("en")
    sentencizer = nlp.add_pipe("sentencizer")
    docs = [Doc(nlp.vocab, words=words) for words in documents]
    list(sentencizer.pipe(docs))
    for doc in docs:
        starts = [bool(token.is_sent_start) for token in doc]
        assert starts == reference_sentences(doc, sentencizer.punct_chars)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Elle sort. « Bonjour ! » dit Marc.", ["Elle sort.", "« Bonjour ! »", "dit Marc."]),
        ("It rose. “Why?” they asked.", ["It rose.", "“Why?”", "they asked."]),
        ('It rose. "Why?" they asked.', ["It rose.", '"Why?"', "they asked."]),
        ("Er ging. „Halt!“ rief sie.", ["Er ging.", "„Halt!“", "rief sie."]),
        ("Han gik. »Stop!« sagde hun.", ["Han gik.", "»Stop!«", "sagde hun."]),
        ("It fell. (See 6.) Then up.", ["It fell.", "(See 6.)", "Then up."]),
        ("Se fue. ¿Por qué? ¡No!", ["Se fue.", "¿Por qué?", "¡No!"]),
    ],
)
def test_marks_that_open_begin_the_sentence_that_follows(text, sentences):
    nlp = spanloom.blank("xx")
    nlp.add_pipe("sentencizer")
    assert [sentence.text.strip() for sentence in nlp(text).sents] == sentences


def test_marks_of_abbreviations_end_no_sentence(tmp_path):
    nlp = spanloom.blank("xx")
    nlp.add_pipe("sentencizer", config={"abbreviations": ["approx.", "Art.", "No.", "i. e."]})
    text = "Revenue was approx. 100 under Art. 5 No. 3, i. e. more. It rose. Art.Nouveau. NATO No."
    expected = [
        "Revenue was approx. 100 under Art. 5 No. 3, i. e. more.",
        "It rose.",
        "Art.Nouveau.",
        "NATO No.",
    ]
    assert [sentence.text.strip() for sentence in nlp(text).sents] == expected
    nlp.to_disk(tmp_path / "m")
    doc = spanloom.load(tmp_path / "m")("A smart. Bus. See No. 1.")
    assert [sentence.text.strip() for sentence in doc.sents] == ["A smart.", "Bus.", "See No. 1."]


@pytest.mark.lengthy
def test_white_space_gets_no_annotation_and_begins_no_sentence():
    nlp = spanloom.blank("en")
    for name in ("tagger", "morphologizer", "senter"):
        nlp.add_pipe(name)
    examples = [two_sentences(nlp.vocab)]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(30):
        nlp.update(examples, sgd=optimizer)
    spaced = ["\n", "the", "  ", "cat", "sat", ".", "\n\n\t", "Dogs", "bark", "!", "\n"]
    doc = nlp(Doc(nlp.vocab, words=spaced))
    for token in doc:
        if token.is_space:
            assert (token.tag_, token.pos_, str(token.morph)) == ("", "", "")
            assert token.i == 0 or token.is_sent_start is False
    assert [sent.start for sent in doc.sents] == [0, 7]
    # What another component said of white space stays.
    doc = Doc(nlp.vocab, words=spaced, tags=["_SP" if w.isspace() else "" for w in spaced])
    assert [t.tag_ for t in nlp(doc) if t.is_space] == ["_SP"] * 4


def test_white_space_is_not_learnt_from_and_not_scored():
    words = ["Ann", "\n", "Tom", "left", " "]
    tags = ["N", "_SP", "N", "V", "_SP"]
    starts = [True, True, False, False, False]
    nlp = spanloom.blank("en")
    tagger, senter = (nlp.add_pipe(name) for name in ("tagger", "senter"))
    gold = Doc(nlp.vocab, words=words, tags=tags, sent_starts=starts)
    example = Example(Doc(nlp.vocab, words=words), gold)
    nlp.initialize(lambda: [example])
    assert tagger.labels == ("N", "V")
    assert senter.targets([example]).tolist() == [1, 0, 1, 0, 0]
    other = Example(Doc(nlp.vocab, words=["Ann", "Tom", "left"]), gold)
    assert senter.targets([other]).tolist() == [1, 1, 0]
    scores = np.full((5, 2), 0.5, dtype="f")
    _, gradient = tagger.get_loss([example], [scores])
    assert not gradient[0][[1, 4]].any() and gradient[0][[0, 2, 3]].all()
    said = Doc(nlp.vocab, words=words, tags=["N", "", "N", "V", ""])
    assert nlp.evaluate([Example(said, gold)])["tag_acc"] is not None
    assert score_column([Example(said, gold)], "TAG", "tag")["tag_acc"] == 1.0


def test_the_labels_of_the_sentence_recognizer_are_fixed():
    senter = spanloom.blank("en").add_pipe("senter")
    with pytest.raises(PipelineError, match="always I and S"):
        senter.add_label("A")
    example = Example(Doc(senter.vocab, words=["a"]), Doc(senter.vocab, words=["a"]))
    with pytest.raises(PipelineError, match="always I and S"):
        senter.initialize(lambda: [example], labels=["S", "I"])
