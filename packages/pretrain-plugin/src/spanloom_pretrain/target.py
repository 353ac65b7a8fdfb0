"""From a pipeline and settings to the task that is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spanloom import Batch
from spanloom.errors import PipelineError, TrainingError
from spanloom.training.run import seed_everything
from spanloom.vocab.vectors import open_vectors

from .settings import Settings
from .task import Pretrainable, PretrainingTask
from .weights import find_encoder

if TYPE_CHECKING:
    from thinc.api import Model

    from spanloom import Pipeline

__all__ = ["make_task"]

_SAMPLE = ("Give it a text to infer shapes from.", "And another one")
_MAX_TYPES = 250_000
"""Word types after which a new lexicon is begun: else memory would grow with the corpus."""


def make_task(nlp: Pipeline, settings: Settings) -> PretrainingTask:
    """The task for the component and layer that ``settings`` name, with new weights.

    A component that brings a task of its own is pretrained by it. Else the layer must give one
    vector for each token: the task is that of the objective. The table of vectors that
    ``[initialize]`` names is opened. Raises :class:`PipelineError` for what can't be pretrained.
    """
    seed_everything(settings.seed)
    nlp.vocab.max_types = nlp.vocab.max_types or _MAX_TYPES
    encoder = find_encoder(nlp, settings.component, settings.layer)
    _open_vectors(nlp)
    component = dict(nlp.components)[settings.component]
    if isinstance(component, Pretrainable):
        if settings.layer:
            raise PipelineError(
                f"'{settings.component}' is pretrained as a whole, by a task of its own: set "
                f'layer = "" in [pretraining]'
            )
        return component.pretraining_task(nlp)
    _prepare(nlp, encoder, settings)
    task = settings.objective(nlp.vocab, encoder)
    if not isinstance(task, PretrainingTask):
        raise TrainingError(
            f"the objective of [pretraining] made a {type(task).__name__}, not a task with update "
            f"and evaluate (see spanloom_pretrain.PretrainingTask): it may be one for "
            f"spaCy"
        )
    return task


def _open_vectors(nlp: Pipeline) -> None:
    config = nlp.config.interpolate()
    source = config.get("initialize", {}).get("vectors")
    if source and nlp.vocab.vectors is None:
        nlp.vocab.vectors = open_vectors(source, config["nlp"].get("vectors"))


def _prepare(nlp: Pipeline, encoder: Model[Any, Any], settings: Settings) -> None:
    """Allocate the weights of an encoder, and see that it is one."""
    where = f"'{settings.component}'" + (f", layer '{settings.layer}'" if settings.layer else "")
    batch = Batch([nlp.make_doc(text) for text in _SAMPLE])
    try:
        encoder.initialize(X=batch)
        values: Any = encoder.predict(batch)
        shapes = [tuple(value.shape) for value in values]
        fits = all(
            len(shape) == 2 and shape[0] == len(doc) for shape, doc in zip(shapes, batch)
        ) and len(shapes) == len(batch)
    except Exception as error:
        raise PipelineError(
            f"[pretraining] can't pretrain {where}: a layer from documents to token vectors is "
            f"needed, and this one fails on documents ({type(error).__name__}: {error}). Name "
            f'another component or layer, such as layer = "tok2vec"'
        ) from error
    if not fits:
        raise PipelineError(
            f"[pretraining] can't pretrain {where}: a layer that gives one vector for each token "
            f'is needed. Name another component or layer, such as layer = "tok2vec"'
        )
    if not encoder.has_dim("nO"):
        encoder.set_dim("nO", shapes[0][1])
