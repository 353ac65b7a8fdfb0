"""Objectives: what is masked, what is predicted, and that gradients are those of the losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from thinc.api import Model

import spanloom
from spanloom import Doc
from spanloom.errors import ConfigError, PipelineError
from spanloom.layers import HashEmbedCNN
from spanloom_pretrain import ClozeTask, PretrainCharacters, PretrainVectors
from spanloom_pretrain.losses import byte_loss, cosine_loss, l2_loss
from spanloom_pretrain.masking import MASK, mask_words
from spanloom_pretrain.task import PretrainingTask

TEXTS = [
    "The weaver mended a red loom, and counted seven boats.",
    "Ünïcode wörds änd 字 too!",
    "  Spaces\n\nbetween   lines ",
]


class Table:
    """Vectors for all words that begin with a letter below n."""

    width = 5

    def vectors_for(self, texts: list[str]) -> NDArray[np.float32]:
        rng = np.random.default_rng(0)
        rows = rng.standard_normal((len(texts), self.width)).astype(np.float32)
        rows[[not "a" <= text[0].lower() < "n" for text in texts]] = 0.0
        return rows


def _docs(nlp: spanloom.Pipeline) -> list[Doc]:
    return [nlp.make_doc(text) for text in TEXTS]


def _encoder(docs: list[Doc]) -> Model[Any, Any]:
    encoder = HashEmbedCNN(width=8, depth=1, embed_size=50, maxout_pieces=2)
    encoder.initialize(X=docs)
    return encoder


def _task(name: str, nlp: spanloom.Pipeline) -> ClozeTask:
    docs = _docs(nlp)
    sizes: Any = {"maxout_pieces": 2, "hidden_size": 6, "mask_share": 0.4}
    if name == "characters":
        objective = PretrainCharacters(**sizes, n_characters=2)
    else:
        nlp.vocab.vectors = Table()  # type: ignore[assignment]
        objective = PretrainVectors(**sizes, loss=name)
    task = objective(nlp.vocab, _encoder(docs))
    assert isinstance(task, ClozeTask)
    return task


@pytest.mark.parametrize("name", ["characters", "cosine", "L2"])
def test_gradients_are_those_of_the_mean_loss_over_masked_words(name: str) -> None:
    nlp = spanloom.blank("en")
    task, docs = _task(name, nlp), _docs(nlp)
    rng = np.random.default_rng(1)
    value: Any
    for node in task.model.walk():  # float64, and no zeros at the output
        for key in node.param_names:
            value = node.get_param(key)
            node.set_param(key, value.astype("f8") + 0.1 * rng.standard_normal(value.shape))

    def mean_loss() -> float:
        loss, words = task.evaluate(docs, np.random.default_rng(7))
        return loss / words

    loss, words = task.update(docs, np.random.default_rng(7), 0.0)
    assert words >= 3
    assert loss / words == pytest.approx(mean_loss(), rel=1e-6)
    checked = 0
    for node in task.model.walk():
        for key in node.param_names:
            if not node.has_grad(key):
                continue
            gradient: Any = node.get_grad(key)
            value = node.get_param(key)
            for place in np.argsort(-np.abs(gradient).ravel())[:3]:
                index = np.unravel_index(place, value.shape)
                before, step = value[index], 1e-5
                ends = []
                for sign in (1, -1):
                    value[index] = before + sign * step
                    node.set_param(key, value)
                    ends.append(mean_loss())
                value[index] = before
                node.set_param(key, value)
                numeric = (ends[0] - ends[1]) / (2 * step)
                assert gradient[index] == pytest.approx(numeric, rel=2e-3, abs=2e-5), (node, key)
                checked += 1
    assert checked > 20


@pytest.mark.parametrize("loss", [cosine_loss, l2_loss])
@given(seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_vector_losses_agree_with_finite_differences(loss: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    guesses, targets = rng.standard_normal((2, 3, 4))
    targets /= np.linalg.norm(targets, axis=1, keepdims=True)
    _, gradient = loss(guesses.copy(), targets, np)
    moved = rng.standard_normal(guesses.shape)
    ends = [loss(guesses + sign * 1e-6 * moved, targets, np)[0] for sign in (1, -1)]
    assert (gradient * moved).sum() == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-4)


def test_the_loss_of_bytes_is_cross_entropy() -> None:
    scores = np.zeros((2, 512), dtype=np.float32)
    loss, gradient = byte_loss(scores, np.array([[3, 4], [5, 255]]), np)
    assert loss == pytest.approx(4 * np.log(256), rel=1e-5)
    assert gradient[0, 3] == pytest.approx(1 / 256 - 1)
    assert gradient[1, 256 + 255] == pytest.approx(1 / 256 - 1)
    assert abs(gradient.sum()) < 1e-5


@pytest.mark.lengthy
@given(seed=st.integers(0, 10_000), share=st.floats(0.01, 0.99))
@settings(max_examples=40, deadline=None)
def test_masking_changes_nothing_but_what_it_says(seed: int, share: float) -> None:
    nlp = spanloom.blank("en")
    docs = _docs(nlp)
    before = [doc.text for doc in docs]
    masked = mask_words(docs, np.random.default_rng(seed), share)
    assert [doc.text for doc in docs] == before
    words = [word for doc in docs for word in doc.words]
    seen = [word for doc in masked.batch for word in doc.words]
    assert len(masked.places) >= 1
    assert masked.lexicon.texts_of(masked.rows) == [words[place] for place in masked.places]
    assert all(not words[place].isspace() for place in masked.places)
    others = sorted(set(range(len(words))) - set(masked.places.tolist()))
    assert [seen[i] for i in others] == [words[i] for i in others]
    assert all(seen[i] == MASK or seen[i] in words for i in masked.places)
    for doc, new in zip(docs, masked.batch):
        assert new.text == "".join(w + " " * int(s) for w, s in zip(new.words, new.spaces))
        assert (doc.spaces == new.spaces).all()


def test_shares_of_masking() -> None:
    nlp = spanloom.blank("en")
    docs = [Doc(nlp.vocab, words=[f"w{i}" for i in range(20000)])]
    masked = mask_words(docs, np.random.default_rng(0))
    seen, words = masked.batch[0].words, docs[0].words
    hidden = np.mean([seen[place] == MASK for place in masked.places])
    kept = np.mean([seen[place] == words[place] for place in masked.places])
    assert len(masked.places) / 20000 == pytest.approx(0.15, abs=0.01)
    assert hidden == pytest.approx(0.8, abs=0.03)
    assert kept == pytest.approx(0.1, abs=0.02)


def test_equal_random_states_mask_alike() -> None:
    nlp = spanloom.blank("en")
    one, two = (mask_words(_docs(nlp), np.random.default_rng(5)) for _ in range(2))
    assert (one.places == two.places).all()
    assert (one.batch.rows == two.batch.rows).all()


def test_words_without_a_vector_are_not_predicted() -> None:
    nlp = spanloom.blank("en")
    task = _task("cosine", nlp)
    none = [Doc(nlp.vocab, words=["zebra", "yes", "?", "12"])]
    assert task.update(none, np.random.default_rng(0), 0.1) == (0.0, 0)
    assert task.evaluate(none, np.random.default_rng(0)) == (0.0, 0)


def test_vectors_need_a_table() -> None:
    nlp = spanloom.blank("en")
    with pytest.raises(PipelineError, match=r"--paths\.vectors.*pip install spanloom-vectors"):
        PretrainVectors()(nlp.vocab, _encoder(_docs(nlp)))
    with pytest.raises(ConfigError, match=r"'cosin' isn't known.*cosine"):
        PretrainVectors(loss="cosin")
    with pytest.raises(ConfigError, match="mask_share"):
        PretrainCharacters(mask_share=0)


def test_names_of_ours_and_of_others_are_the_same_functions() -> None:
    for kind in ("architectures", "objectives"):
        for owner in ("spacy", "spanloom"):
            if owner == "spacy" and "spacy" not in spanloom.registry.dialects:
                continue  # spanloom-spacy isn't installed here
            for function in (PretrainCharacters, PretrainVectors):
                name = f"{owner}.{function.__name__}.v1"
                assert spanloom.registry.get(kind, name) is function


def test_a_cloze_task_is_a_pretraining_task() -> None:
    nlp = spanloom.blank("en")
    task = _task("characters", nlp)
    assert isinstance(task, PretrainingTask)
    scores, backprop = task.model.begin_update(_docs(nlp))
    assert scores.shape == (sum(map(len, _docs(nlp))), 4 * 256)
    backprop(scores)
