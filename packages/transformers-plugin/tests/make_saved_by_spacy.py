"""Makes ``data/saved_by_spacy.tar.xz``: tiny pipelines with transformers that spaCy trained, and
what they say there.

Run it with spaCy 3.8, spacy-transformers 1.4 and spacy-curated-transformers 0.3 beside us:
``python packages/transformers-plugin/tests/make_saved_by_spacy.py``.
"""

from __future__ import annotations

import json
import random
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

TARGET = Path(__file__).parent / "data" / "saved_by_spacy.tar.xz"

TEXTS = [
    "Ann Lee sees the dog in Berlin.",
    "Bob likes Anna,  the dog [SEP] and the café 日本 in Rome!\n Ann waits in Paris.",
    "dogs",
    "the cat the dog the prize in New York City sees Ann Maria Lee and Bob and Carl in Berlin now",
]

_NAMES = [["Ann", "Lee"], ["Bob"], ["Anna", "Maria", "Lee"], ["Carl"]]
_PLACES = [["Berlin"], ["New", "York", "City"], ["Rome"], ["Paris"]]


def sentences(vocab: Any, count: int = 40) -> list[Any]:
    """Documents with tags and entities."""
    from spacy.tokens import Doc, Span

    chosen = random.Random(0)
    docs = []
    for _ in range(count):
        name, place = chosen.choice(_NAMES), chosen.choice(_PLACES)
        verb, noun = chosen.choice(["sees", "likes"]), chosen.choice(["dog", "cat", "prize"])
        words = [*name, verb, "the", noun, "in", *place, "."]
        tags = [*["NNP"] * len(name), "VBZ", "DT", "NN", "IN", *["NNP"] * len(place), "."]
        doc = Doc(vocab, words=words, tags=tags)
        at = len(name) + 4
        doc.ents = [
            Span(doc, 0, len(name), label="PER"),
            Span(doc, at, at + len(place), label="LOC"),
        ]
        docs.append(doc)
    return docs


def bert(folder: Path) -> Path:
    """A tiny BERT with word pieces."""
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir()
    pieces = BertWordPieceTokenizer(lowercase=True)
    pieces.train_from_iterator(TEXTS[:1] + TEXTS[2:], vocab_size=60, min_frequency=1)
    pieces.save_model(str(folder))
    made = BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=64)
    made.save_pretrained(str(folder))
    config = BertConfig(vocab_size=made.vocab_size, max_position_embeddings=64, **_SIZES)
    BertModel(config).save_pretrained(str(folder))
    return folder


