"""Spanloom pipelines on Ray, Spark and Dask, and over Arrow tables and folders of files.

Each engine is a module with a function of the same name and arguments: ``spanloom_scale.ray``,
``spark``, ``dask`` and, in this process, ``arrow``.
"""

from __future__ import annotations

from spanloom.io.lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "annotator": ["Annotator", "Options", "Settings"],
        "columns": ["COLUMNS", "annotation_arrays", "annotation_fields"],
    },
)
