"""Maps over pictures: the first choice of each picture as finished HTML, all others as bytes for the script."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from dlviz_docs import html
from dlviz_docs.charts import heat as heats
from dlviz_docs.charts.gallery import Picture
from dlviz_docs.view import Figure, Heat, Overlay, Seen, Thumb
from dlviz_docs.words import number

__all__ = ["Card", "nearest", "overlay_context"]

MOST_ROWS = 50
"""Of the table of what is said of each picture's map."""
SIGNIFICANT = 4


@dataclass(frozen=True, slots=True)
class Card:
    """A picture with the map that the figure opens with, or the one nearest to it."""

    seen: Seen
    picture: Picture
    small: Picture
    """As it stands among the others."""
    heat: Heat | None
    grid: heats.Grid | None

    @property
    def blank(self) -> bool:
        """Whether the map lies over nothing: it is of no one picture."""
        return not self.seen.picture.key

    @property
    def layer(self) -> str:
        """The map's own picture, as an address; "" for none."""
        opacity = 1.0 if self.blank else heats.OPACITY
        return heats.data_uri(heats.painted(heats.restored(self.grid), opacity)) if self.grid else ""

    @property
    def style(self) -> str:
        """Where the map lies, as properties; "" for over the whole picture."""
        if self.grid is None or self.grid.area == heats.WHOLE:
            return ""
        return _placed(self.grid.area)

    @property
    def box(self) -> str:
        """Where the box lies that is explained, as properties; "" for none."""
        return _placed(self.seen.box) if self.seen.box else ""

    @property
    def choice(self) -> str:
        """The map in words: "HiResCAM · layer4 · tiger cat"."""
        return " · ".join(filter(None, self.heat.choice)) if self.heat else ""

    @property
    def peak(self) -> str:
        """Its greatest absolute value."""
        return number(self.grid.peak) if self.grid else ""

    @property
    def note(self) -> str:
        """What is said of it."""
        return self.heat.note if self.heat else "There is no map of this picture."


def _placed(area: tuple[float, float, float, float]) -> str:
    left, top, right, bottom = (100 * share for share in area)
    return f"left:{left:.2f}%;top:{top:.2f}%;width:{right - left:.2f}%;height:{bottom - top:.2f}%"


def overlay_context(figure: Figure, address: Callable[[Thumb], str]) -> dict[str, object]:
    """What `figures/overlay.html.j2` needs; `address` gives a picture's relative URL, "" where there is no file."""
    overlay = figure.spec
    if not isinstance(overlay, Overlay):
        raise TypeError(f"{figure.id} is not an overlay")
    side = heats.side_for([heat.grid.shape for seen in overlay.items for heat in seen.heats])
    cards = [_card(seen, overlay, address, side) for seen in overlay.items]
    return {
        "figure": figure,
        "cards": cards,
        "says": _said(cards[0].heat, overlay) if cards else (),
        "shown": _shown(overlay),
        "rows": cards[:MOST_ROWS],
        "more": len(cards[MOST_ROWS:]),
        "spec": html.json_script(_spec(overlay, cards, side)),
    }


def nearest(choices: Sequence[tuple[str, ...]], wanted: Sequence[str]) -> int | None:
    """Place of the choice that has most of the wanted values, the first of several; the script has the same rule."""
    if not choices:
        return None
    matches = [sum(a == b for a, b in zip(choice, wanted, strict=False)) for choice in choices]
    return matches.index(max(matches))


def _card(seen: Seen, overlay: Overlay, address: Callable[[Thumb], str], side: int) -> Card:
    place = nearest([heat.choice for heat in seen.heats], overlay.start)
    heat = None if place is None else seen.heats[place]
    large, small = (_picture(seen, thumb, address) for thumb in (seen.picture, seen.small))
    return Card(seen, large, small, heat, heats.grid_of(heat, side) if heat else None)


def _picture(seen: Seen, thumb: Thumb, address: Callable[[Thumb], str]) -> Picture:
    src = html.url(address(thumb) if thumb.key else "")
    return Picture(src, max(1, thumb.width), max(1, thumb.height), max(1, thumb.side), thumb.alt or seen.title)


def _said(heat: Heat | None, overlay: Overlay) -> tuple[tuple[str, str], ...]:
    """What is said of the values of a choice."""
    told = dict(overlay.notes)
    return tuple((value, told[value]) for value in (heat.choice if heat else ()) if value in told)


