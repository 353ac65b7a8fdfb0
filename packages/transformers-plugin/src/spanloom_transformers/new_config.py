"""What a new config with a transformer needs besides the component itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spanloom.plugins.factory import NewConfig

__all__ = ["init_config"]

#: A transformer is tuned with a small rate that rises and falls; at others it forgets or stands.
_LEARN_RATE: Mapping[str, Any] = {
    "@schedules": "warmup_linear.v1",
    "warmup_steps": 250,
    "total_steps": 20000,
    "initial_rate": 5e-5,
}


def init_config(config: dict[str, Any], asked: NewConfig) -> None:
    """What suits a transformer: its learning rate, also for pretraining; one pool of memory with
    CuPy; and parsers and recognizers that score their actions without a hidden layer, which above
    vectors that say much already only delays what is learned."""
    if asked.pretrained is not None:
        config["components"][asked.encoder]["model"]["name"] = asked.pretrained
    for block in config["components"].values():
        model = block.get("model")
        if isinstance(model, dict) and "use_upper" in model:
            model["use_upper"] = False
    config["training"]["optimizer"]["learn_rate"] = dict(_LEARN_RATE)
    pretraining = config.get("pretraining", {})
    if pretraining.get("component") == asked.encoder:
        pretraining["optimizer"]["learn_rate"] = _LEARN_RATE["initial_rate"]
    if asked.gpu:
        config["system"]["gpu_allocator"] = "pytorch"
