"""Formats of several packages, from one into the other; configs of components of several."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from spanloom import Doc, Vocab
from spanloom.cli.main import cli
from spanloom.config import init_config
from spanloom.corpora.corpus import Corpus, read_docs
from spanloom.corpora.writing import writer_for
from spanloom.errors import DataError
from spanloom.pipeline.build import blank
from spanloom_devkit.schema import config_schema


def entities(docs: list[Doc]) -> list[list[tuple[str, str]]]:
    return [[(ent.text, ent.label_) for ent in doc.ents] for doc in docs]


@pytest.fixture
def docs() -> list[Doc]:
    words = ["Ann", "met", "Bob", "in", "New", "York", "."]
    ents = ["B-PER", "O", "B-PER", "O", "B-LOC", "I-LOC", "O"]
    return [Doc(Vocab("en"), words=words, ents=ents), Doc(Vocab("en"), words=words[::-1])]


def test_convert_from_package_to_package_and_back(docs: list[Doc], tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    writer_for(source)(source, docs)
    for step in ("b.spacy", "c.parquet", "d.loom", "e.spacy", "f.arrow", "g.jsonl.gz"):
        arguments = ["convert", str(source), str(tmp_path / step), "-l", "en"]
        result = CliRunner().invoke(cli, arguments)
        assert result.exit_code == 0 and "2 documents, 14 tokens" in result.output, result.output
        source = tmp_path / step
    last = list(read_docs(source, Vocab("en")))
    assert [doc.words for doc in last] == [doc.words for doc in docs]
    assert entities(last) == entities(docs)
    assert [doc.has_annotation("ENT_IOB") for doc in last] == [True, False]


def test_a_folder_of_several_formats_is_one_corpus(docs: list[Doc], tmp_path: Path) -> None:
    names = ["a.spacy", "b.conllu", "c.loom"]
    for name in names:
        writer_for(name)(tmp_path / name, docs)
    assert len(list(Corpus(tmp_path)(blank("en")))) == len(docs) * len(names)
    with pytest.raises(DataError, match="can't be written"):
        writer_for("a.spacy.gz")


def test_the_schema_takes_a_config_of_all_components() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    check = jsonschema.Draft202012Validator(config_schema())
    config = init_config("en", ["tagger", "morphologizer", "senter", "ner", "parser", "textcat"])
    config["paths"].update(train="train.spacy", dev="dev.spacy")
    assert list(check.iter_errors(json.loads(json.dumps(config)))) == []
    config["components"]["ner"]["moves"] = 1.5
    assert not check.is_valid(json.loads(json.dumps(config)))
