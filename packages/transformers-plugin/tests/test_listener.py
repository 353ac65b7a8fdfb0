"""Listeners: gradients, sharing, freezing, pooling, saving."""

from __future__ import annotations

import copy
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from thinc.api import Model, Optimizer

import spanloom
from spanloom.errors import DataError, PipelineError, SerializationError
from spanloom_transformers import FullTransformerBatch, Tok2VecTransformer, TransformerModel

from .support import listener_block, tagged_examples, transformer_block, unlisted

TEXTS = ["The fox jumps over dogs.", "My name is Robert", "Köln is lazy"]


def gradients(nlp: Any, **options: Any) -> dict[str, np.ndarray]:
    """The gradients that one update leaves in the transformer, which takes no step."""
    module = nlp.get_pipe("transformer").model.shims[0].module
    module.zero_grad()
    nlp.update(options.pop("examples"), **{"sgd": False, **options})
    return {
        name: parameter.grad.numpy().copy()
        for name, parameter in module.named_parameters()
        if parameter.grad is not None
    }


def weights(nlp: Any, name: str = "transformer") -> dict[str, np.ndarray]:
    module = nlp.get_pipe(name).model.shims[0].module
    return {key: value.detach().numpy().copy() for key, value in module.state_dict().items()}


def randomize(nlp: Any) -> None:
    """Output layers start at zero, where no gradient comes back."""
    generator = np.random.default_rng(1)
    for name, component in nlp.components:
        if name != "transformer":
            output = component.model.get_ref("output_layer")
            W = output.get_param("W")
            shape = W.shape
            output.set_param("W", generator.normal(size=shape).astype("f"))


