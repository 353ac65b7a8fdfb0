"""Transformers in graphs: copied with their heads, given to a head, frozen, of several widths."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spanloom
from spanloom.config import Config
from spanloom.errors import PipelineError
from spanloom.training import train

from .support import listener_block, transformer_block

TEXT = "The fox jumps over Robert in Köln, and is lazy."
POOLING = {"@layers": "reduce_mean.v1"}
LISTENER = {"@architectures": "spanloom.TransformerListener.v1", "pooling": POOLING}


def transitions(state_type: str) -> dict[str, Any]:
    return {
        "@architectures": "spanloom.TransitionBasedParser.v2",
        "state_type": state_type,
        "hidden_width": 8,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": LISTENER,
    }


TAGGER = {"@architectures": "spanloom.Tagger.v2", "tok2vec": LISTENER}
BAG = {"@architectures": "spanloom.TextCatBOW.v3", "length": 64, "ngram_size": 1}
ENSEMBLE = {"@architectures": "spanloom.TextCatEnsemble.v2", "tok2vec": LISTENER}
HEADS: dict[str, dict[str, Any]] = {
    "beam_ner": transitions("ner"),
    "morphologizer": TAGGER,
    "ner": transitions("ner"),
    "parser": transitions("parser"),
    "senter": TAGGER,
    "tagger": TAGGER,
    "textcat": {
        **ENSEMBLE,
        "linear_model": {**BAG, "exclusive_classes": True, "no_output_layer": False},
    },
    "textcat_multilabel": {
        **ENSEMBLE,
        "linear_model": {**BAG, "exclusive_classes": False, "no_output_layer": False},
    },
}


def examples(nlp: Any) -> list[Any]:
    words = ["The", "fox", "jumps", "over", "Robert", "."]
    annotation = {
        "words": words,
        "tags": ["D", "N", "V", "P", "N", "."],
        "pos": ["DET", "NOUN", "VERB", "ADP", "PROPN", "PUNCT"],
        "morphs": ["", "Number=Sing", "Tense=Pres", "", "Number=Sing", ""],
        "heads": [1, 2, 2, 2, 3, 2],
        "deps": ["det", "nsubj", "ROOT", "prep", "pobj", "punct"],
        "sent_starts": [True, False, False, False, False, False],
        "entities": ["O", "O", "O", "O", "U-PER", "O"],
    }
    found = []
    for label in ("x", "y"):
        cats = {"x": float(label == "x"), "y": float(label == "y")}
        doc = spanloom.Doc(nlp.vocab, words=words)
        found.append(spanloom.Example.from_dict(doc, {**annotation, "cats": cats}))
    return found


def trained(model: str, *heads: str, steps: int = 3) -> Any:
    nlp = spanloom.blank("en")
    nlp.add_pipe("transformer", config=transformer_block(model))
    for head in heads:
        nlp.add_pipe(head, config={"model": HEADS[head]})
    data = examples(nlp)
    sgd = nlp.initialize(lambda: data)
    for _ in range(steps):
        nlp.update(data, sgd=sgd)
    return nlp


def annotation(nlp: Any) -> dict[str, Any]:
    return dict(nlp(TEXT).to_json())


@pytest.mark.parametrize("head", sorted(HEADS))
def test_every_head_predicts_as_before_with_its_own_transformer(
    head: str, folder: Any, tmp_path: Path
) -> None:
    nlp = trained(folder("bert"), head)
    before = annotation(nlp)
    nlp.replace_listeners("transformer", head)
    assert annotation(nlp) == before
    nlp.to_disk(tmp_path / "saved")
    alone = spanloom.load(tmp_path / "saved", exclude=["transformer"])
    assert annotation(alone) == before
    assert nlp.update(examples(nlp), sgd=nlp.create_optimizer())[head] > 0


@pytest.mark.parametrize("count", [1, 2, 3])
def test_one_to_three_consumers(count: int, folder: Any, tmp_path: Path) -> None:
    names = ["tagger", "morphologizer", "ner"]
    nlp = trained(folder("roberta"), *names)
    before = annotation(nlp)
    for name in names[:count]:
        for _ in range(2):
            nlp.replace_listeners("transformer", name, ["model.tok2vec"])
    assert annotation(nlp) == before
    assert nlp.analyze_pipes()["summary"]["transformer"]["consumers"] == names[count:]
    nlp.to_disk(tmp_path / "saved")
    assert annotation(spanloom.load(tmp_path / "saved")) == before


def test_the_own_transformer_learns_alone_with_its_settings(folder: Any) -> None:
    nlp = trained(folder("bert"), "tagger", "ner")
    nlp.get_pipe("transformer").max_batch_items = 512
    nlp.replace_listeners("transformer", "tagger")
    block = nlp.config["components"]["tagger"]["model"]["tok2vec"]
    assert block["max_batch_items"] == 512 and "upstream" not in block
    own = nlp.get_pipe("tagger").model.get_ref("tok2vec").layers[0].shims[0]
    shared = nlp.get_pipe("transformer").model.shims[0]
    assert own.same_weights(shared)
    nlp.update(examples(nlp), sgd=nlp.create_optimizer(), exclude=["ner"])
    assert not own.same_weights(shared)


@spanloom.registry.layers("tests.projected_mean.v1")
def projected_mean(width: int) -> Any:
    """A pooling with weights, which changes the width."""
    from thinc.api import Linear, chain, reduce_mean

    return chain(reduce_mean(), Linear(width))


def test_a_pooling_with_weights_comes_along(folder: Any, tmp_path: Path) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("transformer", config=transformer_block(folder("bert")))
    model = listener_block()
    model["tok2vec"]["pooling"] = {"@layers": "tests.projected_mean.v1", "width": 6}
    nlp.add_pipe("tagger", config={"model": model})
    data = examples(nlp)
    sgd = nlp.initialize(lambda: data)
    for _ in range(3):
        nlp.update(data, sgd=sgd)
    before = annotation(nlp)
    other = spanloom.blank("en")
    other.add_pipe("tagger", source=nlp, replace_listeners=["model.tok2vec"])
    assert [t.tag_ for t in other(TEXT)] == [t.tag_ for t in nlp(TEXT)]
    nlp.replace_listeners("transformer", "tagger")
    assert annotation(nlp) == before
    nlp.to_disk(tmp_path / "saved")
    assert annotation(spanloom.load(tmp_path / "saved")) == before


def test_a_head_is_copied_with_or_linked_to_its_transformer(folder: Any) -> None:
    source = trained(folder("bert"), "tagger", "ner")
    nlp = spanloom.blank("en")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp.add_pipe("transformer", name="trf", source=source)
        for head in ("tagger", "ner"):
            nlp.add_pipe(head, source=source)
    assert annotation(nlp) == annotation(source)
    assert nlp.analyze_pipes()["summary"]["trf"]["consumers"] == ["tagger", "ner"]
    alone = spanloom.blank("en")
    with pytest.warns(UserWarning, match="'tagger' listens to 'transformer'.*its own copy"):
        alone.add_pipe("tagger", source=source)
    tags = [token.tag_ for token in source(TEXT)]
    assert [token.tag_ for token in alone(TEXT)] == tags
    before = source.to_bytes()
    for each in (nlp, alone):
        each.update(examples(each), sgd=each.create_optimizer())
    assert source.to_bytes() == before


def test_two_transformers_and_a_tok2vec_feed_their_own_heads(folder: Any) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("transformer", name="first", config=transformer_block(folder("bert")))
    nlp.add_pipe("tok2vec")
    nlp.add_pipe("transformer", name="second", config=transformer_block(folder("t5")))
    tok2vec = {"@architectures": "spanloom.Tok2VecListener.v1", "upstream": "tok2vec"}
    models = {
        "one": listener_block(upstream="first"),
        "two": listener_block(upstream="second"),
        "three": {"@architectures": "spanloom.Tagger.v2", "tok2vec": tok2vec},
        "nearest": listener_block(),
    }
    for name, model in models.items():
        nlp.add_pipe("tagger", name=name, config={"model": model})
    data = examples(nlp)
    nlp.initialize(lambda: data)
    found = {name: each["producers"] for name, each in nlp.analyze_pipes()["summary"].items()}
    assert {name: found[name] for name in models} == {
        "one": ["first"],
        "two": ["second"],
        "three": ["tok2vec"],
        "nearest": ["second"],
    }
    with pytest.raises(PipelineError, match="'transformer'.*listens to 'tok2vec'.*gives 'tokens'"):
        nlp.add_pipe("tagger", config={"model": listener_block(upstream="tok2vec")})
        nlp.assemble()


def test_a_larger_transformer_in_the_place_of_a_smaller_is_refused(
    folder: Any, tmp_path: Path
) -> None:
    from transformers import BertConfig, BertModel

    nlp = trained(folder("bert"), "tagger")
    larger = BertConfig(
        vocab_size=160, hidden_size=24, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=24,
    )  # fmt: skip
    BertModel(larger).save_pretrained(str(tmp_path))
    with pytest.raises(PipelineError, match="'tagger'.*'transformer'.*width 16.*width 24"):
        nlp.replace_pipe("transformer", "transformer", config=transformer_block(str(tmp_path)))
        nlp.assemble()


def corpus(path: Path) -> str:
    from spanloom_spacy.files import write_spacy

    write_spacy(path, [each.reference for each in examples(spanloom.blank("en"))])
    return str(path)


@pytest.mark.parametrize("own", [False, True])
def test_frozen_in_training_from_a_config(own: bool, folder: Any, tmp_path: Path) -> None:
    source = trained(folder("bert"), "tagger")
    source.to_disk(tmp_path / "base")
    data = corpus(tmp_path / "data.spacy")
    config = Config(
        {
            "paths": {"train": data, "dev": data},
            "nlp": {"lang": "en", "pipeline": ["transformer", "tagger", "ner"]},
            "components": {
                "transformer": {"source": str(tmp_path / "base")},
                "tagger": {
                    "source": str(tmp_path / "base"),
                    "replace_listeners": ["model.tok2vec"] if own else [],
                },
                "ner": {"factory": "ner", "model": HEADS["ner"]},
            },
            "training": {
                "max_steps": 3,
                "eval_frequency": 3,
                "frozen_components": ["tagger"] if own else ["transformer", "tagger"],
                "score_weights": {"tag_acc": 0.5, "ents_f": 0.5},
            },
        }
    )
    nlp = train(config, quiet=True).nlp
    assert [t.tag_ for t in nlp(TEXT)] == [t.tag_ for t in source(TEXT)]
    shims = [each.get_pipe("transformer").model.shims[0] for each in (nlp, source)]
    assert shims[0].same_weights(shims[1]) is not own
    tagger = nlp.get_pipe("tagger")
    values = [
        np.asarray(each.model.predict(each.ready([pipe.make_doc(TEXT)]))[0])
        for pipe, each in ((nlp, tagger), (source, source.get_pipe("tagger")))
    ]
    np.testing.assert_array_equal(*values)
    if not own:
        config["training"]["frozen_components"] = ["tagger"]
        with pytest.raises(PipelineError, match="'tagger' is frozen, but it listens to 'trans"):
            train(config, quiet=True)
