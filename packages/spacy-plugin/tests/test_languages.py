"""Languages by the rules of an installed spaCy, in files that work without it."""

from __future__ import annotations

import importlib
import json
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

import spanloom
from spanloom import Vocab
from spanloom.errors import DataError, MissingFileError, PackageError, SerializationError
from spanloom_spacy.cli.languages import import_command, list_command
from spanloom_spacy.importing import import_language
from spanloom_spacy.languages import FORMAT, digest_of
from spanloom_spacy.vocabulary import NormedTokenizer

needs_spacy = pytest.mark.skipif(find_spec("spacy") is None, reason="needs spaCy")

DATA = {
    "format": FORMAT,
    "code": "de",
    "spacy": "3.8.0",
    "direction": "ltr",
    "tokenizer": {
        "prefix": r"^[(\"]",
        "suffix": r"[.!)\"]$",
        "infix": r"(?<=\w)/(?=\w)",
        "token": None,
        "url": None,
        "special_cases": {"z.B.": [["z.", "zum"], ["B.", "Beispiel"]]},
        "whole_pictures": False,
        "cases_inside": False,
    },
    "stop_words": ["und", "der"],
    "numbers": {
        "words": ["zwölf", "elf"],
        "suffixes": ["ster"],
        "fold": True,
        "digits": True,
        "signs": False,
    },
    "norms": {"daß": "dass"},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of languages, which has none yet."""
    monkeypatch.setenv("SPANLOOM_LANGUAGES", str(tmp_path / "it"))
    (tmp_path / "it").mkdir()
    return tmp_path / "it"


def write(folder: Path) -> Path:
    path = folder / "de.json"
    path.write_text(json.dumps({**DATA, "sha256": digest_of(DATA)}), "utf8")
    return path


def test_a_language_that_was_imported_works_without_spacy(folder: Path) -> None:
    write(folder)
    doc = spanloom.blank("de")("(z.B. Zwölf und +3 am 21ster 3.000, daß Aus/Ein!")
    assert doc.words[:4] == ["(", "z.", "B.", "Zwölf"]
    assert doc.words[-4:] == ["Aus", "/", "Ein", "!"]
    assert doc[1].norm_ == "zum"
    assert [token.text for token in doc if token.like_num] == ["Zwölf", "21ster", "3.000,"]
    assert [token.text for token in doc if token.is_stop] == ["und"]
    assert [token.norm_ for token in doc if token.text == "daß"] == ["dass"]
    assert "spacy" not in sys.modules or find_spec("spacy")


def test_its_saved_pipeline_works_where_the_file_is_not(folder: Path, tmp_path: Path) -> None:
    path = write(folder)
    spanloom.blank("de").to_disk(tmp_path / "saved")
    path.unlink()
    assert spanloom.load(tmp_path / "saved")("z.B.").words == ["z.", "B."]


@pytest.mark.usefixtures("folder")
def test_a_language_that_is_not_there_says_what_to_do() -> None:
    with pytest.raises(MissingFileError, match="spanloom languages import de") as told:
        spanloom.blank("de")
    assert "'xx'" in str(told.value)


def test_a_damaged_file_is_an_error_of_ours(folder: Path) -> None:
    path = write(folder)
    path.write_text(path.read_text("utf8").replace("der", "die"), "utf8")
    with pytest.raises(SerializationError, match="digest"):
        spanloom.blank("de")


def test_pipelines_of_spacy_take_its_stop_words_and_numbers(folder: Path) -> None:
    write(folder)
    tokenizer = NormedTokenizer(Vocab("de"))
    doc = tokenizer("elf und was")
    assert [token.like_num for token in doc] == [True, False, False]
    assert [token.is_stop for token in doc] == [False, True, False]


@pytest.mark.skipif(find_spec("spacy") is not None, reason="spaCy is there")
def test_without_spacy_nothing_is_imported(folder: Path) -> None:
    with pytest.raises(PackageError, match="pip install spacy"):
        import_language("de", folder)


@needs_spacy
@pytest.mark.parametrize("code", ["de", "fr", "fi", "tr", "ko", "he"])
def test_tokens_are_those_of_spacy(code: str, folder: Path) -> None:
    spacy_util = importlib.import_module("spacy.util")
    assert CliRunner().invoke(import_command, [code]).exit_code == 0
    assert code in CliRunner().invoke(list_command).output
    settings = {"nlp": {"tokenizer": {"@tokenizers": "spacy.Tokenizer.v1"}}}
    theirs = spacy_util.get_lang_class(code).from_config(settings)
    ours = spanloom.blank(code)
    texts = list(importlib.import_module(f"spacy.lang.{code}.examples").sentences)
    cases = list(theirs.tokenizer.rules)
    texts += [f"({case}), x{case}." for case in cases[:: len(cases) // 200 + 1]]
    for text in texts:
        mine, other = ours(text), theirs(text)
        assert mine.words == [token.text for token in other], text
        assert [token.is_stop for token in mine] == [token.is_stop for token in other], text
        if code != "ko":  # there, a character that is a number makes any word one
            assert [t.like_num for t in mine] == [t.like_num for t in other], text


@needs_spacy
def test_a_language_that_spacy_has_not_is_an_error_with_near_names(folder: Path) -> None:
    with pytest.raises(DataError, match="Near it: de"):
        import_language("dee", folder)
