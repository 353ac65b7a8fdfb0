"""What a new config with a transformer needs besides the component itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spanloom.plugins.factory import NewConfig

__all__ = ["init_config"]

#: What begins at random, heads and adapters, learns at a rate that rises, and falls to the end.
_LEARN_RATE: Mapping[str, Any] = {
    "@schedules": "spanloom.warmup_linear.v1",
    "warmup_steps": 250,
    "total_steps": "${training.max_steps}",
    "initial_rate": 0.001,
}

#: A transformer is tuned with a twentieth of that; with more it forgets.
_LEARN_RATES: Mapping[str, float] = {"^(?!.*lora_)": 0.05}


def init_config(config: dict[str, Any], asked: NewConfig) -> None:
    """What suits a transformer: learning rates for it and for the heads, also for pretraining; one
    pool of memory with CuPy; and parsers and recognizers that score their actions without a hidden
    layer, which above vectors that say much already only delays what is learned."""
    model = config["components"][asked.encoder]["model"]
    model["learn_rates"] = dict(_LEARN_RATES)
    if asked.pretrained is not None:
        model["name"] = asked.pretrained
    for block in config["components"].values():
        model = block.get("model")
        if isinstance(model, dict) and "use_upper" in model:
            model["use_upper"] = False
    config["training"]["optimizer"]["learn_rate"] = dict(_LEARN_RATE)
    pretraining = config.get("pretraining", {})
    if pretraining.get("component") == asked.encoder:
        pretraining["optimizer"]["learn_rate"] = _LEARN_RATE["initial_rate"]  # the same factor
    if asked.gpu:
        config["system"]["gpu_allocator"] = "pytorch"
