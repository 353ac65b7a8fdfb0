"""Training: readers of data, batchers, the loop, checkpoints and logs."""

from __future__ import annotations