def _shown(overlay: Overlay) -> str:
    shown, total = len(overlay.items), overlay.total or len(overlay.items)
    if not shown:
        return "There is nothing to show."
    blank = all(not seen.picture.key for seen in overlay.items)
    if (blank or shown == 1) and total == shown and not overlay.chosen:
        return ""
    amount = "1 picture" if shown == total == 1 else f"{shown:,} pictures"
    amount += f" of {total:,}" if total > shown else ""
    return f"{amount}{'; ' if overlay.chosen else ''}{overlay.chosen}"


# --- for the script: names once, maps as bytes ---


@dataclass(slots=True)
class _Places:
    """Each value once, and its place."""

    places: dict[object, int] = field(default_factory=dict)

    def __call__(self, value: object) -> int:
        return self.places.setdefault(value, len(self.places))


@dataclass(slots=True)
class _Names:
    """What many maps share: values of the axes, notes, shapes, and which maps a picture has."""

    axes: tuple[_Places, ...]
    notes: _Places = field(default_factory=_Places)
    shapes: _Places = field(default_factory=_Places)
    facts: _Places = field(default_factory=_Places)
    layouts: _Places = field(default_factory=_Places)


def _plain(value: str) -> str:
    """As `html.text` has it, for a text node: characters nobody can see are made visible in both."""
    return html.text(value).unescape()


def _spec(overlay: Overlay, cards: Sequence[Card], side: int) -> dict[str, object]:
    names = _Names(tuple(_Places() for _ in overlay.axes))
    base = _folder([str(card.picture.src) for card in cards if card.picture.src])
    items = [_row(card, names, base, side) for card in cards]
    return {
        "axes": [_plain(name) for name in overlay.axes],
        "sliders": [i for i, name in enumerate(overlay.axes) if name in overlay.sliders],
        "apart": [i for i, name in enumerate(overlay.axes) if name in overlay.apart],
        "values": [[_plain(str(value)) for value in axis.places] for axis in names.axes],
        "start": [_plain(value) for value in overlay.start],
        "says": [[_plain(value), _plain(words)] for value, words in overlay.notes],
        "notes": [_plain(str(note)) for note in names.notes.places],
        "shapes": list(names.shapes.places),
        "layouts": list(names.layouts.places),
        "facts": [[_plain(name) for name in one] for one in names.facts.places if isinstance(one, tuple)],
        "warm": heats.WARM,
        "cool": heats.COOL,
        "opacity": heats.OPACITY,
        "base": Markup(base).unescape(),  # noqa: S704  (part of an address that is encoded already)
        "items": items,
    }


def _folder(addresses: Sequence[str]) -> str:
    """Where all of them lie, with a slash at its end; "" where there is no such folder."""
    folder = addresses[0][: addresses[0].rfind("/") + 1] if addresses else ""
    return folder if all(address.startswith(folder) for address in addresses) else ""


def _row(card: Card, names: _Names, base: str, side: int) -> list[object]:
    """A picture: its words, its file, its facts, and its maps in one run of bytes."""
    seen, picture = card.seen, card.picture
    src = Markup(str(picture.src)[len(base) :]).unescape()  # noqa: S704  (part of an address that is encoded already)
    found = list(_once(seen.heats))
    grids = [heats.grid_of(heat, side) for heat in found]
    layout = tuple((_choice(heat, names), _shape(grid, names)) for heat, grid in zip(found, grids, strict=True))
    return [
        _plain(seen.title),
        None if card.blank else src,
        picture.width,
        picture.height,
        picture.side,
        _plain(picture.alt),
        None if seen.wrong is None else int(seen.wrong),
        _plain(seen.group),
        names.facts(tuple(name for name, _ in seen.facts)),
        [_plain(value) for _, value in seen.facts],
        names.layouts(tuple(zip(*layout, strict=True))),
        [float(f"{grid.peak:.{SIGNIFICANT}g}") for grid in grids],
        [names.notes(heat.note) for heat in found],
        base64.b64encode(b"".join(grid.codes.tobytes() for grid in grids)).decode(),
        *([[round(side, 4) for side in seen.box]] if seen.box else ()),
    ]


def _once(found: Iterable[Heat]) -> Iterator[Heat]:
    """The first map of each choice."""
    known: set[tuple[str, ...]] = set()
    for heat in found:
        if heat.choice not in known:
            known.add(heat.choice)
            yield heat


def _choice(heat: Heat, names: _Names) -> tuple[int, ...]:
    return tuple(axis(value) for axis, value in zip(names.axes, heat.choice, strict=True))


def _shape(grid: heats.Grid, names: _Names) -> int:
    return names.shapes((*grid.codes.shape, int(grid.signed), grid.fold, grid.area))
