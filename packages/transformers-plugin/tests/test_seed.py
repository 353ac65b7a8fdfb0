"""The examples of the guide that this package follows, with our names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spanloom
from spanloom import registry
from spanloom.config import init_config, resolve_section
from spanloom.plugins import import_code
from spanloom_transformers import (
    FullTransformerBatch,
    Transformer,
    TransformerData,
    TransformerModel,
    embedding,
)

from .support import TRANSFORMER, tagged_examples

CONFIG = """
[nlp]
lang = "en"
pipeline = ["transformer", "tagger"]

[components]

[components.tagger]
factory = "tagger"

[components.tagger.model]
@architectures = "spanloom.Tagger.v2"

[components.tagger.model.tok2vec]
@architectures = "{plugin}.TransformerListener.v1"
grad_factor = 1.0

[components.tagger.model.tok2vec.pooling]
@layers = "reduce_mean.v1"
"""
SPANS = '@span_getters = "{plugin}.doc_spans.v1"'


def excerpt(plugin: str, folder: str, spans: str = SPANS) -> spanloom.Config:
    """The guide's config with names of ``plugin``."""
    text = (CONFIG + TRANSFORMER).replace("{spans}", spans)
    return spanloom.Config().from_str(text.format(plugin=plugin, folder=folder))


def test_runtime_usage(build: Any, tmp_path: Path) -> None:
    build().to_disk(tmp_path / "en_tiny_trf")
    nlp = spanloom.load(tmp_path / "en_tiny_trf")
    for doc in nlp.pipe(["some text", "some other text"]):
        tokvecs = doc._.trf_data.tensors[-1]
        assert tokvecs.shape == (len(doc._.trf_data.pieces), 16)


def test_custom_annotation_setter(build: Any) -> None:
    def custom_annotation_setter(docs: Any, trf_data: Any) -> None:
        doc_data = list(trf_data.doc_data)
        for doc, data in zip(docs, doc_data):
            doc._.custom_attr = data

    nlp = build()
    nlp.vocab.extensions.declare("doc", "custom_attr", owner="this test", default=None)
    nlp.get_pipe("transformer").set_extra_annotations = custom_annotation_setter
    doc = nlp("This is a text")
    assert isinstance(doc._.custom_attr, TransformerData)
    assert np.array_equal(doc._.custom_attr.tensors[-1], doc._.trf_data.tensors[-1])


def test_an_annotation_setter_by_name(folder: Any) -> None:
    seen = []

    @registry.annotation_setters("tests.collect.v1")
    def collect() -> Any:
        return lambda docs, batch: seen.append((len(docs), type(batch)))

    config = excerpt("spanloom", folder("bert"))
    setter = config["components"]["transformer"]["set_extra_annotations"]
    setter["@annotation_setters"] = "tests.collect.v1"
    nlp = spanloom.Pipeline.from_config(config)
    nlp.get_pipe("transformer").model.initialize()
    list(nlp.pipe(["a", "b"], disable=["tagger"]))
    assert seen == [(2, FullTransformerBatch)]


def test_python_equivalent(folder: Any) -> None:
    from spanloom_onnx.annotation_setters import null_annotation_setter
    from spanloom_onnx.span_getters import get_doc_spans

    nlp = spanloom.blank("en")
    trf = Transformer(
        nlp.vocab,
        TransformerModel(
            folder("bert"), get_spans=get_doc_spans, tokenizer_config={"use_fast": True}
        ),
        set_extra_annotations=null_annotation_setter,
        max_batch_items=4096,
    )
    trf.model.initialize()
    doc = trf(nlp.make_doc("This is a text"))
    assert doc._.trf_data.width == 16
    assert trf.max_batch_items == trf.model.attrs["max_batch_items"] == 4096


@pytest.mark.parametrize("owner", ["spacy-transformers", "spanloom"])
def test_config_excerpts_resolve(owner: str, folder: Any) -> None:
    nlp = spanloom.Pipeline.from_config(excerpt(owner, folder("bert")))
    assert nlp.pipe_names == ["transformer", "tagger"]
    nlp.initialize(lambda: tagged_examples(nlp))
    assert np.isfinite(nlp.update(tagged_examples(nlp))["tagger"])
    assert nlp.config["components"]["tagger"]["model"]["tok2vec"]["upstream"] == "transformer"


def test_custom_sent_spans(folder: Any, code_file: Path) -> None:
    import_code(code_file)
    spans = '@span_getters = "custom_sent_spans"\nmax_length = 5'
    nlp = spanloom.Pipeline.from_config(excerpt("spanloom", folder("bert"), spans))
    nlp.add_pipe("sentencizer", first=True)
    nlp.get_pipe("transformer").model.initialize()
    doc = nlp("One two three four five six seven. And eight nine.", disable=["tagger"])
    tokens = [len(span) for span in nlp.get_pipe("transformer").predict([doc]).spans[0]]
    assert tokens == [5, 3, 4]
    assert len(doc._.trf_data.pieces.lengths) == 3