def roberta(folder: Path) -> Path:
    """A tiny RoBERTa with pieces of bytes."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import RobertaConfig, RobertaModel, RobertaTokenizerFast

    folder.mkdir()
    pieces = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    pieces.train_from_iterator(TEXTS, vocab_size=300, min_frequency=1, special_tokens=special)
    pieces.save_model(str(folder))
    files = str(folder / "vocab.json"), str(folder / "merges.txt")
    made = RobertaTokenizerFast(*files, model_max_length=64)
    made.save_pretrained(str(folder))
    config = RobertaConfig(
        vocab_size=made.vocab_size,
        max_position_embeddings=66,
        type_vocab_size=1,
        pad_token_id=1,
        **_SIZES,
    )
    RobertaModel(config).save_pretrained(str(folder))
    return folder


_SIZES = {
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 8,
}


def encoder(version: str, folder: Path) -> dict[str, Any]:
    spans = {"@span_getters": "spacy-transformers.strided_spans.v1", "window": 8, "stride": 6}
    model: dict[str, Any] = {
        "@architectures": f"spacy-transformers.TransformerModel.{version}",
        "name": str(folder),
        "tokenizer_config": {"use_fast": True},
        "get_spans": spans,
    }
    if version == "v3":
        model |= {"transformer_config": {}, "mixed_precision": False, "grad_scaler_config": {}}
    return {"model": model}


LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
    "upstream": "*",
}


def pipeline(
    factory: str, config: dict[str, Any], listener: dict[str, Any], loader: Any = None
) -> Any:
    """A trained pipeline. ``loader`` is what loads the pieces of a curated transformer."""
    import spacy
    from spacy.training import Example
    from spacy.util import fix_random_seed

    fix_random_seed(0)
    nlp = spacy.blank("xx")
    nlp.add_pipe(factory, "transformer", config=config)
    if isinstance(loader, Path):
        # The loader of sentence pieces doesn't find the node that takes them.
        from curated_tokenizers import SentencePieceProcessor

        for node in nlp.get_pipe("transformer").model.walk():
            if node.name == "sentencepiece_encoder":
                node.attrs["sentencepiece_processor"] = SentencePieceProcessor.from_file(
                    str(loader)
                )
    elif loader is not None:
        nlp.config["initialize"]["components"]["transformer"] = {"piecer_loader": loader}
    tagger = {"@architectures": "spacy.Tagger.v2", "tok2vec": listener}
    nlp.add_pipe("tagger", config={"model": tagger})
    states = {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "extra_state_tokens": False,
        "hidden_width": 8,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": listener,
    }
    nlp.add_pipe("ner", config={"model": states})
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in sentences(nlp.vocab)]
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.02
    if loader is not None:
        # With NumPy 2.4 this one doesn't train: its heads get weights at random.
        numbers = np.random.default_rng(0)
        for name in ("tagger", "ner"):
            for node in nlp.get_pipe(name).model.walk():
                if node.has_param("W"):
                    shape = node.get_param("W").shape
                    node.set_param("W", numbers.normal(size=shape).astype("f"))
        return nlp
    for step in range(30):
        nlp.update(examples[step * 10 % 40 :][:10], sgd=optimizer)
    return nlp


def with_bert(folder: Path) -> Any:
    return pipeline("transformer", encoder("v3", bert(folder)), LISTENER)


def with_roberta(folder: Path) -> Any:
    return pipeline("transformer", encoder("v1", roberta(folder)), LISTENER)


_PREFIX = "spacy-curated-transformers"
CURATED = {
    "@architectures": f"{_PREFIX}.LastTransformerLayerListener.v1",
    "width": _SIZES["hidden_size"],
    "pooling": {"@layers": "reduce_mean.v1"},
    "upstream": "*",
    "grad_factor": 1.0,
}


def curated(kind: str, encoder: str, **settings: Any) -> dict[str, Any]:
    """The block of a curated transformer."""
    sizes = {
        "hidden_width": _SIZES["hidden_size"],
        "intermediate_width": _SIZES["intermediate_size"],
        "num_attention_heads": _SIZES["num_attention_heads"],
        "num_hidden_layers": _SIZES["num_hidden_layers"],
    }
    spans = {"@architectures": f"{_PREFIX}.WithStridedSpans.v1", "stride": 6, "window": 8}
    model = {
        "@architectures": f"{_PREFIX}.{kind}Transformer.v1",
        "piece_encoder": {"@architectures": f"{_PREFIX}.{encoder}.v1"},
        "with_spans": {**spans, "batch_size": 384},
        **sizes,
        **settings,
    }
    return {"model": model}


def curated_bert(folder: Path) -> Any:
    path = bert(folder) / "vocab.txt"
    size = len(path.read_text("utf8").split())
    config = curated("Bert", "BertWordpieceEncoder", vocab_size=size)
    loader = {"path": str(path), "lowercase": True, "strip_accents": True}
    loader["@model_loaders"] = f"{_PREFIX}.WordpieceLoader.v1"
    return pipeline("curated_transformer", config, CURATED, loader)


def curated_roberta(folder: Path) -> Any:
    roberta(folder)
    size = len(json.loads((folder / "vocab.json").read_text("utf8")))
    config = curated("Roberta", "ByteBpeEncoder", vocab_size=size)
    loader = {"vocab_path": str(folder / "vocab.json"), "merges_path": str(folder / "merges.txt")}
    loader["@model_loaders"] = f"{_PREFIX}.ByteBpeLoader.v1"
    return pipeline("curated_transformer", config, CURATED, loader)


def curated_xlmr(folder: Path) -> Any:
    import sentencepiece

    folder.mkdir()
    (folder / "texts").write_text("\n".join(TEXTS), "utf8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "texts"),
        model_prefix=str(folder / "pieces"),
        vocab_size=50,
        minloglevel=2,
        model_type="unigram",
    )
    config = curated("Xlmr", "XlmrSentencepieceEncoder", vocab_size=52)
    return pipeline("curated_transformer", config, CURATED, folder / "pieces.model")


PIPELINES: dict[str, Callable[[Path], Any]] = {
    "bert": with_bert,
    "roberta": with_roberta,
    "curated_bert": curated_bert,
    "curated_roberta": curated_roberta,
    "curated_xlmr": curated_xlmr,
}


def said(doc: Any, vectors: Any) -> dict[str, Any]:
    """What a document holds, as JSON can, and the vectors that heads get. It takes ours as well."""
    return {
        "words": [token.text for token in doc],
        "tags": [token.tag_ for token in doc],
        "entities": [[each.start, each.end, each.label_] for each in doc.ents],
        "vectors": np.asarray(vectors).tolist(),
    }


def main() -> None:
    """Train, save, and write down what is said."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "saved")
        root.mkdir()
        for key, make in PIPELINES.items():
            nlp = make(Path(name, key))
            nlp.to_disk(root / key)
            head = nlp.get_pipe("tagger").model.get_ref("tok2vec")
            docs = [nlp(text) for text in TEXTS]
            found = [said(doc, head.predict([doc])[0]) for doc in docs]
            (root / f"{key}.json").write_text(json.dumps(found), "utf8")
        with tarfile.open(TARGET, "w:xz", preset=9) as archive:
            archive.add(root, ".")


if __name__ == "__main__":
    main()
