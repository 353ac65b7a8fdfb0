"""``python -m wordloom``: the same as the command ``wordloom``."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    main("python -m wordloom")
