"""A diagram as an SVG, as it is before any script: `assets/diagram.js` draws its boxes and wires in the same way.

Open blocks lie below the wires, all other boxes above them. Wires are a few long paths: one for the plain ones, one for
those that pass layers by, one for all arrows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from dlviz_docs.charts.families import family_class
from dlviz_docs.charts.lettering import BESIDE, LONGEST_SUMMARY, SIDE, SIGN, Words, cut
from dlviz_docs.charts.nesting import Nest
from dlviz_docs.charts.scene import ASIDE, HEADER, Line, Placed, Point, Scene
from dlviz_docs.html import attr, text

__all__ = ["curves", "draw_diagram"]

TIP = 7
"""Length in px of an arrow's head."""
READ = 0.6
"""Scale at which it is shown at least, and scrolled where it is wider."""
INDENT = SIDE + 4
"""Where the words of a box begin, beside the stripe of its colour."""


def draw_diagram(nest: Nest, scene: Scene, *, id: str, title: str, description: str) -> str:  # noqa: A002  (HTML's word)
    """The whole picture as an SVG element; `description` is read out where the picture is not seen."""
    name, size = attr(id), f"{scene.width} {scene.height}"
    return "".join(
        (
            f'<svg class="dlviz-netmap" viewBox="0 0 {size}" width="{scene.width}" height="{scene.height}" '
            f'style="--least:{scene.width * READ:g}px" role="img" '
            f'aria-labelledby="{name}-t {name}-d">'
            f'<title id="{name}-t">{text(title)}</title><desc id="{name}-d">{text(description)}</desc>',
            *(_frame(nest, placed) for placed in scene.boxes if placed.open),
            *_wires(nest, scene.lines),
            *(_box(nest, placed) for placed in scene.boxes if not placed.open),
            "</svg>",
        )
    )


def curves(ways: Iterable[Sequence[Point]]) -> str:
    """Straight down or with soft turns, so that each arrives straight; what several share is drawn once."""
    drawn: list[str] = []
    seen: set[tuple[Point, Point]] = set()
    for points in ways:
        down = False
        for one, other in pairwise(points):
            if new := (one, other) not in seen:
                seen.add((one, other))
                drawn.append(_turn(one, other) if down else f"M{one[0]} {one[1]}{_turn(one, other)}")
            down = new
    return "".join(drawn)


def _turn(one: Point, other: Point) -> str:
    (x1, y1), (x2, y2) = one, other
    middle = round((y1 + y2) / 2, 1)
    return f"V{y2}" if x1 == x2 else f"C{x1} {middle:g} {x2} {middle:g} {x2} {y2}"


def _wires(nest: Nest, lines: Sequence[Line]) -> Iterator[str]:
    paths = {
        "dlviz-wire": curves(line.points for line in lines if not _passes(nest, line)),
        "dlviz-wire dlviz-skip": curves(line.points for line in lines if _passes(nest, line)),
        "dlviz-tips": "".join(map(_tip, dict.fromkeys(line.points[-2:] for line in lines))),
    }
    yield from (f'<path class="{style}" d="{drawn}"/>' for style, drawn in paths.items() if drawn)
    ends = {line.points[-1] for line in lines}
    for line in lines:
        x, y = line.points[-1]
        left = (x + ASIDE, y) in ends  # another arrow is there
        if label := nest.groups[line.block].strands[line.strand].label:
            yield _beside(x, y, "dlviz-shape", cut(label, LONGEST_SUMMARY), left=left)
        if line.values > 1:
            yield _beside(x, y, "dlviz-shape dlviz-amount", f"× {line.values:,}", left=not left)


def _beside(x: int, y: int, style: str, words: str, *, left: bool) -> str:
    place = f' dlviz-end" x="{x - 7}' if left else f'" x="{x + 7}'
    return f'<text class="{style}{place}" y="{y - 10}">{text(words)}</text>'


def _passes(nest: Nest, line: Line) -> bool:
    group = nest.groups[line.block]
    return group.strands[line.strand].skip and len(group.layers.chains[line.strand]) > 2


def _tip(points: Sequence[Point]) -> str:
    """The head of an arrow, down or up."""
    x, y = points[-1]
    return f"M{x} {y}l-4 {TIP if y < points[-2][1] else -TIP}h8z"


def _frame(nest: Nest, placed: Placed) -> str:
    words = nest.words[placed.box]
    sign = f'<path class="dlviz-sign" d="M{placed.width - SIGN // 2 - 8} {HEADER // 2}h8"/>'
    head = _first_line(words, HEADER // 2 + 4, SIDE, placed.width - SIGN - 4)
    shape = f'<rect width="{placed.width}" height="{placed.height}" rx="10"/>'
    return f"{_group(nest, placed, 'dlviz-netblock')}{shape}{head}{sign}</g>"


def _box(nest: Nest, placed: Placed) -> str:
    words, box = nest.words[placed.box], nest.boxes[placed.box]
    w, h = placed.width, placed.height
    block = placed.box in nest.groups
    port = box.family == "port"
    drawn = [_group(nest, placed, "dlviz-box")]
    if box.times > 1:
        drawn += [f'<rect class="dlviz-sheet" x="{d}" y="{d}" width="{w}" height="{h}" rx="8"/>' for d in (6, 3)]
    drawn.append(f'<rect width="{w}" height="{h}" rx="{h // 2 if port else 8 if block else 6}"/>')
    if not port:
        drawn.append(f'<rect class="dlviz-stripe" x="5" y="7" width="3" height="{h - 14}" rx="1.5"/>')
    baseline = 18 if words.summary else h // 2 + 4
    drawn.append(_first_line(words, baseline, INDENT, w - (SIGN + 4 if block else SIDE - 2)))
    if words.summary:
        drawn.append(f'<text class="dlviz-sum" x="{INDENT}" y="34">{text(words.summary)}</text>')
    if block:
        drawn.append(f'<path class="dlviz-sign" d="M{w - SIGN // 2 - 8} {h // 2}h8m-4-4v8"/>')
    return "".join((*drawn, "</g>"))


def _group(nest: Nest, placed: Placed, style: str) -> str:
    family = family_class(nest.boxes[placed.box].family)
    return f'<g class="{style} {family}" transform="translate({placed.x} {placed.y})">'


def _first_line(words: Words, y: int, x: int, end: int) -> str:
    kind = f' <tspan class="dlviz-what" dx="{BESIDE - 5}">{text(words.kind)}</tspan>' if words.kind else ""
    times = f'<text class="dlviz-times" x="{end}" y="{y}">{words.times}</text>' if words.times else ""
    return f'<text class="dlviz-netname" x="{x}" y="{y}">{text(words.label)}{kind}</text>{times}'
