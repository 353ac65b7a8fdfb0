"""``spanloom pretrain``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from spanloom.cli.options import CODE, CONFIG, GPU, OVERRIDES, QUIET, run_command
from spanloom.config import parse_overrides
from spanloom.errors import SpanloomError
from spanloom.plugins import import_code

if TYPE_CHECKING:
    from spanloom.training import History

__all__ = ["pretrain_command"]


@run_command("pretrain", "--paths.raw text.jsonl --pretraining.max_steps 1000")
@CONFIG
@click.argument("output", type=click.Path())
@click.option("--resume", "-r", is_flag=True, help="Continue the run in OUTPUT.")
@CODE
@GPU
@QUIET
@OVERRIDES
def pretrain_command(
    config: str,
    output: str,
    resume: bool,
    code: str | None,
    gpu_id: int,
    quiet: bool,
    overrides: tuple[str, ...],
) -> None:
    """Pretrain the encoder that [pretraining] in CONFIG names, and save its weights in OUTPUT.

    They are loaded at the start of training:

      spanloom train CONFIG --paths.init_tok2vec OUTPUT/model-best.bin

    Ctrl-C stops after the current step; --resume continues as if it had never stopped.
    """
    given = parse_overrides(overrides)
    if code is not None:
        import_code(code)
    from spanloom.training.run import use_gpu

    from .run import pretrain

    if gpu_id >= 0:
        use_gpu(gpu_id)
    result = pretrain(config, output, overrides=given, resume=resume, quiet=quiet)
    if result.interrupted:
        click.echo(
            f"Stopped before the end. Continue with: spanloom pretrain {config} {output} --resume"
        )
    if result.history.evaluations:
        _draw(Path(output) / "curve.png", result.history)
    if result.best is not None:
        click.echo(
            f"Saved the best weights, {result.best}, and the last, {result.last} "
            "(--pretraining.n_save_epoch 1 keeps those after each epoch too)"
        )
        click.echo(f"Train with it: spanloom train {config} --paths.init_tok2vec {result.best}")
    else:
        click.echo(f"Saved {result.last}")


def _draw(path: Path, history: History) -> None:
    from .report import plot_losses

    try:
        click.echo(f"Drew the curve: {plot_losses(path, history)}")
    except SpanloomError as error:
        click.echo(str(error))
