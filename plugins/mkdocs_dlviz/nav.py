"""Navigation that stays small: a page lists the index, its neighbours and the pages of its own experiment.

MkDocs renders the whole navigation on every page; a thousand experiments would cost a million links.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from itertools import pairwise

from mkdocs.structure import StructureItem
from mkdocs.structure.nav import Link, Navigation, Section
from mkdocs.structure.pages import Page

__all__ = ["RADIUS", "Entry", "WindowedNav"]

RADIUS = 5
"""Neighbours on either side."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One experiment: its pages in reading order, the overview first. The title is HTML already."""

    title: str
    pages: tuple[Page, ...]
    item: Section | Page = field(init=False)
    """What the navigation shows: the page itself when there is only one."""

    def __post_init__(self) -> None:
        item = self.pages[0] if len(self.pages) == 1 else Section(self.title, list(self.pages))
        object.__setattr__(self, "item", item)


class WindowedNav:
    """The host's navigation with our pages put in around the one that is being shown."""

    def __init__(self, nav: Navigation, index: Page, entries: Sequence[Entry], *, radius: int = RADIUS) -> None:
        self._nav = nav
        self._index = index
        self._entries = entries
        self._size = 2 * radius + 1
        self._trail = {id(item) for item in index.ancestors}
        self._listed = any(page is index for page in nav.pages)
        self._position = {page.file.src_uri: place for place, entry in enumerate(entries) for page in entry.pages}
        self._set_parents()
        self._set_neighbours()

    def around(self, page: Page) -> Navigation | None:
        """The navigation as `page` shows it; None when the page is not one of ours."""
        place = self._position.get(page.file.src_uri)
        if place is None and page is not self._index:
            return None
        nav = copy(self._nav)
        window = self._window(place)
        nav.items = self._spliced(nav.items, window) if self._listed else [*nav.items, self._section(window)]
        return nav

    def _window(self, place: int | None) -> list[StructureItem]:
        """Always the same number of experiments, so that the list does not jump at either end."""
        last_start = max(0, len(self._entries) - self._size)
        start = min(max(0, (place or 0) - self._size // 2), last_start)
        shown = self._entries[start : start + self._size]
        items: list[StructureItem] = [
            entry.item if start + offset == place else entry.pages[0] for offset, entry in enumerate(shown)
        ]
        if len(shown) < len(self._entries):
            items.append(Link(f"All {len(self._entries):,} experiments", self._index.url))
        return items

    def _spliced(self, items: Sequence[StructureItem], window: list[StructureItem]) -> list[StructureItem]:
        """Copies of the sections that lead to the index, with the window behind it."""
        spliced: list[StructureItem] = []
        for item in items:
            if item is self._index:
                sectioned = item.parent is not None or len(items) == 1  # nothing else to be told apart from
                spliced += [item, *window] if sectioned else [self._section(window)]
            elif id(item) in self._trail and isinstance(item, Section):
                spliced.append(_active(item.title, self._spliced(item.children, window)))
            else:
                spliced.append(item)
        return spliced

    def _section(self, window: list[StructureItem]) -> Section:
        return _active(self._index.title or "", [self._index, *window])

    def _set_parents(self) -> None:
        """For the path above a page's title, and for the sections that are open."""
        index = self._index
        home = index.parent or (None if index.is_homepage else Section(index.title or "", [index]))
        for entry in self._entries:
            entry.item.parent = home
            if isinstance(entry.item, Section):
                for page in entry.pages:
                    page.parent = entry.item

    def _set_neighbours(self) -> None:
        """For the links below a page: from the index through all of ours, and back to the host's own pages."""
        after = self._index.next_page
        pages = [self._index, *(page for entry in self._entries for page in entry.pages)]
        for first, second in pairwise(pages):
            first.next_page, second.previous_page = second, first
        pages[-1].next_page = after


def _active(title: str, children: list[StructureItem]) -> Section:
    section = Section(title, children)
    section.active = True
    return section
