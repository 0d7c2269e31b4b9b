"""What will be shown: figures as data, never as HTML, up to the whole site."""

from __future__ import annotations

from dlviz_docs.view.curves import Band, Chart, Dash, Line, Mark, XAxis
from dlviz_docs.view.networks import FILTERS, RESPONSES, Box, Diagram, Family, Heat, Overlay, Seen, Tile, Treemap, Wire
from dlviz_docs.view.samples import Gallery, Item, Layer, Matrix, Passage, Plot, PlotAxis, Region, Sweep, Thumb
from dlviz_docs.view.site import (
    Asset,
    Fact,
    Figure,
    Heading,
    IndexEntry,
    NavItem,
    Page,
    Section,
    Shown,
    Site,
    Spec,
    Sprite,
)
from dlviz_docs.view.tables import Cell, Column, Table

__all__ = [
    "FILTERS",
    "RESPONSES",
    "Asset",
    "Band",
    "Box",
    "Cell",
    "Chart",
    "Column",
    "Dash",
    "Diagram",
    "Fact",
    "Family",
    "Figure",
    "Gallery",
    "Heading",
    "Heat",
    "IndexEntry",
    "Item",
    "Layer",
    "Line",
    "Mark",
    "Matrix",
    "NavItem",
    "Overlay",
    "Page",
    "Passage",
    "Plot",
    "PlotAxis",
    "Region",
    "Section",
    "Seen",
    "Shown",
    "Site",
    "Spec",
    "Sprite",
    "Sweep",
    "Table",
    "Thumb",
    "Tile",
    "Treemap",
    "Wire",
    "XAxis",
]
