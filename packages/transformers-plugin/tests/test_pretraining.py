"""Masked language modelling: what is hidden, its loss and gradients, and where the weights go."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from thinc.api import Adam

import spanloom
from spanloom.errors import ConfigError, PipelineError, SerializationError
from spanloom_transformers.model import sequences_of
from spanloom_transformers.pretraining import mask_pieces

from .support import listener_block, tagged_examples, transformer_block

spanloom_pretrain = pytest.importorskip("spanloom_pretrain")
weights_hash = spanloom_pretrain.weights_hash

TEXTS = ["The quick brown fox jumps over dogs.", "My name is Robert; I live in Köln.", "", " \n "]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz.;,"]
VOCABULARY += ["##" + letter for letter in "abcdefghijklmnopqrstuvwxyz"]


def _masked_models() -> dict[str, Any]:
    import transformers as t

    sizes = {
        "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 24, "max_position_embeddings": 64, "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0, "vocab_size": len(VOCABULARY),
    }  # fmt: skip
    return {
        "bert": lambda: t.BertForMaskedLM(t.BertConfig(**sizes)),
        "electra": lambda: t.ElectraForMaskedLM(t.ElectraConfig(embedding_size=8, **sizes)),
        "roberta": lambda: t.RobertaForMaskedLM(t.RobertaConfig(pad_token_id=0, **sizes)),
        "distilbert": lambda: t.DistilBertForMaskedLM(
            t.DistilBertConfig(
                vocab_size=len(VOCABULARY), dim=24, n_layers=2, n_heads=2, hidden_dim=24,
                max_position_embeddings=64, dropout=0.0, attention_dropout=0.0,
            )
        ),
        "encoder alone": lambda: t.BertModel(
            t.BertConfig(**{**sizes, "hidden_dropout_prob": 0.1}), add_pooling_layer=False
        ),
    }  # fmt: skip


@pytest.fixture(scope="session")
def masked_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The folder of a tiny model, with the layers that guess pieces, and a tokenizer of letters."""
    made: dict[str, str] = {}

    def make(kind: str) -> str:
        from transformers import BertTokenizerFast

        if kind not in made:
            path: Path = tmp_path_factory.mktemp("masked")
            (path / "vocab.txt").write_text("\n".join(VOCABULARY), "utf8")
            BertTokenizerFast(str(path / "vocab.txt")).save_pretrained(str(path))
            torch.manual_seed(0)
            model = _masked_models()[kind]()
            for parameter in model.parameters():  # biases as well, or they'd all be 0
                torch.nn.init.normal_(parameter, std=0.2)
            model.save_pretrained(str(path))
            made[kind] = str(path)
        return made[kind]

    return make


@pytest.fixture
def pipeline(masked_folder: Any) -> Callable[..., spanloom.Pipeline]:
    """A pipeline of a transformer alone."""

    def make(kind: str = "bert", **settings: Any) -> spanloom.Pipeline:
        nlp = spanloom.blank("en")
        nlp.add_pipe("transformer", config=transformer_block(masked_folder(kind), **settings))
        return nlp

    return make


def _task(nlp: spanloom.Pipeline) -> Any:
    component = nlp.get_pipe("transformer")
    assert isinstance(component, spanloom_pretrain.Pretrainable)
    task = component.pretraining_task(nlp)
    assert isinstance(task, spanloom_pretrain.PretrainingTask)
    return task


def _docs(nlp: spanloom.Pipeline) -> list[spanloom.Doc]:
    return [nlp.make_doc(text) for text in TEXTS]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), share=st.floats(0.01, 0.99))
def test_only_pieces_of_text_are_hidden(seed: int, share: float, masked_folder: Any) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("transformer", config=transformer_block(masked_folder("bert")))
    nlp.initialize()
    before = sequences_of(nlp.get_pipe("transformer").model, _docs(nlp))
    ids = before.pieces.ids.copy()
    choices = np.arange(5, len(VOCABULARY))
    masked = mask_pieces(before, np.random.default_rng(seed), share, 4, choices)
    after = masked.sequences.pieces
    assert np.array_equal(before.pieces.ids, ids)
    assert len(masked.places) >= 1
    assert np.array_equal(masked.answers, ids[masked.places])
    assert (after.ends > after.starts)[masked.places].all()
    others = np.setdiff1d(np.arange(len(ids)), masked.places)
    assert np.array_equal(after.ids[others], ids[others])


