"""Samples to look at: the first as finished HTML, the others as data that the browser makes the same of.

Shapes stand in pixels of the original picture, labels at shares of it: both hold at every size it is shown at.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from statistics import median
from typing import Final, Literal, TypeAlias

from markupsafe import Markup

from dlviz_docs import html
from dlviz_docs.charts.palette import mask_color
from dlviz_docs.view import Figure, Gallery, Item, Passage, Region, Thumb

__all__ = ["Card", "Kind", "Picture", "Place", "Text", "gallery_context"]

RegionKind: TypeAlias = Literal["truth", "match", "missed", "false"]
KINDS: Final[Sequence[RegionKind]] = ("truth", "match", "missed", "false")
QUIET: Final = " dlviz-quiet"
"""Class of a region whose label would lie over another one."""
PIXELS: Final = 64
"""Longest side in px up to which the pixels of an original are shown as squares."""
CARD: Final = 290
"""Width in px at which pictures with regions are usually seen: labels that would meet there are left out."""
LETTER, LINE, LEAST_LABELLED = 6.2, 17, 26
"""Size of a label's letters in px, and the least width of a box that may have one: the style sheet hides labels of
boxes under 34 px, and a card on a telephone is a third wider."""
PIXEL_CARD: Final = 136
"""Least width of a card in px."""
LONG: Final = 600
"""Characters from which a text is folded."""
NARROWEST, WIDEST = 0.75, 1.6
"""Shapes, width by height, of the tile that holds a picture."""

_WORDS = {
    "truth": ("truth", "annotated"),
    "match": ("found", "predicted, and it fits an annotation"),
    "missed": ("missed", "annotated, and no prediction fits"),
    "false": ("false alarm", "predicted, and nothing annotated fits"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One entry of the legend of regions."""

    kind: RegionKind
    label: str
    help: str


@dataclass(frozen=True, slots=True)
class Place:
    """A region as it is drawn: numbers are rounded once, for the page and for the script alike."""

    kind: RegionKind
    hidden: bool
    """Below the threshold that the slider starts with."""
    x: float
    y: float
    width: float
    height: float
    color: int
    label: str
    score: float | None
    partner: float | None
    path: str
    """The outline, as an SVG path; "" for a plain box."""
    style: str
    """Where it lies, for the label: shares of the picture."""
    side: str
    """Classes of a label that would not fit above the box, or to the right of its left edge, or not at all."""

    @property
    def text(self) -> str:
        """What stands at its corner."""
        return " ".join(filter(None, (self.label, "" if self.score is None else f"{self.score:.2f}")))


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is shown."""

    src: Markup
    """"" where there is none to show."""
    width: int
    """Of the original, at least 1."""
    height: int
    side: int
    alt: str
    places: tuple[Place, ...] = ()

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height of the file, in px."""
        scale = self.side / max(self.width, self.height)
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))

    @property
    def pixels(self) -> bool:
        """Whether it is so small that its pixels are to be seen."""
        return max(self.width, self.height) <= PIXELS

    @property
    def ratio(self) -> float:
        """Width by height."""
        return self.width / self.height


@dataclass(frozen=True, slots=True)
class Text:
    """A passage as it is shown."""

    label: str
    pieces: tuple[tuple[str, bool], ...]
    """Text, and whether it is only here; neighbours differ."""
    tag: Literal["del", "ins"]
    """What is only in the first text was left out, what is only in another was added."""
    long: bool
    weighed: tuple[tuple[str, int], ...] = ()
    """Instead of pieces: text, and by how many percent it speaks for what it is shown for; 0 for plain text."""


@dataclass(frozen=True, slots=True)
class Card:
    """An item as it is shown."""

    item: Item
    pictures: tuple[Picture, ...]
    texts: tuple[Text, ...]

    @property
    def href(self) -> Markup:
        """Where its title leads; "" for nowhere."""
        return html.url(self.item.href)


def gallery_context(figure: Figure, address: Callable[[Thumb], str]) -> dict[str, object]:
    """What `figures/gallery.html.j2` needs; `address` gives a picture's relative URL, "" where there is no file."""
    gallery = figure.spec
    if not isinstance(gallery, Gallery):
        raise TypeError(f"{figure.id} is not a gallery")
    start = None if gallery.slider is None else gallery.slider[1]
    cards = [_card(item, address, start) for item in gallery.items]
    first = cards[: max(0, min(gallery.first, len(cards) - gallery.aside))]
    kinds = _kinds(gallery)
    judged = any(kind.kind != "truth" for kind in kinds)
    return {
        "figure": figure,
        "cards": first,
        "shown": _shown(len(first), gallery, judged=judged),
        "kinds": kinds,
        "legend": [(name, mask_color(place)) for name, place in gallery.legend],
        "judged": judged,
        "choice": _choice(gallery),
        "layout": _layout(gallery.items),
        "column": _column(cards),
        "tile_ratio": _tile(cards),
        "spec": html.json_script(_spec(gallery, cards, len(first))),
    }


