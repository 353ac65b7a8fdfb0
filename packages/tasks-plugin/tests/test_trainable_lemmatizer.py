"""The component trainable_lemmatizer, and its trees of edits. tests/peer runs spaCy's own tests."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from thinc.api import fix_random_seed

import spanloom
from spanloom import Doc, Example
from spanloom.errors import DataError, PipelineError, SerializationError
from spanloom.vocab.strings import StringStore, hash_string
from spanloom_tasks import EditTreeLemmatizer, EditTrees

from .support import TOK2VEC

TEXTS = [
    ("She likes green eggs", ["she", "like", "green", "egg"]),
    ("Eat blue hams", ["eat", "blue", "ham"]),
]


def examples_of(nlp: spanloom.Pipeline) -> list[Example]:
    return [Example.from_dict(nlp.make_doc(text), {"lemmas": lemmas}) for text, lemmas in TEXTS]


def trained(**config: object) -> spanloom.Pipeline:
    fix_random_seed(0)
    nlp = spanloom.blank("en")
    model = {"@architectures": "spanloom.Tagger.v2", "tok2vec": TOK2VEC}
    config = {"min_tree_freq": 1, "model": model, **config}
    nlp.add_pipe("trainable_lemmatizer", config=config)
    examples = examples_of(nlp)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(40):
        nlp.update(examples, sgd=optimizer)
    return nlp


@given(st.text(), st.text(), st.text(alphabet="abc"))
def test_a_tree_makes_its_lemma_and_is_found_again(form: str, lemma: str, other: str) -> None:
    trees = EditTrees(StringStore())
    assert trees.find(form, lemma) is None
    tree = trees.add(form, lemma)
    size = len(trees)
    assert trees.apply(tree, form) == lemma
    assert trees.find(form, lemma) == trees.add(form, lemma) == tree and len(trees) == size
    again = EditTrees(StringStore()).from_bytes(trees.to_bytes())
    assert again.to_json() == trees.to_json() and again.apply(tree, other) == trees.apply(
        tree, other
    )


def test_long_words_are_replaced_as_a_whole() -> None:
    trees = EditTrees(StringStore())
    tree = trees.add("ab" * 5000, "ba" * 5000)
    assert len(trees) == 1 and trees.apply(tree, "ab" * 5000) == "ba" * 5000


@pytest.mark.parametrize(
    "trees",
    [
        [{"orig": "a"}],
        [{"orig": "a", "subst": 123456789}],
        [{"prefix_len": 0, "suffix_len": -1, "prefix_tree": 0, "suffix_tree": 0}],
        [{"prefix_len": 0, "suffix_len": 0, "prefix_tree": 0, "suffix_tree": 0xFFFFFFFF}],
        [3],
    ],
)
def test_trees_that_are_none_are_refused(trees) -> None:
    with pytest.raises(SerializationError, match="tree 0"):
        EditTrees(StringStore()).from_json(trees)


def test_trees_of_spacy_are_read() -> None:
    import srsly

    strings = StringStore(["ge", ""])
    tree = {"orig": hash_string("ge"), "subst": hash_string("")}
    trees = EditTrees(strings).from_bytes(srsly.msgpack_dumps({"trees": [tree]}))
    assert trees.apply(0, "ge") == "" and trees.apply(0, "be") is None


@pytest.mark.lengthy
@pytest.mark.parametrize("top_k", [1, 5])
def test_it_learns_and_is_saved(top_k: int, tmp_path) -> None:
    nlp = trained(top_k=top_k)
    text, wanted = "She likes blue eggs", ["she", "like", "blue", "egg"]
    nlp.to_disk(tmp_path / "saved")
    copies = [nlp, spanloom.load(tmp_path / "saved"), pickle.loads(pickle.dumps(nlp))]  # noqa: S301
    fresh = spanloom.Pipeline.from_config(nlp.config)
    copies.append(fresh.from_bytes(nlp.to_bytes()))
    for each in copies:
        assert [token.lemma_ for token in each(text)] == wanted
    assert nlp.evaluate(examples_of(nlp))["lemma_acc"] == 1.0


def test_a_tree_that_cannot_be_applied_gives_the_backoff() -> None:
    nlp = trained()
    lemmatizer = nlp.get_pipe("trainable_lemmatizer")
    cut_s = lemmatizer.tree2label[lemmatizer.trees.find("eggs", "egg")]
    classes = np.full(2, cut_s)
    for backoff, wanted in (("orth", "EGG"), ("lower", "egg"), (None, "")):
        lemmatizer.backoff = backoff
        doc = Doc(nlp.vocab, words=["birds", "EGG"])
        lemmatizer.set_annotations([doc], classes)
        assert [token.lemma_ for token in doc] == ["bird", wanted]


def test_the_first_of_the_best_trees_that_can_be_applied_is_taken() -> None:
    nlp = trained(top_k=7)
    doc = nlp("XYZ")  # which ends in nothing that can be cut off
    assert doc[0].lemma_ == "XYZ"
    assert (nlp.get_pipe("trainable_lemmatizer").predict([doc]) >= 0).all()


def test_lemmas_that_are_there_stay_unless_overwritten() -> None:
    nlp = trained()
    lemmatizer = nlp.get_pipe("trainable_lemmatizer")
    doc = Doc(nlp.vocab, words=["She", "likes"], lemmas=["HER", ""])
    assert [token.lemma_ for token in lemmatizer(doc)] == ["HER", "like"]
    lemmatizer.cfg["overwrite"] = True
    assert [token.lemma_ for token in lemmatizer(doc)] == ["she", "like"]


def test_rare_trees_are_not_learnt_and_count_as_missing() -> None:
    nlp = spanloom.blank("en")
    lemmatizer = nlp.add_pipe("trainable_lemmatizer", config={"min_tree_freq": 3})
    examples = examples_of(nlp)
    nlp.initialize(lambda: examples)
    assert [lemmatizer.trees.tree_to_str(tree) for tree in lemmatizer.labels] == [
        "(m 0 1 () (s 's' ''))"
    ]
    assert lemmatizer.targets(examples).tolist() == [-1, 0, -1, 0, -1, -1, 0]


def test_documents_without_tokens_and_of_different_lexicons() -> None:
    nlp = trained()
    lemmatizer = nlp.get_pipe("trainable_lemmatizer")
    vocab = spanloom.Vocab("en", nlp.vocab.strings, max_types=2)
    first = Doc(vocab, words=["likes", "one", "two", "three"])
    vocab.renew()
    docs = [Doc(vocab), first, Doc(vocab, words=["likes"]), Doc(vocab)]
    lemmatizer.set_annotations(docs, lemmatizer.predict(docs))
    assert docs[1][0].lemma_ == docs[2][0].lemma_ == "like"
    assert list(nlp.pipe(["", "likes"]))[1][0].lemma_ == "like"


def test_labels_are_given_as_data() -> None:
    data = trained().get_pipe("trainable_lemmatizer").label_data
    nlp = spanloom.blank("en")
    lemmatizer = nlp.add_pipe("trainable_lemmatizer")
    lemmatizer.initialize(lambda: examples_of(nlp)[:1], labels=data)
    assert lemmatizer.label_data == data
    with pytest.raises(DataError, match="'trees' and 'labels'"):
        lemmatizer.initialize(lambda: examples_of(nlp), labels=["a"])
    with pytest.raises(PipelineError, match="trees of edits"):
        lemmatizer.add_label("a")


def test_settings_that_cannot_be_are_refused() -> None:
    nlp = spanloom.blank("en")
    for config in ({"backoff": "lemma"}, {"top_k": 0}):
        with pytest.raises(DataError, match=next(iter(config))):
            nlp.add_pipe("trainable_lemmatizer", config=config)
    assert isinstance(nlp.add_pipe("trainable_lemmatizer"), EditTreeLemmatizer)
