"""Running a model of transformers over the windows of a batch, and its gradients back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from spanloom_onnx.sequences import Sequences, make_packs

__all__ = [
    "PADDING",
    "Layers",
    "Pass",
    "Runner",
    "encode",
    "encode_for_training",
    "encode_windows",
    "mixed_dtype",
    "reads_padding",
]

#: On a CPU, passes above this many padded pieces only spill its caches.
_CPU_BUDGET = 256

#: Pieces of padding by which a model is tried for whether it sees any.
PADDING = 8

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Runner:
    """What runs, and how: ``pad`` is the id that fills rows up, ``budget`` how many padded pieces a
    pass holds at most, ``dtype`` that of autocast, if any. ``alike`` keeps padding away from models
    whose own code reads it; no pass is narrower than ``least`` pieces."""

    module: Any
    pad: int
    device: torch.device
    budget: int
    dtype: torch.dtype | None = None
    alike: bool = False
    least: int = 1

    def packs(self, lengths: Ints, budget: int | None = None) -> list[Ints]:
        """The numbers of the windows of each pass."""
        if budget is None:
            on_cpu = self.device.type == "cpu"
            budget = min(self.budget, _CPU_BUDGET) if on_cpu else self.budget
        return make_packs(lengths, budget, alike=self.alike)

    def autocast(self) -> AbstractContextManager[Any]:
        """Computes in :attr:`dtype`, where there is one."""
        if self.dtype is None:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.dtype)

    def call(self, one: Pass, **options: bool) -> Any:
        """The output of the module for a pass."""
        mask = one.mask.long()
        return self.module(input_ids=one.ids, attention_mask=mask, return_dict=True, **options)

    def nothing(self) -> torch.Tensor:
        """The last layer for no windows."""
        return torch.zeros(0, self.module.config.hidden_size, device=self.device)


@dataclass(frozen=True, slots=True)
class Pass:
    """One forward pass: padded ids and mask, shape ``(windows, longest)``, the numbers of its
    windows, the places of their pieces in the output, and the rows, with their weights, that the
    vectors of these go to."""

    windows: Ints
    ids: torch.Tensor
    mask: torch.Tensor
    places: torch.Tensor
    rows: torch.Tensor
    weights: torch.Tensor | None

    def vectors(self, layer: torch.Tensor) -> torch.Tensor:
        """Those of a layer, shape ``(windows, longest, width)``, without padding. The mask as an
        index would ask the device how many there are, and wait."""
        return layer.flatten(0, 1)[self.places].float()

    def add_to(self, total: torch.Tensor, values: torch.Tensor) -> None:
        """Put the vectors of the windows, without padding, to their rows."""
        if self.weights is None:
            total.index_copy_(0, self.rows, values)
        else:
            total.index_add_(0, self.rows, values * self.weights)


@dataclass(frozen=True, slots=True)
class Layers:
    """What one batch gave, on the model's device, by row: ``last`` is the last layer; ``hidden``
    all of them, where they were asked for; ``attentions`` an array for each window, shape
    ``(layers, heads, pieces, pieces)``."""

    last: torch.Tensor
    hidden: tuple[torch.Tensor, ...] = ()
    attentions: tuple[Any, ...] = ()


def reads_padding(module: Any, ids: Ints, pad: int, device: torch.device) -> bool:
    """Whether a sequence's vectors depend on the padding behind it, by more than rounding: then the
    model's code doesn't keep to the mask, as convolutions over pieces don't."""
    size = len(ids)
    rows = torch.full((1, size + PADDING), pad, dtype=torch.long, device=device)
    rows[0, :size] = torch.from_numpy(ids)
    found = []
    with torch.inference_mode(), torch.random.fork_rng(devices=[]):
        for width in (size, size + PADDING):
            mask = (torch.arange(width, device=device) < size).long()[None]
            output = module(input_ids=rows[:, :width], attention_mask=mask, return_dict=True)
            found.append(output[0][0, :size].float())
    exact = found[0].abs().max() * (1e-5 if module.dtype is torch.float32 else 1e-1)
    return bool((found[0] - found[1]).abs().max() > exact)


def mixed_dtype(wanted: bool | str, device: torch.device) -> torch.dtype | None:
    """The type for autocast: bf16 unless fp16 is asked for or the GPU has no bf16."""
    if not wanted:
        return None
    if wanted == "fp16" and device.type == "cuda":
        return torch.float16
    if device.type == "cuda" and wanted is True and not torch.cuda.is_bf16_supported():
        return torch.float16
    return torch.bfloat16