def _shown(shown: int, gallery: Gallery, *, judged: bool) -> str:
    if not gallery.total and not shown:
        return "There is nothing to show."
    if shown == gallery.total == 1 and not judged:
        return gallery.chosen
    amount = f"All {shown:,}" if shown == gallery.total else f"{shown:,} of {gallery.total:,}"
    return f"{amount} shown{'; ' if gallery.chosen else ''}{gallery.chosen}"


def _choice(gallery: Gallery) -> bool:
    """Whether the script will have something to choose by: room is kept for it."""
    items = gallery.items
    by_cell = any(item.row or item.column or item.cells for item in items)
    mixed = len({bool(item.wrong) for item in items[: len(items) - gallery.aside]}) > 1
    return bool(gallery.slider or gallery.sorts or by_cell or mixed or any(item.regions for item in items))


def _layout(items: Iterable[Item]) -> str:
    """What the items are mostly looked at for: it decides how wide a card is."""
    order = ("rows", "pictures", "regions", "pairs", "notes", "texts")
    return max((_looked_at(item) for item in items), key=order.index, default="rows")


def _looked_at(item: Item) -> str:
    if item.passages:
        return "texts" if len(item.passages) > 1 else "notes"
    if len(item.pictures) > 1:
        return "pairs"
    return "rows" if not item.pictures else "regions" if item.regions else "pictures"


def _column(cards: Sequence[Card]) -> int:
    """Least width of a card in px, by the size of its pictures; those of few pixels are clear when they are small."""
    sides = [PIXEL_CARD if picture.pixels else picture.side for card in cards for picture in card.pictures]
    return min(max(max(sides, default=192), PIXEL_CARD), 340)


def _tile(cards: Iterable[Card]) -> float:
    """A shape that suits most pictures: cards in a row are equally high, and none is cropped."""
    ratios = [picture.ratio for card in cards for picture in card.pictures]
    return round(min(max(median(ratios), NARROWEST), WIDEST), 3) if ratios else 1.0


def _kinds(gallery: Gallery) -> tuple[Kind, ...]:
    """Those that there are, or that the slider may make of others."""
    found: set[str] = set()
    for region in (region for item in gallery.items for region in item.regions):
        if gallery.slider is None or region.kind in ("match", "false"):
            found.add(region.kind)
        else:
            found |= {"missed"} if region.partner is None else {"truth", "missed"}
    return tuple(Kind(kind, *_WORDS[kind]) for kind in KINDS if kind in found)


# --- cards ---


def _card(item: Item, address: Callable[[Thumb], str], start: float | None) -> Card:
    pictures = tuple(_pictures(item, address, start))
    return Card(item, pictures, tuple(_text(passage, i) for i, passage in enumerate(item.passages)))


def _pictures(item: Item, address: Callable[[Thumb], str], start: float | None) -> Iterator[Picture]:
    for i, thumb in enumerate(item.pictures):
        width, height = max(1, thumb.width), max(1, thumb.height)
        places = tuple(_places(item.regions, width, height, start)) if i == 0 else ()
        alt = thumb.alt or (f"{item.title}, picture {i + 1}" if len(item.pictures) > 1 else item.title)
        yield Picture(html.url(address(thumb)), width, height, max(1, thumb.side), alt, places)


def _places(regions: Iterable[Region], width: int, height: int, start: float | None) -> Iterator[Place]:
    """Large ones first: the small ones lie above them and can be pointed at."""
    drawn = [region for region in regions if all(map(math.isfinite, region.xywh))]
    drawn.sort(key=lambda region: -region.xywh[2] * region.xywh[3])
    places = [_place(region, width, height, start) for region in drawn]
    quiet = _quiet(places, CARD / max(width, height))
    for i, place in enumerate(places):
        yield replace(place, side=f"{place.side}{QUIET}") if i in quiet else place


def _place(region: Region, width: int, height: int, start: float | None) -> Place:
    x, y, w, h = map(_px, region.xywh)
    w, h = max(0, w), max(0, h)
    score, partner = _share(region.score), _share(region.partner)
    kind, hidden = _state(region.kind, score, partner, start)
    style = f"{_span('left', 'width', x, w, width)};{_span('top', 'height', y, h, height)}"
    side = (" dlviz-in" if y < 0.1 * height else "") + (" dlviz-end" if 2 * x + w > width else "")
    path = _path(region.outline)
    return Place(kind, hidden, x, y, w, h, region.color % 10, region.label, score, partner, path, style, side)


