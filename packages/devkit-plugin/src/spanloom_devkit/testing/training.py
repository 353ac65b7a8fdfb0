"""Checks of what training and pretraining use: loggers, augmenters and objectives."""

from __future__ import annotations

import copy
import io
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from spanloom.config.signatures import MISSING, signature_of
from spanloom.plugins.registries import registry as registries

from .base import SMALL_ENCODER, BuildConformance, NameConformance
from .compare import annotation, as_failure
from .pipelines import seed
from .slopes import Weights, disagreement
from .texts import LONG, TEXTS, annotated_examples

if TYPE_CHECKING:
    from spanloom.pipeline import Pipeline
    from spanloom.tokens import Doc

__all__ = ["AugmenterConformance", "LoggerConformance", "ObjectiveConformance"]

#: What a run tells its logger: after an evaluation a dict, after any other step nothing.
_STEPS: tuple[dict[str, Any] | None, ...] = (
    None,
    {
        "epoch": 0,
        "step": 2,
        "score": 0.25,
        "other_scores": {
            "tag_acc": 0.25,
            "sents_f": None,
            "ents_per_type": {"PER": {"p": 0.5, "r": 0.5, "f": 0.5}},
        },
        "losses": {"tagger": 12.5},
        "checkpoints": [(0.25, 2)],
        "seconds": 3,
        "words": 120,
        "output_path": None,
    },
    None,
    {
        "epoch": 1,
        "step": 4,
        "score": 0.5,
        "other_scores": {},
        "losses": {},
        "checkpoints": [(0.25, 2), (0.5, 4)],
        "seconds": 0,
        "words": 0,
        "output_path": "output/model-last",
    },
)


def _pipeline() -> Pipeline:
    from spanloom.pipeline import blank

    nlp = blank("en")
    nlp.add_pipe("tagger")
    return nlp


class LoggerConformance(NameConformance):
    """Checks of a logger: from a pipeline and two streams to a function for each step, and one for
    the end. A path that must be given is one in a new folder."""

    registry: ClassVar[str] = "loggers"

    def settings(self) -> dict[str, Any]:
        """As the base's, with paths where files may be written."""
        parameters = signature_of(self.target(), self.ignored).parameters.values()
        needed = [each for each in parameters if each.default is MISSING]
        paths = {each.name for each in needed if "Path" in str(each.annotation)}
        paths |= {each.name for each in needed if each.name in ("path", "output_file")}
        if paths >= {each.name for each in needed} - {*self.config}:
            return {**dict.fromkeys(paths, "log.txt"), **self.config}
        return super().settings()

    @contextmanager
    def logger(self) -> Iterator[Any]:
        """The logger; what it writes goes into a folder that is gone afterwards."""
        settings = self.settings()
        with tempfile.TemporaryDirectory() as folder:
            placed = {
                key: str(Path(folder) / value) if value == "log.txt" else value
                for key, value in settings.items()
            }
            with as_failure():
                block = {f"@{self.registry}": self.name, **placed}
                made = registries.resolve({"it": block})["it"]
            yield made

    def test_steps(self) -> None:
        """It is told of each step, and of the end; scores may be missing, None or dicts."""
        with self.logger() as logger, as_failure():
            self._run(logger, copy.deepcopy(_STEPS))

    def test_again(self) -> None:
        """One logger serves run after run, also one that ends before its first step."""
        with self.logger() as logger, as_failure():
            for steps in ((), _STEPS, _STEPS):
                self._run(logger, copy.deepcopy(steps))

    def test_changes_nothing(self) -> None:
        """It leaves what it is told as it is: the run goes on with that."""
        given = copy.deepcopy(_STEPS)
        with self.logger() as logger:
            try:
                self._run(logger, given)
            except Exception as error:
                pytest.skip(f"it can't be told ({type(error).__name__}): see test_steps")
        assert given == _STEPS, "it changes the dict that it is given"

    def test_streams(self) -> None:
        """What it prints goes to the streams that it is given, which needn't be the terminal."""
        out, err = io.StringIO(), io.StringIO()
        with self.logger() as logger, redirect_stdout(out), redirect_stderr(err):
            try:
                self._run(logger, copy.deepcopy(_STEPS))
            except Exception as error:
                pytest.skip(f"it can't be told ({type(error).__name__}): see test_steps")
        said = out.getvalue() + err.getvalue()
        assert not said, f"it prints past its streams: {said[:80]!r}"

    def _run(self, logger: Any, steps: Sequence[dict[str, Any] | None]) -> None:
        pair = logger(_pipeline(), io.StringIO(), io.StringIO())
        if not (isinstance(pair, tuple) and len(pair) == 2 and all(map(callable, pair))):
            raise TypeError(f"it gives {pair!r}, not a function for steps and one for the end")
        log_step, finalize = pair
        for step in steps:
            log_step(step)
        finalize()