def test_shares_are_those_of_the_source(pipeline: Any) -> None:
    nlp = pipeline()
    task = _task(nlp)
    docs = [nlp.make_doc("abcdefghij klmnopqrst uvwxyz " * 2)] * 400
    masked = task.mask(docs, np.random.default_rng(0))
    seen = masked.sequences.pieces.ids[masked.places]
    pieces = (masked.sequences.pieces.ends > masked.sequences.pieces.starts).sum()
    assert len(masked.places) / pieces == pytest.approx(0.15, abs=0.01)
    assert (seen == 4).mean() == pytest.approx(0.8, abs=0.03)
    assert (seen == masked.answers).mean() == pytest.approx(0.1, abs=0.03)
    assert not np.isin(seen[seen != 4], [0, 1, 2, 3]).any()


@pytest.mark.parametrize("kind", ["bert", "distilbert", "electra", "roberta"])
def test_loss_and_gradients_are_those_of_the_checkpoint_s_own_model(
    kind: str, pipeline: Any, masked_folder: Any
) -> None:
    from transformers import AutoModelForMaskedLM

    nlp = pipeline(kind)
    task = _task(nlp)
    docs = _docs(nlp)
    masked = task.mask(docs, np.random.default_rng(3))
    loss, count = task.update(docs, np.random.default_rng(3))
    measured = task.evaluate(docs, np.random.default_rng(3))
    assert measured == (pytest.approx(loss, rel=1e-5), count)

    reference = AutoModelForMaskedLM.from_pretrained(masked_folder(kind)).eval()
    sequences = masked.sequences
    total = torch.zeros(())
    for start, length in zip(sequences.starts, sequences.lengths):
        ids = torch.from_numpy(sequences.pieces.ids[start : start + length])[None]
        inside = (masked.places >= start) & (masked.places < start + length)
        scores = reference(ids).logits[0, masked.places[inside] - start]
        right = torch.from_numpy(masked.answers[inside])
        total = total + torch.nn.functional.cross_entropy(scores, right, reduction="sum")
    assert float(total.detach()) == pytest.approx(loss, rel=1e-4)
    (total / count).backward()
    wanted = dict(getattr(reference, reference.base_model_prefix).named_parameters())
    module = task.encoder.shims[0].module
    for name, parameter in module.named_parameters():
        gradient = wanted[name].grad
        if gradient is not None:
            torch.testing.assert_close(parameter.grad, gradient, rtol=1e-3, atol=1e-6)


def test_the_head_is_drawn_anew_where_the_checkpoint_has_none(pipeline: Any) -> None:
    heads = []
    for seed in (0, 0, 1):
        nlp = pipeline("encoder alone")
        torch.manual_seed(seed)
        heads.append(_task(nlp).head.dense.weight)
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


def test_it_learns_and_averages(pipeline: Any) -> None:
    nlp = pipeline("encoder alone")
    task = _task(nlp)
    docs = _docs(nlp) * 4
    sgd = Adam(0.01, use_averages=True)
    before = task.evaluate(docs, np.random.default_rng(0))[0]
    for step in range(30):
        task.update(docs, np.random.default_rng(step))
        task.model.finish_update(sgd)
    after = task.evaluate(docs, np.random.default_rng(0))[0]
    last = weights_hash(task.model)
    with task.model.use_params(sgd.averages):
        averaged = task.evaluate(docs, np.random.default_rng(0))[0]
        assert weights_hash(task.model) != last
    assert weights_hash(task.model) == last
    assert after < 0.8 * before
    assert averaged < 0.9 * before


def test_nothing_to_guess(pipeline: Any) -> None:
    nlp = pipeline()
    task = _task(nlp)
    docs = [nlp.make_doc(""), nlp.make_doc(" ")]
    assert task.update(docs, np.random.default_rng(0)) == (0.0, 0)
    assert task.evaluate(docs, np.random.default_rng(0)) == (0.0, 0)


def test_the_task_is_the_same_after_its_bytes(pipeline: Any) -> None:
    one, other = _task(pipeline("bert")), _task(pipeline("bert"))
    docs = _docs(pipeline("bert"))
    one.update(docs, np.random.default_rng(0))
    one.model.finish_update(Adam(0.01))
    assert weights_hash(one.model) != weights_hash(other.model)
    other.model.from_bytes(one.model.to_bytes())
    assert weights_hash(one.model) == weights_hash(other.model)
    with pytest.raises(SerializationError, match="layers above"):
        other.model.layers[1].shims[0].from_bytes(b"no weights")


