"""Models of many families: trained on the CPU, frozen in parts, and blind to padding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spanloom
from spanloom.errors import ConfigError
from spanloom_transformers.tuning import layer_of

from .support import TOKENIZERS, listener_block, tagged_examples, transformer_block

_ENCODER = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 64,
}
_BOTH = {
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16,
}
_T5 = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 2, "num_heads": 2}
_IDS = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "decoder_start_token_id": 2}

#: The name of a class, settings of its config, and a weight of its embeddings.
FAMILIES: dict[str, tuple[str, dict[str, Any], str]] = {
    "bart": ("Bart", {**_BOTH, **_IDS, "max_position_embeddings": 64}, "shared.weight"),
    "canine": ("Canine", {**_ENCODER, "num_hash_buckets": 16}, "char_position_embeddings.weight"),
    "convbert": (
        "ConvBert",
        {**_ENCODER, "num_attention_heads": 4, "embedding_size": 16},
        "word_embeddings.weight",
    ),
    "deberta": (
        "Deberta",
        {**_ENCODER, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
        "word_embeddings.weight",
    ),
    "fnet": ("FNet", _ENCODER, "word_embeddings.weight"),
    "gpt2": ("GPT2", {"n_positions": 64, "n_embd": 16, "n_layer": 2, "n_head": 2}, "wte.weight"),
    "led": (
        "LED",
        {
            **_BOTH,
            **_IDS,
            "max_encoder_position_embeddings": 64,
            "max_decoder_position_embeddings": 64,
            "attention_window": 8,
        },
        "shared.weight",
    ),
    "longformer": (
        "Longformer",
        {**_ENCODER, "attention_window": 8, "max_position_embeddings": 80},
        "word_embeddings.weight",
    ),
    "longt5": ("LongT5Encoder", {**_T5, "local_radius": 7}, "shared.weight"),
    "t5": ("T5Encoder", _T5, "shared.weight"),
    "xlm": (
        "XLM",
        {"emb_dim": 16, "n_layers": 2, "n_heads": 2, "max_position_embeddings": 64, "pad_index": 0},
        "embeddings.weight",
    ),
}


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    import torch
    import transformers

    def make(kind: str) -> str:
        cls, settings, _ = FAMILIES[kind]
        path: Path = tmp_path_factory.mktemp(kind)
        tokenizer = TOKENIZERS["wordpiece"]()
        config = getattr(transformers, f"{cls.removesuffix('Encoder')}Config")(**settings)
        config.vocab_size = len(tokenizer)
        torch.manual_seed(0)
        getattr(transformers, f"{cls}Model")(config).save_pretrained(str(path))
        tokenizer.save_pretrained(str(path))
        return str(path)

    return make


def _pipeline(folder: str, **settings: Any) -> tuple[Any, Any]:
    nlp = spanloom.blank("en")
    nlp.add_pipe("transformer", config=transformer_block(folder, **settings))
    nlp.add_pipe("tagger", config={"model": listener_block()})
    return nlp, nlp.initialize(lambda: tagged_examples(nlp))


@pytest.mark.parametrize("kind", sorted(FAMILIES))
def test_one_step_of_training_and_embeddings_that_stay(
    family: Callable[[str], str], kind: str
) -> None:
    folder = family(kind)
    for freeze, changes in (("", True), ("embeddings", False)):
        nlp, optimizer = _pipeline(folder, freeze=freeze)
        shim = nlp.get_pipe("transformer").model.shims[0]
        named = dict(shim.module.named_parameters())
        tables = [name for name in named if name.endswith(FAMILIES[kind][2])]
        assert tables
        before = {name: value.detach().clone() for name, value in named.items()}
        nlp.update(tagged_examples(nlp), sgd=optimizer)
        moved = {name for name in named if not (named[name] == before[name]).all()}
        assert moved and all((name in moved) is changes for name in tables)


@pytest.mark.parametrize("kind", ["convbert", "fnet", "bart", "longformer"])
def test_the_batch_changes_no_vectors(family: Callable[[str], str], kind: str) -> None:
    nlp, optimizer = _pipeline(family(kind))
    texts = ["Köln", "The fox jumps over the lazy dog and the dog is lazy", "A fox", "My name is"]
    alone = [nlp(text)._.trf_data.tensors[-1] for text in texts]
    for one, doc in zip(alone, nlp.pipe(texts)):
        np.testing.assert_allclose(one, doc._.trf_data.tensors[-1], atol=2e-6)
    nlp.update(tagged_examples(nlp), sgd=optimizer)


@pytest.mark.parametrize("kind", ["gpt2", "t5", "bart"])
def test_layer_decay_reaches_embeddings(family: Callable[[str], str], kind: str) -> None:
    nlp, _ = _pipeline(family(kind), layer_decay=0.5)
    rates = nlp.get_pipe("transformer").model.shims[0]._rates
    (table,) = [name for name in rates if name.endswith(FAMILIES[kind][2])]
    assert rates[table] == 0.25
    top = [rate for name, rate in rates.items() if layer_of(name) == 1]
    assert top and set(top) == {1.0}


def test_few_characters_are_enough_for_a_model_that_halves_its_input(
    family: Callable[[str], str],
) -> None:
    nlp, _ = _pipeline(family("canine"))
    for text in ("A", "", "A B", "हिन्दी में"):
        assert nlp(text).text == text


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"learn_rates": {"no_such_part": 0.5}}, "learn_rates"),
        ({"learn_rates": {"(": 0.5}}, "learn_rates"),
        ({"freeze": "("}, "freeze"),
        ({"window": 2}, "window"),
        ({"window": -1}, "window"),
        ({"window": 1}, "window"),
    ],
)
def test_settings_that_mean_nothing_are_refused(
    folder: Callable[[str], str], settings: dict[str, Any], name: str
) -> None:
    with pytest.raises(ConfigError, match=f"model.{name}"):
        _pipeline(folder("bert"), **settings)
