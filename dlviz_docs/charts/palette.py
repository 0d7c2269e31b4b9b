"""Ten colours for each scheme, told apart with and without full colour vision, and a marker shape beside each.

Every colour has a contrast of at least 3:1 to the page behind it. `assets/figures.css` carries the same values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dlviz_docs.view import Dash

__all__ = ["DARK", "DARK_PAGE", "LIGHT", "LIGHT_PAGE", "MARKERS", "color_class", "dash_class", "marker", "mask_color"]

LIGHT_PAGE: Final = "#ffffff"
DARK_PAGE: Final = "#1e2129"
"""Material's slate."""

LIGHT: Final[Sequence[str]] = (
    "#3d6bf2",  # blue
    "#c43a5e",  # crimson
    "#00714f",  # green
    "#b06d00",  # ochre
    "#6a1fb0",  # violet
    "#0699ac",  # teal
    "#7a2147",  # wine
    "#4b5d00",  # olive
    "#f2540a",  # orange
    "#1a5c94",  # steel
)
DARK: Final[Sequence[str]] = (
    "#5b8cff",
    "#ff8fa3",
    "#2fa36b",
    "#e0a325",
    "#b98aff",
    "#38d0f0",
    "#f0609a",
    "#a4d93a",
    "#e8602c",
    "#5b9bb5",
)

# SVG paths around (0, 0), some 8 px wide. Seven shapes, ten colours, no common factor: 70 pairs before one repeats.
MARKERS: Final[Sequence[str]] = (
    "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",  # circle
    "M-3-3h6v6h-6z",  # square
    "M0-4l4 7h-8z",  # triangle
    "M0-4.5l4 4.5-4 4.5-4-4.5z",  # diamond
    "M0 4l4-7h-8z",  # triangle, point down
    "M-1.2-4h2.4v2.8h2.8v2.4h-2.8v2.8h-2.4v-2.8h-2.8v-2.4h2.8z",  # plus
    "M-4-3h3l1 2 1-2h3l-2.5 3 2.5 3h-3l-1-2-1 2h-3l2.5-3z",  # cross
)


def color_class(color: int) -> str:
    """The class that sets `--dlviz-s`, the colour of a series, for everything inside."""
    return f"dlviz-s{color % len(LIGHT)}"


def mask_color(place: int) -> str:
    """What a class has in a picture of masks, which is the same in both schemes; "" for the first one."""
    return LIGHT[(place - 1) % len(LIGHT)] if place else ""


def dash_class(dash: Dash) -> str:
    """The class of a line that is not solid, with a space before it."""
    return "" if dash == "solid" else f" dlviz-{dash}"


def marker(color: int) -> str:
    """The shape that belongs to a place in the palette, as an SVG path."""
    return MARKERS[color % len(MARKERS)]