def encode(
    runner: Runner, sequences: Sequences, *, hidden: bool = False, attentions: bool = False
) -> Layers:
    """The layers in inference mode.

    Passes hold at most as many padded pieces as the budget says; one that runs out of memory is
    halved until it is a single window, and later ones keep to what worked.
    """
    if runner.module.training:
        runner.module.eval()
    options = {}
    if hidden:
        options["output_hidden_states"] = True
    if attentions:
        options["output_attentions"] = True
    outputs: list[torch.Tensor] = []
    found: dict[int, Any] = {}
    count = len(sequences.pieces)
    with torch.inference_mode(), runner.autocast():
        for one, output in _run(runner, sequences, options):
            kept = output.hidden_states if hidden else (output[0],)
            if not outputs:
                width = kept[-1].shape[-1]
                outputs = [torch.zeros(count, width, device=runner.device) for _ in kept]
            for total, layer in zip(outputs, kept):
                one.add_to(total, one.vectors(layer))
            if attentions:
                found.update(_attentions(one, output.attentions, sequences.lengths))
    if not outputs:
        count = getattr(runner.module.config, "num_hidden_layers", 0) + 1 if hidden else 1
        outputs = [runner.nothing() for _ in range(count)]
    return Layers(
        outputs[-1], tuple(outputs) if hidden else (), tuple(found[i] for i in sorted(found))
    )


def encode_windows(runner: Runner, sequences: Sequences) -> torch.Tensor:
    """What a model with a head for whole texts gives for each window, of which there is one at
    least: shape ``(windows, labels)``."""
    runner.module.eval()
    parts, order = [], []
    with torch.inference_mode(), runner.autocast():
        for one, output in _run(runner, sequences, {}):
            parts.append(output[0].float())
            order.append(one.windows)
    back = torch.from_numpy(np.argsort(np.concatenate(order))).to(runner.device)
    return torch.cat(parts)[back]


def _attentions(one: Pass, layers: Any, lengths: Ints) -> Iterator[tuple[int, Any]]:
    """Those of each window of a pass, without padding."""
    stacked = torch.stack(layers, 1).float().cpu().numpy()
    for row, window in enumerate(one.windows.tolist()):
        size = lengths[window]
        yield window, stacked[row, :, :, :size, :size].copy()


def _run(runner: Runner, sequences: Sequences, options: dict[str, bool]) -> Any:
    todo = runner.packs(sequences.lengths)[::-1]
    while todo:
        pack = todo.pop()
        one = _make_pass(runner, sequences, pack)
        try:
            output = runner.call(one, **options)
        except RuntimeError as error:
            if len(pack) == 1 or not _out_of_memory(error):
                raise
            del one
            if runner.device.type == "cuda":
                torch.cuda.empty_cache()
            smaller = max(1, int(sequences.lengths[pack].max()) * len(pack) // 2)
            rest = np.concatenate([pack, *todo[::-1]])
            packs = runner.packs(sequences.lengths[rest], smaller)
            todo = [rest[each] for each in packs][::-1]
            continue
        yield one, output


def _out_of_memory(error: RuntimeError) -> bool:
    if isinstance(error, torch.OutOfMemoryError):
        return True
    text = str(error)
    return "DefaultCPUAllocator" in text or "out of memory" in text


def _make_pass(runner: Runner, sequences: Sequences, pack: Ints) -> Pass:
    device = runner.device
    lengths = sequences.lengths[pack]
    places = sequences.rows_of(pack)
    rows = sequences.index[places]
    mask = np.arange(max(int(lengths.max()), runner.least)) < lengths[:, None]
    ids = np.full(mask.shape, runner.pad, dtype=np.int64)
    ids[mask] = sequences.pieces.ids[rows]
    weights = None
    if sequences.weights is not None:
        weights = torch.from_numpy(sequences.weights[places][:, None]).to(device)
    return Pass(
        pack,
        torch.from_numpy(ids).to(device),
        torch.from_numpy(mask).to(device),
        torch.from_numpy(np.flatnonzero(mask)).to(device),
        torch.from_numpy(rows).to(device),
        weights,
    )


def encode_for_training(
    runner: Runner, sequences: Sequences, seed_scale: Callable[[], float] | None = None
) -> tuple[torch.Tensor, Callable[[torch.Tensor], None]]:
    """The last layer, and what takes its gradient, shape ``(rows, width)``, and adds to the
    gradients of the parameters. Each pass is given back its memory when its part is done."""
    if not runner.module.training:
        runner.module.train()
    done: list[tuple[Pass, torch.Tensor]] = []
    total: torch.Tensor | None = None
    with torch.enable_grad(), runner.autocast():
        for pack in runner.packs(sequences.lengths):
            one = _make_pass(runner, sequences, pack)
            flat = one.vectors(runner.call(one)[0])
            if total is None:
                width = flat.shape[-1]
                total = torch.zeros(len(sequences.pieces), width, device=runner.device)
            one.add_to(total, flat.detach())
            done.append((one, flat))
    if total is None:
        total = runner.nothing()

    def backward(gradient: torch.Tensor) -> None:
        scale = seed_scale() if seed_scale is not None else 1.0
        while done:
            one, flat = done.pop()
            if not flat.requires_grad:
                continue
            mine = gradient[one.rows]
            if one.weights is not None:
                mine = mine * one.weights
            torch.autograd.backward(flat, mine * scale if scale != 1.0 else mine)

    return total, backward
