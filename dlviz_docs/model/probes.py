"""What running a model showed: maps of what its answers rest on, and how far these maps can be believed.

Arrays are read-only. Maps have the cells of the layer they were taken at: nothing is scaled up, and nothing is
normalised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model.basics import FloatArray, Problem
from dlviz_docs.model.networks import Shape

__all__ = [
    "Agreement",
    "Channels",
    "Columns",
    "Explanation",
    "Faithfulness",
    "Head",
    "Map",
    "Prepared",
    "Probed",
    "Reach",
    "Sanity",
    "Small",
    "Tokens",
    "Traced",
]

Small: TypeAlias = NDArray[np.float32]
"""Numbers that are only drawn."""
Head: TypeAlias = Literal["classes", "value", "regions", "boxes"]
"""What a model answers: logits of classes, shape (n, k); one value, (n,) or (n, 1); logits of regions, (n, k, height,
width); or boxes with logits of classes, (n, boxes, 4 + k)."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """How samples were made into what the model takes: x = (value / scale - mean) / std."""

    size: tuple[int, ...] = ()
    """Height and width in px; none for tables and texts."""
    channels: int = 0
    scale: float = 1.0
    """0 where it is asked to be found out."""
    mean: tuple[float, ...] = ()
    """By channel, or one for all; none for 0."""
    std: tuple[float, ...] = ()
    layout: Literal["channels first", "channels last", ""] = "channels first"
    crop: float = 0.0
    """Share of the shorter side that is kept around the middle; 0 where the whole picture is squeezed to the size."""
    source: str = ""
    """Who says so, in words: "preprocessor_config.json", "tried on 64 labelled samples"."""
    tried: tuple[tuple[str, float], ...] = ()
    """Where nobody says so: each candidate and its share of right answers."""


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """How much each place of one sample adds to one answer."""

    method: str
    """Such as "hirescam"; see `probes.METHODS`."""
    layer: str
    """Path of the layer it was taken at; "" for those of the input."""
    target: int
    """Class that is explained; 0 of a regression."""
    values: Small
    """Shape (rows, columns) of the layer's own cells, or of the input."""
    against: int | None = None
    """Class whose map was taken off: what speaks for the one and not for the other."""
    signed: bool = False
    """Whether negative values speak against the answer; else there are none."""
    area: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    """Left, top, right and bottom of what the map covers, as shares of the picture."""
    empty: str = ""
    """Why there is nothing to see, in a sentence; "" where there is something."""
    gap: float | None = None
    """Of integrated gradients: |sum - (f(x) - f(x'))| / |f(x) - f(x')|; 0 is complete."""

    @property
    def peak(self) -> float:
        """Largest magnitude: what two maps of one method are compared by."""
        return float(np.abs(self.values).max(initial=0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """One sample: what the model answered, and maps of why."""

    sample: int
    """Row of the samples that were handed over."""
    source: str = ""
    truth: int | None = None
    predicted: int = 0
    """Class with the largest output; 0 of a regression."""
    output: float = 0.0
    """Of that class: a logit, or the value of a regression."""
    top: tuple[tuple[int, float], ...] = ()
    """Classes and their probabilities, the most likely first; of regions, classes and their shares of the picture."""
    maps: tuple[Map, ...] = ()
    blank: float | None = None
    """Of a regression: what the model says of a picture that has this one's mean colour everywhere."""
    mask: Small | None = None
    """Of regions: shape (rows, columns), which share of each cell has the predicted class."""
    box: tuple[float, float, float, float] | None = None
    """Of a detector: left, top, right and bottom of the surest box, as shares of the picture; what is explained."""
    boxes: int = 0
    """How many it finds, after those that overlap a surer one of their class are left out."""

    def get(self, method: str, layer: str = "", target: int | None = None) -> Map | None:
        """The map of that method, at any layer for "", of the predicted class for None."""
        wanted = self.predicted if target is None else target
        fits = (m for m in self.maps if m.method == method and m.target == wanted and m.against is None)
        return next((m for m in fits if layer in ("", m.layer)), None)


@dataclass(frozen=True, slots=True, eq=False)
class Faithfulness:
    """How a method's maps do when pixels are taken away in the order they tell; means over samples."""

    method: str
    """"random" for maps of noise, which every other has to beat."""
    layer: str
    samples: int
    road: float | None = None
    """Least relevant first minus most relevant first, mean over the shares removed (Rong et al. 2022), of what is left
    of the answer: the probability of a class or of a box, that in the predicted region, or the share of what sets a
    value apart from that of a blank picture. 0 for a map that says nothing; higher is better."""
    road_error: float | None = None
    """Standard error of it over samples."""
    early: float | None = None
    """The same for the first 5 % of pixels alone: it tells layers apart that are all as good beyond."""
    deletion: float | None = None
    """Area under `deleted`; lower is better (Petsiuk, Das and Saenko 2018)."""
    insertion: float | None = None
    """Area under `inserted`; higher is better."""
    shares: FloatArray | None = None
    """Shape (steps + 1,): share of pixels taken, from 0 to 1."""
    deleted: FloatArray | None = None
    """What is left of the answer, most relevant pixels made the picture's mean first; shape (steps + 1,)."""
    inserted: FloatArray | None = None
    """The same, most relevant pixels brought back first into a blurred picture."""
    inside: float | None = None
    """Share of the map's mass that lies in the annotated boxes; of regions and boxes, in those that the model found."""
    pointing: float | None = None
    """Share of samples whose largest cell lies there (Zhang et al. 2018)."""


@dataclass(frozen=True, slots=True, eq=False)
class Sanity:
    """Whether a method's maps change when the weights are randomised, from the head to the input (Adebayo et al. 2018).

    A map that stays as it was does not show what the model has learnt.
    """

    method: str
    layer: str
    samples: int
    stages: tuple[str, ...]
    """Layers randomised so far: the first alone, then with the second, ..."""
    similarity: FloatArray
    """Shape (stages,): mean |Spearman's rho| of the maps before and after."""
    chance: float
    """The same between the map and maps of noise."""
    passes: bool
    """Whether the maps of the wholly randomised model are unlike the model's: below 0.5, or hardly above `chance`."""
    head: bool
    """Whether randomising the head alone changes the map (below 0.95); else it does not depend on the class."""


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """How alike the maps of several methods are: mean Spearman's rho over samples."""

    methods: tuple[str, ...]
    """With "random" at the end."""
    rho: FloatArray
    """Shape (methods, methods)."""
    samples: int


@dataclass(frozen=True, slots=True, eq=False)
class Channels:
    """Feature maps of one layer: the channels that matter most, and the samples that excite them most."""

    layer: str
    indices: tuple[int, ...]
    """Numbers of the channels, the one that adds most to the answers first."""
    importance: FloatArray
    """Shape (channels shown,): mean |gradient x activation| over cells and samples, of the predicted class."""
    total: int
    """Channels of the layer."""
    best: NDArray[np.int64]
    """Shape (channels shown, k): samples with the largest activation, the largest first."""
    peaks: FloatArray
    """Shape (channels shown, k): that activation."""
    places: FloatArray
    """Shape (channels shown, k, 2): where in the picture it lies, from the left and from the top, as shares."""
    maps: Small
    """Shape (samples explained, channels shown, rows, columns)."""
    silent: int = 0
    """Channels that were zero, or the same everywhere, for every sample."""


@dataclass(frozen=True, slots=True)
class Traced:
    """One layer as it was seen to run."""

    path: str
    kind: str
    output: Shape = ()
    """For the samples' size, with the batch in front as "batch"."""
    parameters: int = 0
    macs: float | None = None
    """Multiply-adds for one sample, of all that is in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Effective receptive field of the middle unit of a layer (Luo et al. 2016)."""

    layer: str
    values: Small
    """Shape of the input: mean |d middle unit / d pixel| over noise inputs, 1 at most."""
    share: float
    """Of the input's area, above 4.55 % of the largest."""
    deviation: tuple[float, float]
    """Standard deviation of the field's mass, vertically and horizontally, in px."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What a model of tables rests on."""

    names: tuple[str, ...]
    attributions: FloatArray
    """Shape (n, d): integrated gradients of the predicted class from the mean row, in the units of the output."""
    gap: FloatArray
    """Shape (n,): how far each row's sum misses the difference of the outputs, as a share of it."""
    importance: FloatArray
    """Shape (d,): what shuffling the column costs: accuracy or R2, mean over repetitions. Without truth, the share of
    answers that change."""
    spread: FloatArray
    """Shape (d,): standard deviation over repetitions."""
    measure: Literal["accuracy", "r2", "changed answers"]


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """What one answer on a text rests on."""

    sample: int
    words: tuple[str, ...]
    values: FloatArray
    """Shape (words,): integrated gradients over the embedding, summed over its dimensions; negative speaks against."""
    target: int
    gap: float
    truth: int | None = None
    output: float = 0.0
    """Of the target: a logit, or the value of a regression."""
    share: float | None = None
    """Probability of the target; None of a value."""
    special: tuple[int, ...] = ()
    """Places of the words that only frame the text, such as "[CLS]"."""


@dataclass(frozen=True, slots=True)
class Probed:
    """All that was found out by running one model on some samples."""

    model: str
    """File, or the factory, as it was named."""
    prepared: Prepared = Prepared()
    classes: tuple[str, ...] = ()
    head: Head = "classes"
    samples: int = 0
    """How many the model was run on."""
    accuracy: float | None = None
    """Share of right answers among those with a truth."""
    layer: str = ""
    """Chosen: the one whose maps are the most faithful."""
    method: str = ""
    """Chosen likewise."""
    why: str = ""
    """How the two were chosen, in a sentence."""
    explanations: tuple[Explanation, ...] = ()
    faithfulness: tuple[Faithfulness, ...] = ()
    """The best first, "random" at its place among them."""
    sanity: tuple[Sanity, ...] = ()
    agreement: Agreement | None = None
    channels: tuple[Channels, ...] = ()
    traced: tuple[Traced, ...] = ()
    reaches: tuple[Reach, ...] = ()
    columns: Columns | None = None
    texts: tuple[Tokens, ...] = ()
    shown: int = 0
    """Of the texts: as many, the first, were chosen to be looked at; the others tell what words come to over many."""
    notes: tuple[str, ...] = ()
    """What was assumed, and what was left out for want of time: sentences."""
    hurried: float = 0.0
    """Seconds that were not enough; 0 where all was done."""
    problems: tuple[Problem, ...] = ()
    sources: tuple[str, ...] = ()
    """By row of the samples: the key of its picture, or what else it is called; none where nobody says."""
