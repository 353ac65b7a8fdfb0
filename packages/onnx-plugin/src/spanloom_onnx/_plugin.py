"""The hook module: light, so that listing plugins imports no ONNX Runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanloom.plugins import hookimpl

if TYPE_CHECKING:
    from spanloom.plugins import ExtensionTable, Report

__all__ = ["SPANLOOM_API", "check_environment", "declare_extensions"]

SPANLOOM_API = 1


@hookimpl
def declare_extensions(declare: ExtensionTable) -> None:
    """``doc._.trf_data``: what the transformer computed for a document."""
    declare.doc("trf_data", doc="TransformerData of the last transformer that ran, or None")


@hookimpl
def check_environment(report: Report) -> None:
    """The version of ONNX Runtime, and what it can compute on."""
    import onnxruntime

    providers = ", ".join(onnxruntime.get_available_providers())
    report.ok(f"onnxruntime {onnxruntime.__version__} ({providers})")
