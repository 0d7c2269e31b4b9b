"""Figures of agents: episodes to play, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray
from dlviz_docs.view.curves import Dash

__all__ = ["Highlight", "Moment", "Play", "Player", "Scene", "SceneKind", "Trace", "Track"]

SceneKind: TypeAlias = Literal["cartpole", "acrobot", "pendulum", "mountain-car", "grid", "numbers"]
"""What a state is drawn as: a task of classic control, a cell of a grid, or plain bars, one for each number."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One curve of a track."""

    name: str
    """Of its array in `Play.values`."""
    label: str
    color: int = 0
    dash: Dash = "solid"
    ends: tuple[float, float] | None = None
    """Least and greatest value over all plays, where it has a scale of its own."""


@dataclass(frozen=True, slots=True)
class Track:
    """What is drawn over the steps of an episode, one picture high; all tracks share the cursor."""

    title: str
    kind: Literal["line", "bar", "share", "choice"]
    """line: through the values. bar: from zero at each step, several on top of each other. share: areas on top of each
    other that add up to 1. choice: a ribbon, one colour for each of `labels`."""
    traces: tuple[Trace, ...]
    says: str = ""
    """What it is, in a sentence."""
    labels: tuple[str, ...] = ()
    """Of a choice: what its numbers are called."""
    own_scale: bool = False
    """Each line between its own `ends`: their units differ."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A step worth a look."""

    step: int
    kind: str
    """In a word or two: "surprise", "critical"."""
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Play:
    """One episode as it is played."""

    key: str
    """Unique in the player; stands in addresses: "ep=3"."""
    title: str
    length: int
    """Steps; 0 where there is nothing but a film."""
    recording: str = ""
    """What it is one of: "seed 0, 20,000 steps"."""
    run: str = ""
    """Slug of what trained the agent: it is compared with itself before others."""
    facts: tuple[tuple[str, str], ...] = ()
    """Name and value: ("return", "187"), ("ended", "time limit"). Every play of a player has the same names."""
    total: float = float("nan")
    """The return."""
    values: Mapping[str, FloatArray] = field(default_factory=dict)
    """Shape (length,) each, by the names of traces; what it does not have is left out."""
    state: FloatArray | None = None
    """Shape (length, k): what the scene is drawn from."""
    moments: tuple[Moment, ...] = ()
    """In their order."""
    picks: tuple[str, ...] = ()
    """What it is an example of: "best", "median", "most surprising"."""
    reel: str = ""
    """Key of its pictures, as `reel_key` makes it; "" where it has none."""
    pictured: NDArray[np.intp] | None = None
    """The step each picture shows, shape (f,), rising."""
    film: str = ""
    """Path of a film, relative to the experiment."""


@dataclass(frozen=True, slots=True)
class Scene:
    """How a state is drawn where there are no pictures of it."""

    kind: SceneKind
    names: tuple[str, ...] = ()
    """Of the numbers of a state."""
    ends: tuple[tuple[float, float], ...] = ()
    """Least and greatest of each, over all plays."""
    rows: int = 0
    columns: int = 0
    cells: str = ""
    """Of a grid, row by row: "S" start, "F" floor, "H" hole, "G" goal, "C" cliff, "#" wall; "" where nothing tells."""
    moves: str = ""
    """Of a grid, where each action leads: "LDRU" for left, down, right and up; "" where nothing tells."""
    note: str = ""
    """What the drawing rests on."""


@dataclass(frozen=True, slots=True)
class Highlight:
    """A step of one of the plays, for a reel of what mattered most."""

    play: str
    """Its key."""
    step: int
    text: str


@dataclass(frozen=True, slots=True)
class Player:
    """Episodes to choose from, each with its state and its tracks under one cursor; two of them side by side."""

    plays: tuple[Play, ...]
    tracks: tuple[Track, ...]
    scene: Scene | None = None
    start: int = 0
    """Place of the play it opens with."""
    actions: tuple[str, ...] = ()
    """Names of discrete ones."""
    highlights: tuple[Highlight, ...] = ()
    """In the order they are shown."""
    seen: int = 0
    """Of how many episodes these are; said, when it is more than are shown."""
    notes: tuple[str, ...] = ()
    """What to know of the tracks: that the discount factor is unknown, say."""

    @property
    def reels(self) -> tuple[str, ...]:
        """Keys of the pictures it shows."""
        return tuple(play.reel for play in self.plays if play.reel)

    @property
    def films(self) -> tuple[str, ...]:
        """Paths of the films it shows."""
        return tuple(play.film for play in self.plays if play.film)
