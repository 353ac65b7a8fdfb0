"""Whole models of Hugging Face as components: what plain Hugging Face gives, with our tokens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spanloom
from spanloom.errors import ConfigError
from spanloom_devkit.testing import ComponentConformance
from spanloom_transformers.checkpoints.tokens import spans_of

from .support import TEXTS, TOKENIZERS

LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
LONG = " ".join(TEXTS * 3)

Whole = Callable[..., str]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The folder of a tiny BERT with a head, whose weights were drawn."""
    made: dict[Any, str] = {}

    def make(head: str, labels: tuple[str, ...], problem: str | None = None) -> str:
        import torch
        import transformers

        if (head, labels, problem) not in made:
            tokenizer = TOKENIZERS["wordpiece"]()
            config = transformers.BertConfig(
                vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2,
                num_attention_heads=2, intermediate_size=24, max_position_embeddings=64,
                num_labels=len(labels), id2label=dict(enumerate(labels)), problem_type=problem,
                label2id={label: i for i, label in enumerate(labels)}, initializer_range=0.5,
            )  # fmt: skip
            torch.manual_seed(1)
            path = str(tmp_path_factory.mktemp("whole"))
            getattr(transformers, f"BertFor{head}")(config).save_pretrained(path)
            tokenizer.save_pretrained(path)
            made[head, labels, problem] = path
        return made[head, labels, problem]

    return make


def plain(path: str, head: str, text: str) -> np.ndarray:
    """What plain Hugging Face gives for a text."""
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    model = getattr(transformers, f"AutoModelFor{head}").from_pretrained(path).eval()
    with torch.inference_mode():
        given = tokenizer(text, return_tensors="pt", truncation=False, padding=False)
        found: np.ndarray = model(**given).logits[0].numpy()
    return found


def pipeline(factory: str, path: str, **settings: Any) -> Any:
    nlp = spanloom.blank("en")
    nlp.add_pipe(factory, config={"model": path, **settings})
    return nlp