def test_weights_load_into_a_pipeline(pipeline: Any, tmp_path: Path) -> None:
    nlp = pipeline("bert")
    task = _task(nlp)
    task.update(_docs(nlp), np.random.default_rng(0))
    task.model.finish_update(Adam(0.01))
    about = {"component": "transformer", "layer": "", "architecture": {}}
    path = tmp_path / "model-best.bin"
    path.write_bytes(spanloom_pretrain.encoder_bytes(task.encoder, about))

    tagger = pipeline("bert")
    tagger.add_pipe("tagger", config={"model": listener_block()})
    tagger.initialize(lambda: tagged_examples(tagger))
    applied = spanloom_pretrain.init_tok2vec(tagger, path)
    assert applied.hash == weights_hash(task.encoder)
    text = tagger.make_doc("The fox jumps.")
    mine = tagger.get_pipe("transformer").predict([text]).tensors[-1]
    theirs = nlp.get_pipe("transformer").predict([nlp.make_doc("The fox jumps.")]).tensors[-1]
    assert np.array_equal(mine, theirs)
    with pytest.raises(SerializationError, match="none was applied"):
        spanloom_pretrain.apply_weights(
            spanloom.blank("en").add_pipe("tok2vec").model, path.read_bytes()
        )
    tagger.to_disk(tmp_path / "saved")
    again = spanloom.load(tmp_path / "saved")
    assert again("The fox jumps.")[1].tag_ == tagger("The fox jumps.")[1].tag_


def test_weights_of_another_model_are_refused(pipeline: Any) -> None:
    task = _task(pipeline("distilbert"))
    other = pipeline("bert").get_pipe("transformer").model
    other.initialize()
    before = weights_hash(other)
    with pytest.raises(SerializationError, match="nO: 24 in the file, 16 here"):
        spanloom_pretrain.apply_weights(other, spanloom_pretrain.encoder_bytes(task.encoder, {}))
    assert weights_hash(other) == before


def test_what_can_t_be_pretrained_is_named(pipeline: Any, build: Any) -> None:
    with pytest.raises(PipelineError, match="can't pretrain 'transformer'.*frozen"):
        _task(pipeline("bert", freeze="all"))
    with pytest.raises(PipelineError, match="can't pretrain 'transformer'.*no mask"):
        _task(build("roberta"))


def test_a_model_of_another_kind_is_refused_by_name() -> None:
    from thinc.api import Model

    from spanloom_transformers import Transformer

    nlp = spanloom.blank("en")
    other: Any = Model("own_kind", lambda model, docs, is_train: (None, lambda gradient: []))
    component = Transformer(nlp.vocab, other, name="encoder")
    with pytest.raises(PipelineError, match="can't pretrain 'encoder'.*isn't a TransformerModel"):
        component.pretraining_task(nlp)


def test_adapters_are_pretrained_alone(pipeline: Any) -> None:
    pytest.importorskip("peft")
    nlp = pipeline("bert", lora={"r": 2, "target_modules": ["query"]})
    task = _task(nlp)
    before = {n: p.detach().clone() for n, p in task.encoder.shims[0].module.named_parameters()}
    for step in range(2):
        task.update(_docs(nlp), np.random.default_rng(step))
        task.model.finish_update(Adam(0.01))
    after = dict(task.encoder.shims[0].module.named_parameters())
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved
    assert all("lora_" in name for name in moved)


# -- by the command's own loop


@pytest.fixture
def config(masked_folder: Any, tmp_path: Path) -> spanloom.config.Config:
    lines = [json.dumps({"text": f"{text} {number}"}) for number in range(40) for text in TEXTS[:2]]
    (tmp_path / "raw.jsonl").write_text("\n".join(lines), "utf8")
    config = spanloom.config.init_config("en", ["tagger"], sections=("pretraining",))
    config["nlp"]["pipeline"] = ["transformer", "tagger"]
    config["components"].pop("tok2vec")
    config["components"]["tagger"]["model"] = listener_block()
    config["components"]["transformer"] = {
        "factory": "transformer",
        **transformer_block(masked_folder("encoder alone")),
    }
    config["paths"]["raw"] = str(tmp_path / "raw.jsonl")
    config["pretraining"].update(
        component="transformer", max_epochs=2, eval_frequency=3, held_out=0.1
    )
    config["pretraining"]["batcher"]["size"] = 100
    config["pretraining"]["optimizer"]["learn_rate"] = 0.0005
    return config


