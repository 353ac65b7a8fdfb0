"""Loading and saving a model of transformers with its tokenizer: folders of config, safetensors and
tokenizer files. No code of the model's is run unless the caller says so. Weights on the hub or in a
folder of others may be PyTorch's own files: those are read by its restricted unpickler, for tensors
alone."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch

from spanloom.errors import ConfigError, ConfigProblem, MissingFileError, SerializationError

from . import guard, lora
from .base import pinned
from .pieces import PieceTokenizer
from .settings import Settings
from .token_pieces import TokenPieces

__all__ = ["files_of", "load_pretrained", "position_limit", "read_width", "restore", "save"]

_WIDTHS = ("hidden_size", "d_model", "dim", "n_embd", "emb_dim")
_POSITIONS = ("max_position_embeddings", "n_positions", "max_seq_len", "max_length")

#: The package that Hugging Face's library imports code of models as.
_OF_CODE = "transformers_modules"

#: Length of sequences for models that set no limit themselves (relative positions).
_OPEN_LIMIT = 512


def load_pretrained(
    settings: Settings, trusted: bool = False, head: str = ""
) -> tuple[Any, PieceTokenizer]:
    """The model and the tokenizer that ``settings`` name: of a folder, or of the hub. Code that
    comes with them runs where the settings ask for it and the caller allows it (``trusted``).
    ``head`` names the class of transformers that reads a model with its head.

    Raises :class:`ConfigError` if they can't be had.
    """
    if not trusted:
        guard.check_settings(settings.transformer_config, "model.transformer_config")
        if settings.trust_remote_code:
            raise guard.not_allowed()
    local = Path(settings.name).is_dir()
    _check_name(settings.name, local)
    options = {"trust_remote_code": settings.trust_remote_code, "local_files_only": local}
    same = pinned(settings)
    asked = [{**same, **each} for each in (settings.tokenizer_config, settings.transformer_config)]
    try:
        tokenizer = PieceTokenizer.load(settings.name, **{**asked[0], **options})
        module, report = _load_module(settings.name, {**asked[1], **options}, head)
    except (ConfigError, MemoryError):
        raise
    except (TypeError, AttributeError, ImportError) as error:
        # What transformers says of arguments that it, or the model, doesn't take.
        given = [
            key for key in ("transformer_config", "tokenizer_config") if getattr(settings, key)
        ]
        problem = ConfigProblem(
            f"model.{given[0]}" if given else "model.name",
            f"'{settings.name}' can't be loaded with these settings: {_short(error)}",
            "check the names and values of these settings, and what they need installed",
        )
        raise ConfigError([problem], source="transformer") from error
    except Exception as error:  # weights that are damaged fail in as many ways as there are formats
        if "trust_remote_code" in str(error):
            problem = ConfigProblem(
                "model.trust_remote_code",
                f"'{settings.name}' brings code of its own, which isn't run",
                "if you trust it, set trust_remote_code = true, and allow that where the pipeline "
                "is loaded or by SPANLOOM_TRUST_REMOTE_CODE=1",
            )
            raise ConfigError([problem], source="transformer") from error
        problem = ConfigProblem(
            "model.name",
            f"can't load a model from '{settings.name}'",
            "give a folder that holds config.json, weights and tokenizer, or the name of a model "
            f"on the hub. transformers says: {_short(error)}",
        )
        raise ConfigError([problem], source="transformer") from error
    missing = sorted(map(str, report.get("missing_keys") or ()))
    if missing:
        warnings.warn(
            f"'{settings.name}' has no weights for {len(missing)} parameters of the model, such as "
            f"{missing[0]}: they start at random",
            UserWarning,
            stacklevel=2,
        )
    return module, tokenizer


def _check_name(name: str, local: bool) -> None:
    """Raise :class:`ConfigError` for a name that is meant to be a folder which isn't there: the hub
    would be asked for it, for a long time, and might have something else of that name."""
    path = Path(name)
    first = path.parts[0] if path.parts else ""
    beside = len(path.parts) > 1 and Path(first).is_dir()
    meant = path.is_absolute() or first in ("..", "~") or name[:2] == "./" or len(path.parts) > 2
    if local or not (meant or (beside and not _in_cache(name))):
        return
    problem = ConfigProblem(
        "model.name",
        f"there is no folder '{path.absolute()}'",
        "give a folder that exists, or the name of a model on the hub",
    )
    raise ConfigError([problem], source="transformer")


def _in_cache(name: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(name, "config.json"), str)


def _short(error: Exception) -> str:
    """The beginning of what went wrong: transformers adds a page on the connection."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:297] + "..."


