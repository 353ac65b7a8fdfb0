"""Training: the loop, checkpoints, logs, and what can go wrong."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spanloom
from spanloom import Doc, Pipeline, registry
from spanloom.config import Config
from spanloom.corpora import Corpus
from spanloom.corpora.corpus import corpora
from spanloom.errors import ConfigError, DataError, MissingFileError, SpanloomError, TrainingError
from spanloom.examples.example import Example
from spanloom.tokens.storage.docfile import write_docs
from spanloom.training import History, StepResult, read_settings, train_steps
from spanloom.training.loop import weighted_score
from spanloom.training.run import initialize, use_averages

from .support import config_for, treebank, weights

# -- the whole run


@pytest.mark.lengthy
def test_a_shared_pipeline_learns_is_saved_and_loaded(data: dict[str, str], tmp_path: Path) -> None:
    config = config_for(data, "tagger", "morphologizer", "senter", max_epochs=0)
    config["training"]["max_steps"] = 24
    result = spanloom.train(config, tmp_path / "out", quiet=True)
    history = result.history
    assert [each.step for each in history.evaluations] == [4, 8, 12, 16, 20, 24]
    assert history.best is not None and history.best.score > 0.9
    assert history.evaluations[-1].losses["tagger"] < history.evaluations[0].losses["tagger"]
    assert result.best == tmp_path / "out" / "model-best"
    assert result.last == tmp_path / "out" / "model-last"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "checkpoints",
        "model-best",
        "model-last",
    ]
    best = spanloom.load(result.best)
    scores = best.evaluate(list(Corpus(data["paths.dev"])(best)))
    expected = history.best.scores or {}
    for name in ("tag_acc", "pos_acc", "morph_acc", "sents_f"):
        assert scores[name] == pytest.approx(expected[name])
    assert best.meta["performance"]["tag_acc"] == pytest.approx(expected["tag_acc"])
    assert best.config["training"]["max_steps"] == 24
    doc = best("big dog sleeps .")
    assert [token.tag_ for token in doc] == ["JJ", "NN", "VB", "."]


def test_the_same_seed_gives_the_same_pipeline_and_another_another(data: dict[str, str]) -> None:
    config = config_for(data)
    first, second = (spanloom.train(config, quiet=True) for _ in range(2))
    assert weights(first.nlp) == weights(second.nlp)
    other = spanloom.train(config, overrides={"system.seed": 1}, quiet=True)
    assert weights(other.nlp) != weights(first.nlp)


def test_a_pipeline_goes_on_learning_from_examples(data: dict[str, str]) -> None:
    nlp = spanloom.train(config_for(data), quiet=True).nlp
    before = weights(nlp)
    examples = list(Corpus(data["paths.train"])(nlp))
    result = spanloom.train(nlp, train=examples, dev=examples[:3], quiet=True)
    assert result.nlp is nlp and weights(nlp) != before
    with pytest.raises(TrainingError, match="vocab"):
        spanloom.train(config_for(data), train=examples, quiet=True)


def test_paths_and_functions_as_data(data: dict[str, str]) -> None:
    config = config_for({})
    with pytest.raises(ConfigError, match=r"corpora\.train\.path.*\n.*corpora\.dev\.path"):
        spanloom.train(config, quiet=True)
    result = spanloom.train(
        config, train=data["paths.train"], dev=Corpus(data["paths.dev"]), quiet=True
    )
    assert result.history.evaluations


def test_the_corpus_is_read_once(data: dict[str, str]) -> None:
    reads = []

    def reader(nlp: Pipeline) -> Iterator[Example]:
        reads.append(nlp)
        yield from Corpus(data["paths.train"])(nlp)

    spanloom.train(config_for(data, "tagger", "morphologizer"), train=reader, quiet=True)
    assert len(reads) == 1


# -- the loop


def prepared(config: Config) -> tuple[Pipeline, Any]:
    whole = config.interpolate()
    nlp = Pipeline.from_config(whole)
    settings = read_settings(whole)
    initialize(nlp, whole, settings)
    return nlp, settings


def test_steps_say_what_they_did(data: dict[str, str]) -> None:
    nlp, settings = prepared(config_for(data))
    steps = list(train_steps(nlp, settings))
    assert [each.step for each in steps] == list(range(1, 9))
    assert [each.evaluated for each in steps] == [step % 4 == 0 for step in range(1, 9)]
    assert all(isinstance(each, StepResult) for each in steps)
    assert steps[-1].words > steps[0].words > 0
    assert steps[3].is_best and steps[0].is_best is None
    # Losses add up until an evaluation, then begin again.
    assert steps[2].losses["tagger"] > steps[1].losses["tagger"] > steps[0].losses["tagger"]
    assert steps[4].losses["tagger"] < steps[3].losses["tagger"]


def test_the_last_step_is_always_evaluated(data: dict[str, str]) -> None:
    nlp, settings = prepared(config_for(data))
    settings.max_steps, settings.eval_frequency = 3, 100
    assert [each.evaluated for each in train_steps(nlp, settings)] == [False, False, True]
    settings.max_steps, settings.max_epochs = 0, 2
    steps = list(train_steps(nlp, settings))
    assert {each.epoch for each in steps} == {0, 1} and steps[-1].evaluated


def test_patience_stops_after_steps_without_a_better_score(data: dict[str, str]) -> None:
    nlp, settings = prepared(config_for(data))
    settings.max_steps, settings.eval_frequency, settings.patience = 0, 1, 3
    nlp.evaluate = lambda examples: {"tag_acc": 0.5}  # type: ignore[method-assign]
    assert [each.step for each in train_steps(nlp, settings)][-1] == 4


def test_streaming_reads_the_corpus_in_order_again_and_again(data: dict[str, str]) -> None:
    nlp, settings = prepared(config_for(data))
    settings.max_epochs, settings.max_steps = -1, 7
    seen: list[list[str]] = []
    update = nlp.update
    nlp.update = lambda examples, **kw: (
        seen.append([e.text for e in examples]) or update(examples, **kw)
    )  # type: ignore[method-assign,func-returns-value]
    steps = list(train_steps(nlp, settings))
    epochs = steps[-1].epoch
    assert epochs >= 2
    per_epoch = sum(each.epoch == 0 for each in steps)
    assert seen[0] == seen[per_epoch]


@pytest.mark.parametrize("parts", [2, 3])
def test_accumulated_gradients_equal_one_large_batch(data: dict[str, str], parts: int) -> None:
    found = []
    for accumulate in (1, parts):
        config = config_for(data, "tagger", "senter", dropout=0.0, accumulate_gradient=accumulate)
        config["training"]["max_steps"] = 2
        nlp = spanloom.train(config, quiet=True).nlp
        model = nlp.get_pipe("tok2vec").model
        found.append([node.get_param(name) for node in model.walk() for name in node.param_names])
    for one, several in zip(*found):
        np.testing.assert_allclose(one, several, atol=2e-5)


def test_frozen_components_keep_their_weights(data: dict[str, str]) -> None:
    config = config_for(data, "tagger", "senter", frozen_components=["tok2vec", "senter"])
    nlp, settings = prepared(config)
    before = {name: pipe.model.to_bytes() for name, pipe in nlp.components}
    list(train_steps(nlp, settings))
    changed = {name for name, pipe in nlp.components if pipe.model.to_bytes() != before[name]}
    assert changed == {"tagger"}


@pytest.mark.lengthy
def test_components_of_another_pipeline_keep_their_weights(
    data: dict[str, str], tmp_path: Path
) -> None:
    trained = spanloom.train(config_for(data), tmp_path, quiet=True)
    before = {name: pipe.model.to_bytes() for name, pipe in trained.nlp.components}
    config = config_for(data, "tagger", "senter", frozen_components=["tok2vec", "tagger"])
    for name in ("tok2vec", "tagger"):
        config["components"][name] = {"source": str(trained.last)}
    config["components"]["senter"]["model"]["tok2vec"]["width"] = 16
    config["training"]["score_weights"] = {"sents_f": 1.0}
    nlp = spanloom.train(config, quiet=True).nlp
    assert nlp.pipe_names == ["tok2vec", "tagger", "senter"]
    assert {name: nlp.get_pipe(name).model.to_bytes() for name in before} == before


@pytest.mark.lengthy
def test_averages_are_used_for_scores_and_for_what_is_saved(
    data: dict[str, str], tmp_path: Path
) -> None:
    config = config_for(data)
    config["training"]["optimizer"]["use_averages"] = True
    result = spanloom.train(config, tmp_path, quiet=True)
    assert result.last is not None
    saved = spanloom.load(result.last)
    examples = list(Corpus(data["paths.dev"])(saved))
    last = result.history.evaluations[-1].scores or {}
    assert saved.evaluate(examples)["tag_acc"] == last["tag_acc"]
    # The pipeline that comes back has the averages too.
    assert weights(result.nlp) == weights(saved)
    use_averages(result.nlp, None)


def test_callbacks_are_called(data: dict[str, str], tmp_path: Path) -> None:
    calls: list[Any] = []

    @registry.callbacks("test_training.note.v1")
    def note(what: str) -> Callable[..., Any]:
        def call(nlp: Pipeline, info: Any = None) -> Pipeline:
            calls.append((what, info))
            return nlp

        return call

    try:
        config = config_for(data)
        block = {"@callbacks": "test_training.note.v1"}
        config["training"]["before_update"] = {**block, "what": "update"}
        config["training"]["before_to_disk"] = {**block, "what": "save"}
        config["initialize"]["before_init"] = {**block, "what": "before"}
        config["initialize"]["after_init"] = {**block, "what": "after"}
        config["training"].update(max_steps=2, eval_frequency=2)
        spanloom.train(config, tmp_path, quiet=True)
    finally:
        registry.callbacks.remove("test_training.note.v1")
    assert calls == [
        ("before", None),
        ("after", None),
        ("update", {"step": 1, "epoch": 0}),
        ("update", {"step": 2, "epoch": 0}),
        ("save", None),
    ]


# -- scores


def test_weighted_score() -> None:
    scores = {"a": 0.5, "b": 1.0, "c": None, "d": {"x": 1}, "n": float("nan")}
    assert weighted_score(scores, {"a": 0.5, "b": 0.5, "c": 1.0, "d": None, "n": 1.0}) == 0.75
    with pytest.raises(TrainingError, match="'e'.*Available scores: a, b, c"):
        weighted_score(scores, {"e": 1.0})
    with pytest.raises(TrainingError, match="isn't a number"):
        weighted_score(scores, {"d": 1.0})
    with pytest.raises(TrainingError, match="no annotation to measure"):
        weighted_score(scores, {"c": 1.0, "n": 1.0})


def test_no_weights_is_an_error(data: dict[str, str]) -> None:
    nlp, settings = prepared(config_for(data))
    settings.score_weights = {}
    with pytest.raises(TrainingError, match="score_weights"):
        next(train_steps(nlp, settings))


# -- logs


def test_console_log_is_an_aligned_table(data: dict[str, str]) -> None:
    out = io.StringIO()
    spanloom.train(config_for(data), stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0].split() == ["E", "#", "WORDS/S", "LOSS", "TAGGER", "TAG_ACC", "SCORE"]
    assert len({len(line) for line in lines}) == 1
    assert [line.split()[1] for line in lines[2:]] == ["4", "8"]


def test_json_log_has_a_line_for_each_evaluation(data: dict[str, str], tmp_path: Path) -> None:
    config = config_for(data)
    path = tmp_path / "logs" / "log.jsonl"
    config["training"]["logger"] = {"@loggers": "spanloom.JsonlLogger.v1", "path": str(path)}
    spanloom.train(config, stdout=io.StringIO())
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["step"] for row in rows] == [4, 8]
    assert set(rows[0]["other_scores"]) >= {"tag_acc", "token_f"}


def test_history_is_written_and_drawn(data: dict[str, str], tmp_path: Path) -> None:
    history = spanloom.train(config_for(data), quiet=True).history
    history.to_jsonl(tmp_path / "history.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [4, 8]


@pytest.mark.skipif("curve" in registry.renderers, reason="spanloom-display is here")
def test_drawing_without_the_package_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(SpanloomError, match="pip install spanloom-display"):
        History().plot(tmp_path / "curve.png")


# -- what goes wrong


@pytest.mark.lengthy
@pytest.mark.filterwarnings("ignore:The loss")
def test_a_loss_that_is_not_finite_names_component_and_step(
    data: dict[str, str], tmp_path: Path
) -> None:
    config = config_for(data)
    good = spanloom.train(config, tmp_path, quiet=True)
    assert good.last is not None
    before = (good.last / "tagger" / "model").read_bytes()
    config["training"]["optimizer"].update(learn_rate=1e38, grad_clip=0.0)
    with (
        np.errstate(all="ignore"),
        pytest.raises(TrainingError, match="loss of 'tagger' is .* in step"),
    ):
        spanloom.train(config, tmp_path, overrides={"training.eval_frequency": 100}, quiet=True)
    assert (good.last / "tagger" / "model").read_bytes() == before


@pytest.mark.parametrize("name", ["train", "dev"])
def test_an_empty_corpus(data: dict[str, str], name: str) -> None:
    write_docs(data[f"paths.{name}"], [])
    with pytest.raises(TrainingError, match=f"corpus is empty.*paths.{name}"):
        spanloom.train(config_for(data), quiet=True)


def test_a_batcher_that_leaves_out_everything(data: dict[str, str]) -> None:
    config = config_for(data)
    config["training"]["batcher"].update(discard_oversize=True, size=2)
    with pytest.raises(TrainingError, match="batcher leaves out"):
        spanloom.train(config, quiet=True)


def test_missing_data_and_numbers_that_make_no_sense(data: dict[str, str]) -> None:
    with pytest.raises(MissingFileError, match="nowhere"):
        spanloom.train(config_for({**data, "paths.train": "nowhere.loom"}), quiet=True)
    config = config_for(data, dropout=1.5, accumulate_gradient=0)
    config["training"].update(patience=0, max_steps=0)
    with pytest.raises(ConfigError) as caught:
        spanloom.train(config, quiet=True)
    paths = [problem.path for problem in caught.value.problems]
    assert paths == ["training.accumulate_gradient", "training.dropout", "training.max_steps"]


def test_an_incomplete_config_file_is_told_how_to_fill_it(
    data: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "part.cfg"
    path.write_text(
        '[nlp]\nlang = "en"\npipeline = ["tagger"]\n[components.tagger]\nfactory = "tagger"\n'
    )
    with pytest.raises(ConfigError, match="init fill-config"):
        spanloom.train(path, overrides=data, quiet=True)


def test_labels_that_training_never_saw_are_counted_in_evaluation(data: dict[str, str]) -> None:
    docs = treebank(10, seed=1)
    for doc in docs:
        for token in doc:
            token.tag_ = "NEW" if token.tag_ == "VB" else token.tag_
    write_docs(data["paths.dev"], docs)
    result = spanloom.train(config_for(data), quiet=True)
    assert result.history.best is not None
    assert 0.0 < (result.history.best.scores or {})["tag_acc"] <= 0.75


@pytest.fixture
def stopper() -> Iterator[Callable[[int, BaseException], dict[str, Any]]]:
    def block(step: int, error: BaseException) -> dict[str, Any]:
        @registry.callbacks("test_training.stop.v1", overwrite=True)
        def stop() -> Callable[..., None]:
            def call(nlp: Pipeline, info: dict[str, Any]) -> None:
                if info["step"] == step:
                    raise error

            return call

        return {"@callbacks": "test_training.stop.v1"}

    yield block
    registry.callbacks.remove("test_training.stop.v1")


@pytest.mark.lengthy
def test_ctrl_c_saves_the_last_pipeline(
    data: dict[str, str], tmp_path: Path, stopper: Callable[..., dict[str, Any]]
) -> None:
    config = config_for(data)
    config["training"]["before_update"] = stopper(3, KeyboardInterrupt())
    result = spanloom.train(config, tmp_path, quiet=True)
    assert result.interrupted and result.best is None
    assert result.last is not None
    assert spanloom.load(result.last).pipe_names == ["tok2vec", "tagger"]


@pytest.mark.lengthy
def test_a_save_that_fails_leaves_what_was_there(
    data: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_for(data)
    result = spanloom.train(config, tmp_path, quiet=True)
    files = {p: p.read_bytes() for p in sorted(tmp_path.rglob("model-*/**/*")) if p.is_file()}
    tagger = type(result.nlp.get_pipe("tagger"))

    def fail(self: Any, path: Path, **_: Any) -> None:
        Path(path).mkdir(parents=True)
        (Path(path) / "half").write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(tagger, "to_disk", fail)
    with pytest.raises(OSError, match="disk full"):
        spanloom.train(config, tmp_path, overrides={"system.seed": 5}, quiet=True)
    after = {p: p.read_bytes() for p in sorted(tmp_path.rglob("model-*/**/*")) if p.is_file()}
    assert after == files
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_examples_of_gold_tokens_and_of_limited_length(data: dict[str, str]) -> None:
    nlp = spanloom.blank("en")
    path = data["paths.train"]
    assert all(len(list(e.reference.sents)) > 1 for e in Corpus(path)(nlp))
    sentences = list(Corpus(path, gold_preproc=True)(nlp))
    assert len(sentences) == 60
    assert all(e.predicted.words == e.reference.words for e in sentences)
    assert all(e.predicted.column("TAG") is None for e in sentences)
    short = list(Corpus(path, max_length=10)(nlp))
    assert len(short) == 60 and all(len(e.reference) < 10 for e in short)
    assert len(list(Corpus(path, max_length=3)(nlp))) == 0
    assert len(list(Corpus(path, limit=2)(nlp))) == 2

    def twice(nlp: Pipeline, example: Example) -> Iterator[Example]:
        yield from (example, example)

    assert len(list(Corpus(path, limit=2, augmenter=twice)(nlp))) == 4
    assert math.isclose(sum(len(e.reference) for e in Corpus(path)(nlp)), 240)


def test_several_corpora_of_one_config(data: dict[str, str], tmp_path: Path) -> None:
    tagged, parsed = tmp_path / "tagged.loom", tmp_path / "parsed.loom"
    docs = treebank(40)
    write_docs(parsed, docs)
    bare = [Doc(doc.vocab, words=doc.words, tags=[token.tag_ for token in doc]) for doc in docs]
    write_docs(tagged, bare)
    config = config_for(data, "tagger", "morphologizer", max_epochs=0)
    config["training"]["max_steps"] = 24
    config["corpora"]["train"] = {
        "@readers": "spanloom.Corpora.v1",
        "*": {
            "tagged": {"@readers": "spanloom.Corpus.v1", "path": str(tagged)},
            "parsed": {"@readers": "spanloom.Corpus.v1", "path": str(parsed), "limit": 1},
        },
    }
    nlp = spanloom.blank("en")
    found = list(registry.resolve({"it": config["corpora"]["train"]})["it"](nlp))
    assert [each.reference.has_annotation("POS") for each in found] == [False, True, *[False] * 3]
    result = spanloom.train(config, quiet=True)
    assert result.history.best is not None
    scores = result.history.best.scores or {}
    assert scores["tag_acc"] > 0.9 and scores["pos_acc"] > 0.5
    with pytest.raises(DataError, match=r"no corpora"):
        corpora()
