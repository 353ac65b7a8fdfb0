"""What the tests share: texts, blocks of configs, and tiny models made here: no downloads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Texts of several kinds and scripts.
TEXTS = [
    "The quick brown fox jumps over the lazy dog.",
    "My name is Robert, and I live in Köln (Germany) since 2019.",
    "Visit https://example.com/some/very/long/path?query=1 or write to me@example.org!",
    "It's raining cats & dogs; don't forget your umbrella...",
    "naïve façade, coöperation, 東京 and Москва are words too.",
    "internationalization and tokenization of unbelievable words",
]

#: Hidden size of the tiny models.
WIDTH = 16


def wordpiece() -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=160, special_tokens=specials)
    tokenizer.train_from_iterator(TEXTS * 4, trainer)
    return _wrapped(tokenizer, "[CLS]", "[SEP]", "[PAD]", "[UNK]")


def byte_bpe() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(TEXTS * 4, trainer)
    return _wrapped(tokenizer, "<s>", "</s>", "<pad>", "<unk>")


def word_bpe() -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.StripAccents()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=200, special_tokens=["<unk>", "<pad>"], end_of_word_suffix="</w>"
    )
    tokenizer.train_from_iterator(TEXTS * 4, trainer)
    return _wrapped(tokenizer, "", "", "<pad>", "<unk>")


def unigram() -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=180, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], unk_token="<unk>"
    )
    tokenizer.train_from_iterator(TEXTS * 4, trainer)
    return _wrapped(tokenizer, "<s>", "</s>", "<pad>", "<unk>")


def _wrapped(tokenizer: Any, first: str, last: str, pad: str, unknown: str) -> Any:
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    if first:
        tokenizer.post_processor = TemplateProcessing(
            single=f"{first} $A {last}",
            special_tokens=[(each, tokenizer.token_to_id(each)) for each in (first, last)],
        )
    # Some published tokenizers come with these switched on: they must not matter.
    tokenizer.enable_truncation(16)
    tokenizer.enable_padding(length=16, pad_token=pad, pad_id=tokenizer.token_to_id(pad))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=pad, unk_token=unknown, model_max_length=10**30
    )


def slow_bytes() -> Any:
    from transformers import ByT5Tokenizer

    return ByT5Tokenizer()


TOKENIZERS: dict[str, Callable[[], Any]] = {
    "byte_bpe": byte_bpe,
    "slow_bytes": slow_bytes,
    "unigram": unigram,
    "word_bpe": word_bpe,
    "wordpiece": wordpiece,
}


def _bert(vocab: int) -> Any:
    from transformers import BertConfig, BertModel

    return BertModel(_sized(BertConfig, vocab))


def _sized(cls: Any, vocab: int, **more: Any) -> Any:
    sizes = {
        "vocab_size": vocab,
        "hidden_size": WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "max_position_embeddings": 64,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }
    return cls(**{**sizes, **more})


def _roberta(vocab: int) -> Any:
    from transformers import RobertaConfig, RobertaModel

    config = _sized(RobertaConfig, vocab, max_position_embeddings=66, pad_token_id=1)
    return RobertaModel(config)


def _xlmr(vocab: int) -> Any:
    from transformers import XLMRobertaConfig, XLMRobertaModel

    config = _sized(XLMRobertaConfig, vocab, max_position_embeddings=66, pad_token_id=1)
    return XLMRobertaModel(config)


def _distilbert(vocab: int) -> Any:
    from transformers import DistilBertConfig, DistilBertModel

    return DistilBertModel(
        DistilBertConfig(
            vocab_size=vocab,
            dim=WIDTH,
            n_layers=2,
            n_heads=2,
            hidden_dim=24,
            max_position_embeddings=64,
            dropout=0.0,
            attention_dropout=0.0,
        )
    )


def _deberta(vocab: int) -> Any:
    from transformers import DebertaV2Config, DebertaV2Model

    config = _sized(
        DebertaV2Config,
        vocab,
        relative_attention=True,
        position_biased_input=False,
        pos_att_type=["p2c", "c2p"],
    )
    return DebertaV2Model(config)


def _t5(vocab: int) -> Any:
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(
        T5Config(
            vocab_size=vocab, d_model=WIDTH, d_kv=8, d_ff=24, num_layers=2, num_heads=2,
            dropout_rate=0.0,
        )
    )  # fmt: skip


MODELS: dict[str, tuple[Callable[[int], Any], str]] = {
    "bert": (_bert, "wordpiece"),
    "deberta": (_deberta, "unigram"),
    "distilbert": (_distilbert, "wordpiece"),
    "roberta": (_roberta, "byte_bpe"),
    "t5": (_t5, "slow_bytes"),
    "xlmr": (_xlmr, "unigram"),
}


def transformer_block(folder: str, **more: Any) -> dict[str, Any]:
    """The config of a transformer component over whole documents."""
    model = {
        "@architectures": "spanloom.TransformerModel.v3",
        "name": folder,
        "get_spans": {"@span_getters": "spanloom.doc_spans.v1"},
    }
    outer = {
        key: more.pop(key) for key in ("keep", "vector_hooks", "cache_megabytes") if key in more
    }
    return {"model": {**model, **more}, **outer}


def listener_block(pooling: str = "reduce_mean.v1", **more: Any) -> dict[str, Any]:
    """The config of a tagger's model that listens."""
    listener = {
        "@architectures": "spanloom.TransformerListener.v1",
        "pooling": {"@layers": pooling},
        **more,
    }
    return {"@architectures": "spanloom.Tagger.v2", "tok2vec": listener}


def tagged_examples(nlp: Any) -> list[Any]:
    """A few annotated sentences."""
    from spanloom.examples.example import Example

    rows = [
        (["The", "fox", "jumps", "over", "dogs", "."], ["D", "N", "V", "P", "N", "."]),
        (["My", "name", "is", "Robert"], ["D", "N", "V", "N"]),
        (["Köln", "is", "lazy"], ["N", "V", "J"]),
    ]
    examples = []
    for words, tags in rows:
        doc = nlp.make_doc(" ".join(words))
        examples.append(Example.from_dict(doc, {"words": words, "tags": tags}))
    return examples


#: A transformer as the guide's configs have it; names begin with ``plugin``, ``spans`` say of what.
TRANSFORMER = """
[components.transformer]
factory = "transformer"
max_batch_items = 4096

[components.transformer.model]
@architectures = "{plugin}.TransformerModel.v1"
name = "{folder}"
tokenizer_config = {{"use_fast": true}}

[components.transformer.model.get_spans]
{spans}

[components.transformer.set_extra_annotations]
@annotation_setters = "{plugin}.null_annotation_setter.v1"
"""


def unlisted(folder: Path) -> Path:
    """A saved pipeline without the list of its files, so that what reads them is asked itself."""
    meta = folder / "meta.json"
    known = json.loads(meta.read_text("utf-8"))
    known.pop("files")
    meta.write_text(json.dumps(known), "utf-8")
    return folder
