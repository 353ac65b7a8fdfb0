"""Configs as written for spaCy resolve and train.

The excerpts are those of spaCy's guide on embeddings that concern core. Where they name the entity
recognizer, the tagger takes its place until core has one; then they are tested as written too.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import spanloom
from spanloom import Pipeline, registry
from spanloom.config import check_config, fill_config, parse_config, resolve_section
from spanloom.errors import SpanloomError

SHARED = """
[components.tok2vec]
factory = "tok2vec"

[components.tok2vec.model]
@architectures = "spacy.Tok2Vec.v2"

[components.tok2vec.model.embed]
@architectures = "spacy.MultiHashEmbed.v1"

[components.tok2vec.model.encode]
@architectures = "spacy.MaxoutWindowEncoder.v2"

[components.ner]
factory = "ner"

[components.ner.model]
@architectures = "spacy.TransitionBasedParser.v1"

[components.ner.model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
"""

INDEPENDENT = """
[components.ner]
factory = "ner"

[components.ner.model]
@architectures = "spacy.TransitionBasedParser.v1"

[components.ner.model.tok2vec]
@architectures = "spacy.Tok2Vec.v2"

[components.ner.model.tok2vec.embed]
@architectures = "spacy.MultiHashEmbed.v1"

[components.ner.model.tok2vec.encode]
@architectures = "spacy.MaxoutWindowEncoder.v2"
"""

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
    if name == "ner" and not registry.has("factories", "ner"):
        pytest.skip("waits for the entity recognizer")
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


#: What spaCy writes for a tagger and a morphologizer that share a tok2vec, shortened.
FILLED = """
[paths]
train = null
dev = null
vectors = null
init_tok2vec = null

[system]
gpu_allocator = null
seed = 0

[nlp]
lang = "en"
pipeline = ["tok2vec","tagger","morphologizer","senter"]
batch_size = 1000
disabled = []
before_creation = null
after_creation = null
after_pipeline_creation = null
tokenizer = {"@tokenizers":"spacy.Tokenizer.v1"}
vectors = {"@vectors":"spacy.Vectors.v1"}

[components]

[components.tok2vec]
factory = "tok2vec"

[components.tok2vec.model]
@architectures = "spacy.Tok2Vec.v2"

[components.tok2vec.model.embed]
@architectures = "spacy.MultiHashEmbed.v2"
width = ${components.tok2vec.model.encode.width}
attrs = ["NORM","PREFIX","SUFFIX","SHAPE"]
rows = [500,100,250,250]
include_static_vectors = false

[components.tok2vec.model.encode]
@architectures = "spacy.MaxoutWindowEncoder.v2"
width = 16
depth = 1
window_size = 1
maxout_pieces = 3

[components.tagger]
factory = "tagger"
label_smoothing = 0.0
neg_prefix = "!"
overwrite = false
scorer = {"@scorers":"spacy.tagger_scorer.v1"}

[components.tagger.model]
@architectures = "spacy.Tagger.v2"
nO = null
normalize = false

[components.tagger.model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
width = ${components.tok2vec.model.encode.width}
upstream = "*"

[components.morphologizer]
factory = "morphologizer"
extend = false
label_smoothing = 0.0
overwrite = true
scorer = {"@scorers":"spacy.morphologizer_scorer.v1"}

[components.morphologizer.model]
@architectures = "spacy.Tagger.v2"
nO = null
normalize = false

[components.morphologizer.model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
width = ${components.tok2vec.model.encode.width}
upstream = "*"

[components.senter]
factory = "senter"
overwrite = false
scorer = {"@scorers":"spacy.senter_scorer.v1"}

[components.senter.model]
@architectures = "spacy.Tagger.v2"
nO = null
normalize = false

[components.senter.model.tok2vec]
@architectures = "spacy.Tok2Vec.v2"

[components.senter.model.tok2vec.embed]
@architectures = "spacy.MultiHashEmbed.v2"
width = 12
attrs = ["NORM","PREFIX","SUFFIX","SHAPE","SPACY"]
rows = [200,50,50,50,50]
include_static_vectors = false

[components.senter.model.tok2vec.encode]
@architectures = "spacy.MaxoutWindowEncoder.v2"
width = 12
depth = 1
window_size = 1
maxout_pieces = 2

[corpora]

[corpora.dev]
@readers = "spacy.Corpus.v1"
path = ${paths.dev}
max_length = 0
gold_preproc = false
limit = 0
augmenter = null

[corpora.train]
@readers = "spacy.Corpus.v1"
path = ${paths.train}
max_length = 0
gold_preproc = false
limit = 0
augmenter = null

[training]
dev_corpus = "corpora.dev"
train_corpus = "corpora.train"
seed = ${system.seed}
gpu_allocator = ${system.gpu_allocator}
dropout = 0.1
accumulate_gradient = 1
patience = 1600
max_epochs = 0
max_steps = 20000
eval_frequency = 200
frozen_components = []
annotating_components = []
before_to_disk = null
before_update = null

[training.batcher]
@batchers = "spacy.batch_by_words.v1"
discard_oversize = false
tolerance = 0.2
get_length = null

[training.batcher.size]
@schedules = "compounding.v1"
start = 100
stop = 1000
compound = 1.001
t = 0.0

[training.logger]
@loggers = "spacy.ConsoleLogger.v1"
progress_bar = false

[training.optimizer]
@optimizers = "Adam.v1"
beta1 = 0.9
beta2 = 0.999
L2_is_weight_decay = true
L2 = 0.01
grad_clip = 1.0
use_averages = false
eps = 0.00000001
learn_rate = 0.001

[training.score_weights]
tag_acc = 0.5
pos_acc = 0.25
morph_acc = 0.25
morph_per_feat = null
sents_f = 0.0

[pretraining]

[initialize]
vectors = ${paths.vectors}
init_tok2vec = ${paths.init_tok2vec}
vocab_data = null
lookups = null
before_init = null
after_init = null

[initialize.components]

[initialize.components.tagger]

[initialize.components.tagger.labels]
@readers = "spacy.read_labels.v1"
path = "no/such/labels.json"
require = false

[initialize.tokenizer]
"""


def test_a_whole_config_of_spacy_trains_as_written(tmp_path: Path, data: dict[str, str]) -> None:
    path = tmp_path / "config.cfg"
    path.write_text(FILLED, "utf8")
    filled = tmp_path / "filled.cfg"
    from spanloom.config import load_config

    config = load_config(path)
    check_config(config)
    filled.write_text(fill_config(config).to_str(interpolate=False), "utf8")
    result = spanloom.train(filled, tmp_path / "out", overrides=data, quiet=True)
    assert result.best is not None
    nlp: Pipeline = spanloom.load(result.best)
    assert nlp.pipe_names == ["tok2vec", "tagger", "morphologizer", "senter"]
