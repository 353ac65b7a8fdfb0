"""Hidden states and attentions on request, processes, poolings of another width, bad gradients."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import spanloom
from spanloom.tokens import Span
from spanloom.training.gradients import find_trouble
from spanloom_transformers import Tok2VecTransformer, TransformerData, embedding

from .support import tagged_examples

TEXTS = ["The fox jumps over dogs.", "", "My name is Robert and " * 20, "Köln is lazy"]


def test_hidden_states_and_attentions_on_request(build: Any) -> None:
    asked = {"output_hidden_states": True, "output_attentions": True}
    nlp = build(keep="all", transformer_config=asked, window=32)
    plain = build(window=32)
    module = nlp.get_pipe("transformer").model.shims[0].module
    for doc, other in zip(nlp.pipe(TEXTS), plain.pipe(TEXTS)):
        data = doc._.trf_data
        assert len(data.tensors) == 3
        np.testing.assert_allclose(data.tensors[-1], other._.trf_data.tensors[-1], atol=1e-5)
        assert other._.trf_data.extra == {}
        attentions = data.extra["attentions"]
        if not len(doc):
            assert attentions == []
            continue
        assert len(attentions) == 1 if len(data.pieces) <= 32 else len(attentions) > 1
        for each in attentions:
            assert each.shape[:2] == (2, 2) and each.shape[2] == each.shape[3] <= 32
            np.testing.assert_allclose(each.sum(-1), 1, atol=1e-5)
        assert not np.allclose(embedding(doc, layer=0), embedding(doc, layer=-1))
    doc = nlp(TEXTS[0])
    ids = torch.from_numpy(doc._.trf_data.pieces.ids)[None]
    with torch.no_grad():
        expected = module(input_ids=ids, output_attentions=True).attentions
    for layer, each in zip(doc._.trf_data.extra["attentions"][0], expected):
        np.testing.assert_allclose(layer, each[0].numpy(), atol=1e-5)
    again = TransformerData.from_bytes(doc._.trf_data.to_bytes())
    assert np.array_equal(again.extra["attentions"][0], doc._.trf_data.extra["attentions"][0])


@pytest.mark.slow
def test_processes_give_what_one_gives(build: Any) -> None:
    nlp = build()
    texts = TEXTS * 8
    start = time.perf_counter()
    found = list(nlp.pipe(texts, n_process=2, batch_size=8))
    assert time.perf_counter() - start < 300  # it hangs, rather than being slow
    for doc, one in zip(found, nlp.pipe(texts), strict=True):
        assert doc.text == one.text and [t.tag_ for t in doc] == [t.tag_ for t in one]
        for mine, other in zip(doc._.trf_data.tensors, one._.trf_data.tensors):
            np.testing.assert_allclose(mine, other, atol=1e-5)


@spanloom.registry.layers("tests.reduce_to_eight.v1")
def reduce_to_eight() -> Any:
    from thinc.api import Linear, chain, reduce_mean

    return chain(reduce_mean(), Linear(nO=8))


def test_a_pooling_may_change_the_width(build: Any, folder: Any) -> None:
    nlp = build(heads={"tagger": {"pooling": "tests.reduce_to_eight.v1"}, "other": {}})
    listener = nlp.get_pipe("tagger").model.get_ref("tok2vec")
    assert listener.get_dim("nO") == 8 and listener.get_dim("nI") == 16
    weights = listener.layers[0].layers[1]
    assert weights.get_param("W").shape == (8, 16)
    before = weights.get_param("W").copy()
    sgd = nlp.resume_training() if hasattr(nlp, "resume_training") else None
    from thinc.api import Adam

    for _ in range(3):
        losses = nlp.update(tagged_examples(nlp), sgd=sgd or Adam(0.01))
    assert np.isfinite(list(losses.values())).all()
    assert not np.array_equal(before, weights.get_param("W"))
    again = spanloom.blank("en")
    again = spanloom.Pipeline.from_config(nlp.config)
    again.from_bytes(nlp.to_bytes())
    doc, other = nlp(TEXTS[0]), again(TEXTS[0])
    assert [t.tag_ for t in doc] == [t.tag_ for t in other]
    inside = Tok2VecTransformer(folder("bert"), reduce_to_eight())
    inside.initialize()
    assert [len(each[0]) for each in inside.predict([nlp.make_doc("a fox")])] == [8]


def test_gradients_of_torch_that_aren_t_finite_are_found(build: Any) -> None:
    nlp = build()
    losses = nlp.update(tagged_examples(nlp))
    assert find_trouble(nlp, losses) is None
    name, parameter = next(
        iter(nlp.get_pipe("transformer").model.shims[0].module.named_parameters())
    )
    parameter.grad = torch.full_like(parameter, float("nan"))
    assert f"transformer.{name}' , is NaN".replace("' ,", "',") in str(find_trouble(nlp, losses))
    assert find_trouble(nlp, losses, exclude=["transformer"]) is None


def _same(one: Any, two: Any) -> None:
    assert len(one.tensors) == len(two.tensors) and one.extra.keys() == two.extra.keys()
    for a, b in zip(one.tensors, two.tensors):
        np.testing.assert_allclose(a, b, atol=1e-5)
    for key in one.extra:
        assert len(one.extra[key]) == len(two.extra[key])
        for a, b in zip(one.extra[key], two.extra[key]):
            np.testing.assert_allclose(a, b, atol=1e-5)


def test_the_cache_keeps_all_that_was_asked_for(build: Callable[..., Any]) -> None:
    asked = {"output_hidden_states": True, "output_attentions": True}
    plain = build(transformer_config=asked, keep="all")
    cached = build(transformer_config=asked, keep="all", cache_megabytes=8)
    cached("")
    texts = ["", "The fox is lazy", "Köln", "", "The fox is lazy"]
    for _ in range(2):
        wanted, docs = list(plain.pipe(texts)), list(cached.pipe(texts))
        for doc, other in zip(docs, wanted):
            if len(doc):
                _same(doc._.trf_data, other._.trf_data)
                assert len(doc._.trf_data.tensors) == 3 and doc._.trf_data.extra["attentions"]
    assert cached.get_pipe("transformer").cache.hits


def test_the_cache_knows_what_a_span_getter_read(build: Callable[..., Any]) -> None:
    nlp = build(cache_megabytes=8)
    component = nlp.get_pipe("transformer")

    def by_entities(docs: Any) -> Any:
        return [list(doc.ents) or [doc[:]] for doc in docs]

    component.model.attrs["get_spans"] = by_entities
    seen: list[Any] = []
    component.set_extra_annotations = lambda docs, output: seen.append(
        [[(span.start, span.end) for span in spans] for spans in output.spans]
    )
    for bounds in [(0, 2), (2, 4), (0, 2)]:
        doc = nlp.make_doc("The fox is lazy")
        doc.set_ents([Span(doc, *bounds, label="X")])
        nlp(doc)
        lengths = doc._.trf_data.align.lengths
        assert [bool(n) for n in lengths] == [bounds[0] <= i < bounds[1] for i in range(4)]
    assert seen == [[[(0, 2)]], [[(2, 4)]], [[(0, 2)]]]
    assert component.cache.hits == 1
