"""spaCy's console loggers, by ours, and several loggers as one."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from spanloom.training.loggers import Log, Logger, console_logger

if TYPE_CHECKING:
    from spanloom import Pipeline

__all__ = ["chain_logger", "console_logger_v1", "console_logger_v2", "console_logger_v3"]


def console_logger_v1(progress_bar: bool = False) -> Logger:
    """Logger ``spacy.ConsoleLogger.v1``."""
    return console_logger(progress_bar)


def console_logger_v2(
    progress_bar: bool = False, console_output: bool = True, output_file: str | Path | None = None
) -> Logger:
    """Logger ``spacy.ConsoleLogger.v2``."""
    return console_logger(progress_bar, console_output, output_file)


def console_logger_v3(
    progress_bar: Literal["train", "eval"] | None = None,
    console_output: bool = True,
    output_file: str | Path | None = None,
) -> Logger:
    """Logger ``spacy.ConsoleLogger.v3``; both kinds of progress bar are ours."""
    return console_logger(progress_bar is not None, console_output, output_file)


def chain_logger(
    logger1: Logger | None = None,
    logger2: Logger | None = None,
    logger3: Logger | None = None,
    logger4: Logger | None = None,
    logger5: Logger | None = None,
    logger6: Logger | None = None,
    logger7: Logger | None = None,
    logger8: Logger | None = None,
    logger9: Logger | None = None,
    logger10: Logger | None = None,
) -> Logger:
    """Logger ``spacy.ChainLogger.v1``: all of these, one after another."""
    given = (logger1, logger2, logger3, logger4, logger5)
    more = (logger6, logger7, logger8, logger9, logger10)

    def setup(nlp: Pipeline, stdout: IO[str], stderr: IO[str]) -> Log:
        parts = [make(nlp, stdout, stderr) for make in (*given, *more) if make is not None]

        def log_step(info: dict[str, Any] | None) -> None:
            for step, _ in parts:
                step(info)

        def finalize() -> None:
            for _, close in parts:
                close()

        return log_step, finalize

    return setup