def _quiet(places: Sequence[Place], scale: float) -> set[int]:
    """Those whose labels would lie over more important ones: what is missed comes first, then what is most confident.

    Annotations that are found have labels only where predictions are not shown, so they keep clear of each other alone.
    """

    def rank(i: int) -> tuple[bool, float]:
        return places[i].kind != "missed", -(places[i].score or 0)

    quiet: set[int] = set()
    taken: dict[bool, list[tuple[float, float, float, float]]] = {True: [], False: []}
    for i in sorted(range(len(places)), key=rank):
        place = places[i]
        if not place.text or place.width * scale < LEAST_LABELLED:
            continue
        box, found = _label(place, scale), place.kind == "truth"
        if any(_meet(box, other) for other in taken[found]):
            quiet.add(i)
        else:
            taken[found].append(box)
            if place.kind == "missed":
                taken[True].append(box)
    return quiet


def _label(place: Place, scale: float) -> tuple[float, float, float, float]:
    """Left, top, right and bottom in px of the card."""
    prefix = {"missed": 7, "false": 6}.get(place.kind, 0)
    wide = LETTER * min(len(place.text) + prefix, 26) + 13
    left = (place.x + place.width) * scale - wide if "dlviz-end" in place.side else place.x * scale
    top = place.y * scale - (0 if "dlviz-in" in place.side else LINE)
    return left, top, left + wide, top + LINE


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _state(
    kind: RegionKind, score: float | None, partner: float | None, start: float | None
) -> tuple[RegionKind, bool]:
    """What it is at a threshold, and whether it is not to be seen there. The script has the same rule."""
    if start is None:
        return kind, False
    if kind in ("match", "false"):
        return kind, score is not None and score < start
    return ("missed" if partner is None or partner < start else "truth"), False


def _px(value: float) -> float:
    return _whole(round(value, 1))


def _whole(value: float) -> float:
    """Written as the script writes it: 1, not 1.0."""
    return int(value) if value == int(value) else value


