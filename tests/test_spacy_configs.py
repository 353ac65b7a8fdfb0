"""Configs as written for spaCy resolve and train.

The excerpts are those of spaCy's guide on embeddings, as written and with a tagger in place of the
entity recognizer. ``data/spacy_config.cfg`` is what spaCy writes for a tagger and a morphologizer
that share a tok2vec, shortened.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import spanloom
from spanloom import Pipeline, registry
from spanloom.config import (
    check_config,
    fill_config,
    init_config,
    load_config,
    parse_config,
    resolve_section,
)
from spanloom.errors import ConfigError, SpanloomError

DATA = Path(__file__).parent / "data"
FILLED = DATA / "spacy_config.cfg"

SHARED = (DATA / "spacy_shared.cfg").read_text("utf8")

INDEPENDENT = (DATA / "spacy_independent.cfg").read_text("utf8")

EMBED = """
[tagger.model.tok2vec.embed]
@architectures = "spacy.MultiHashEmbed.v1"
width = 128
attrs = ["LOWER","PREFIX","SUFFIX","SHAPE"]
rows = [5000,2500,2500,2500]
include_static_vectors = true
"""

ROWS = """\
1\tAnn\tAnn\tPROPN\tNNP\tNumber=Sing\t2\tnsubj\t_\tNE=B-PER
2\tsaw\tsee\tVERB\tVBD\tTense=Past\t0\troot\t_\tNE=O
3\tRome\tRome\tPROPN\tNNP\tNumber=Sing\t2\tobj\t_\tNE=B-LOC|SpaceAfter=No
4\t.\t.\tPUNCT\t.\t_\t2\tpunct\t_\tNE=O
"""


@pytest.fixture
def data(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "data.conllu"
    path.write_text("\n".join([ROWS] * 12), "utf8")
    return {"paths.train": str(path), "paths.dev": str(path), "training.max_steps": 2}  # type: ignore[dict-item]


def with_tagger(excerpt: str) -> str:
    return (
        excerpt.replace("components.ner", "components.tagger")
        .replace('"ner"', '"tagger"')
        .replace("spacy.TransitionBasedParser.v1", "spacy.Tagger.v2")
    )


@pytest.mark.parametrize("excerpt", [SHARED, INDEPENDENT], ids=["shared", "independent"])
@pytest.mark.parametrize("name", ["tagger", "ner"])
def test_shared_and_independent_train(excerpt: str, name: str, data: dict[str, str]) -> None:
    text = excerpt if name == "ner" else with_tagger(excerpt)
    names = ["tok2vec", name] if excerpt is SHARED else [name]
    pipeline = str(names).replace("'", '"')
    config = parse_config(text + f'\n[nlp]\nlang = "en"\npipeline = {pipeline}\n')
    check_config(config)
    filled = fill_config(config)
    assert fill_config(filled) == filled
    # What the excerpt leaves out is written down.
    first = filled["components"][names[0]]["model"]
    embed = first["embed"] if excerpt is SHARED else first["tok2vec"]["embed"]
    assert embed["@architectures"] == "spacy.MultiHashEmbed.v1"
    assert {"width", "rows", "attrs"} <= set(embed)
    result = spanloom.train(filled, overrides=data, quiet=True)
    assert result.nlp.pipe_names == names
    assert result.history.last is not None and result.history.last.step == 2


def test_the_embedding_layer_as_written() -> None:
    config = parse_config(EMBED)
    check_config(config, excerpt=True)
    if registry.has("architectures", "spacy.StaticVectors.v2"):
        pytest.skip("static vectors are installed here; their package tests the layer")
    with pytest.raises(SpanloomError, match="spanloom-vectors"):
        resolve_section(config, "tagger.model.tok2vec.embed")
    config["tagger"]["model"]["tok2vec"]["embed"]["include_static_vectors"] = False
    layer = resolve_section(config, "tagger.model.tok2vec.embed")
    assert layer.get_dim("nO") == 128


CODE = """
from spanloom import registry
from spanloom.layers import HashEmbedCNN
print("I was imported!")

@registry.architectures("my_example.MyEmbedding.v1")
def MyEmbedding(output_width: int):
    print("I was called!")
    return HashEmbedCNN(width=output_width, depth=1, embed_size=100, window_size=1,
                        maxout_pieces=2, subword_features=False, pretrained_vectors=None)
"""


def test_a_layer_of_ones_own_in_a_file(
    tmp_path: Path, data: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    from spanloom.plugins import import_code

    path = tmp_path / "code.py"
    path.write_text(CODE, "utf8")
    import_code(path)
    try:
        config = parse_config(
            '[nlp]\nlang = "en"\npipeline = ["tagger"]\n'
            '[components.tagger]\nfactory = "tagger"\n'
            '[components.tagger.model]\n@architectures = "spacy.Tagger.v2"\n'
            "[components.tagger.model.tok2vec]\n"
            '@architectures = "my_example.MyEmbedding.v1"\noutput_width = 16\n'
        )
        spanloom.train(fill_config(config), overrides=data, quiet=True)
    finally:
        registry.architectures.remove("my_example.MyEmbedding.v1")
    assert capsys.readouterr().out == "I was imported!\nI was called!\n"


def test_a_whole_config_of_spacy_trains_as_written(tmp_path: Path, data: dict[str, str]) -> None:
    config = load_config(FILLED)
    check_config(config)
    filled = tmp_path / "filled.cfg"
    filled.write_text(fill_config(config).to_str(interpolate=False), "utf8")
    result = spanloom.train(filled, tmp_path / "out", overrides=data, quiet=True)
    assert result.best is not None
    nlp: Pipeline = spanloom.load(result.best)
    assert nlp.pipe_names == ["tok2vec", "tagger", "morphologizer", "senter"]


def test_a_function_under_spacys_name_takes_the_defaults() -> None:
    config = parse_config('[training.batcher]\n@batchers = "spacy.batch_by_words.v1"\n')
    batcher = fill_config(config)["training"]["batcher"]
    assert batcher["@batchers"] == "spacy.batch_by_words.v1"
    assert batcher["size"]["start"] == 100


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_loggers_of_spacy(data: dict[str, str], version: str) -> None:
    config = init_config("en", ["tagger"])
    config["training"]["logger"] = {"@loggers": f"spacy.ConsoleLogger.{version}"}
    out = io.StringIO()
    spanloom.train(config, overrides=data, stdout=out)
    assert "TAG_ACC" in out.getvalue()


def test_segmenters_of_chinese_that_are_not_here_are_an_error() -> None:
    tokenizer = registry.tokenizers.get("spacy.zh.ChineseTokenizer")
    assert callable(tokenizer(segmenter="char"))
    with pytest.raises(ConfigError, match=r"nlp\.tokenizer\.segmenter"):
        tokenizer(segmenter="pkuseg")


def test_spacys_names_of_suggesters_and_layers_of_spans() -> None:
    for name in ("ngram_suggester", "ngram_range_suggester", "preset_spans_suggester"):
        assert registry.misc.get(f"spacy.{name}.v1") is registry.misc.get(f"spanloom.{name}.v1")
    layers = registry.resolve({"it": {"@layers": "spacy.mean_max_reducer.v1", "hidden_size": 3}})
    assert layers["it"].name
