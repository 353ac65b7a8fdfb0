"""The training curve as a picture: scores on held-out text above, losses below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from spanloom.errors import DataError, SpanloomError
from spanloom.io.files import write_bytes

__all__ = ["plot_training"]

# Colours that people with any kind of colour vision tell apart (Okabe & Ito 2008), and a marker
# for each, so that the picture can be read without colour.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = "os^DvPX"


def _new_figure() -> Any:
    """A figure that belongs to no window and no global state."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise SpanloomError(
            "Drawing the training curve needs matplotlib, which isn't installed: pip install "
            "'spanloom-display[plot]'"
        ) from None
    return Figure(figsize=(8.4, 5.6), layout="constrained")


def _draw(axes: Any, steps: Sequence[int], series: Mapping[str, Sequence[float]]) -> None:
    for place, (name, values) in enumerate(series.items()):
        axes.plot(
            steps,
            values,
            label=name,
            color=_COLOURS[place % len(_COLOURS)],
            marker=_MARKERS[place % len(_MARKERS)],
            markersize=4.5,
            linewidth=1.8,
        )
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    if series:
        axes.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.01, 0.5))


def plot_training(
    path: str | Path,
    steps: Sequence[int],
    scores: Mapping[str, Sequence[float]],
    losses: Mapping[str, Sequence[float]],
    *,
    best_step: int | None = None,
    title: str = "Training",
) -> Path:
    """Draw ``scores`` (0 to 1, shown in percent) and ``losses`` over ``steps`` and write a PNG to
    ``path``, which is returned. ``best_step`` is marked with a line.

    Needs matplotlib (``pip install 'spanloom-display[plot]'``); raises :class:`SpanloomError`
    without it, and :class:`DataError` if a series isn't as long as ``steps``.
    """
    for name, values in [*scores.items(), *losses.items()]:
        if len(values) != len(steps):
            raise DataError(
                f"'{name}' has {len(values)} values for {len(steps)} steps: give one each."
            )
    figure = _new_figure()
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    _draw(
        upper, steps, {name: [100 * value for value in values] for name, values in scores.items()}
    )
    _draw(lower, steps, losses)
    upper.set_ylabel("score on held-out text, %")
    upper.set_title(title, loc="left", fontsize=12, fontweight="bold")
    lower.set_ylabel("loss")
    lower.set_xlabel("step")
    if any(value > 0 for values in losses.values() for value in values):
        lower.set_yscale("log")
    if best_step is not None:
        for axes in (upper, lower):
            axes.axvline(best_step, color="#888888", linewidth=1, linestyle=":", zorder=0)
        upper.annotate(
            "best",
            (best_step, 0),
            xycoords=("data", "axes fraction"),
            xytext=(-4, 5),
            textcoords="offset points",
            ha="right",
            fontsize=9,
            color="#666666",
        )
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=150)
    write_bytes(path, picture.getvalue())
    return Path(path)
