"""spaCy's console loggers, by ours."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from spanloom.training.loggers import Logger, console_logger

__all__ = ["console_logger_v1", "console_logger_v2", "console_logger_v3"]


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
