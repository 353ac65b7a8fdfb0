"""The components of a pipeline, in order, each with its name and config."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from ..errors import NoComponentError, PipelineError

__all__ = ["Order", "Slot", "check_name"]

#: What a saved pipeline has beside its components.
_PARTS = ("vocab", "tokenizer")


def check_name(name: str) -> None:
    """Raise :class:`PipelineError` for a name that would be no section of a config and no folder of
    its own in a saved pipeline."""
    if not isinstance(name, str) or not name or set(name) & set("./\\:[]${}\n") or name in _PARTS:
        raise PipelineError(
            f"{name!r} can't be the name of a component: it is a section of the config and a "
            f"folder beside {' and '.join(_PARTS)}, so that dots, slashes, colons, brackets and $ "
            f"are not permitted. Give another one: add_pipe(..., name='my_name')"
        )


@dataclass(frozen=True)
class Slot:
    """A place in a pipeline, with what stands there. ``config`` is the component's filled block,
    with its factory."""

    name: str
    component: Any
    config: dict[str, Any]
    enabled: bool = True

    @property
    def factory(self) -> str:
        """The name of the factory that made the component."""
        return str(self.config["factory"])


class Order:
    """Named components in a row. Every change keeps names unique."""

    def __init__(self) -> None:
        self._slots: list[Slot] = []

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, name: object) -> bool:
        return any(slot.name == name for slot in self._slots)

    @property
    def names(self) -> list[str]:
        """All names, disabled ones too."""
        return [slot.name for slot in self._slots]

    @property
    def components(self) -> list[tuple[str, Any]]:
        """All components with their names, disabled ones too."""
        return [(slot.name, slot.component) for slot in self._slots]

    @property
    def enabled(self) -> list[str]:
        """The names of those that run."""
        return [slot.name for slot in self._slots if slot.enabled]

    @property
    def disabled(self) -> list[str]:
        """The names of those that don't."""
        return [slot.name for slot in self._slots if not slot.enabled]

    def index(self, name: str) -> int:
        """Where ``name`` stands. Raises :class:`NoComponentError` if there is none of that name."""
        try:
            return self.names.index(name)
        except ValueError:
            near = get_close_matches(name, self.names, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            have = ", ".join(self.names) or "none"
            raise NoComponentError(
                f"This pipeline has no component '{name}' (components: {have}).{hint}"
            ) from None

    def __getitem__(self, name: str) -> Slot:
        return self._slots[self.index(name)]

    def place(
        self,
        before: str | int | None = None,
        after: str | int | None = None,
        first: bool | None = None,
        last: bool | None = None,
    ) -> int:
        """The position that the arguments of ``add_pipe`` mean; the end if none is given."""
        given = sum(each is not None for each in (before, after, first, last))
        # A number stands for a place, and so would False and True.
        if given > 1 or first is False or last is False or bool in (type(before), type(after)):
            raise PipelineError(
                "Give only one of before and after (a name or number), first=True and last=True "
                f"(got before={before!r}, after={after!r}, first={first!r}, last={last!r})"
            )
        if first:
            return 0
        if before is not None:
            return self._position(before)
        if after is not None:
            return self._position(after) + 1
        return len(self._slots)

    def _position(self, where: str | int) -> int:
        if isinstance(where, str):
            return self.index(where)
        if not -len(self) <= where < len(self):
            raise PipelineError(f"There is no position {where} among {len(self)} components")
        return where % len(self)

    def insert(self, position: int, slot: Slot) -> None:
        """Put ``slot`` at ``position``. Raises :class:`PipelineError` if its name is taken."""
        self.check_free(slot.name)
        self._slots.insert(position, slot)

    def check_free(self, name: str) -> None:
        """Raise :class:`PipelineError` if ``name`` is taken, or can't be one (see
        :func:`check_name`)."""
        check_name(name)
        if name in self:
            raise PipelineError(
                f"This pipeline already has a component '{name}' ({', '.join(self.names)}). Give "
                f"the new one another name: add_pipe(..., name='{name}_2')"
            )

    def remove(self, name: str) -> Slot:
        """Take the slot out and return it."""
        return self._slots.pop(self.index(name))

    def replace(self, name: str, slot: Slot) -> None:
        """Put ``slot`` in the place of ``name``."""
        self._slots[self.index(name)] = slot

    def rename(self, old: str, new: str) -> None:
        """Give the component another name."""
        slot = self[old]
        if old != new:
            self.check_free(new)
            self._slots[self.index(old)] = replace(slot, name=new)

    def enable(self, name: str, enabled: bool) -> None:
        """Let the component run or not."""
        self._slots[self.index(name)] = replace(self[name], enabled=enabled)