def test_init_config_writes_one_that_pretrains(
    masked_folder: Any, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    from spanloom_pretrain import pretrain

    sections = ("pretraining",)
    config = spanloom.config.init_config(
        "en", ["ner"], transformer=masked_folder("bert"), sections=sections
    )
    (tmp_path / "raw.jsonl").write_text(json.dumps({"text": TEXTS[0]}) + "\n", "utf8")
    given = {"paths.raw": str(tmp_path / "raw.jsonl"), "pretraining.max_steps": 1}
    result = pretrain(config, overrides={**given, "pretraining.held_out": 0.0}, quiet=True)
    assert result.progress.step == 1
    assert config["pretraining"]["component"] == "transformer"
    assert not [each for each in recwarn if "learning rate" in str(each.message)]
    # A twentieth of the rate, as in training: Adam's first step is as long as the rate.
    assert config["pretraining"]["optimizer"]["learn_rate"] == 0.001
    fresh = spanloom.Pipeline.from_config(config)
    fresh.get_pipe("transformer").model.initialize()
    before, after = (
        nlp.get_pipe("transformer").model.shims[0].module.encoder.layer[0].output.dense.weight
        for nlp in (fresh, result.nlp)
    )
    assert 4e-5 < float((before - after).abs().max()) < 6e-5


def test_a_learning_rate_that_suits_is_taken_where_none_is_given(
    config: Any, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    from spanloom_pretrain import pretrain

    def written(folder: str, **given: Any) -> float:
        pretrain(
            config, tmp_path / folder, overrides={"pretraining.max_steps": 1, **given}, quiet=True
        )
        saved = spanloom.config.load_config(tmp_path / folder / "config.cfg")
        return saved["pretraining"]["optimizer"]["learn_rate"]

    assert written("given") == 0.0005
    del config["pretraining"]["optimizer"]["learn_rate"]
    assert written("default") == 5e-5
    assert written("override", **{"pretraining.optimizer.learn_rate": 1e-4}) == 1e-4
    config["components"]["transformer"]["model"]["lora"] = {"r": 2, "target_modules": ["query"]}
    if importlib.util.find_spec("peft"):
        assert written("adapters") == 5e-4
    assert not [each for each in recwarn if "learning rate" in str(each.message)]


@pytest.mark.parametrize(
    "rate", [0.003, {"@schedules": "warmup_linear.v1", "initial_rate": 0.003, "warmup_steps": 1,
                     "total_steps": 9}],
)  # fmt: skip
def test_a_learning_rate_for_small_encoders_is_warned_of(config: Any, rate: Any) -> None:
    from spanloom_pretrain import pretrain

    config["pretraining"]["optimizer"]["learn_rate"] = rate
    config["pretraining"]["max_steps"] = 1
    with pytest.warns(UserWarning, match="0.003 is more than 10 times what suits 'transformer'"):
        pretrain(config, quiet=True)


def test_resume_gives_bit_identical_weights(config: Any, tmp_path: Path) -> None:
    from spanloom_pretrain import pretrain

    whole = pretrain(config, tmp_path / "whole", quiet=True)
    for number, stop in enumerate([2, 5, 0]):
        limit = {"pretraining.max_steps": stop}
        parts = pretrain(config, tmp_path / "parts", overrides=limit, resume=number > 0, quiet=True)
    assert parts.progress.step == whole.progress.step > 6
    assert weights_hash(parts.task.model) == weights_hash(whole.task.model)
    scores = [step.score for step in whole.history.evaluations]
    assert scores[-1] > scores[0]


def test_training_starts_from_the_pretrained_transformer(config: Any, tmp_path: Path) -> None:
    from spanloom_pretrain import pretrain

    result = pretrain(config, tmp_path / "out", quiet=True)
    config["paths"]["init_tok2vec"] = str(result.best)
    nlp = spanloom.Pipeline.from_config(config)
    nlp.initialize(lambda: tagged_examples(nlp))
    assert nlp.meta["pretrained"]["target"] == "transformer"
    assert nlp.meta["pretrained"]["hash"] == weights_hash(nlp.get_pipe("transformer").model)
    config["pretraining"]["layer"] = "tok2vec"
    with pytest.raises((ConfigError, PipelineError), match="layer"):
        pretrain(config, quiet=True)
