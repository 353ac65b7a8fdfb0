"""Loggers that keep a run in Weights & Biases or MLflow, under the names of spacy-loggers.

Both need ``pip install 'spanloom-spacy[loggers]'`` and work without a network: W&B with
``WANDB_MODE=offline``, MLflow with a folder or a database file as its tracking URI.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from spanloom.config.tree import leaves
from spanloom.errors import ConfigError, ConfigProblem, SpanloomError
from spanloom.training.loggers import Log, Logger

if TYPE_CHECKING:
    from spanloom import Pipeline

__all__ = ["mlflow_logger", "wandb_logger"]

Info = Mapping[str, Any]

#: Characters that MLflow takes in the name of a parameter or metric; others become "_".
_ODD = re.compile(r"[^\w\-. :/]")
#: Parameters that MLflow takes at a time, and characters of a value.
_BATCH, _LONGEST = 100, 500


def wandb_logger(
    project_name: str,
    remove_config_values: Sequence[str] = (),
    model_log_interval: int | None = None,
    log_dataset_dir: str | Path | None = None,
    entity: str | None = None,
    run_name: str | None = None,
    log_best_dir: str | Path | None = None,
    log_latest_dir: str | Path | None = None,
    log_custom_stats: Sequence[str] | None = None,
) -> Logger:
    """Logger ``spacy.WandbLogger.v5``, and those before it, which have fewer settings: a run of a
    W&B project, with the config, and with score, scores and losses of each evaluation.

    ``remove_config_values`` are dotted paths of the config that stay at home. Every
    ``model_log_interval`` steps, if there is an evaluation then, the pipeline is kept as an
    artifact; ``log_best_dir`` and ``log_latest_dir`` are folders kept after the best and after each
    evaluation, ``log_dataset_dir`` one that is kept at the start. Entries of what a logger is told
    whose names match one of ``log_custom_stats``, regular expressions, are logged too.

    Raises :class:`SpanloomError` without wandb.
    """
    wandb = _needed("wandb")
    custom = _custom(log_custom_stats)

    def setup(nlp: Pipeline, stdout: IO[str], stderr: IO[str]) -> Log:  # noqa: ARG001
        config = _shown(nlp, remove_config_values)
        run = wandb.init(project=project_name, config=config, entity=entity, name=run_name)

        def keep(folder: str | Path, kind: str, aliases: Sequence[str], info: Info) -> None:
            names = {"checkpoint": "pipeline", "dataset": "dataset"}
            artifact = wandb.Artifact(
                f"{names.get(kind, kind)}_{run.id}", type=kind, metadata=_numbers(info)
            )
            artifact.add_dir(str(folder))
            run.log_artifact(artifact, aliases=[*aliases])

        if log_dataset_dir is not None:
            keep(log_dataset_dir, "dataset", (), {})

        def log_step(info: dict[str, Any] | None) -> None:
            if info is None:
                return
            step = info["step"]
            run.log({**_numbers(info), **custom(info)}, step=step)
            best = ["best"] if _is_best(info) else []
            aliases = [f"epoch {info['epoch']} step {step}", "latest", *best]
            due = model_log_interval and step and step % model_log_interval == 0
            if due and info["output_path"] is not None:
                keep(info["output_path"], "checkpoint", aliases, info)
            if log_best_dir is not None and best:
                keep(log_best_dir, "model_best", aliases, info)
            if log_latest_dir is not None:
                keep(log_latest_dir, "model_last", aliases, info)

        return log_step, lambda: run.finish()

    return setup


def mlflow_logger(
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    tags: Mapping[str, Any] | None = None,
    remove_config_values: Sequence[str] = (),
    log_custom_stats: Sequence[str] | None = None,
) -> Logger:
    """Logger ``spacy.MLflowLogger.v2``, and ``.v1``: a run of MLflow, with the config as
    parameters, with score, scores and losses of each evaluation, and with the best pipeline as
    artifact ``model_best``.

    ``remove_config_values`` and ``log_custom_stats`` as for :func:`wandb_logger`. ``nested``
    makes it part of a run that is active. Characters that MLflow doesn't take in names become
    ``_``.

    Raises :class:`SpanloomError` without mlflow.
    """
    mlflow = _needed("mlflow")
    custom = _custom(log_custom_stats)

    def setup(nlp: Pipeline, stdout: IO[str], stderr: IO[str]) -> Log:  # noqa: ARG001
        config = _shown(nlp, remove_config_values)
        mlflow.start_run(
            experiment_id=experiment_id,
            run_name=run_name,
            nested=nested,
            tags=dict(tags) if tags else None,
        )
        values = {_name(path): str(value)[:_LONGEST] for path, value in leaves(config)}
        for start in range(0, len(values), _BATCH):
            mlflow.log_params(dict([*values.items()][start : start + _BATCH]))

        def log_step(info: dict[str, Any] | None) -> None:
            if info is None:
                return
            found = {**_numbers(info), **dict(_flat("", custom(info)))}
            mlflow.log_metrics({_name(key): n for key, n in found.items()}, step=info["step"])
            if info["output_path"] is not None and _is_best(info):
                mlflow.log_artifacts(info["output_path"], "model_best")

        return log_step, lambda: mlflow.end_run()

    return setup


def _needed(module: str) -> Any:
    """A library that isn't there is told before training begins."""
    try:
        return import_module(module)
    except ImportError as error:
        raise SpanloomError(
            f"this logger needs {module}, which isn't installed: pip install "
            "'spanloom-spacy[loggers]'"
        ) from error


def _shown(nlp: Pipeline, removed: Sequence[str]) -> dict[str, Any]:
    """The config as plain dicts, without some values. Raises :class:`ConfigError` for a path that
    isn't there: what is to be kept at home may be a secret."""
    config = nlp.config.interpolate()
    for path in removed:
        above, _, key = path.rpartition(".")
        section: Any = config
        for part in filter(None, above.split(".")):
            section = section.get(part) if isinstance(section, Mapping) else None
        if not isinstance(section, dict) or key not in section:
            problem = ConfigProblem(
                "training.logger.remove_config_values",
                f"the config has no '{path}'",
                "give the dotted path of a setting or section, such as paths.train",
            )
            raise ConfigError([problem], source="logger")
        del section[key]
    return _plain(config)


def _plain(section: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _plain(v) if isinstance(v, Mapping) else v for k, v in section.items()}


def _is_best(info: Info) -> bool:
    return bool(info["score"] == max(info["checkpoints"])[0])


def _numbers(info: Info) -> dict[str, float]:
    """Score, losses and all other scores that are numbers, by flat names."""
    found = dict(_flat("", {"score": info.get("score")}))
    found |= {f"loss_{name}": loss for name, loss in _flat("", info.get("losses", {}))}
    return found | dict(_flat("", info.get("other_scores", {})))


def _flat(above: str, values: Info) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{above}{name}.", value)
        elif isinstance(value, int | float):
            yield f"{above}{name}", float(value)


def _custom(patterns: Sequence[str] | None) -> Callable[[Info], dict[str, Any]]:
    """What picks the entries whose names match. Raises :class:`ConfigError` for a pattern that is
    none."""
    try:
        compiled = [re.compile(pattern) for pattern in patterns or ()]
    except re.error as error:
        problem = ConfigProblem(
            "training.logger.log_custom_stats",
            f"{error.pattern!r} is no regular expression: {error.msg}",
        )
        raise ConfigError([problem], source="logger") from None
    return lambda info: {
        key: value for key, value in info.items() if any(each.search(key) for each in compiled)
    }


def _name(path: str) -> str:
    return _ODD.sub("_", path.replace("@", ""))
