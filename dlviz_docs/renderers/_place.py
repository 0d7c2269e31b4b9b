"""Where the figures of one data set, or of one model's predictions, stand among those of others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from dlviz_docs import names
from dlviz_docs.view import Figure, Shown

__all__ = ["Place", "places"]


@dataclass(frozen=True, slots=True)
class Place:
    """Identifiers and pages that stay apart where a topic shows several data sets."""

    name: str = ""
    """Of the data set, where there are several; "" for the only one."""
    prefix: str = ""
    """Of all identifiers, where the same figures stand on the page for something else too."""

    def id(self, figure: str) -> str:
        """The figure's identifier on the page."""
        own = f"{self.prefix}{figure}"
        return f"{names.slug(self.name)}-{own}" if self.name else own

    def group(self, heading: str) -> str:
        """The heading the figure stands under."""
        return heading

    def put(self, shown: Iterable[Shown]) -> Iterator[Shown]:
        """Figures on the data set's own page, where there are several."""
        yield from (replace(one, page=self.name) if isinstance(one, Figure) else one for one in shown)


def places(called: Sequence[str]) -> list[Place]:
    """One for each of several, by its name: with a number where another one has that, or the same address."""
    found: list[Place] = []
    taken: set[str] = set()
    for base in map(names.spelled, called):
        name, turn = base, 2
        while names.slug(name) in taken:
            name, turn = f"{base} ({turn})", turn + 1
        taken.add(names.slug(name))
        found.append(Place(name))
    return found