def test_names_agree_with_core_s_table() -> None:
    from spanloom.plugins.known import providers

    for kind in registry.kinds():
        for each, owner in providers(kind).items():
            if owner == "spanloom-transformers":
                assert registry.supplier(kind, each).startswith("spanloom-transformers ")
                assert registry.get(kind, each) is not None


def test_every_default_is_written_down_and_config_is_stable(build: Any) -> None:
    config = build().config
    model = config["components"]["transformer"]["model"]
    assert model["overflow"] == "window" and model["mixed_precision"] is False
    again = spanloom.Pipeline.from_config(config).config
    assert again["components"] == config["components"]


@pytest.mark.parametrize("keep", ["last", "pooled"])
def test_documents_as_bytes_keep_their_data(keep: str, build: Any) -> None:
    doc = build(keep=keep)("The fox jumps")
    again = spanloom.tokens.Doc(doc.vocab).from_bytes(doc.to_bytes())
    data = again._.trf_data
    assert isinstance(data, TransformerData)
    assert np.array_equal(data.tensors[0], doc._.trf_data.tensors[0])
    assert np.array_equal(embedding(again[1]), embedding(doc[1]))
    assert data.pieces.strings == doc._.trf_data.pieces.strings


@pytest.mark.parametrize("steps", [1, 30, 300, 20000])
def test_the_rates_of_a_new_config_rise_and_fall_within_its_steps(folder: Any, steps: int) -> None:
    config = init_config("en", ["tagger"], transformer=folder("bert"))
    config["training"]["max_steps"] = steps
    optimizer = resolve_section(config.interpolate(), "training.optimizer")
    rates = []
    for _ in range(steps + 1):
        rates.append(optimizer.learn_rate)
        optimizer.step_schedules()
    assert max(rates) == 0.001 and rates.index(0.001) <= max(0, min(249, steps // 10))
    assert min(rates[:-1]) > 0 and rates[-1] == 0


def test_the_rates_of_a_new_config_stay_where_no_step_is_the_last(folder: Any) -> None:
    config = init_config("en", ["tagger"], transformer=folder("bert"))
    config["training"].update(max_steps=0, max_epochs=3)
    optimizer = resolve_section(config.interpolate(), "training.optimizer")
    for _ in range(1000):
        optimizer.step_schedules()
    assert optimizer.learn_rate == 0.001


def test_heads_of_a_new_config_learn_faster_than_its_transformer(folder: Any) -> None:
    config = init_config("en", ["tagger"], transformer=folder("bert"))
    config["training"]["max_steps"] = 10
    nlp = spanloom.Pipeline.from_config(config.interpolate())
    examples = tagged_examples(nlp)
    nlp.initialize(lambda: examples)
    module = nlp.get_pipe("transformer").model.shims[0].module
    head = nlp.get_pipe("tagger").model.get_ref("output_layer")
    sgd = resolve_section(config.interpolate(), "training.optimizer")

    def weights() -> list[Any]:
        encoder = module.encoder.layer[0].output.dense.weight
        return [encoder.detach().numpy().copy(), head.get_param("W").copy()]

    nlp.update(examples, sgd=sgd)  # the head begins at zero, and gives no gradient at first
    before = weights()
    nlp.update(examples, sgd=sgd)
    encoder, own = (np.abs(new - old).max() for new, old in zip(weights(), before))
    assert own > 5 * encoder > 0


def test_init_config_writes_one_that_trains(folder: Any, tmp_path: Path) -> None:
    heads = ["tagger", "senter", "ner"]
    config = init_config("en", heads, transformer=folder("bert"), gpu=True)
    assert config["nlp"]["pipeline"] == ["transformer", *heads]
    assert config["components"]["ner"]["model"]["use_upper"] is False
    assert config["training"]["optimizer"]["learn_rate"]["initial_rate"] == 0.001
    assert config.interpolate()["training"]["gpu_allocator"] == "pytorch"
    path = tmp_path / "config.cfg"
    config.to_disk(path)
    nlp = spanloom.Pipeline.from_config(spanloom.Config().from_disk(path))
    words, tags = ["It", "rains", ".", "Yes"], ["P", "V", ".", "I"]
    doc = nlp.make_doc("It rains. Yes")
    annotation = {"words": words, "tags": tags, "sent_starts": [1, -1, -1, 1]}
    annotation["entities"] = ["U-X", "O", "O", "O"]
    examples = [spanloom.examples.example.Example.from_dict(doc, annotation)]
    sgd = nlp.initialize(lambda: examples)
    losses = nlp.update(examples, sgd=sgd)
    assert losses.keys() == set(heads) and np.isfinite(list(losses.values())).all()