def _share(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else _whole(round(value, 4))


def _span(start: str, length: str, low: float, extent: float, whole: int) -> str:
    """The part of it that lies in the picture, as two properties."""
    begin, end = (min(max(value, 0), whole) for value in (low, low + extent))
    return f"{start}:{100 * begin / whole:.2f}%;{length}:{100 * (end - begin) / whole:.2f}%"


def _path(outline: Iterable[Sequence[float]]) -> str:
    """Polygons as one path; those of fewer than two points, or with a coordinate that is no number, are left out."""
    polygons = [polygon for polygon in outline if len(polygon) >= 4 and all(map(math.isfinite, polygon))]
    pairs = [zip(polygon[::2], polygon[1::2], strict=False) for polygon in polygons]
    return "".join(f"M{'L'.join(f'{_px(x)} {_px(y)}' for x, y in pair)}Z" for pair in pairs)


def _text(passage: Passage, place: int) -> Text:
    """A mark ends with its last word, not with the space behind it, unless it is of space alone."""
    if passage.weights:
        weighed = tuple(_weighed(passage))
        return Text(passage.label, (), "ins", sum(len(words) for words, _ in weighed) > LONG, weighed)
    pieces: list[tuple[str, bool]] = []
    for words, only in _joined((words, mark == "only") for words, mark in passage.pieces):
        end = len(words.rstrip()) if only and words.strip() else len(words)
        pieces += [(words[:end], only), (words[end:], False)]
    long = sum(len(words) for words, _ in pieces) > LONG
    return Text(passage.label, tuple(_joined(pieces)), "ins" if place else "del", long)


def _weighed(passage: Passage) -> Iterator[tuple[str, int]]:
    """Neighbours without colour as one."""
    percents = [round(100 * min(max(weight, -1.0), 1.0)) if math.isfinite(weight) else 0 for weight in passage.weights]
    pairs = [(words, percent) for (words, _), percent in zip(passage.pieces, percents, strict=True) if words]
    for plain, parts in groupby(pairs, key=lambda pair: pair[1] == 0):
        if plain:
            yield "".join(words for words, _ in parts), 0
        else:
            yield from parts


def _joined(pieces: Iterable[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    """Neighbours of one kind as one, empty ones left out."""
    for only, parts in groupby((piece for piece in pieces if piece[0]), key=lambda piece: piece[1]):
        yield "".join(words for words, _ in parts), only


# --- what the script makes the same of: lists, whose places it knows, since there may be thousands ---


@dataclass(slots=True)
class _Names:
    """Each name once, and its place."""

    places: dict[object, int] = field(default_factory=dict)

    def __call__(self, name: object) -> int:
        return self.places.setdefault(name, len(self.places))


def _plain(value: str) -> str:
    """As `html.text` has it, for a text node: characters nobody can see are made visible in both."""
    return html.text(value).unescape()


def _spec(gallery: Gallery, cards: Sequence[Card], first: int) -> dict[str, object]:
    names, facts = _Names(), _Names()
    names("")  # "none" is 0
    rest = cards[first:]
    base = _folder([str(picture.src) for card in rest for picture in card.pictures if picture.src])
    items = [_row(card, names, facts, base, whole=i >= first) for i, card in enumerate(cards)]
    scores = [place.score or 0 for card in cards for picture in card.pictures for place in picture.places]
    return {
        "first": max(1, gallery.first),
        "total": gallery.total,
        "chosen": _plain(gallery.chosen),
        "aside": gallery.aside,
        "asideChosen": _plain(gallery.aside_chosen),
        "sorts": [_plain(name) for name in gallery.sorts],
        "slider": gallery.slider and (*gallery.slider, max(1, math.ceil(max(scores, default=1)))),
        "axes": (
            _plain(gallery.axes[0]) or _axis(gallery.items, "row", "truth"),
            _plain(gallery.axes[1]) or _axis(gallery.items, "column", "predicted"),
        ),
        "base": Markup(base).unescape(),  # noqa: S704  (part of an address that is encoded already)
        "names": [_plain(str(name)) for name in names.places],
        "facts": [[_plain(name) for name in one] for one in facts.places if isinstance(one, tuple)],
        "items": items,
    }


def _folder(addresses: Sequence[str]) -> str:
    """Where all of them lie, with a slash at its end; "" where there is no such folder."""
    folder = addresses[0][: addresses[0].rfind("/") + 1] if addresses else ""
    return folder if all(address.startswith(folder) for address in addresses) else ""


def _axis(items: Iterable[Item], which: Literal["row", "column"], usual: str) -> str:
    """The fact that rows (or columns) are the values of; "" where items have none, or none that a reader could name."""
    told = [item for item in items if getattr(item, which)]
    found = Counter(name for item in told for name, value in item.facts if value == getattr(item, which))
    if not told or found[usual] == len(told):
        return usual if told else ""
    named = any(name == usual for item in told for name, _ in item.facts)
    return _plain(next((name for name, amount in found.most_common() if amount == len(told)), usual if named else ""))


def _row(card: Card, names: _Names, facts: _Names, base: str, *, whole: bool) -> list[object]:
    """Of the first ones only what they are chosen and sorted by: the rest stands in the page."""
    item = card.item
    wrong = None if item.wrong is None else int(item.wrong)
    values = [_plain(value) for _, value in item.facts]
    row: list[object] = [facts(tuple(name for name, _ in item.facts)), values]
    if item.cells:
        row += [[names(one) for one in side] for side in zip(*item.cells, strict=True)]
    else:
        row += [names(item.row), names(item.column)]
    row += [wrong]
    if whole:
        pictures = [_thumb(picture, base) for picture in card.pictures]
        places = [_region(place, names) for picture in card.pictures[:1] for place in picture.places]
        texts = [_passage(text) for text in card.texts]
        row += [_plain(item.title), html.url(item.href).unescape(), pictures, places, texts]
    while row and row[-1] in (None, "", []):
        row.pop()
    return row


def _thumb(picture: Picture, base: str) -> list[object]:
    src = Markup(str(picture.src)[len(base) :]).unescape()  # noqa: S704  (part of an address that is encoded already)
    return [src, picture.width, picture.height, picture.side, _plain(picture.alt)]


def _region(place: Place, names: _Names) -> list[object]:
    kind = KINDS.index(place.kind) + (len(KINDS) if QUIET in place.side else 0)
    row: list[object] = [kind, place.x, place.y, place.width, place.height, place.color, names(place.label)]
    row += [place.score, place.partner, place.path]
    while row[-1] in (None, ""):
        row.pop()
    return row


def _passage(text: Text) -> list[object]:
    """Pieces in turn: alike, only here, alike, ...; or each with the percent of its colour."""
    if text.weighed:
        return [_plain(text.label), *([_plain(words), percent] for words, percent in text.weighed)]
    pieces = [_plain(words) for words, _ in text.pieces]
    return [_plain(text.label), *([""] if text.pieces and text.pieces[0][1] else []), *pieces]
