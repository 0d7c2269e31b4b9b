"""Data sets and predictions: columns of equal length, one row a sample.

Arrays are at full length and nobody writes into them: what is drawn may be a part of them, what is computed is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model.basics import FloatArray, Problem

__all__ = [
    "MISSING",
    "Boxes",
    "Codes",
    "Dataset",
    "Feature",
    "Kind",
    "Masks",
    "Pictures",
    "Predictions",
    "Samples",
    "Sheet",
    "Task",
    "Texts",
]

Kind = Literal["number", "category", "boolean", "time", "text", "identifier"]
Task = Literal["classification", "regression", "detection", "segmentation", "text"]
Codes: TypeAlias = NDArray[np.int32]
"""Places in a list of names; `MISSING` where there is none."""
MISSING = -1


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Strings of a column, all of them or the first of many."""

    strings: tuple[str | None, ...]
    """Of the first rows; None where missing. Fewer than the column has when that has very many."""
    lengths: NDArray[np.int64]
    """Characters of every row, shape (n,); -1 where missing."""
    hashes: NDArray[np.uint64]
    """Of every row after NFKC, case folding and collapsing of spaces, shape (n,); 0 where missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """One column: n values."""

    name: str
    kind: Kind
    values: FloatArray | Codes
    """Shape (n,). Numbers as float64, NaN where missing or not a number, infinities kept; times as seconds since 1970
    UTC; categories and booleans as int32 places in `levels`, `MISSING` where there is none; texts and identifiers as
    int32 of the first row with the same content, `MISSING` where there is none."""
    levels: tuple[str, ...] = ()
    """The names of a category: in natural order, or in the order the file gives. A boolean's are "False", "True"."""
    texts: Texts | None = None
    """Of a text or an identifier; None for an identifier whose cells are the numbers of the rows, from 0."""
    whole: bool = False
    """Whether every number is whole."""
    missing: int = 0
    """How many cells are empty."""
    invalid: int = 0
    """How many cells of a column of numbers hold something else, such as a word; they count as missing beside."""

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """n pictures: files, or one array."""

    keys: tuple[str, ...]
    """One word each by which figures refer to it, unique in the experiment: a path relative to the experiment, or
    "digits.npz#17"."""
    sources: tuple[str, ...] = ()
    """Path of the file relative to the experiment, one each; "" for one that is named and not there. Empty for an
    array."""
    array: NDArray[Any] | None = None
    """Shape (n, height, width) or (n, height, width, channels); None for files."""
    scale: tuple[float, float] = (0.0, 255.0)
    """Of an array: the numbers that are shown as black and as white."""
    sizes: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 2), np.int32))
    """Width and height in px of each, upright, shape (n, 2); zeros where the picture cannot be read."""
    modes: tuple[str, ...] = ()
    """What each file holds, "RGB", "L", "CMYK", "I;16", "RGBA"; "" where it cannot be read. Empty for an array."""
    octets: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Bytes of each file; empty for an array."""
    measured: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))
    """Rows whose pixels were looked at, ascending: all, or a sample of many."""
    measures: Mapping[str, FloatArray] = field(default_factory=dict)
    """By name, shape (m,) for the measured rows: "brightness" (mean grey, 0 to 1), "contrast" (its standard deviation),
    "sharpness" (variance of the Laplacian of the grey picture at 256 px), "entropy" (bits), "saturation"."""
    fingerprints: NDArray[np.uint64] = field(default_factory=lambda: np.zeros((0, 2), np.uint64))
    """dHash and pHash of the measured rows, shape (m, 2)."""
    small: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 32, 32), np.uint8))
    """The measured pictures in grey, shape (m, 32, 32)."""
    contents: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    """Hash of each file's bytes (or of each array), shape (n,): equal for exact copies. 0 where it cannot be read, or
    where no other file has the same length."""

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Annotated or predicted regions of pictures, shape (m,) each, in any order."""

    picture: NDArray[np.int32]
    """Row of the picture each lies in."""
    category: Codes
    """Place in the classes; `MISSING` for one that is in no list."""
    xywh: FloatArray
    """Left, top, width and height in px of the upright picture, shape (m, 4)."""
    scores: FloatArray | None = None
    """Confidence of predictions; None for annotations."""
    area: FloatArray | None = None
    """As annotated, in px²; else width times height."""
    crowd: NDArray[np.bool_] | None = None
    """COCO's `iscrowd`: a region of many, which no prediction has to match."""
    zero: NDArray[np.bool_] | None = None
    """Annotations with the identifier 0, if there are any: COCO's own code takes what matches them for unmatched."""
    outlines: tuple[tuple[tuple[float, ...], ...], ...] = ()
    """Polygons of each as x, y, x, y, ...; () for a box without one. Empty where no box has one."""
    masks: tuple[tuple[tuple[int, int], tuple[int, ...]], ...] = ()
    """Run lengths of each as ((height, width), counts), column by column, background first, as COCO has them
    uncompressed; ((0, 0), ()) for a box without one. Empty where no box has one."""

    def __len__(self) -> int:
        return len(self.picture)


