"""Every loader of the plugin packages with damaged data: vectors, rules, spaCy's pipelines,
transformers, weights, raw text, and wheels. See :mod:`fuzzing`."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spanloom
from spanloom import Doc, Example, Pipeline
from spanloom.config import init_config
from spanloom_hub import package
from spanloom_hub.archive import Archive
from spanloom_hub.installing import unmet
from spanloom_pretrain.corpus import jsonl_corpus
from spanloom_pretrain.weights import apply_weights, encoder_bytes, find_encoder
from spanloom_rules.lemmas.lookups import Lookups
from spanloom_vectors import Subwords, Table, open_vectors, read_vectors, write_vectors
from spanloom_vectors.build import Source

from .fuzzing import FUZZ, damage, damaged, survives

Harm = Callable[[bytes], bytes]

# -- vectors

WORDS = ["the", "größe", "東京", "'s", "1.5", "dog"]
FILES = ["a.txt", "a.vec", "a.glove", "a.bin", "a.w2v", "a.floret", "a.npz", "a.safetensors"]
FILES += ["a.wlv", "a.txt.gz", "a.bin.gz", "a.vec.bz2", "a.vec.xz", "a.zip"]
KINDS = {"a.w2v": "word2vec-binary"}


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("vectors")
    rows = np.random.default_rng(0).normal(size=(len(WORDS), 4)).astype(np.float32)
    table = Table.from_arrays(WORDS, rows)
    source = Source(4, (), subwords=Subwords("floret", 8, 1, 2), buckets=np.ones((8, 4)))
    for name in FILES[:-1]:
        chosen = Table.from_source(source) if name.endswith(".floret") else table
        write_vectors(folder / name, chosen, format=KINDS.get(name))
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(folder / "a.vec", "a.vec")
    return {name: (folder / name).read_bytes() for name in FILES}


def _used(table: Table) -> None:
    list(table.words)
    table.vectors_for(["the", "dogs", "東京"])
    if table.kind != "floret":
        table.most_similar(np.ones(table.shape[1], "f"))
    table.verify()


@pytest.mark.parametrize("name", FILES)
@given(
    harm=damage(), inside=st.booleans(), forced=st.sampled_from([None, None, "word2vec", "glove"])
)
@FUZZ
def test_files_of_vectors(
    tmp_path: Path, vectors: dict[str, bytes], name: str, harm: Harm, inside: bool, forced: Any
) -> None:
    data = vectors[name]
    packed = name.endswith(".gz") and inside
    changed = gzip.compress(harm(gzip.decompress(data))) if packed else harm(data)
    path = tmp_path / name
    path.write_bytes(changed)
    survives(lambda: _used(open_vectors(path)), len(changed))
    survives(lambda: _used(read_vectors(path, format=forced, policy="error")), len(changed))
    survives(lambda: read_vectors(path, encoding="cp1252"), len(changed))


@given(data=st.data(), harm=damage())
@FUZZ
def test_folders_of_vectors(
    tmp_path_factory: pytest.TempPathFactory, vectors: dict[str, bytes], data: Any, harm: Harm
) -> None:
    folder = tmp_path_factory.mktemp("folder")
    rows = np.random.default_rng(0).normal(size=(len(WORDS), 4)).astype(np.float32)
    write_vectors(folder / "spacy", Table.from_arrays(WORDS, rows), format="spacy")
    with damaged(one_of(data, folder), harm):
        survives(lambda: _used(open_vectors(folder / "spacy")), all_of(folder))
        survives(lambda: _used(read_vectors(folder / "spacy")), all_of(folder))


def one_of(data: Any, folder: Path) -> Path:
    """A file in a folder, or below."""
    found: Path = data.draw(st.sampled_from(sorted(p for p in folder.rglob("*") if p.is_file())))
    return found


def all_of(folder: Path) -> int:
    """The size of a folder, in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# -- rules