def softmax(rows: np.ndarray) -> np.ndarray:
    powers = np.exp(rows - rows.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def test_entities_are_those_of_plain_hugging_face(whole: Whole, tmp_path: Path) -> None:
    path = whole("TokenClassification", tuple(LABELS))
    nlp = pipeline("hf_token_classifier", path)
    component = nlp.get_pipe("hf_token_classifier")
    texts = [text for text in TEXTS if len(text) < 50]
    docs = list(nlp.pipe(texts))
    for doc in docs:
        rows = softmax(plain(path, "TokenClassification", doc.text)[1:-1])
        pieces = component.shim.tokenizer.encode([doc.text])
        names = []
        for token in doc:
            mine = (pieces.starts < token.idx + len(token)) & (pieces.ends > token.idx)
            names.append(LABELS[rows[mine].mean(axis=0).argmax()])
        wanted = [(start, end, label) for start, end, label in spans_of(names)]
        assert [(ent.start, ent.end, ent.label_) for ent in doc.ents] == wanted
        group = doc.spans["hf_token_classifier"]
        assert len(group.attrs["scores"]) == len(wanted)
        assert all(0 < score <= 1 for score in group.attrs["scores"])
    assert any(doc.ents for doc in docs)
    nlp.to_disk(tmp_path / "saved")
    other = spanloom.load(tmp_path / "saved")
    for doc, again in zip(docs, other.pipe(texts)):
        assert [(e.start, e.label_) for e in doc.ents] == [(e.start, e.label_) for e in again.ents]


def test_long_texts_and_what_has_no_pieces(whole: Whole) -> None:
    nlp = pipeline("hf_token_classifier", whole("TokenClassification", tuple(LABELS)), window=20)
    component = nlp.get_pipe("hf_token_classifier")
    docs = [nlp.make_doc(text) for text in (LONG, "", "  ", "A  fox")]
    rows = component.predict(docs)
    assert [len(each) for each in rows] == [len(doc) for doc in docs]
    np.testing.assert_allclose(rows[0].sum(axis=1), 1.0, atol=1e-4)
    assert not rows[2].any() and not rows[3][1].any()
    assert [doc.text for doc in nlp.pipe([LONG, "", "  "])] == [LONG, "", "  "]


def test_tags_and_spans_instead_of_entities(whole: Whole) -> None:
    path = whole("TokenClassification", ("NOUN", "VERB", "X"))
    doc = pipeline("hf_token_classifier", path, annotates="tags")(TEXTS[0])
    assert {token.tag_ for token in doc} <= {"NOUN", "VERB", "X"} and doc[0].tag_
    doc = pipeline("hf_token_classifier", path, annotates="pos")(TEXTS[0])
    assert doc[0].pos_ in {"NOUN", "VERB", "X"}
    doc = pipeline("hf_token_classifier", path, annotates="spans", spans_key="k")(TEXTS[0])
    assert not doc.ents and sum(len(span) for span in doc.spans["k"]) == len(doc)
    with pytest.raises(ConfigError, match="annotates"):
        pipeline("hf_token_classifier", path, annotates="nothing")


@pytest.mark.parametrize(
    ("names", "spans"),
    [
        ("O B-A I-A O", [(1, 3, "A")]),
        ("B-A B-A I-B", [(0, 1, "A"), (1, 2, "A"), (2, 3, "B")]),
        ("I-A I-A O I-A", [(0, 2, "A"), (3, 4, "A")]),
        ("S-A B-A E-A I-A", [(0, 1, "A"), (1, 3, "A"), (3, 4, "A")]),
        ("U-A L-A", [(0, 1, "A"), (1, 2, "A")]),
        ("PER PER O X-RAY", [(0, 2, "PER"), (3, 4, "X-RAY")]),
        ("", []),
    ],
)
def test_spans_of_labels(names: str, spans: list[tuple[int, int, str]]) -> None:
    assert list(spans_of(names.split())) == spans


@pytest.mark.parametrize("problem", ["single_label_classification", "multi_label_classification"])
def test_categories_are_those_of_plain_hugging_face(whole: Whole, problem: str) -> None:
    path = whole("SequenceClassification", ("good", "bad", "odd"), problem)
    nlp = pipeline("hf_text_classifier", path)
    texts = [text for text in TEXTS if len(text) < 50]
    for doc in nlp.pipe([*texts, ""]):
        assert list(doc.cats) == ["good", "bad", "odd"]
        if not doc.text:
            assert set(doc.cats.values()) == {0.0}
            continue
        raw = plain(path, "SequenceClassification", doc.text)
        wanted = softmax(raw) if problem.startswith("single") else 1 / (1 + np.exp(-raw))
        np.testing.assert_allclose(list(doc.cats.values()), wanted, atol=1e-5)


def test_a_long_text_has_the_mean_of_its_windows(whole: Whole) -> None:
    path = whole("SequenceClassification", ("good", "bad", "odd"), "single_label_classification")
    cats = pipeline("hf_text_classifier", path)(LONG).cats
    assert abs(sum(cats.values()) - 1) < 1e-5
    other = pipeline("hf_text_classifier", path, window=24)(LONG).cats
    assert list(other.values()) != list(cats.values())


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no folder"):
        pipeline("hf_text_classifier", str(tmp_path / "absent"))("A text")


class TestTokenClassifier(ComponentConformance):
    name = "hf_token_classifier"

    @pytest.fixture(autouse=True)
    def tiny(self, whole: Whole) -> None:
        self.config = {"model": whole("TokenClassification", tuple(LABELS))}


class TestTextClassifier(ComponentConformance):
    name = "hf_text_classifier"

    @pytest.fixture(autouse=True)
    def tiny(self, whole: Whole) -> None:
        self.config = {"model": whole("SequenceClassification", ("good", "bad"))}
