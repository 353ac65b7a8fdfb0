"""The model of the package's entry points, until these name its new place."""

from .transition_based.model import TransitionBasedParser

__all__ = ["TransitionBasedParser"]