PATTERNS = [
    {"label": "ORG", "pattern": "Apple"},
    {
        "label": "GPE",
        "pattern": [{"LOWER": "san", "OP": "+"}, {"TEXT": {"REGEX": "^F"}}],
        "id": "s",
    },
    {"label": "X", "pattern": [{"LENGTH": {">=": 3}}, {"OP": "{1,2}", "LOWER": {"IN": ["a"]}}]},
]


def _annotated(name: str, config: dict[str, Any], read: Callable[[Any], Any]) -> None:
    nlp = spanloom.blank("en")
    read(nlp.add_pipe(name, config=config))
    nlp("Who is in San Francisco, at Apple?")


def lookups() -> Lookups:
    tables = Lookups()
    tables.add_table("lemma_lookup", {"going": "go", "went": "go"})
    tables.add_table("lemma_rules", {"verb": [["ing", ""], ["s", ""]]})
    tables.add_table("lemma_index", {"verb": ["go"]})
    tables.add_table("lemma_exc", {"verb": {"went": ["go"]}})
    return tables


def made(name: str) -> Any:
    nlp = spanloom.blank("en")
    rule = nlp.add_pipe(name, config=CONFIGS.get(name, {}))
    if name == "lemmatizer":
        rule.initialize(lookups=lookups())
    elif name == "attribute_ruler":
        rule.add([[{"ORTH": "Who"}]], {"POS": "PRON", "MORPH": "Case=Nom"})
    else:
        rule.add_patterns(PATTERNS)
    return rule


CONFIGS = {"lemmatizer": {"mode": "rule"}}
RULES = ["entity_ruler", "span_ruler", "attribute_ruler", "lemmatizer"]


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("rules")
    found = {}
    for name in RULES:
        rule = made(name)
        rule.to_disk(folder / name)
        found[name] = (rule.to_bytes(), folder / name)
    return found


@pytest.mark.parametrize("name", RULES)
@given(data=st.data(), harm=damage())
@FUZZ
def test_rules(ruled: dict[str, Any], name: str, data: Any, harm: Harm) -> None:
    packed, folder = ruled[name]
    config = CONFIGS.get(name, {})
    changed = harm(packed)
    survives(lambda: _annotated(name, config, lambda rule: rule.from_bytes(changed)), len(changed))
    files = [folder] if folder.is_file() else sorted(p for p in folder.rglob("*") if p.is_file())
    with damaged(data.draw(st.sampled_from(files)), harm) as size:
        survives(lambda: _annotated(name, config, lambda rule: rule.from_disk(folder)), size)


@pytest.mark.parametrize("name", ["entity_ruler", "span_ruler"])
@given(harm=damage())
@FUZZ
def test_files_of_patterns(tmp_path: Path, name: str, harm: Harm) -> None:
    lines = "".join(f"{json.dumps(entry)}\n" for entry in PATTERNS)
    path = tmp_path / "patterns.jsonl"
    path.write_bytes(changed := harm(lines.encode("utf8")))
    survives(lambda: _annotated(name, {}, lambda rule: rule.from_disk(path)), len(changed))


@given(harm=damage())
@FUZZ
def test_tables_of_lookups(harm: Harm) -> None:
    changed = harm(lookups().to_bytes())
    survives(lambda: Lookups().from_bytes(changed), len(changed))


# -- pipelines of spaCy's


