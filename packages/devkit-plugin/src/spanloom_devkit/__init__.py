"""For authors of Spanloom plugins: a conformance kit, a doctor and templates."""

from __future__ import annotations

from spanloom.io.lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_names(
    __name__, {"deep": ["load_everything"], "doctor": ["examine"]}
)
