"""Calls as users of spaCy write them: each works, or says why not."""

from __future__ import annotations

import math
import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

import spanloom
from spanloom import Doc, Example, Pipeline
from spanloom.errors import DataError, PipelineError, UnknownNameError
from spanloom.tokens.storage.docfile import write_docs

from .support import config_for, run


def tagger() -> tuple[Pipeline, list[Example]]:
    nlp = spanloom.blank("en")
    nlp.add_pipe("tagger")
    rows = [
        Example.from_dict(nlp.make_doc(f"{name} sleeps"), {"tags": ["N", "V"]})
        for name in ("Ann", "Bob", "Eva")
    ]
    return nlp, rows


def two() -> Pipeline:
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("sentencizer", name="other")
    return nlp


# -- learning


def test_update_without_an_optimizer_learns_with_one_of_its_own() -> None:
    nlp, rows = tagger()
    nlp.initialize(lambda: rows)
    losses = [nlp.update(rows)["tagger"] for _ in range(30)]
    assert losses[-1] < losses[0] / 2


def test_a_loaded_pipeline_learns_without_an_optimizer_too(tmp_path: Path) -> None:
    nlp, rows = tagger()
    nlp.initialize(lambda: rows)
    nlp.to_disk(tmp_path / "m")
    again = spanloom.load(tmp_path / "m")
    assert again.update(rows)["tagger"] > again.update(rows)["tagger"]


def test_gradients_are_only_added_up_where_that_is_asked_for() -> None:
    nlp, rows = tagger()
    optimizer = nlp.initialize(lambda: rows)
    before = nlp.to_bytes()
    nlp.update(rows, sgd=False)
    assert nlp.to_bytes() == before
    nlp.finish_update(optimizer)
    assert nlp.to_bytes() != before


# -- components that don't run


def test_select_pipes_disables_at_once_and_restores() -> None:
    nlp = two()
    off = nlp.select_pipes(disable="other")
    assert off == ["other"] and nlp.pipe_names == ["sentencizer"]
    nlp.add_pipe("sentencizer", name="third")
    off.restore()
    assert nlp.pipe_names == ["sentencizer", "other", "third"]
    nlp.disable_pipe("other")
    off.restore()  # a second time is nothing
    assert nlp.pipe_names == ["sentencizer", "third"]
    with pytest.raises(PipelineError, match="nosuch"):
        nlp.select_pipes(disable="nosuch")


@pytest.mark.lengthy
def test_one_name_as_a_string_is_that_name(tmp_path: Path) -> None:
    nlp = two()
    nlp.to_disk(tmp_path / "m")
    calls: list[Callable[..., Pipeline]] = [
        lambda **kind: spanloom.load(tmp_path / "m", **kind),
        lambda **kind: Pipeline.from_config(nlp.config, **kind),
    ]
    for call in calls:
        assert call(disable="other").disabled == ["other"]
        assert call(enable="other").pipe_names == ["other"]
        assert call(exclude="other").component_names == ["sentencizer"]
    assert len(list(nlp("One. Two.", disable="other").sents)) == 2
    doc = next(nlp.pipe(["One. Two."], disable="sentencizer"))
    assert len(list(doc.sents)) == 2
    nlp.to_disk(tmp_path / "n", exclude="vocab")
    assert not (tmp_path / "n" / "vocab").exists()
    tags, rows = tagger()
    tags.initialize(lambda: rows)
    before = tags.to_bytes()
    tags.update(rows, exclude="tagger")
    assert tags.to_bytes() == before
    tags.initialize(lambda: rows, keep="tagger")
    assert tags.to_bytes() == before


# -- components that can't run


@pytest.mark.parametrize("name", ["tagger", "morphologizer", "senter"])
def test_a_component_without_weights_says_so(name: str) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe(name)
    rows = [Example(nlp.make_doc("a"), nlp.make_doc("a"))]
    calls: Iterable[Callable[[], Any]] = (
        lambda: nlp("a"),
        lambda: list(nlp.pipe(["a"])),
        lambda: nlp.get_pipe(name)(nlp.make_doc("a")),
        lambda: list(nlp.get_pipe(name).pipe([nlp.make_doc("a")])),
        lambda: nlp.update(rows),
        lambda: nlp.evaluate(rows),
    )
    for call in calls:
        with pytest.raises(PipelineError, match=rf"'{name}' isn't initialized.*initialize\(\)"):
            call()


