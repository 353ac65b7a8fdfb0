"""The command line: ``wordloom COMMAND``."""

from __future__ import annotations

from .main import cli, main

__all__ = ["cli", "main"]
