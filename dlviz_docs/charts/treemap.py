"""A treemap: its first view as HTML, which needs no script, a table, and all views as data for the script.

Rectangles are a few paths in an SVG that is stretched to the figure's width, one for each family of layers; labels are
HTML above it, which is not stretched. `assets/treemap.js` draws other views and the inside of a part in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dlviz_docs import html
from dlviz_docs.charts.describe import Row
from dlviz_docs.charts.diagram import packed
from dlviz_docs.charts.families import ORDER, family_class, family_keys
from dlviz_docs.charts.lettering import words_width
from dlviz_docs.charts.squarify import Part, Rect, parts
from dlviz_docs.view import Family, Figure, Tile, Treemap
from dlviz_docs.words import number

__all__ = ["Label", "treemap_context"]

GRID = 10_000
"""Width and height of the SVG in its own units."""
NOMINAL = (920, 520)
"""Width and height in px for which labels are chosen where no script can measure; the shape to which it is laid out."""
NAMES, SHARE, LINE = (13, 12, 11), 11, 17
"""Sizes of labels in px: of names by level, of shares, and from line to line."""
OVER, BESIDE = 5, 8
"""Room over a label and on either side, half of which the widest border takes."""
MOST_ROWS = 60
NAMED = 3
"""Parts that the sentence names."""


@dataclass(frozen=True, slots=True)
class Label:
    """A name over its part."""

    text: str
    share: str
    """"" below the first level, and where there is no room."""
    level: str
    """Its class."""
    style: str
    """Where it lies, and how far below its upper edge it begins, where the names of parts around it are."""
    href: Markup


def treemap_context(figure: Figure, *, root: str) -> dict[str, object]:
    """What `figures/treemap.html.j2` needs; `root` is the relative address of our part of the site."""
    treemap = figure.spec
    if not isinstance(treemap, Treemap):
        raise TypeError(f"{figure.id} is not a treemap")
    laid = [(name, parts(tiles, *NOMINAL)) for name, tiles in treemap.views]
    views = [(name, found) for name, found in laid if len(found) > 1]  # the others have nothing to show
    name, first = next(iter(views), ("", []))
    return {
        "figure": figure,
        "root": html.url(root),
        "views": [name for name, _ in views],
        "keys": family_keys(_families(tiles for _, tiles in treemap.views)),
        "paths": [(family_class(family), d) for family, d in _paths(first)],
        "borders": [_outlines(first, depth) for depth in (2, 1)],
        "labels": tuple(_labels(first)),
        "sentence": _sentence(name, first),
        "columns": ("Part", name or "Value", "Share"),
        "rows": tuple(_rows(first)),
        "data": packed({"views": [[name, *_coded(found)] for name, found in views], "styles": _styles()}),
    }


def _families(views: Iterable[Sequence[Tile]]) -> set[Family]:
    return {tile.family for tiles in views for tile in tiles}


def _styles() -> list[str]:
    return [family_class(family) for family in ORDER]


def _sentence(name: str, found: Sequence[Part]) -> str:
    """Where most of it is."""
    top = [part for part in found if part.depth == 1][:NAMED]
    if not top:
        return "There is nothing to show."
    told = ", ".join(f"“{part.name}” {_share(part, found[0])}" for part in top)
    return f"{name[:1].upper()}{name[1:]} by part: {told}."


def _rows(found: Sequence[Part]) -> Iterator[Row]:
    """Parts of the first two levels, in order of size within theirs."""
    shown = [part for part in found if 0 < part.depth <= 2]
    for part in shown[:MOST_ROWS]:
        above = f"{found[part.parent].name}." if part.depth == 2 else ""
        yield Row(f"{above}{part.name}", (part.text or number(part.value), _share(part, found[0])))
    if len(shown) > MOST_ROWS:
        yield Row(f"and {len(shown) - MOST_ROWS:,} more", ("", ""))


def _share(part: Part, whole: Part) -> str:
    share = 100 * part.value / whole.value
    return f"{share:.0f} %" if share >= 9.95 else f"{share:.1f} %" if share >= 0.05 else "< 0.1 %"


# --- the picture ------------------------------------------------------------------------------------------------------


def _paths(found: Sequence[Part]) -> Iterator[tuple[Family, str]]:
    """All innermost parts, one path for each family."""
    for family in ORDER:
        if inside := [_box(part.rect) for part in found if part.leaf and part.depth and part.family == family]:
            yield family, "".join(inside)


def _outlines(found: Sequence[Part], depth: int) -> str:
    return "".join(_box(part.rect) for part in found if part.depth == depth)


def _box(rect: Rect) -> str:
    left, top, right, bottom = _on_grid(rect)
    return f"M{left} {top}H{right}V{bottom}H{left}z"


def _on_grid(rect: Rect) -> tuple[int, int, int, int]:
    """Left, top, right and bottom edge; neighbours share theirs."""
    (left, top, width, height), (wide, high) = rect, NOMINAL
    ends = (left / wide, top / high, (left + width) / wide, (top + height) / high)
    return tuple(round(GRID * end) for end in ends)  # type: ignore[return-value]  # four


def _labels(found: Sequence[Part]) -> Iterator[Label]:
    """Of the outer levels, where there is room below the names of the parts around."""
    lines: dict[int, int] = {}
    for place, part in enumerate(found):
        if not 0 < part.depth <= len(NAMES):
            continue
        below = part.rect[1] - found[part.parent].rect[1] < LINE
        taken = lines.get(part.parent, 0) if below else 0
        fits = _fits(part, taken + 1)
        lines[place] = taken + fits
        if fits:
            share = _share(part, found[0]) if part.depth == 1 else ""
            room = part.rect[2] - _width(part) - words_width(f" {share}", SHARE)
            told = share if room >= 0 else ""
            yield Label(part.name, told, f"dlviz-outer{part.depth}", _style(part.rect, taken), html.url(part.href))


def _fits(part: Part, lines: int) -> bool:
    return _width(part) <= part.rect[2] and lines * LINE + OVER <= part.rect[3]


def _width(part: Part) -> float:
    return words_width(part.name, NAMES[part.depth - 1]) + 2 * BESIDE


def _style(rect: Rect, lines: int) -> str:
    left, top, width, height = rect
    across, down = 100 / NOMINAL[0], 100 / NOMINAL[1]
    place = f"left:{left * across:.2f}%;top:{top * down:.2f}%;width:{width * across:.2f}%;height:{height * down:.2f}%"
    return f"{place};padding-top:{OVER + lines * LINE}px" if lines else place


# --- for the browser --------------------------------------------------------------------------------------------------


def _coded(found: Sequence[Part]) -> tuple[object, ...]:
    """Columns: names, parents, values, families, edges on the grid, words, addresses."""
    words = [html.text(part.text or number(part.value)).unescape() for part in found]
    return (
        [html.text(part.name).unescape() for part in found],
        [part.parent for part in found],
        [part.value for part in found],
        [ORDER.index(part.family) if part.leaf else -1 for part in found],
        [_on_grid(part.rect) for part in found],
        words,
        [html.url(part.href).unescape() for part in found],
    )
