"""Trained pipelines as wheels: making them. ``spanloom-hub`` fetches and installs them.

A packaged pipeline is data and no code: a wheel with the pipeline's folder and an entry point in
the group ``spanloom_models`` that names it. ``pip install`` and ``spanloom download`` install it,
``spanloom.load`` finds it by name and imports nothing of it.
"""

from __future__ import annotations

from ..io.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {"making": ["Made", "package"]})
