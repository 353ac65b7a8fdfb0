"""Trained pipelines as wheels: made; fetched, checked and installed without pip.

A packaged pipeline is data and no code: a wheel with the pipeline's folder and an entry point in
the group ``spanloom_models`` that names it. ``pip install`` and ``spanloom download`` install it,
``spanloom.load`` finds it by name and imports nothing of it.
"""

from __future__ import annotations

from spanloom.io.lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "archive": ["Archive"],
        "fetching": ["Source", "fetched"],
        "installing": ["install", "is_ours", "unmet"],
        "making": ["Made", "package"],
    },
)
