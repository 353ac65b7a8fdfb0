"""What core asks of encoders of texts. The encoders are other packages' (spanloom-transformers)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .protocols import PipelineLike

__all__ = ["TextEncoder", "open_encoder"]

#: Opens encoders, unless the caller names another function of the registry `encoders`.
_OPENER = "spanloom.TextEncoder.v1"


@runtime_checkable
class TextEncoder(Protocol):
    """Gives each text, a word or longer, one vector, whatever texts stand beside it."""

    @property
    def width(self) -> int:
        """The number of dimensions."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vector of each text, float32 of shape ``(len(texts), width)``, computed in batches;
        zeros for a text in which the encoder sees nothing. The same texts give the same vectors."""


def open_encoder(
    source: str | Path | PipelineLike, name: str = _OPENER, **settings: Any
) -> TextEncoder:
    """The encoder at ``source``: what that can be, and ``settings``, are up to the function
    ``name`` of the registry `encoders`.

    spanloom-transformers, whose function is the default, takes a model of Hugging Face (a folder,
    or a name on the hub) and a pipeline with a ``transformer`` (a folder, or loaded). Raises
    :class:`UnknownNameError` if no installed package offers ``name``.
    """
    from ..plugins.registries import registry

    return cast(TextEncoder, registry.get("encoders", name)(**settings)(source))