class AugmenterConformance(BuildConformance):
    """Checks of an augmenter: from a pipeline and an example to examples."""

    registry: ClassVar[str] = "augmenters"

    def test_examples(self) -> None:
        """It gives examples, whose tokens can be aligned with the pipeline's."""
        from spanloom.examples.example import Example

        nlp = _pipeline()
        augment = self.made()
        for example in _examples(nlp):
            with as_failure():
                found = list(augment(nlp, example))
            odd = [type(each).__name__ for each in found if not isinstance(each, Example)]
            assert not odd, f"it gives {odd[0]} where an Example is due"
            with as_failure():
                for each in found:
                    each.get_aligned("TAG")

    def test_changes_nothing(self) -> None:
        """The example that it is given stays as it is: the next epoch needs it."""
        nlp = _pipeline()
        augment = self.made()
        for example in _examples(nlp):
            before = annotation(example.reference), annotation(example.predicted)
            self._given(nlp, augment, example)
            after = annotation(example.reference), annotation(example.predicted)
            assert before == after, f"it changes the example {example.reference.text!r}"

    def test_determinism(self) -> None:
        """The same random numbers give the same examples."""
        nlp = _pipeline()
        found = []
        for _ in range(2):
            seed()
            random.seed(0)
            augment = self.made()
            given = [
                each for example in _examples(nlp) for each in self._given(nlp, augment, example)
            ]
            found.append([annotation(each.reference) for each in given])
        assert found[0] == found[1], "the same seeds give other examples"

    def _given(self, nlp: Pipeline, augment: Any, example: Any) -> list[Any]:
        try:
            found = list(augment(nlp, example))
        except Exception as error:
            pytest.skip(f"it fails ({type(error).__name__}): see test_examples")
        if not all(hasattr(each, "reference") for each in found):
            pytest.skip("it gives what is no example: see test_examples")
        return found


class ObjectiveConformance(BuildConformance):
    """Checks of an objective of pretraining: from a vocab and an encoder to a task.

    ``texts`` is what is learned from. What an objective wants of the vocab, such as a table of
    vectors, a subclass gives it in `pipeline`.
    """

    registry: ClassVar[str] = "objectives"
    texts: ClassVar[Sequence[str]] = (*TEXTS, *TEXTS, LONG[:2000])

    def pipeline(self) -> Pipeline:
        """A pipeline that makes documents."""
        from spanloom.pipeline import blank

        return blank("en")

    def task(self) -> tuple[Any, list[Doc]]:
        """The task for a small encoder, and documents."""
        made = self.made()
        seed()
        nlp = self.pipeline()
        docs = [nlp.make_doc(text) for text in self.texts]
        encoder = registries.resolve({"it": SMALL_ENCODER})["it"]
        encoder.initialize(X=docs)
        with as_failure():
            return made(nlp.vocab, encoder), docs

    def test_task(self) -> None:
        """The task trains the encoder that it is given, and says so."""
        task, docs = self.task()
        assert task.encoder in list(task.model.walk()), "`encoder` is no part of `model`"
        self._learned(task, docs, 3)  # heads that begin with zeros send nothing back
        Weights(task.model).forget()
        loss, count = self._updated(task, docs)
        assert count > 0 and np.isfinite(loss), f"a loss of {loss} over {count} words"
        assert Weights(task.encoder).gradient().any(), "the encoder gets no gradient"

    def test_gradients(self) -> None:
        """The gradient is that of the mean loss: a step along it agrees with differences."""
        task, docs = self.task()
        self._learned(task, docs, 3)
        weights = Weights(task.model)
        weights.forget()
        self._updated(task, docs)
        gradient = weights.gradient()
        assert gradient.any(), "there is no gradient"

        def mean() -> float:
            return self._measured(task, docs)

        told = disagreement(weights, gradient, mean)
        assert not told, f"of the mean loss, {told}"

    def test_learns(self) -> None:
        """Training lowers the loss on what it learns from."""
        task, docs = self.task()
        before = self._measured(task, docs)
        self._learned(task, docs, 20)
        after = self._measured(task, docs)
        assert after < before, f"the mean loss was {before:.4g}, and is {after:.4g}"

    def test_determinism(self) -> None:
        """All choices are drawn from the generator that it is given."""
        task, docs = self.task()
        first, again = self._measured(task, docs), self._measured(task, docs)
        assert first == again, f"the same generator gives {first:.6g} and then {again:.6g}"

    def test_evaluates(self) -> None:
        """Measuring changes no weight, and adds to no gradient."""
        task, docs = self.task()
        weights = Weights(task.model)
        weights.forget()
        before = weights.value()
        self._measured(task, docs)
        assert (weights.value() == before).all(), "`evaluate` changes weights"
        assert not weights.gradient().any(), "`evaluate` adds to gradients"

    def test_empty_document(self) -> None:
        """Empty documents count nothing; they are no error, nor are those of white space."""
        from spanloom.tokens import Doc

        task, docs = self.task()
        for words in ([], ["\n\n"]):
            batch = [Doc(docs[0].vocab, words=words)]
            with as_failure():
                found = [task.update(batch, _rng(), 0.0), task.evaluate(batch, _rng())]
            if not words:
                told = [tuple(each) for each in found]
                assert told == [(0, 0), (0, 0)], f"an empty document: {told}"

    def _updated(self, task: Any, docs: list[Doc]) -> tuple[float, int]:
        with as_failure():
            loss, count = task.update(docs, _rng(), 0.0)
        return float(loss), int(count)

    def _measured(self, task: Any, docs: list[Doc]) -> float:
        with as_failure():
            loss, count = task.evaluate(docs, _rng())
        return float(loss) / max(int(count), 1)

    def _learned(self, task: Any, docs: list[Doc], steps: int) -> None:
        from thinc.api import Adam

        optimizer = Adam(0.01, L2=0.0)
        for _ in range(steps):
            self._updated(task, docs)
            task.model.finish_update(optimizer)


def _examples(nlp: Pipeline) -> list[Any]:
    """Several times the same, for what is left to chance."""
    return [example for _ in range(8) for example in annotated_examples(nlp)]


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)