def test_the_encoder_that_has_no_weights_is_named() -> None:
    nlp, rows = tagger()
    nlp = spanloom.Pipeline.from_config(spanloom.config.init_config("en", ["tagger"]))
    with pytest.raises(PipelineError, match="'tok2vec' isn't initialized"):
        nlp("a")
    with pytest.raises(PipelineError, match="'tok2vec' isn't initialized"):
        nlp.update(rows)


@pytest.mark.parametrize("what", [lambda doc: doc, {"a": 1}, None, ["tagger"]])
def test_add_pipe_of_what_is_no_name_says_how_to_register_it(what: Any) -> None:
    with pytest.raises(UnknownNameError, match=r"Pipeline\.component"):
        spanloom.blank("en").add_pipe(what)
    with pytest.raises(UnknownNameError):
        spanloom.registry.factories.get(what)


# -- texts


NO_TEXTS: list[Any] = [None, math.nan, b"bytes", ["a"], 7]


@pytest.mark.parametrize("odd", NO_TEXTS)
def test_what_is_no_text_is_named_with_its_number(odd: Any) -> None:
    nlp = two()
    with pytest.raises(DataError, match=f"text 1: .* not {type(odd).__name__}"):
        list(nlp.pipe(["a", odd, "b"]))
    seen: list[tuple[str, str]] = []
    nlp.set_error_handler(lambda name, _, docs, error: seen.append((name, str(error))))
    assert [doc.text for doc in nlp.pipe(["a", odd, "b"])] == ["a", "b"]
    pairs = [("a", 1), (odd, 2), "no pair", ("b", 4)]
    assert [each for _, each in nlp.pipe(pairs, as_tuples=True)] == [1, 4]
    assert [name for name, _ in seen] == ["tokenizer"] * 3
    assert "text 1" in seen[1][1] and "text 2" in seen[2][1] and "pair" in seen[2][1]


@pytest.mark.lengthy
def test_what_is_no_text_is_named_with_its_number_in_processes_too() -> None:
    nlp = two()
    with pytest.raises(DataError, match="text 1: .* not float"):
        list(nlp.pipe(["a", math.nan, "b"], n_process=2))
    seen: list[tuple[str, str]] = []
    nlp.set_error_handler(lambda name, _, docs, error: seen.append((name, str(error))))
    assert [doc.text for doc in nlp.pipe(["a", *NO_TEXTS, "b"], n_process=2)] == ["a", "b"]
    expected = [(i, type(odd).__name__) for i, odd in enumerate(NO_TEXTS, 1)]
    assert len(seen) == len(expected)
    for (name, said), (i, kind) in zip(seen, expected, strict=True):
        assert name == "tokenizer" and f"text {i}: " in said and f"not {kind}" in said


@pytest.mark.lengthy
@pytest.mark.parametrize("count", [1, 2])
def test_documents_come_out_while_the_next_text_is_waited_for(count: int) -> None:
    texts: queue.Queue[str | None] = queue.Queue()
    out: queue.Queue[str] = queue.Queue()

    def annotate() -> None:
        nlp = two()
        for doc in nlp.pipe(iter(texts.get, None), batch_size=1, n_process=count):
            out.put(doc.text)

    thread = threading.Thread(target=annotate, daemon=True)
    thread.start()
    for text in ("one", "two"):
        texts.put(text)
        assert out.get(timeout=60) == text
    for text in ("three", "four", "five"):  # several at once, then none
        texts.put(text)
    assert [out.get(timeout=60) for _ in range(3)] == ["three", "four", "five"]
    texts.put(None)
    thread.join(60)
    assert not thread.is_alive()


# -- the config


def test_what_is_set_in_the_config_is_kept_and_saved(tmp_path: Path) -> None:
    nlp = two()
    nlp.config["training"]["patience"] = 5
    nlp.config["paths"]["train"] = "rows.conllu"
    assert nlp.config["training"]["patience"] == 5
    nlp.to_disk(tmp_path / "m")
    again = spanloom.load(tmp_path / "m")
    assert again.config["training"]["patience"] == 5
    assert again.config.interpolate()["corpora"]["train"]["path"] == "rows.conllu"
    assert spanloom.blank("en").config["training"]["patience"] != 5  # defaults aren't shared
    assert pickle.loads(pickle.dumps(nlp)).config == nlp.config  # noqa: S301


