"""An exported encoder: a graph of ONNX, a tokenizer, and what describes both."""

from __future__ import annotations

import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import ConfigError, ConfigProblem, DataError, SerializationError
from spanloom.io.files import existing, write_bytes

from .description import Description
from .graphs import check_graph
from .pieces import FastTokenizer
from .sequences import Sequences, make_packs

__all__ = ["CPU", "ExportedEncoder", "default_threads"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

CPU = "CPUExecutionProvider"

_GRAPH, _TOKENIZER, _DESCRIPTION = "encoder.onnx", "tokenizer.json", "encoder.json"
_FILES = (_GRAPH, _TOKENIZER, _DESCRIPTION)

#: On a CPU, passes above this many padded pieces only spill its caches.
_CPU_BUDGET = 256


def default_threads() -> int:
    """As many as ``OMP_NUM_THREADS`` says, as with torch; else 0, ONNX Runtime's own choice."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() else 0


class ExportedEncoder:
    """Runs what `spanloom transformers export` wrote. It doesn't learn."""

    def __init__(
        self, files: Mapping[str, Any], path: Path | None, threads: int, provider: str
    ) -> None:
        """``files`` holds the content of each of the three by name; ``path`` is where the graph
        lies, for ONNX Runtime to read it there. Raises :class:`SerializationError` for files that
        aren't those of an encoder, and :class:`ConfigError` for a ``provider`` that isn't there."""
        self._files = files
        self.description = Description.of(bytes(files[_DESCRIPTION]))
        self.tokenizer = _tokenizer(bytes(files[_TOKENIZER]), self.description)
        self._session = _session(files[_GRAPH], path, threads, provider)
        self._how = (threads, provider)
        self._check_session()

    @classmethod
    def of_folder(cls, folder: Path, threads: int = 0, provider: str = CPU) -> Self:
        """The encoder in a folder. The graph stays mapped, and isn't held in memory twice."""
        small = {name: existing(folder / name, "file of an encoder") for name in _FILES[1:]}
        graph = existing(folder / _GRAPH, "graph of an encoder")
        with graph.open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise SerializationError(f"'{graph}' is empty")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        files = {name: path.read_bytes() for name, path in small.items()}
        return cls({**files, _GRAPH: mapped}, graph, threads, provider)

    @classmethod
    def of_files(cls, files: Any, threads: int = 0, provider: str = CPU) -> Self:
        """The encoder of :meth:`files`."""
        if not isinstance(files, Mapping) or set(files) != set(_FILES):
            raise SerializationError(f"an exported encoder is the files {', '.join(_FILES)}")
        return cls(files, None, threads, provider)

    def files(self) -> dict[str, bytes]:
        """The content of each file by name."""
        return {name: bytes(self._files[name]) for name in _FILES}

    def save(self, folder: Path) -> None:
        """Write the files."""
        for name in _FILES:
            write_bytes(folder / name, bytes(self._files[name]))

    def __reduce__(self) -> Any:
        return _again, (self.files(), *self._how)

    @property
    def width(self) -> int:
        """The width of the vectors."""
        return self.description.width

    @property
    def graph(self) -> bytes:
        """The graph, in the format of ONNX."""
        return bytes(self._files[_GRAPH])

    def encode(self, sequences: Sequences, budget: int) -> tuple[Floats, ...]:
        """The layers that the graph gives for the rows of ``sequences``, each of shape ``(rows,
        width)``. A pass holds at most ``budget`` pieces, padding included."""
        about = self.description
        rows = len(sequences.pieces)
        layers = tuple(np.zeros((rows, about.width), dtype=np.float32) for _ in range(about.layers))
        if self._how[1] == CPU:
            budget = min(budget, _CPU_BUDGET)
        for pack in make_packs(sequences.lengths, budget, alike=about.alike):
            self._run(sequences, pack, layers)
        return layers

    def _run(self, sequences: Sequences, pack: Ints, layers: tuple[Floats, ...]) -> None:
        about = self.description
        lengths = sequences.lengths[pack]
        places = sequences.rows_of(pack)
        rows = sequences.index[places]
        mask = np.arange(max(int(lengths.max()), about.least)) < lengths[:, None]
        ids = np.full(mask.shape, about.pad, dtype=np.int64)
        ids[mask] = sequences.pieces.ids[rows]
        outputs = self.run(ids, mask.astype(np.int64))
        weights = None if sequences.weights is None else sequences.weights[places][:, None]
        for layer, output in zip(layers, outputs):
            flat = output[mask]
            if weights is None:
                layer[rows] = flat
            else:
                np.add.at(layer, rows, flat * weights)

    def run(self, ids: Ints, mask: Ints) -> list[Floats]:
        """The layers for padded ``ids`` and ``mask``, of shape ``(sequences, longest)``: each
        ``(sequences, longest, width)``. Raises :class:`DataError` if the graph can't run."""
        inputs = {"input_ids": ids, "attention_mask": mask}
        try:
            found = self._session.run(None, inputs)
        except Exception as error:  # one class for each of ONNX Runtime's codes
            raise DataError(
                f"the exported encoder can't run on {ids.shape[0]} sequences of {ids.shape[1]} "
                f"word pieces: {_short(error)}"
            ) from error
        wanted = (*ids.shape, self.width)
        if any(getattr(each, "shape", None) != wanted for each in found):
            raise DataError(
                f"the exported encoder gave arrays that aren't of shape {wanted}: its files don't "
                f"belong together, or are damaged"
            )
        return [np.asarray(each, dtype=np.float32) for each in found]

    def _check_session(self) -> None:
        inputs = {each.name: each.type for each in self._session.get_inputs()}
        outputs = self._session.get_outputs()
        if (
            inputs != dict.fromkeys(("input_ids", "attention_mask"), "tensor(int64)")
            or len(outputs) != self.description.layers
        ):
            raise SerializationError(
                f"'{_GRAPH}' takes {', '.join(inputs) or 'nothing'} and gives {len(outputs)} "
                f"outputs, and isn't what '{_DESCRIPTION}' describes"
            )


def _again(files: Any, threads: int, provider: str) -> ExportedEncoder:
    return ExportedEncoder.of_files(files, threads, provider)


def _tokenizer(content: bytes, about: Description) -> FastTokenizer:
    try:
        return FastTokenizer.of(content, about.specials, text_is_text=about.text_is_text)
    except ValueError as error:
        raise SerializationError(f"'{_TOKENIZER}': {error}") from error


def _session(graph: Any, path: Path | None, threads: int, provider: str) -> Any:
    check_graph(memoryview(graph), f"'{path or _GRAPH}'")
    import onnxruntime

    known = onnxruntime.get_available_providers()
    if provider not in known:
        problem = ConfigProblem(
            "model.provider",
            f"this ONNX Runtime has no {provider!r}",
            f"use one of {', '.join(known)}, or install another build of it",
        )
        raise ConfigError([problem], source="transformer")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or default_threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what is wrong is raised
    try:
        return onnxruntime.InferenceSession(
            str(path) if path is not None else bytes(graph), options, providers=[provider]
        )
    except Exception as error:  # one class for each of ONNX Runtime's codes
        raise SerializationError(f"'{path or _GRAPH}' can't be run: {_short(error)}") from error


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else text[:297] + "..."
