"""``spanloom train``."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from ..config import parse_overrides
from ..errors import OccupiedError, SpanloomError
from ..plugins import import_code
from .options import CODE, CONFIG, GPU, OVERRIDES, QUIET, run_command

__all__ = ["train_command"]


@run_command("train", "--training.max_steps 100 --paths.train data.conllu")
@CONFIG
@click.option("--output", "-o", type=click.Path(), help="Folder for model-best and model-last.")
@CODE
@GPU
@click.option("--resume", "-r", is_flag=True, help="Continue from the checkpoint in the output.")
@click.option("--no-checkpoints", is_flag=True, help="Save pipelines only, no checkpoints.")
@click.option("--plot", type=click.Path(), help="Draw the training curve as a PNG file.")
@QUIET
@OVERRIDES
def train_command(
    config: str,
    output: str | None,
    code: str | None,
    gpu_id: int,
    resume: bool,
    no_checkpoints: bool,
    plot: str | None,
    quiet: bool,
    overrides: tuple[str, ...],
) -> None:
    """Train the pipeline that CONFIG describes.

    Every setting must be in the config: 'spanloom init fill-config' fills in the defaults. Ctrl-C
    finishes the current step and saves it; a second Ctrl-C stops at once. --resume continues a run
    that was stopped or killed, or starts from the beginning if there is no checkpoint yet.
    """
    given = parse_overrides(overrides)
    if code is not None:
        import_code(code)
    from ..training.run import train, use_gpu

    if gpu_id >= 0:
        use_gpu(gpu_id)
    if plot is not None:
        _check_drawing(plot)
    result = train(
        config, output, overrides=given, quiet=quiet, resume=resume, checkpoints=not no_checkpoints
    )
    if plot is not None and result.history.evaluations:
        try:
            result.history.plot(plot)
            click.echo(f"Drew the training curve: {plot}")
        except (SpanloomError, OSError) as error:
            click.echo(f"The training curve wasn't drawn: {error}", err=True)
    if result.interrupted:
        resumable = output is not None and not no_checkpoints
        click.echo("Stopped before the end." + (" Continue with --resume." if resumable else ""))
    best = result.history.best
    if best is not None:
        click.echo(f"Best score {100 * (best.score or 0.0):.2f} in step {best.step}.")
    if result.best is not None and result.last is not None:
        click.echo(f"Saved {Path(result.best)} and {Path(result.last)}")
    elif output is None:
        click.echo("Nothing was saved: give --output DIR to keep the pipeline.")


def _check_drawing(plot: str) -> None:
    """Raise now what would keep the curve from being drawn at the end."""
    from ..training import History

    if Path(plot).is_dir():
        raise OccupiedError(f"'{plot}' is a folder: give --plot the name of a file")
    with TemporaryDirectory() as folder:
        History().plot(Path(folder) / "curve.png")
