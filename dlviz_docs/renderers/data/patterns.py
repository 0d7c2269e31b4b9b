"""Rows beside each other by all their columns: a map, what neighbours say, and clusters with what they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from dlviz_docs.insights.data_clusters import Trait, cluster_sentence, traits_of
from dlviz_docs.insights.data_words import percent
from dlviz_docs.renderers.data._profile import Profile
from dlviz_docs.renderers.data._sample import Sample
from dlviz_docs.renderers.data.embedding import compared, points_of
from dlviz_docs.stats.clusters import Clusters, best_clusters, distances
from dlviz_docs.view import Cell, Column, Figure, Layer, Plot, PlotAxis, Shown, Table

__all__ = ["patterns"]

_HEADING = "Patterns"
CLUSTERED = 1000
"""Rows that are put into clusters, eight times over."""


def patterns(found: Profile, sample: Sample | None) -> Iterator[Shown]:
    """Nothing of fewer than two columns or thirty rows."""
    if sample is None:
        return
    place = replace(found.place, prefix="rows-")
    points = points_of(sample.rows, sample.points, "standardised columns")
    if points is not None:
        yield from compared(found.dataset, points, place, found.samples, _HEADING)
    sample = sample.part(CLUSTERED)
    clusters = best_clusters(sample.points, distances(sample.points))
    if clusters is None:
        return
    traits = [traits_of(clusters.members == one, sample.columns, sample.rows) for one in range(clusters.count)]
    table = place.id("clusters")
    yield from cluster_sentence(clusters, traits, sample.said, table)
    group = place.group(_HEADING)
    yield _table(found, sample, clusters, traits, table, group)
    if found.samples and points is not None and points.coordinates.shape[1] > 1 and found.classes is None:
        kept = np.isin(points.rows, sample.rows)
        yield _map(clusters, points.coordinates[kept], sample.said, place.id("clusters-map"), group)


def _table(
    found: Profile,
    sample: Sample,
    clusters: Clusters,
    traits: Sequence[Sequence[Trait]],
    id: str,  # noqa: A002  (the figure's word)
    group: str,
) -> Figure:
    sizes = np.bincount(clusters.members, minlength=clusters.count)
    columns = [Column("Cluster"), Column("Rows", True), Column("Share", True), Column("What tells it from the others")]
    if found.classes:
        columns.append(Column("Most frequent class"))
    rows = []
    for one, size in enumerate(sizes.tolist()):
        cells = [
            Cell(str(one + 1), one, color=one),
            Cell(f"{size:,}", size),
            Cell(percent(size, len(sample.rows)), size),
            Cell("; ".join(trait.text for trait in traits[one]) or "nothing stands out"),
        ]
        if found.classes:
            cells.append(Cell(_class(found, sample, clusters.members == one)))
        rows.append(tuple(cells))
    caption = (
        f"{clusters.count} clusters by k-means on standardised columns, the number by the greatest mean silhouette "
        f"({clusters.silhouette:.2f}); {sample.said}. The target is not among the columns."
    )
    return Figure(id, "Clusters", caption, Table(tuple(columns), tuple(rows)), group)


def _class(found: Profile, sample: Sample, member: np.ndarray) -> str:
    if found.classes is None:
        return "–"
    codes = found.classes.codes[sample.rows][member]
    counts = np.bincount(codes[codes >= 0], minlength=len(found.classes.names))
    if not counts.sum():
        return "–"
    return f"{found.classes.names[int(counts.argmax())]} ({percent(int(counts.max()), int(counts.sum()))})"


def _map(clusters: Clusters, coordinates: np.ndarray, said: str, id: str, group: str) -> Figure:  # noqa: A002
    layers = tuple(
        Layer(
            "dot",
            coordinates[clusters.members == one, 0],
            coordinates[clusters.members == one, 1],
            label=f"cluster {one + 1}",
            color=one,
        )
        for one in range(clusters.count)
    )
    plot = Plot(layers, PlotAxis("component 1"), PlotAxis("component 2"), height=360)
    return Figure(id, "Clusters on the map", f"The same map, by cluster; {said}.", plot, group)
