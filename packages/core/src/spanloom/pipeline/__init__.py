"""Pipelines: what turns text into annotated documents, and learns to."""

from .build import blank, load
from .pipeline import Pipeline

__all__ = ["Pipeline", "blank", "load"]