def test_what_follows_from_the_pipeline_says_how_to_change_it() -> None:
    nlp = two()
    config = nlp.config
    for change in (
        lambda: config["nlp"].update(lang="de"),
        lambda: config["nlp"].pop("lang"),
        lambda: config["components"]["sentencizer"].__setitem__("overwrite", True),
        lambda: config["nlp"].__setitem__("batch_size", 3),
    ):
        with pytest.raises(PipelineError, match=r"config\.copy\(\)"):
            change()
    changed = nlp.config.copy()
    changed["nlp"]["batch_size"] = 3
    assert Pipeline.from_config(changed).batch_size == 3 and nlp.batch_size != 3


@pytest.mark.lengthy
def test_a_saved_config_keeps_its_references(tmp_path: Path) -> None:
    config = spanloom.config.init_config("en", ["tagger"])
    config["system"]["seed"] = 3
    config["sizes"] = {"width": 32}
    config["components"]["tok2vec"]["model"]["encode"]["width"] = "${sizes.width}"
    nlp = Pipeline.from_config(config)
    nlp.to_disk(tmp_path / "m")
    text = (tmp_path / "m" / "config.cfg").read_text()
    assert "path = ${paths.train}" in text and "seed = ${system.seed}" in text
    assert "width = ${sizes.width}" in text and "${components" not in text
    assert Pipeline.from_config(spanloom.config.load_config(tmp_path / "m" / "config.cfg"))
    again = spanloom.load(tmp_path / "m", config={"paths.train": "new.conllu"})
    assert again.config.interpolate()["corpora"]["train"]["path"] == "new.conllu"
    again.to_disk(tmp_path / "n")
    assert "path = ${paths.train}" in (tmp_path / "n" / "config.cfg").read_text()
    assert "${paths.train}" in text and nlp.from_bytes(nlp.to_bytes())


def test_a_path_that_no_setting_uses_is_worth_a_warning(
    tmp_path: Path, data: dict[str, str]
) -> None:
    config = config_for(data)
    config["corpora"]["dev"]["path"] = data["paths.dev"]
    with pytest.warns(UserWarning, match=r"--paths\.dev has no effect"):
        spanloom.train(config, overrides={"paths.dev": data["paths.dev"]}, quiet=True)


@pytest.mark.lengthy
def test_training_again_from_a_saved_config_reads_the_new_file(
    tmp_path: Path, data: dict[str, str]
) -> None:
    spanloom.train(config_for(data), tmp_path / "one", quiet=True)
    nlp = spanloom.blank("en")
    rows = [Doc(nlp.vocab, words=["a", "b"], tags=["NEW", "NEW"])]
    write_docs(tmp_path / "new.loom", rows)
    new = {f"paths.{part}": str(tmp_path / "new.loom") for part in ("train", "dev")}
    saved = tmp_path / "one" / "model-last" / "config.cfg"
    result = spanloom.train(saved, tmp_path / "two", overrides=new, quiet=True)
    assert result.nlp.get_pipe("tagger").labels == ("NEW",)


# -- wrong arguments


def test_links_are_used_and_written() -> None:
    nlp = spanloom.blank("en")
    gold = {
        "entities": [(7, 13, "LOC"), (18, 22, "LOC")],
        "links": {(7, 13): {"Q1": 0.0, "Q64": 1.0}, (18, 22): {"Q2": 0.0}},
    }
    example = Example.from_dict(nlp.make_doc("I like Berlin and Rome"), gold)
    assert [ent.kb_id_ for ent in example.reference.ents] == ["Q64", ""]
    again = Example.from_dict(nlp.make_doc("I like Berlin and Rome"), example.to_dict())
    assert [ent.kb_id_ for ent in again.reference.ents] == ["Q64", ""]
    with pytest.raises(DataError, match="2 to 6, which are no entity"):
        Example.from_dict(nlp.make_doc("I like Berlin"), {"links": {(2, 6): {"Q1": 1.0}}})


