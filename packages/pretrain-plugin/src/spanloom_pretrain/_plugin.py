"""Hooks of spanloom-pretrain. Light: what they need is imported when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spanloom.plugins import ConfigSection, hookimpl

if TYPE_CHECKING:
    from spanloom.plugins import CommandTable

SPANLOOM_API = 1

DEFAULTS: dict[str, Any] = {
    "seed": "${system.seed}",
    "max_epochs": 1000,
    "max_steps": 0,
    "patience": 6000,
    "dropout": 0.0,
    "eval_frequency": 500,
    "held_out": 0.01,
    "held_out_words": 10000,
    "shuffle_buffer": 20000,
    "n_save_every": None,
    "n_save_epoch": None,
    "component": "tok2vec",
    "layer": "",
    "corpus": "corpora.pretrain",
    "batcher": {
        "@batchers": "spanloom.batch_by_words.v1",
        "size": 1000,
        "discard_oversize": False,
        "tolerance": 0.2,
        "get_length": None,
    },
    "objective": {
        "@architectures": "spanloom.PretrainCharacters.v1",
        "maxout_pieces": 3,
        "hidden_size": 300,
        "n_characters": 4,
        "mask_share": 0.3,
    },
    "optimizer": {
        "@optimizers": "Adam.v1",
        "beta1": 0.9,
        "beta2": 0.999,
        "L2_is_weight_decay": True,
        "L2": 0.01,
        "grad_clip": 1.0,
        "use_averages": True,
        "eps": 1e-8,
        "learn_rate": 0.003,
    },
}
"""Defaults of ``[pretraining]``; what each setting means is said at :class:`.settings.Settings`."""

BESIDE: dict[str, Any] = {
    "paths": {"raw": None},
    "corpora": {
        "pretrain": {
            "@readers": "spanloom.JsonlCorpus.v1",
            "path": "${paths.raw}",
            "min_length": 5,
            "max_length": 500,
            "limit": 0,
            "skip_bad_lines": False,
        }
    },
}
"""What comes along with it in core's sections."""


@hookimpl
def config_sections() -> list[ConfigSection]:
    """The section ``[pretraining]``."""
    schema = "spanloom_pretrain.schema:PretrainingSchema"
    return [ConfigSection("pretraining", schema, DEFAULTS, phase="command", beside=BESIDE)]


@hookimpl
def register_commands(commands: CommandTable) -> None:
    """The command that pretrains."""
    target = "spanloom_pretrain.cli:pretrain_command"
    commands.add("pretrain", target=target, help="Pretrain an encoder on raw text.")
