"""Settings of a transformer model: the one place where their names, types and defaults are."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal, TypeVar, get_type_hints

from spanloom.errors import ConfigError, ConfigProblem
from spanloom_onnx.sequences import Overflow, wrong_limits

__all__ = ["Settings", "takes_settings"]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Settings:
    """What :func:`~spanloom_transformers.TransformerModel` takes beside its ``get_spans``.

    ``name`` is a folder, or a model on the hub; weights are loaded when the model is initialized
    (and not at all when it is read from a saved pipeline, which holds them). ``tokenizer_config``
    and ``transformer_config`` go to transformers' ``from_pretrained``.

    Sequences that the model can't take (by its own config), or that have more than ``window`` word
    pieces, are handled as ``overflow`` says: ``"window"`` cuts them into windows that share
    ``overlap`` of their length, ``"truncate"`` drops the rest and reports it with each document,
    ``"error"`` raises. Tokens that no piece stands for have zero vectors.

    ``mixed_precision`` computes in bf16 (``"fp16"`` on GPUs, with a scaled loss, by
    ``grad_scaler_config``). ``device`` is torch's name of one, else that of thinc's ops.

    For training, ``freeze`` names what isn't trained (``"embeddings"``, ``"all"``, layers such as
    ``"0-5"``, or parts of names, by commas), ``learn_rates`` maps regular expressions for names of
    parameters to factors of the learning rate, ``layer_decay`` lowers it from each layer to the
    next below, and ``gradient_checkpointing`` saves memory for time. ``lora`` trains adapters
    instead of the weights, with settings of ``peft.LoraConfig``.

    ``base`` is written when weights are loaded: the ``revision`` of the model on the hub, which is
    asked for again when a saved config is trained anew, and hashes of its ``files``; others are
    warned of.

    With ``system`` as ``"spacy"`` spans are encoded as spacy-transformers does: without the space
    before them. Models of spacy-curated-transformers encode tokens one by one, and ``window`` and
    ``overlap`` cut documents, whatever ``get_spans`` says.

    ``trust_remote_code`` says that the model needs Python files that come with it. They run only if
    the caller allows it too: ``spanloom.load(..., trust_remote_code=True)``, or the environment
    variable ``SPANLOOM_TRUST_REMOTE_CODE``.
    """

    name: str
    tokenizer_config: Mapping[str, Any] = field(default_factory=dict)
    transformer_config: Mapping[str, Any] = field(default_factory=dict)
    mixed_precision: bool | str = False
    grad_scaler_config: Mapping[str, Any] = field(default_factory=dict)
    overflow: Overflow = "window"
    window: int | None = None
    overlap: float = 0.25
    device: str = ""
    freeze: str = ""
    learn_rates: Mapping[str, float] = field(default_factory=dict)
    layer_decay: float = 1.0
    gradient_checkpointing: bool = False
    lora: Mapping[str, Any] = field(default_factory=dict)
    trust_remote_code: bool = False
    base: Mapping[str, Any] = field(default_factory=dict)
    system: Literal["spanloom", "spacy"] = "spanloom"

    def __post_init__(self) -> None:
        problems = wrong_limits(self.overflow, self.overlap, self.window)
        if not 0 < self.layer_decay <= 1:
            problems.append(
                ConfigProblem("model.layer_decay", f"is {self.layer_decay}", "above 0, at most 1")
            )
        if self.mixed_precision not in (True, False, "bf16", "fp16"):
            problems.append(
                ConfigProblem(
                    "model.mixed_precision",
                    f"is {self.mixed_precision!r}",
                    'use true, false, "bf16" or "fp16"',
                )
            )
        if problems:
            raise ConfigError(problems, source="transformer")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Settings:
        """Settings by name. ``None`` stands for an empty mapping; a copy is made of others."""
        mappings = {each.name for each in fields(cls) if each.default_factory is not MISSING}
        settings: dict[str, Any] = {
            name: dict(value or {}) if name in mappings else value for name, value in given.items()
        }
        return cls(**settings)


def takes_settings(function: F) -> F:
    """Decorator of a function that takes ``**settings``: its signature, which configs are filled
    and checked by, has those of :class:`Settings` instead, mappings with the default ``None``."""
    shown = inspect.signature(function)
    own = [each for each in shown.parameters.values() if each.kind is not each.VAR_KEYWORD]
    types = get_type_hints(Settings)
    for each in fields(Settings):
        if each.name in shown.parameters:
            continue
        annotation, default = types[each.name], each.default
        if each.default_factory is not MISSING:
            annotation, default = annotation | None, None
        own.append(
            inspect.Parameter(
                each.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
            )
        )
    function.__signature__ = shown.replace(parameters=own)  # type: ignore[attr-defined]
    return function