@pytest.mark.parametrize("spans", [[(0, 1, "A")], {"sc": [1, 2]}, {"sc": ["ab"]}, "sc"])
def test_spans_of_another_form_are_named(spans: Any) -> None:
    nlp = spanloom.blank("en")
    with pytest.raises(DataError, match="span"):
        Example.from_dict(nlp.make_doc("a b"), {"spans": spans})


def test_what_is_no_vocab_is_refused() -> None:
    with pytest.raises(PipelineError, match="vocab"):
        spanloom.blank("en", vocab=False)  # type: ignore[arg-type]


def test_merging_nothing_is_an_error_and_the_document_stays() -> None:
    doc = spanloom.blank("en")("a b c")
    with pytest.raises(DataError, match="without tokens"), doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2])
        retokenizer.merge(doc[1:1])
    assert [token.text for token in doc] == ["a", "b", "c"]


def test_similarity_without_vectors_warns() -> None:
    nlp = spanloom.blank("en")
    for one in (nlp("apple"), nlp("apple")[0], nlp("apple")[0:1]):
        with pytest.warns(UserWarning, match="no vectors"):
            assert one.similarity(nlp("pear")) == 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for one in (nlp("apple"), nlp("apple")[0], nlp("apple")[0:1], nlp.vocab["apple"]):
            assert one.similarity(nlp("apple")) == 1.0 == one.similarity(nlp("an apple")[1])


@pytest.mark.parametrize("name", ["a.b", "a/b", "..", "a\\b", "a:b", "${a}", "vocab", "tokenizer"])
def test_a_name_that_is_no_section_and_no_folder_is_refused(name: str) -> None:
    nlp = two()
    for call in (
        lambda: nlp.add_pipe("sentencizer", name=name),
        lambda: nlp.rename_pipe("other", name),
        lambda: Pipeline.component(name),
        lambda: Pipeline.factory(name),
    ):
        with pytest.raises(PipelineError, match="not permitted"):
            call()
    assert nlp.pipe_names == ["sentencizer", "other"]


def test_a_number_of_documents_below_zero_is_refused(tmp_path: Path, data: dict[str, str]) -> None:
    two().to_disk(tmp_path / "m")
    told = run("evaluate", tmp_path / "m", data["paths.dev"], "--limit", "-3", code=2).output
    assert "--limit" in told


# -- between components


@Pipeline.component("test_merges_in_place")
def merges_in_place(doc: Doc) -> Doc:
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2])
    return doc


@pytest.mark.lengthy
def test_tokens_that_change_between_an_encoder_and_its_head_are_encoded_anew() -> None:
    nlp = Pipeline.from_config(spanloom.config.init_config("en", ["tagger"]))
    texts = ["One Two. Three Four", "a b c d e f", "red dog runs"]
    gold = [{"tags": [f"T{i % 3}" for i in range(len(nlp.make_doc(text)))]} for text in texts]
    rows = [Example.from_dict(nlp.make_doc(text), tags) for text, tags in zip(texts, gold)]
    nlp.initialize(lambda: rows)
    for _ in range(30):
        nlp.update(rows)
    tagger = nlp.get_pipe("tagger")
    expected = [tagger(merges_in_place(nlp.make_doc(text))) for text in texts]
    nlp.add_pipe("test_merges_in_place", before="tagger")
    found = [nlp(text) for text in texts]
    together = list(nlp.pipe(texts))
    for docs in (found, together):
        assert [[t.tag_ for t in doc] for doc in docs] == [[t.tag_ for t in d] for d in expected]


def test_what_killed_processes_left_in_the_temporary_folder_is_cleared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    for name in (f"spanloom-workers-{dead}-abc", f"spanloom-workers-{os.getpid()}-abc", "mine"):
        (tmp_path / name).mkdir()
    assert [doc.text for doc in two().pipe(["a"], n_process=2)] == ["a"]
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["mine", f"spanloom-workers-{os.getpid()}-abc"]


def test_loading_what_is_no_name() -> None:
    with pytest.raises(PipelineError, match="name, folder or bytes of a pipeline, not None"):
        spanloom.load(None)  # type: ignore[arg-type]
