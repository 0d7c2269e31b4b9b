"""From one figure to the whole site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from dlviz_docs.model import Direction, Insight, Problem
from dlviz_docs.view.curves import Chart
from dlviz_docs.view.episodes import Player
from dlviz_docs.view.networks import Diagram, Overlay, Treemap
from dlviz_docs.view.reels import Reel
from dlviz_docs.view.samples import Gallery, Matrix, Plot, Sweep
from dlviz_docs.view.tables import Table

__all__ = [
    "Asset",
    "Fact",
    "Figure",
    "Heading",
    "IndexEntry",
    "NavItem",
    "Page",
    "Section",
    "Shown",
    "Site",
    "Spec",
    "Sprite",
]


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the site: bytes made in memory, or one that lies on disk already."""

    path: str
    """Relative to the site's root."""
    content: bytes | Path


Spec: TypeAlias = Chart | Table | Plot | Matrix | Gallery | Sweep | Overlay | Diagram | Treemap | Player


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing to look at."""

    id: str
    """Stable: links and insights point here. Lower-case ASCII and hyphens."""
    title: str
    caption: str
    """What there is to see, in one sentence; the text alternative too."""
    spec: Spec
    group: str = ""
    """Figures of one group stand under one heading."""
    page: str = ""
    """A page of its own below its topic's, by name: one data set of several; "" for the topic's page."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What a topic comes to, in a line of the experiment's front page: ("Accuracy", "0.929 [0.924, 0.934]")."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Sprite:
    """Many small pictures in one file, row by row."""

    path: str
    """Relative to the site's root."""
    tile: int
    """Side of each in px."""
    columns: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One topic of one experiment."""

    topic: str
    """The renderer's name."""
    title: str
    insights: tuple[Insight, ...] = ()
    figures: tuple[Figure, ...] = ()
    problems: tuple[Problem, ...] = ()
    thumbs: Mapping[str, str] = field(default_factory=dict)
    """Paths in the site of the pictures that figures refer to, by "<side>/<key>"."""
    sprites: Mapping[str, Sprite] = field(default_factory=dict)
    """By figure: the small pictures behind its dots."""
    reels: Mapping[str, Reel] = field(default_factory=dict)
    """By `reel_key`: the pictures of episodes."""
    films: Mapping[str, str] = field(default_factory=dict)
    """Paths in the site of films, by their path in the experiment."""
    plays: Mapping[str, str] = field(default_factory=dict)
    """Paths in the site of the steps of episodes, scripts of their own, by "<figure>#<key of the play>"."""
    facts: tuple[Fact, ...] = ()
    parent: str = ""
    """The topic this is a page of, where a topic has several; "" for a topic."""


@dataclass(frozen=True, slots=True)
class Heading:
    """One entry of a page's table of contents."""

    level: int
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page as a host has to write it. `body` is finished HTML; all else is plain text the host must encode."""

    path: str
    """Relative to our part of the site: "digits-cnn/training/index.html"."""
    title: str
    description: str
    body: str
    headings: tuple[Heading, ...] = ()
    topic: str = ""
    experiment: str = ""
    """The experiment's slug; empty on the index."""
    file: str = ""
    """Holds the body where that is empty: a host need not have all pages of a site in memory."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What the index says of one experiment."""

    slug: str
    title: str
    description: str
    tags: tuple[str, ...]
    runs: int
    statuses: tuple[tuple[str, int], ...]
    """Status and how many runs have it, most frequent first; unknown ones are left out."""
    metric: str = ""
    direction: Direction = "min"
    best: float | None = None
    best_run: str = ""
    color: int = 0
    """Of the best run."""
    last: float | None = None
    """Of the best run."""
    curve: tuple[float, ...] = ()
    """Of the best run: the metric, thinned."""
    date: float | None = None
    """Last recorded point or, without wall times, last change of a file; seconds since 1970 UTC."""
    findings: int = 0
    """Warnings and serious ones."""
    problems: int = 0
    facts: tuple[Fact, ...] = ()
    """What it comes to, where no curve of a run tells: an accuracy, or that of each of several models."""
    more_facts: int = 0
    """How many there are beside these."""


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the navigation."""

    title: str
    path: str
    children: tuple[NavItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """All that a host has to write."""

    pages: tuple[Page, ...] = ()
    assets: tuple[Asset, ...] = ()
    nav: tuple[NavItem, ...] = field(default=())
    problems: tuple[Problem, ...] = ()


Shown: TypeAlias = Figure | Insight | Fact
