"""Exporting pipelines: their encoders as graphs of ONNX, rounded or not, behind a test of both."""

__all__: list[str] = []
