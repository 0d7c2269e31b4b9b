"""Where the figures of one data set, or of one model's predictions, stand among those of others."""

from __future__ import annotations

from dataclasses import dataclass

from dlviz_docs import names

__all__ = ["Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """Identifiers and headings that stay apart where a page shows several data sets."""

    name: str = ""
    """Of the data set, where there are several; "" for the only one."""

    def id(self, figure: str) -> str:
        """The figure's identifier on the page."""
        return f"{names.slug(self.name)}-{figure}" if self.name else figure

    def group(self, heading: str) -> str:
        """The heading the figure stands under."""
        return f"{self.name}: {heading}" if self.name else heading
