"""``spanloom vectors distill`` with an encoder of spanloom-transformers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("spanloom_transformers")
pytest.importorskip("spanloom_vectors")

import spanloom
from spanloom.vocab.encoding import open_encoder

WORDS = ["fox", "dog", "lazy", "quick", "brown", "over", "the"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny BERT with random weights."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import BertProcessing
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghijklmnopqrstuvwxyz"]
    pieces += [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    tokenizer = Tokenizer(WordPiece({p: i for i, p in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]"
    )
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    torch.manual_seed(0)
    bert = BertModel(BertConfig(vocab_size=len(pieces), intermediate_size=24, **sizes))
    folder = tmp_path_factory.mktemp("bert")
    bert.save_pretrained(str(folder))
    wrapped.save_pretrained(str(folder))
    return str(folder)


@pytest.fixture
def distilled(fresh_python: Callable[..., str]) -> Callable[..., str]:
    """Run the command."""
    return lambda *args: fresh_python(
        "spanloom", "vectors", "distill", *map(str, args), module=True
    )


def test_words_of_a_file(model: str, tmp_path: Path, distilled: Callable[..., str]) -> None:
    from spanloom_vectors import open_vectors

    (tmp_path / "words.txt").write_text("\n".join(WORDS), "utf8")
    output = distilled(
        model, tmp_path / "out.wlv", "--vocab", tmp_path / "words.txt", "--no-pca", "-n", 5
    )
    table = open_vectors(tmp_path / "out.wlv")
    assert list(table.words) == WORDS[:5] and table.hash in output
    expected = open_encoder(model).encode(WORDS[:5])
    np.testing.assert_allclose(table.vectors_for(WORDS[:5]), expected, atol=1e-5)


def test_words_of_texts(model: str, tmp_path: Path, distilled: Callable[..., str]) -> None:
    from spanloom_vectors import open_vectors

    text = "The quick fox and the lazy dog saw a quick dog\n"
    (tmp_path / "texts.txt").write_text(text, "utf8")
    common = ("--corpus", tmp_path / "texts.txt", "--min-count", 2, "-a", "LOWER", "--dims", 2)
    first = distilled(model, tmp_path / "a.wlv", *common, "--frequency", "sif")
    assert (
        distilled(model, tmp_path / "b.wlv", *common, "--frequency", "sif").split("hash")[1]
        == (first.split("hash")[1])
    )
    table = open_vectors(tmp_path / "a.wlv")
    assert set(table.words) == {"the", "quick", "dog"}
    assert table.attrs == ("LOWER",) and table.width == 2


def test_vocabulary_and_transformer_of_a_pipeline(
    model: str, tmp_path: Path, distilled: Callable[..., str]
) -> None:
    from spanloom_vectors import open_vectors

    nlp = spanloom.blank("en")
    nlp.add_pipe(
        "transformer",
        config={"model": {"@architectures": "spanloom.TransformerModel.v3", "name": model}},
    )
    nlp.initialize()
    nlp.vocab.strings.ids(WORDS)
    nlp.to_disk(tmp_path / "pipeline")
    distilled(tmp_path / "pipeline", tmp_path / "out.wlv", "--no-pca")
    table = open_vectors(tmp_path / "out.wlv")
    assert set(WORDS) <= set(table.words)
    expected = open_encoder(model).encode(WORDS)
    np.testing.assert_allclose(table.vectors_for(WORDS), expected, atol=1e-5)


def test_words_must_come_from_somewhere(model: str, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from spanloom.cli.main import cli

    result = CliRunner().invoke(cli, ["vectors", "distill", model, str(tmp_path / "out.wlv")])
    assert result.exit_code == 1 and "--corpus" in result.output
