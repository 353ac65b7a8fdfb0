"""``python -m spanloom``: the same as the command ``spanloom``."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    main("python -m spanloom")
