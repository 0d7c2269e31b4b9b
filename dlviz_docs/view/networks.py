"""Figures of models: how layers connect, where their parameters are, and what they look at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from dlviz_docs.model import FloatArray
from dlviz_docs.view.samples import Thumb

__all__ = ["FILTERS", "RESPONSES", "Box", "Diagram", "Family", "Heat", "Overlay", "Seen", "Tile", "Treemap", "Wire"]

SMALL = 144
"""Longest side in px of pictures to choose from."""

Family: TypeAlias = Literal[
    "convolution",
    "linear",
    "attention",
    "recurrent",
    "embedding",
    "normalisation",
    "activation",
    "pooling",
    "combination",
    "shape",
    "port",
    "block",
    "other",
]
"""What a layer does, coarsely: one colour each. A port is an input or output of the model."""

FILTERS = "filters:"
"""What the keys of pictures made of weights begin with: "filters:0:conv1.weight" is `Models.networks[0]`, and the name
of the tensor in its `filters`; `stats.filters.filter_sheet` makes the pixels."""

RESPONSES = "responses:"
"""What the keys of pictures of feature maps begin with: "responses:0:2" is `Experiment.probes[0].channels[2]`, of which
`charts.responses.response_sheet` makes the pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """A block, layer or operation of a diagram."""

    id: str
    """Unique in the diagram; stands in addresses ("#layer1.0.conv1")."""
    label: str
    kind: str = ""
    """Class or operation: "Conv2d"."""
    family: Family = "other"
    parent: str = ""
    """Identifier of the block it lies in; "" for none."""
    times: int = 1
    """How many equal blocks in a row it stands for."""
    summary: str = ""
    """A few words under the label: "64 x 56 x 56", "73 k parameters"."""
    says: str = ""
    """What it does, in a sentence."""
    facts: tuple[tuple[str, str], ...] = ()
    """Name and value, shown when it is chosen."""
    counts: FloatArray | None = None
    """Histogram of its weights, equal bins over `span`."""
    span: tuple[float, float] = (0.0, 0.0)
    moved: FloatArray | None = None
    """How far its weights moved from one checkpoint to the next; a small curve."""
    pictures: tuple[Thumb, ...] = ()
    """What it responds to."""
    href: str = ""
    """More on it: relative to the page."""


@dataclass(frozen=True, slots=True)
class Wire:
    """From one box's output to another's input; both are boxes without boxes in them, or folded ones."""

    start: str
    end: str
    label: str = ""
    """Shape of what goes along: "64 x 56 x 56"."""
    skip: bool = False
    """Passes several layers by: a residual connection."""


@dataclass(frozen=True, slots=True)
class Diagram:
    """Boxes within boxes, and how they connect, top to bottom. Laid out at build time, for every block open and closed;
    the browser pans, zooms, opens, closes, searches and shows what is chosen."""

    boxes: tuple[Box, ...]
    """A block before what is in it."""
    wires: tuple[Wire, ...] = ()
    """None where only the tree of modules is known: boxes are then drawn in their order."""
    opened: tuple[str, ...] = ()
    """Blocks that are open at first."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One part of a treemap."""

    path: tuple[str, ...]
    """From the outermost part to this: ("layer4", "0", "conv1")."""
    value: float
    family: Family = "other"
    text: str = ""
    """The value in words: "2.36 M parameters"; its share is told beside it."""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Treemap:
    """Where something is: areas in proportion, parts within parts (Bruls, Huizing and van Wijk 2000)."""

    views: tuple[tuple[str, tuple[Tile, ...]], ...]
    """By name ("parameters", "multiply-adds"), chosen by a button; only innermost parts are listed."""


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """A map over a picture."""

    choice: tuple[str, ...]
    """One value for each axis of its figure: ("HiResCAM", "layer4", "tiger cat")."""
    grid: FloatArray
    """Shape (h, w), as coarse as it was computed; stretched over the picture without more detail than it has."""
    peak: float = 1.0
    """Its largest absolute value before scaling, so that two maps can be compared."""
    signed: bool = False
    """Two colours around zero."""
    note: str = ""
    """A sentence on it: how much of the picture it covers, or why it is empty."""
    area: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    """Left, top, right and bottom of what it covers, as shares of the picture: a model may see the middle alone."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture and its maps."""

    title: str
    picture: Thumb
    """With the key "" for maps of no one picture, such as a mean: they lie over nothing."""
    facts: tuple[tuple[str, str], ...] = ()
    heats: tuple[Heat, ...] = ()
    wrong: bool | None = None
    group: str = ""
    """What else it is chosen by, with a button: "unsure"."""
    box: tuple[float, float, float, float] | None = None
    """What its maps are of: left, top, right and bottom as shares of the picture, drawn over them."""

    @property
    def small(self) -> Thumb:
        """The picture as it stands among the others: a file of its own, so that a page need not load all large ones."""
        return replace(self.picture, side=min(self.picture.side, SMALL))


@dataclass(frozen=True, slots=True)
class Overlay:
    """Pictures with maps over them: one large, the others to choose from; opacity, swipe, raw cells, and a choice along
    each axis (method, layer, target, checkpoint)."""

    items: tuple[Seen, ...]
    axes: tuple[str, ...]
    """Names of the choices: ("method", "layer", "target")."""
    start: tuple[str, ...] = ()
    """The choice it opens with, one value for each axis."""
    sliders: tuple[str, ...] = ()
    """Axes whose values are in order, such as checkpoints: a slider instead of a list."""
    apart: tuple[str, ...] = ()
    """Axes along which sizes of values mean nothing to each other, such as methods: a common scale is one for each."""
    total: int = 0
    """Of how many pictures these are chosen; 0: these are all."""
    chosen: str = ""
    """How, in words."""
    notes: tuple[tuple[str, str], ...] = field(default=())
    """What is said of a value of an axis, by the value: what a method does."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for a map that could not be chosen or drawn."""
        for heat in (heat for seen in self.items for heat in seen.heats):
            if len(heat.choice) != len(self.axes):
                raise ValueError(f"a map of the choice {heat.choice} in a figure of the axes {self.axes}")
            if heat.grid.ndim != 2 or not heat.grid.size:
                raise ValueError(f"a map of the shape {heat.grid.shape}")
