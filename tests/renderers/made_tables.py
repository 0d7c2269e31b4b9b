"""Data sets for the pages of tables: real ones from scikit-learn, and odd ones by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn import datasets

from dlviz_docs.model import Dataset, Experiment, Feature, Insight, Samples
from dlviz_docs.renderers.data import Data
from dlviz_docs.view import Cell, Figure, Gallery, Layer, Matrix, Plot, Table

__all__ = ["category", "dataset", "figures", "insights", "number", "page", "real", "texts_of"]


def number(name: str, values: Any, **more: Any) -> Feature:
    """A column of numbers."""
    column = np.asarray(values, np.float64)
    return Feature(name, "number", column, missing=int(np.isnan(column).sum()), **more)


def category(name: str, codes: Any, levels: Sequence[str]) -> Feature:
    """A column of categories."""
    return Feature(name, "category", np.asarray(codes, np.int32), tuple(levels))


def dataset(*features: Feature, split: Any = None, target: str = "", **more: Any) -> Dataset:
    """A data set of these columns."""
    names = more.pop(
        "splits", ("train", "val", "test")[: int(np.max(split, initial=-1)) + 1] if split is not None else ()
    )
    codes = None if split is None else np.asarray(split, np.int32)
    length = more.pop("length", len(features[0]) if features else 0)
    return Dataset("data", ("data.csv",), "CSV", length, features, target=target, split=codes, splits=names, **more)


def real(name: str, *, split: bool = True) -> Dataset:
    """One of scikit-learn's tables with its target, in random splits."""
    bunch = getattr(datasets, f"load_{name}")()
    features = [number(str(column), bunch.data[:, at]) for at, column in enumerate(bunch.feature_names)]
    if name == "diabetes":
        features.append(number("target", bunch.target))
    else:
        features.append(category("target", bunch.target, [str(one) for one in bunch.target_names]))
    codes = np.random.default_rng(0).choice(2, len(bunch.data), p=[0.6, 0.4]) if split else None
    return dataset(*features, split=codes, target="target")


def page(*found: Dataset, samples: Any = "shown") -> list[Figure | Insight]:
    """All that the page shows."""
    experiment = Experiment("slug", "Title", "path", samples=Samples(found))
    return list(Data(samples=samples)(experiment))


def figures(shown: Sequence[Figure | Insight]) -> dict[str, Figure]:
    """By identifier; they are unique."""
    found = [one for one in shown if isinstance(one, Figure)]
    assert len({one.id for one in found}) == len(found)
    return {one.id: one for one in found}


def insights(shown: Sequence[Figure | Insight]) -> dict[str, Insight]:
    """By kind, the first of each."""
    return {one.kind: one for one in reversed(shown) if isinstance(one, Insight)}


def texts_of(figure: Figure) -> list[str]:
    """Everything that is read in a figure."""
    spec = figure.spec
    told = [figure.title, figure.caption]
    if isinstance(spec, Table):
        told += [cell.text for row in spec.rows for cell in row if isinstance(cell, Cell)]
    elif isinstance(spec, Plot):
        told += [note for layer in spec.layers if isinstance(layer, Layer) for note in layer.notes]
    elif isinstance(spec, Matrix):
        told += [text for row in spec.texts for text in row]
    elif isinstance(spec, Gallery):
        told += [part for item in spec.items for part in (item.title, *(f"{k}: {v}" for k, v in item.facts))]
    return told
