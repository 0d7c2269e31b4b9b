"""Marks and their words: rings and vertical lines, labelled where the words hide least."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from dlviz_docs.charts import palette
from dlviz_docs.html import text
from dlviz_docs.model import FloatArray
from dlviz_docs.view import Mark

__all__ = ["HEIGHT", "Place", "draw_marks"]

HEIGHT = 240
"""Of the picture in px, as in its style sheet."""
LINE_HEIGHT = 15
"""Of words, in px."""
LETTER = 0.018
"""Width of a letter as a share of a narrow picture's: words that would meet there are left to the tooltip."""
USUAL_LETTER = 0.009
"""The same of a picture on a desktop, for what words may hide."""
RING = (-8, 18, -23, 33)
"""Pixels from a ring down to the baseline of its words: above it, below it, and one line farther."""
VERTICAL = (14, 29, 44)
"""The same from the top of a vertical line."""

Curve = tuple[FloatArray, FloatArray]
"""x and y of its points from 0 to 1, shape (n,) each; x rises."""


@dataclass(frozen=True, slots=True)
class Place:
    """A mark and where it stands: x and y from 0 to 1; y is None for a vertical line."""

    mark: Mark
    x: float
    y: float | None


def draw_marks(places: Iterable[Place], curves: Sequence[Curve]) -> Iterator[str]:
    """The marks as SVG."""
    words = _Words(curves)
    for place in places:
        yield _draw(place, words.place(place))


@dataclass(frozen=True, slots=True)
class _Words:
    """Labels find their places one after the other."""

    curves: Sequence[Curve]
    taken: list[tuple[float, float, float]] = field(default_factory=list)
    """Left end, right end and baseline of the words so far."""

    def place(self, place: Place) -> int | None:
        """How far down from its mark a label meets no other and hides the fewest curves; None for nowhere."""
        top = HEIGHT * (1 - (1.0 if place.y is None else place.y))
        left, right = _ends(place, LETTER)
        free = [
            down
            for down in (VERTICAL if place.y is None else RING)
            if 0 < top + down <= HEIGHT and self._is_free(left, right, top + down)
        ]
        if not free:
            return None
        down = min(free, key=lambda down: self._hidden(place, top + down))  # the first of equals
        self.taken.append((left, right, top + down))
        return down

    def _is_free(self, left: float, right: float, baseline: float) -> bool:
        return all(
            left > end or right < start or abs(baseline - other) >= LINE_HEIGHT for start, end, other in self.taken
        )

    def _hidden(self, place: Place, baseline: float) -> int:
        """How many curves run through the words."""
        left, right = _ends(place, USUAL_LETTER)
        low, high = 1 - baseline / HEIGHT, 1 - (baseline - LINE_HEIGHT) / HEIGHT
        return sum(_runs_through(curve, left, right, low, high) for curve in self.curves)


def _ends(place: Place, letter: float) -> tuple[float, float]:
    """Words stand on the side with more room."""
    width = letter * len(place.mark.label)
    return (place.x, place.x + width) if place.x < 0.5 else (place.x - width, place.x)


def _runs_through(curve: Curve, left: float, right: float, low: float, high: float) -> bool:
    x, y = curve
    part = y[max(0, int(x.searchsorted(left)) - 1) : int(x.searchsorted(right)) + 1]
    part = part[np.isfinite(part)]
    return bool(len(part) and part.min() <= high and part.max() >= low)


def _draw(place: Place, down: int | None) -> str:
    mark, across = place.mark, f"{100 * place.x:.4g}%"
    top = "0" if place.y is None else f"{100 * (1 - place.y):.4g}%"
    if place.y is None:
        shape = f'<line x1="{across}" x2="{across}" y2="100%"/>'
    else:
        shape = f'<circle cx="{across}" cy="{top}" r="5"/>'
    words = ""
    if down is not None:
        side = 'dx="8"' if place.x < 0.5 else 'dx="-8" text-anchor="end"'
        words = f'<text x="{across}" y="{top}" {side} dy="{down}">{text(mark.label)}</text>'
    style = f"dlviz-mark dlviz-{mark.kind} {palette.color_class(mark.color)}"
    return f'<g class="{style}"><title>{text(mark.label)}</title>{shape}{words}</g>'
