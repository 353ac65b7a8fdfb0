"""The classes of documents and spans, as types for the modules that these are made of.

``Doc`` and ``Span`` are faces: their methods call functions of the modules beside them, which take
the document, and tokens and spans refer to their document. This is the one place where such a
module may refer back, and for type checkers only: at run time nothing is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .doc import Doc as Doc
    from .span import Span as Span
    from .token import Token as Token

__all__: list[str] = []