@pytest.fixture(scope="module")
def spacy_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small pipeline that spaCy 3.8 made for this, as a folder, a wheel and bytes."""
    folder = tmp_path_factory.mktemp("spacy")
    with zipfile.ZipFile(Path(__file__).parent / "data" / "small_spacy.zip") as archive:
        archive.extractall(folder)
    with zipfile.ZipFile(folder / "xx_small-1-py3-none-any.whl", "w") as wheel:
        for path in sorted((folder / "model").rglob("*")):
            if path.is_file():
                wheel.write(path, f"xx_small/xx_small-1/{path.relative_to(folder / 'model')}")
    return folder


@given(data=st.data(), harm=damage())
@FUZZ
def test_folders_of_spacy(spacy_files: Path, data: Any, harm: Harm) -> None:
    folder = spacy_files / "model"
    with damaged(one_of(data, folder), harm):
        survives(lambda: spanloom.load(folder)("Ann went."), all_of(folder))


@given(harm=damage())
@FUZZ
def test_wheels_of_spacy(spacy_files: Path, harm: Harm) -> None:
    path = spacy_files / "xx_small-1-py3-none-any.whl"
    with damaged(path, harm) as size:
        survives(lambda: spanloom.load(path)("Ann went."), size)


@given(harm=damage())
@FUZZ
def test_bytes_of_spacy(spacy_files: Path, harm: Harm) -> None:
    changed = harm((spacy_files / "model.bytes").read_bytes())
    survives(lambda: spanloom.blank("en").from_bytes(changed), len(changed))


def unpacked(folder: Path, package: str, name: str) -> Path:
    """The pipelines in an archive of a package's tests."""
    file = Path(__file__).parents[1] / "packages" / package / "tests" / "data" / name
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def spacy_parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(tmp_path_factory.mktemp("parts"), "spacy-plugin", "saved_parts.tar.xz")


@given(data=st.data(), harm=damage(), name=st.sampled_from(["groups", "trees", "floret"]))
@FUZZ
def test_parts_of_spacy(spacy_parts: Path, data: Any, harm: Harm, name: str) -> None:
    folder = spacy_parts / name
    with damaged(one_of(data, folder), harm):
        survives(lambda: spanloom.load(folder)("Ann Lee sees the dog."), all_of(folder))


@given(data=st.data(), harm=damage(), part=st.sampled_from(["bow2_many", "ensemble1_one"]))
@FUZZ
def test_classifiers_of_spacy(spacy_parts: Path, data: Any, harm: Harm, part: str) -> None:
    folder = spacy_parts / "texts"
    names = json.loads((folder / "meta.json").read_text("utf8"))["pipeline"]
    others = [name for name in names if name != part]
    with damaged(one_of(data, folder / part), harm):
        survives(lambda: spanloom.load(folder, exclude=others)("Ann Lee."), all_of(folder))


# -- transformers


@pytest.fixture(scope="module")
def spacy_transformers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("transformers")
    unpacked(folder, "transformers-plugin", "saved_by_spacy.tar.xz")
    spanloom.load(folder / "bert")  # what it imports takes longer than any damage
    return folder


KINDS_OF_SPACY = ["bert", "roberta", "curated_bert", "curated_roberta"]