def close(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> None:
    assert one.keys() == two.keys() and one
    for name in one:
        np.testing.assert_allclose(one[name], two[name], rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("kind", ["bert", "roberta", "deberta"])
def test_gradients_of_listeners_add_up_to_those_of_private_copies(kind: str, build: Any) -> None:
    heads = {
        "one": {},
        "two": {"pooling": "reduce_max.v1"},
        "three": {"grad_factor": 0.5},
        "four": {"pooling": "reduce_first.v1"},
        "five": {"pooling": "reduce_last.v1", "grad_factor": 2.0},
    }
    together = build(kind, heads)
    randomize(together)
    if kind == "deberta":  # its gradients cancel out so far that fp32 leaves few digits
        together.get_pipe("transformer").model.shims[0].module.double()
    examples = tagged_examples(together)
    whole = gradients(together, examples=examples)
    total: dict[str, np.ndarray] = {}
    for name in heads:
        others = [other for other in heads if other != name]
        alone = gradients(together, examples=examples, exclude=others)
        for key, value in alone.items():
            total[key] = total[key] + value if key in total else value
    close(whole, total)


def test_gradients_are_those_of_the_encoder_inside_the_component(build: Any, folder: Any) -> None:
    shared = build("bert", {"tagger": {"grad_factor": 0.5}})
    randomize(shared)
    private = spanloom.blank("en")
    inner = {
        "@architectures": "spacy-transformers.Tok2VecTransformer.v1",
        "name": folder("bert"),
        "get_spans": {"@span_getters": "spacy-transformers.doc_spans.v1"},
        "tokenizer_config": {"use_fast": True},
        "pooling": {"@layers": "reduce_mean.v1"},
        "grad_factor": 0.5,
    }
    block = {"model": {"@architectures": "spanloom.Tagger.v2", "tok2vec": inner}}
    private.add_pipe("tagger", config=block)
    private.initialize(lambda: tagged_examples(private))
    output = shared.get_pipe("tagger").model.get_ref("output_layer")
    private.get_pipe("tagger").model.get_ref("output_layer").set_param("W", output.get_param("W"))
    examples = tagged_examples(shared)
    expected = gradients(shared, examples=examples)
    losses = private.update(tagged_examples(private), sgd=False)
    assert losses["tagger"] == pytest.approx(shared.update(examples, sgd=False)["tagger"], rel=1e-5)
    module = private.get_pipe("tagger").model.get_ref("tok2vec").get_ref("transformer").shims[0]
    found = {n: p.grad.numpy() for n, p in module.module.named_parameters() if p.grad is not None}
    close(expected, found)
    again = spanloom.blank("en")
    again.add_pipe("tagger", config=block)
    again.from_bytes(private.to_bytes())
    assert [t.tag_ for t in again(TEXTS[0])] == [t.tag_ for t in private(TEXTS[0])]


def test_gradients_agree_with_finite_differences(build: Any) -> None:
    import torch

    nlp = build("roberta", {"tagger": {}}, window=8, overlap=0.5)
    randomize(nlp)
    examples = tagged_examples(nlp)
    module = nlp.get_pipe("transformer").model.shims[0].module
    found = gradients(nlp, examples=examples)
    name = "encoder.layer.1.output.dense.weight"
    parameter = dict(module.named_parameters())[name]

    def loss() -> float:
        nlp.get_pipe("transformer").cache.clear()
        value = nlp.update(examples, sgd=False)["tagger"]
        module.zero_grad()
        return float(value)

    for place in [(0, 0), (3, 5), (7, 2)]:
        eps = 1e-2
        with torch.no_grad():
            parameter[place] += eps
            up = loss()
            parameter[place] -= 2 * eps
            down = loss()
            parameter[place] += eps
        # The gradient of cross-entropy is that of the summed loss, by the tokens of the batch.
        assert found[name][place] == pytest.approx((up - down) / (2 * eps), rel=0.05, abs=5e-3)


def test_empty_documents_don_t_change_gradients(build: Any) -> None:
    from spanloom.examples.example import Example

    nlp = build()
    randomize(nlp)
    examples = tagged_examples(nlp)
    expected = gradients(nlp, examples=examples)
    empty = Example(nlp.make_doc(""), nlp.make_doc(""))
    for place in range(len(examples) + 1):
        mixed = [*examples[:place], empty, *examples[place:]]
        close(expected, gradients(nlp, examples=mixed))


def test_a_factor_of_zero_spares_the_encoder(build: Any) -> None:
    nlp = build(heads={"one": {"grad_factor": 0.0}, "two": {"grad_factor": 0}})
    randomize(nlp)
    assert not gradients(nlp, examples=tagged_examples(nlp))


def test_a_schedule_as_factor_lets_the_encoder_wait(build: Any) -> None:
    factor = {"@schedules": "constant_then.v1", "rate": 0.0, "steps": 2,
              "schedule": {"@schedules": "constant.v1", "rate": 1.0}}  # fmt: skip
    nlp = build(heads={"tagger": {"grad_factor": factor}})
    randomize(nlp)
    sgd = Optimizer(0.01)
    start = weights(nlp)
    for step in range(4):
        nlp.update(tagged_examples(nlp), sgd=sgd)
        same = all(np.array_equal(start[key], value) for key, value in weights(nlp).items())
        assert same == (step < 2)


def test_a_frozen_transformer_only_serves(build: Any) -> None:
    nlp = build(cache_megabytes=10)
    sgd = Optimizer(0.01)
    start = weights(nlp)
    losses = [
        nlp.update(tagged_examples(nlp), sgd=sgd, exclude=["transformer"])["tagger"]
        for _ in range(12)
    ]
    assert losses[-1] < losses[0] * 0.9
    assert all(np.array_equal(start[key], value) for key, value in weights(nlp).items())
    assert nlp.get_pipe("transformer").cache.hits >= 11 * 3
    cached = nlp(TEXTS[0])._.trf_data.tensors[0]
    plain = build()(TEXTS[0])._.trf_data.tensors[0]
    np.testing.assert_allclose(cached, plain, atol=1e-5)


def test_training_the_transformer_lowers_the_loss(build: Any) -> None:
    nlp = build()
    sgd = Optimizer(0.01)
    start = weights(nlp)
    losses = [nlp.update(tagged_examples(nlp), sgd=sgd)["tagger"] for _ in range(15)]
    assert losses[-1] < losses[0] * 0.8
    assert any(not np.array_equal(start[key], value) for key, value in weights(nlp).items())
    (doc,) = nlp.pipe([TEXTS[0]])
    assert all(not isinstance(t, Model) for t in doc._.trf_data.tensors)


def test_averages_can_be_used(build: Any) -> None:
    nlp = build()
    sgd = Optimizer(0.01, use_averages=True)
    for _ in range(3):
        nlp.update(tagged_examples(nlp), sgd=sgd)
    after = weights(nlp)
    with nlp.use_params(sgd.averages):
        inside = weights(nlp)
    assert any(not np.array_equal(after[key], inside[key]) for key in after)
    assert all(np.array_equal(after[key], value) for key, value in weights(nlp).items())


def test_heads_that_pool_alike_share_the_work(build: Any, monkeypatch: Any) -> None:
    from spanloom_onnx import listener

    nlp = build(heads={"a": {}, "b": {}, "c": {"pooling": "reduce_max.v1"}})
    calls = []
    original = listener._pool
    monkeypatch.setattr(
        listener, "_pool", lambda *args: calls.append(args[0].name) or original(*args)
    )
    list(nlp.pipe(TEXTS))
    assert sorted(calls) == ["reduce_max", "reduce_mean"]


def test_a_pooling_of_one_s_own(build: Any) -> None:
    @spanloom.registry.layers("tests.reduce_sum.v1")
    def reduce_sum() -> Any:
        from thinc.api import reduce_sum

        return reduce_sum()

    nlp = build(heads={"tagger": {"pooling": "tests.reduce_sum.v1"}})
    assert len(nlp.update(tagged_examples(nlp))) == 1


def test_two_transformers_serve_their_own_heads(folder: Any) -> None:
    nlp = spanloom.blank("en")
    for name, kind in (("first", "bert"), ("second", "roberta")):
        nlp.add_pipe("transformer", name=name, config=transformer_block(folder(kind)))
    for name in ("second", "first"):
        block = {"model": listener_block(upstream=name)}
        nlp.add_pipe("tagger", name=f"for_{name}", config=block)
    nlp.initialize(lambda: tagged_examples(nlp))
    before = weights(nlp, "first"), weights(nlp, "second")
    for _ in range(2):
        nlp.update(tagged_examples(nlp), sgd=Optimizer(0.01), exclude=["for_first"])
    assert all(np.array_equal(before[0][k], v) for k, v in weights(nlp, "first").items())
    assert any(not np.array_equal(before[1][k], v) for k, v in weights(nlp, "second").items())


def test_listeners_need_a_transformer() -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("tok2vec")
    with pytest.raises(PipelineError, match="no encoder comes before it"):
        nlp.add_pipe("tagger", config={"model": listener_block()})
        nlp.initialize(lambda: tagged_examples(nlp))


@pytest.mark.parametrize("kind", ["bert", "deberta", "distilbert", "roberta", "t5", "xlmr"])
@pytest.mark.parametrize("trained", [False, True])
def test_saved_and_read_back(
    kind: str, trained: bool, build: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nlp = build(kind)
    if trained:
        for _ in range(2):
            nlp.update(tagged_examples(nlp), sgd=Optimizer(0.01))
    expected = list(nlp.pipe(TEXTS))
    # The name in the config needn't exist any more, nor a network.
    nlp.order["transformer"].config["model"]["name"] = "nobody/has-this-model"
    nlp.to_disk(tmp_path / "saved")
    files = {path.name for path in (tmp_path / "saved" / "transformer").rglob("*")}
    assert {"config.json", "model.safetensors"} <= files
    assert not any(name.endswith((".bin", ".pkl", ".pt")) for name in files)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket is opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    again = spanloom.load(tmp_path / "saved")
    copied = spanloom.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())
    for other in (again, copied):
        for one, two in zip(expected, other.pipe(TEXTS)):
            assert np.array_equal(one._.trf_data.tensors[0], two._.trf_data.tensors[0])
            assert [token.tag_ for token in one] == [token.tag_ for token in two]


def test_weights_that_don_t_fit_are_refused(build: Any, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    build().to_disk(tmp_path / "saved")
    path = tmp_path / "saved" / "transformer" / "model" / "model.safetensors"
    tensors = load_file(str(path))
    tensors.pop("encoder.layer.0.output.dense.weight")
    save_file(tensors, str(path), {"format": "pt"})
    with pytest.raises(SerializationError, match="missing_keys"):
        spanloom.load(unlisted(tmp_path / "saved"))


def test_a_copy_shares_nothing(build: Any) -> None:
    nlp = build()
    model = nlp.get_pipe("transformer").model
    twin = copy.deepcopy(model)
    with_nothing = spanloom.blank("en")
    with_nothing.add_pipe("transformer", source=nlp)
    assert twin.shims[0].module is not model.shims[0].module
    one, two = (next(iter(m.shims[0].module.parameters())) for m in (model, twin))
    assert one.data_ptr() != two.data_ptr()
    doc = with_nothing(TEXTS[0])
    assert np.array_equal(doc._.trf_data.tensors[0], nlp(TEXTS[0])._.trf_data.tensors[0])


def test_a_model_of_one_s_own(folder: Any) -> None:
    """Any ``Model[list[Doc], FullTransformerBatch]`` can stand in for ours."""
    inner = TransformerModel(folder("bert"))

    @spanloom.registry.architectures("tests.Doubled.v1")
    def doubled() -> Model[list[spanloom.tokens.Doc], FullTransformerBatch]:
        def forward(model: Any, docs: Any, is_train: bool) -> Any:
            batch, backprop = model.layers[0](docs, is_train)
            batch.tensors = (batch.tensors[-1] * 2,)
            return batch, lambda d: backprop(d.like(d.rows * 2))

        def init(model: Any, X: Any = None, Y: Any = None) -> None:
            model.layers[0].initialize(X=X)

        return Model("doubled", forward, init=init, layers=[inner], dims={"nO": 16})

    nlp = spanloom.blank("en")
    nlp.add_pipe("transformer", config={"model": {"@architectures": "tests.Doubled.v1"}})
    nlp.add_pipe("tagger", config={"model": listener_block()})
    nlp.initialize(lambda: tagged_examples(nlp))
    losses = [nlp.update(tagged_examples(nlp), sgd=Optimizer(0.003))["tagger"] for _ in range(8)]
    assert losses[-1] < losses[0]
    again = spanloom.blank("en")
    again.from_config(nlp.config)
    assert isinstance(Tok2VecTransformer, object)
    data = nlp(TEXTS[0])._.trf_data
    plain = inner.predict([nlp.make_doc(TEXTS[0])]).tensors[-1]
    np.testing.assert_allclose(data.tensors[-1], plain * 2, atol=1e-5)


@pytest.mark.parametrize("precision", [True, "bf16"])
def test_mixed_precision_trains_on_the_cpu(precision: Any, build: Any) -> None:
    nlp = build(mixed_precision=precision)
    losses = [nlp.update(tagged_examples(nlp), sgd=Optimizer(0.003))["tagger"] for _ in range(8)]
    assert np.isfinite(losses).all() and losses[-1] < losses[0]
    assert nlp(TEXTS[0])._.trf_data.tensors[0].dtype == np.float32


def test_pooling_with_weights_learns_also_where_no_gradient_goes_back(build: Any) -> None:
    from thinc.api import Linear, chain, reduce_mean, registry

    @registry.layers("own_weights.v1")
    def make() -> Model[Any, Any]:
        return chain(reduce_mean(), Linear(16, 16))

    nlp = build(heads={"tagger": {"pooling": "own_weights.v1", "grad_factor": 0.0}})
    (listener,) = [
        node for node in nlp.get_pipe("tagger").model.walk() if node.name == "transformer-listener"
    ]
    (layer,) = [node for node in listener.walk() if node.name == "linear"]
    weights = nlp.get_pipe("transformer").model.shims[0].module.parameters()
    before = [layer.get_param("W").copy(), *(each.detach().clone() for each in weights)]
    nlp.update(tagged_examples(nlp), sgd=nlp.create_optimizer())
    weights = nlp.get_pipe("transformer").model.shims[0].module.parameters()
    assert (layer.get_param("W") != before[0]).any()
    assert all((one == two).all() for one, two in zip(before[1:], weights))


@pytest.mark.parametrize("keep", ["last", "all"])
@pytest.mark.parametrize("processes", [1, 2])
def test_heads_run_alone_on_documents_that_have_the_output(
    keep: str, processes: int, build: Any
) -> None:
    nlp = build(keep=keep)
    randomize(nlp)
    texts = [*TEXTS[:5], "", " "]
    expected = [[token.tag_ for token in doc] for doc in nlp.pipe(texts)]
    with nlp.select_pipes(disable="tagger"):
        docs = list(nlp.pipe(texts))
    kept = [doc._.trf_data for doc in docs]
    assert not any(token.tag_ for doc in docs for token in doc)
    found = list(nlp.pipe(docs, disable=["transformer"], n_process=processes))
    assert [[token.tag_ for token in doc] for doc in found] == expected
    assert len({tag for tags in expected for tag in tags}) > 1
    if processes == 1:
        assert all(doc._.trf_data is data for doc, data in zip(found, kept))


def test_heads_of_a_pipeline_whose_transformer_is_disabled(build: Any, tmp_path: Path) -> None:
    nlp = build()
    randomize(nlp)
    nlp.to_disk(tmp_path / "p")
    doc = nlp(TEXTS[0])
    expected = [token.tag_ for token in doc]
    cut = spanloom.load(tmp_path / "p", disable=["transformer"])
    again = spanloom.Doc(cut.vocab).from_bytes(doc.to_bytes())
    assert [token.tag_ for token in cut(again)] == expected
    with pytest.raises(DataError, match=r"'transformer' is disabled, and document 0 \('One'\)"):
        cut("One")
    shorter = again[:2].as_doc()
    with pytest.raises(DataError, match="has no output of it"):
        cut(shorter)
    with pytest.raises(PipelineError, match="'transformer' is disabled, but tagger listens"):
        cut.update(tagged_examples(cut))


@pytest.mark.parametrize("keep", ["none", "pooled"])
def test_a_transformer_whose_output_is_not_kept_is_needed(keep: str, build: Any) -> None:
    nlp = build(keep=keep)
    with pytest.raises(PipelineError, match="'transformer' is disabled, but tagger listens"):
        list(nlp.pipe(["One"], disable=["transformer"]))
