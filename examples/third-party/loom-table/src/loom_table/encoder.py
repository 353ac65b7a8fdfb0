"""The component that others listen to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thinc.api import Model

from spanloom.components import Encoder
from spanloom.plugins.factory import component_defaults

from .layers import LISTENS_TO

__all__ = ["WordTable", "make_word_table"]


class WordTable(Encoder):
    """Hands out a vector for each different word of a batch."""

    provides = LISTENS_TO

    def own_config(self, config: Mapping[str, Any], listener: Mapping[str, Any]) -> dict[str, Any]:
        """The block of a model that does alone what the listener did with this encoder."""
        return {**config["model"], "@architectures": "loom-table.OwnTable.v1"}

    def give_weights(self, model: Model[Any, Any], listener: Model[Any, Any]) -> None:
        """Give our weights to the model that was made of `own_config`."""
        model.layers[0].set_param("E", self.model.get_param("E").copy())


@component_defaults(
    {"model": {"@architectures": "loom-table.Table.v1", "width": 32, "rows": 2000}},
    listener={"@architectures": "loom-table.TableListener.v1", "upstream": "word_table"},
)
def make_word_table(nlp: Any, name: str, model: Model[Any, Any]) -> WordTable:
    """Factory of `word_table`."""
    return WordTable(nlp.vocab, model, name)