@given(data=st.data(), harm=damage(), name=st.sampled_from(KINDS_OF_SPACY), inside=st.booleans())
@FUZZ
def test_transformers_of_spacy(
    spacy_transformers: Path, data: Any, harm: Harm, name: str, inside: bool
) -> None:
    folder = spacy_transformers / name
    file = folder / "transformer" / "model" if inside else one_of(data, folder)
    with damaged(file, harm):
        survives(lambda: spanloom.load(folder)("Ann Lee sees the dog."), all_of(folder))


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model and its tokenizer."""
    pytest.importorskip("torch")
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "Ann", "fly", "##ing"]
    vocab = {word: i for i, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    whole = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]"
    )
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=32,
    )
    folder = tmp_path_factory.mktemp("bert")
    BertModel(config).save_pretrained(str(folder))
    whole.save_pretrained(str(folder))
    return folder


@given(data=st.data(), harm=damage())
@FUZZ
def test_folders_of_transformers(bert: Path, data: Any, harm: Harm) -> None:
    from spanloom_transformers.loading import load_pretrained, restore
    from spanloom_transformers.settings import Settings

    settings = Settings(name=str(bert))
    with damaged(one_of(data, bert), harm):
        survives(lambda: load_pretrained(settings), all_of(bert))
        survives(lambda: restore(bert, settings), all_of(bert))


# -- exported transformers

EXPORTED = Path(__file__).parents[1] / "packages/onnx-plugin/tests/data/exported/transformer/model"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(EXPORTED, tmp_path_factory.mktemp("exported") / "model")


@given(data=st.data(), harm=damage())
@FUZZ
def test_folders_of_exported_transformers(exported: Path, data: Any, harm: Harm) -> None:
    from spanloom_onnx.exported import ExportedEncoder

    ids = np.array([[2, 7, 9, 3], [2, 8, 3, 0]])
    with damaged(one_of(data, exported), harm):
        survives(
            lambda: ExportedEncoder.of_folder(exported).run(ids, (ids > 0).astype(np.int64)),
            all_of(exported),
        )


# -- pretraining


@pytest.fixture(scope="module")
def pretrained() -> tuple[Any, bytes]:
    config = init_config("en", ["tagger"])
    config["components"]["tok2vec"]["model"]["embed"].update(width=8, rows=[10] * 4)
    config["components"]["tok2vec"]["model"]["encode"].update(width=8, depth=1)
    nlp = Pipeline.from_config(config)
    doc = Doc(nlp.vocab, words=["She", "ran"], tags=["PRP", "VBD"])
    nlp.initialize(lambda: [Example(doc.copy(), doc)])
    encoder = find_encoder(nlp, "tok2vec")
    model = nlp.config["components"]["tok2vec"]["model"]
    about = {"component": "tok2vec", "layer": "", "architecture": model}
    return encoder, encoder_bytes(encoder, about)


@given(harm=damage())
@FUZZ
def test_pretrained_weights(pretrained: tuple[Any, bytes], harm: Harm) -> None:
    encoder, data = pretrained
    changed = harm(data)
    survives(lambda: apply_weights(encoder, changed), len(changed))


@pytest.mark.parametrize("name", ["a.jsonl", "a.txt", "a.jsonl.gz"])
@given(harm=damage(), inside=st.booleans(), skip=st.booleans())
@FUZZ
def test_raw_text(tmp_path: Path, name: str, harm: Harm, inside: bool, skip: bool) -> None:
    lines = [{"text": "Ann can't fly. 日本"}, {"tokens": ["one", "two"]}, {"text": "é\u2028x"}]
    data = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode("utf8")
    if name.endswith(".gz"):
        data = gzip.compress(harm(data)) if inside else harm(gzip.compress(data))
    else:
        data = harm(data)
    path = tmp_path / name
    path.write_bytes(data)
    nlp = spanloom.blank("en")
    survives(lambda: list(jsonl_corpus(path, skip_bad_lines=skip).docs(nlp)), len(data))


# -- wheels of ours


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("wheel")
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(folder / "model")
    made = package(folder / "model", folder / "out", name="small", version="1.0.0")
    return next(iter(made.files)), folder / "model"


def _repacked(data: bytes, which: float, harm: Harm) -> bytes:
    """The wheel with damage in one of its files, which is packed anew."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = list(parts)[int(which * (len(parts) - 1))]
    parts[name] = harm(parts[name])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return packed.getvalue()


@given(harm=damage(), inside=st.none() | st.floats(0, 1))
@FUZZ
def test_wheels(
    tmp_path_factory: pytest.TempPathFactory, wheel: tuple[Path, Path], harm: Harm, inside: Any
) -> None:
    path, _ = wheel
    change = harm if inside is None else lambda data: _repacked(data, inside, harm)
    target = tmp_path_factory.mktemp("target") / "fresh"

    def load() -> None:
        archive = Archive.read(path)
        unmet(archive.requires)
        archive.unpack(target)

    with damaged(path, change) as size:
        survives(load, size)
        survives(lambda: spanloom.load(path), size)


@given(data=st.data(), harm=damage())
@FUZZ
def test_what_is_packaged(
    tmp_path_factory: pytest.TempPathFactory, wheel: tuple[Path, Path], data: Any, harm: Harm
) -> None:
    _, folder = wheel
    out = tmp_path_factory.mktemp("out")
    with damaged(one_of(data, folder), harm):
        survives(lambda: package(folder, out, force=True), all_of(folder))