def restore(
    folder: Path, settings: Settings, trusted: bool = False, head: str = ""
) -> tuple[Any, PieceTokenizer]:
    """Model and tokenizer from a folder that :func:`save` wrote; opens no connection. Code in it
    is refused, unless the caller allows it (``trusted``); what the settings say doesn't count.

    Raises :class:`SerializationError` unless the weights are exactly those of the model.
    """
    options: dict[str, Any] = {"trust_remote_code": trusted, "local_files_only": True}
    asked = {
        key: value for key, value in settings.transformer_config.items() if key not in ("revision",)
    }
    if not trusted:
        guard.check_settings(asked, "model.transformer_config")
        guard.check_files(_files(folder), f"'{folder}'")
        asked["use_safetensors"] = True
    try:
        module, report = _load_module(str(folder), {**asked, **options}, head)
        split = settings.tokenizer_config.get("split_special_tokens", True)
        of_tokens = TokenPieces.load(folder)
        if of_tokens is None:
            tokenizer = PieceTokenizer.load(folder, split_special_tokens=split, **options)
        else:
            tokenizer = cast(PieceTokenizer, of_tokens)
    except (ConfigError, MemoryError):
        raise
    except Exception as error:  # damaged files fail in as many ways as there are formats
        raise SerializationError(
            f"'{folder}': can't read the saved transformer: {_short(error)}"
        ) from error
    wrong = {
        kind: sorted(map(str, report.get(kind) or ()))
        for kind in ("missing_keys", "mismatched_keys", "unexpected_keys")
    }
    if any(wrong.values()):
        listed = "; ".join(f"{kind}: {', '.join(keys[:5])}" for kind, keys in wrong.items() if keys)
        raise SerializationError(
            f"'{folder}': the saved weights don't fit the model that its config.json describes "
            f"({listed})"
        )
    return module, tokenizer


def save(module: Any, tokenizer: PieceTokenizer, folder: Path) -> None:
    """Write config, weights (safetensors), adapters if there are any, and tokenizer files."""
    with without_progress():
        if lora.has_adapters(module):
            module.save_pretrained(str(folder), state_dict=lora.base_state(module))
            lora.save_adapters(module, folder / lora.FILE)
        else:
            module.save_pretrained(str(folder))
    tokenizer.save(folder)
    if not type(module).__module__.startswith(_OF_CODE):
        guard.without_code(folder)


def files_of(module: Any, tokenizer: PieceTokenizer) -> dict[str, bytes]:
    """The files that :func:`save` writes, by name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save(module, tokenizer, folder)
        return {file: path.read_bytes() for file, path in _files(folder)}


def _files(folder: Path) -> list[tuple[str, Path]]:
    """The files under a folder, each with its name in it."""
    found = (path for path in sorted(folder.rglob("*")) if not path.is_dir())
    return [(path.relative_to(folder).as_posix(), path) for path in found]


def _load_module(name: str, options: Mapping[str, Any], head: str) -> tuple[Any, dict[str, Any]]:
    import transformers
    from transformers import AutoConfig, AutoModel, AutoModelForTextEncoding

    access = {
        key: options[key]
        for key in ("trust_remote_code", "local_files_only", "revision")
        if key in options
    }
    config = AutoConfig.from_pretrained(name, **access)
    # Of models with encoder and decoder, such as T5, this takes the encoder.
    known = type(config) in AutoModelForTextEncoding._model_mapping
    cls: Any = AutoModelForTextEncoding if known else AutoModel
    if not known and config.is_encoder_decoder:
        cls = getattr(transformers, type(config).__name__.replace("Config", "EncoderModel"), cls)
    cls = getattr(transformers, head) if head else cls
    arguments = {"output_loading_info": True, **options}
    if options.get("output_attentions"):
        arguments.setdefault("attn_implementation", "eager")  # fused attention doesn't tell them
    with without_progress():
        try:
            # The pooling layer on top is trained for other tasks, and nobody reads it here.
            more = {} if head else {"add_pooling_layer": False}
            module, report = cls.from_pretrained(name, **more, **arguments)
        except TypeError:
            module, report = cls.from_pretrained(name, **arguments)
    if "dtype" not in options and "torch_dtype" not in options:
        module = module.to(torch.float32)
    return module, report


@contextmanager
def without_progress() -> Iterator[None]:
    """Without transformers' progress bars and reports on weights, whose place our own checks take;
    both are as they were afterwards."""
    from transformers.utils import logging

    shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def read_width(name: str) -> int | None:
    """The width of a model's vectors by the config in its folder; ``None`` if there is none."""
    path = Path(name) / "config.json"
    if not path.is_file():
        return None
    config = json.loads(path.read_text("utf8"))
    return next((int(config[key]) for key in _WIDTHS if isinstance(config.get(key), int)), None)


def position_limit(module: Any) -> int:
    """How many pieces the model takes, special ones included, by its config and embeddings.

    What the tokenizer claims doesn't count. Models such as RoBERTa number positions from behind the
    padding's, which takes some away.
    """
    config = module.config
    known = [getattr(config, key, None) for key in _POSITIONS[:3]]
    limit = next((int(value) for value in known if isinstance(value, int) and value > 0), 0)
    for name, layer in module.named_modules():
        if name.split(".")[-1] in ("position_embeddings", "wpe", "embed_positions") and isinstance(
            layer, torch.nn.Embedding
        ):
            reserved = 0 if layer.padding_idx is None else layer.padding_idx + 1
            return min(limit or layer.num_embeddings, layer.num_embeddings - reserved)
    return limit or _OPEN_LIMIT


def missing_model(what: str) -> MissingFileError:
    """The error for a model whose weights were never loaded."""
    return MissingFileError(
        f"the transformer has no weights yet, so that {what}: call nlp.initialize() first, or load "
        f"a trained pipeline"
    )