@dataclass(frozen=True, slots=True, eq=False)
class Masks:
    """Pictures of classes: one file a sample whose pixels name the class."""

    sources: tuple[str, ...]
    """Paths relative to the experiment."""
    values: tuple[int, ...] = ()
    """The number that stands for each class in the pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """What one file, or one folder of pictures, holds, before anybody has said what its columns mean."""

    source: str
    """Path relative to the experiment."""
    format: str
    """As people call it: "CSV", "NPZ", "image folder"."""
    length: int
    features: tuple[Feature, ...] = ()
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """Columns of more than one number a row, shape (n, ...): features, probabilities, pictures; float or integer."""
    pictures: Pictures | None = None
    boxes: Boxes | None = None
    classes: tuple[str, ...] = ()
    """Names of the classes by number, where the file tells them."""
    words: tuple[str, ...] = ()
    """What the numbers of tokens stand for, where the file tells."""
    octets: int = 0
    """Bytes on disk."""
    split: str = ""
    """Of all its rows, by its name or folder: "train", "val", "test" or ""."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A data set: n samples in one or several splits."""

    name: str
    sources: tuple[str, ...]
    """Paths relative to the experiment."""
    format: str
    length: int
    features: tuple[Feature, ...] = ()
    """Without the target's double, the split, and what only names rows; the target is among them."""
    target: str = ""
    """Name of the feature to be predicted; "" where nobody says."""
    split: Codes | None = None
    """Of each row, shape (n,), in `splits`; None for one split."""
    splits: tuple[str, ...] = ()
    """In the order train, val, test, then others."""
    ids: tuple[str, ...] = ()
    """What the file calls each row; empty where it does not, then rows are counted from 0."""
    group: str = ""
    """Name of the feature whose rows belong together (a patient, a recording), if one is named."""
    time: str = ""
    """Name of the feature that orders the rows, if there is one."""
    pictures: Pictures | None = None
    """One for each row."""
    boxes: Boxes | None = None
    """Annotations: regions of the pictures, `classes` for their names."""
    classes: tuple[str, ...] = ()
    embeddings: FloatArray | None = None
    """Shape (n, d): numbers that are not features one by one, such as flattened pictures or embeddings."""
    series: FloatArray | None = None
    """Shape (n, t) or (n, t, channels): each row is a time series."""
    tokens: NDArray[np.int32] | None = None
    """Shape (n, longest): each row is a text as numbers of tokens, `MISSING` where it has none."""
    pad: int | None = None
    """The token that stood where texts have none; None where nothing did."""
    words: tuple[str, ...] = ()
    """What the numbers stand for, where the file of the tokens tells."""
    octets: int = 0
    problems: tuple[Problem, ...] = ()

    def get(self, name: str) -> Feature | None:
        """The feature of that name, if there is one."""
        return next((feature for feature in self.features if feature.name == name), None)


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What one model said of n samples, beside the truth."""

    name: str
    """Of the run, or of the file where several stand side by side."""
    run: str
    """Slug of the run whose folder it lies in; "" for none."""
    sources: tuple[str, ...]
    task: Task
    length: int
    classes: tuple[str, ...] = ()
    """Of a classification, in the order of the probabilities; of a detection or segmentation, by number."""
    truth: Codes | FloatArray | None = None
    """Shape (n,): places in `classes`, or numbers."""
    predicted: Codes | FloatArray | None = None
    """The same. The most probable class where only probabilities are told."""
    probabilities: FloatArray | None = None
    """Shape (n, classes), rows that sum to one; of logits, after a softmax."""
    from_logits: bool = False
    ids: tuple[str, ...] = ()
    """What ties a row to a sample of a data set or of other predictions; empty: by its place."""
    split: Codes | None = None
    splits: tuple[str, ...] = ()
    group: str = ""
    """Name of the attribute whose rows belong together, for intervals."""
    attributes: tuple[Feature, ...] = ()
    """What else is known of each row: the file's other columns, and those of the data set it was joined with."""
    pictures: Pictures | None = None
    """One for each row, if they are known."""
    embeddings: FloatArray | None = None
    """Shape (n, d)."""
    inputs: tuple[str | None, ...] = ()
    """Texts that went in, one a row; empty for none."""
    references: tuple[str | None, ...] = ()
    """Texts that were wanted."""
    generated: tuple[str | None, ...] = ()
    """Texts that came out."""
    true_boxes: Boxes | None = None
    boxes: Boxes | None = None
    true_masks: Masks | None = None
    masks: Masks | None = None
    confusions: NDArray[np.int64] | None = None
    """Of a segmentation: pixels of each picture by annotated class (down) and predicted class (across), shape
    (n, classes, classes); pixels whose truth is void are in none."""
    boundaries: NDArray[np.int64] | None = None
    """Of a segmentation: pixels of every picture within 2 % of its diagonal of the edge of a region, shape
    (n, classes, 3): by truth, by prediction, by both where both name the class."""
    intervals: FloatArray | None = None
    """Lower and upper end of predicted intervals of a regression, shape (n, 2)."""
    nominal: float | None = None
    """Share of true values that those intervals are meant to hold; None where nobody says."""
    leaked: NDArray[np.bool_] | None = None
    """Rows whose sample has a copy in the training split, shape (n,); None where that is not known."""
    nearly_leaked: NDArray[np.bool_] | None = None
    """Rows that have none, but a sample there that is nearly the same: a picture saved again, a text with a word
    changed."""
    octets: int = 0
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Samples:
    """All data sets and predictions of one experiment."""

    datasets: tuple[Dataset, ...] = ()
    predictions: tuple[Predictions, ...] = ()
    problems: tuple[Problem, ...] = ()
