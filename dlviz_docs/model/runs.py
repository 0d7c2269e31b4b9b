"""One curve, one run, one experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model.basics import (
    Axis,
    BoolArray,
    Direction,
    FloatArray,
    Hparam,
    Insight,
    Objective,
    Problem,
    Status,
)
from dlviz_docs.model.episodes import Episodes
from dlviz_docs.model.networks import Models
from dlviz_docs.model.probes import Probed
from dlviz_docs.model.samples import Samples

__all__ = ["Artifact", "Experiment", "Means", "Reading", "Recorded", "Run", "Series", "SourceFile", "best_first"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """Exact statistics of every point a file holds, before splicing and thinning.

    Minimum and maximum are over finite values; all are None when there are none.
    """

    count: int
    nonfinite: int
    first_step: float | None
    last_step: float | None
    first: float | None
    last: float | None
    min: float | None
    min_step: float | None
    max: float | None
    max_step: float | None
    superseded: int = 0
    """Points that a resumed session wrote again."""

    def best(self, direction: Direction) -> tuple[float | None, float | None]:
        """The best finite value and its step."""
        return (self.min, self.min_step) if direction == "min" else (self.max, self.max_step)


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """A curve as means over even stretches of its steps, from every finite point; shape (k,) each, in order of steps.

    Points that are left for a picture are extremes: the mean of these is not that of all.
    """

    steps: FloatArray
    """Mean step of the points of each stretch that has any."""
    values: FloatArray
    counts: FloatArray
    """Points of each."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One curve: values, shape (n,), at steps, shape (n,), in the order of the file."""

    name: str
    """Split and metric, "train/loss"; the raw name until `gather` has named it."""
    raw_name: str
    """As the file has it."""
    steps: FloatArray
    values: FloatArray
    axis: Axis = "step"
    """What `steps` counts."""
    times: FloatArray | None = None
    """Wall time of each point, seconds since 1970 UTC."""
    epochs: FloatArray | None = None
    """Epoch of each point, where the file tells it beside the step."""
    members: FloatArray | None = None
    """What each point is the mean of, shape (n, m): the episodes of an evaluation; NaN where one has fewer."""
    superseded: BoolArray | None = None
    """True where a resumed session wrote the step again; None when nothing was."""
    source: str = ""
    """The file, relative to the experiment."""
    part: str = ""
    """Which of several runs in one file this belongs to ("seed=2"); empty for one run a file."""
    recorded: Recorded | None = None
    """Set by `gather`; counts more points than `values` when the curve has been thinned."""
    means: Means | None = None
    """Of an agent's curve that has been thinned."""

    def __post_init__(self) -> None:
        for name in ("steps", "values", "times", "epochs"):
            array = getattr(self, name)
            if array is not None:
                array = np.asarray(array, np.float64, order="C")
                if array.shape != (len(self.values),):
                    raise ValueError(f"{self.raw_name}: {name} has shape {array.shape}")
                array.flags.writeable = False
                object.__setattr__(self, name, array)
        if self.members is not None:
            if self.members.ndim != 2 or len(self.members) != len(self.values):
                raise ValueError(f"{self.raw_name}: members has shape {self.members.shape}")
            self.members.flags.writeable = False
        if self.superseded is not None:
            self.superseded.flags.writeable = False

    def __len__(self) -> int:
        return len(self.values)

    def take(self, places: NDArray[np.intp]) -> Series:
        """The same curve with the points at `places` only, in that order; `recorded` still tells of all."""

        def taken(array: FloatArray | None) -> FloatArray | None:
            return None if array is None else array[places]

        return replace(
            self,
            steps=self.steps[places],
            values=self.values[places],
            times=taken(self.times),
            epochs=taken(self.epochs),
            members=taken(self.members),
            superseded=None if self.superseded is None else self.superseded[places],
        )

    def best(self, direction: Direction) -> tuple[float | None, float | None]:
        """The best finite value that no resumed session wrote again, and its step."""
        if self.recorded is not None and not self.recorded.superseded:
            return self.recorded.best(direction)
        kept = np.isfinite(self.values)
        if self.superseded is not None:
            kept &= ~self.superseded
        places = np.flatnonzero(kept)
        if not len(places):
            return None, None
        values = self.values[places]
        place = places[values.argmin() if direction == "min" else values.argmax()]
        return float(self.values[place]), float(self.steps[place])

    @property
    def split(self) -> str:
        """The part of the name before the first slash, if it is a data split, else ""."""
        head, slash, _ = self.name.partition("/")
        return head if slash and head in ("train", "val", "test") else ""

    @property
    def metric(self) -> str:
        """The name without its split."""
        return self.name.removeprefix(f"{self.split}/") if self.split else self.name


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file a run left behind that is listed, not opened."""

    name: str
    path: str
    """Relative to the experiment."""
    kind: Literal["checkpoint", "other"]
    size: int
    """Bytes."""
    step: float | None = None
    epoch: float | None = None
    score: float | None = None
    """The monitored value, where the file name carries it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file gave. Whatever the format, this is what comes out."""

    writer: str
    """Who wrote the file: "TensorBoard", "Keras CSVLogger"."""
    series: tuple[Series, ...] = ()
    hparams: Mapping[str, Hparam] = field(default_factory=dict)
    """Flat: nested keys are joined by dots."""
    artifacts: tuple[Artifact, ...] = ()
    media: Mapping[str, int] = field(default_factory=dict)
    """How many images, histograms, texts, ... the file holds."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Notes by tag, as Markdown nobody has checked."""
    objective: Objective | None = None
    status: Status = "unknown"
    started: float | None = None
    """When the run began, seconds since 1970 UTC, where the file says so itself."""
    ended: float | None = None
    problems: tuple[Problem, ...] = ()
    restart: float | None = None
    """Step from which on the file says that it writes again what earlier files of its folder hold."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Where a run's numbers came from."""

    path: str
    """Relative to the experiment."""
    size: int
    modified: float
    """Seconds since 1970 UTC."""
    reader: str
    writer: str


@dataclass(frozen=True, slots=True)
class Run:
    """Everything one training left behind, merged."""

    name: str
    """Unique in its experiment: the folder, relative to it."""
    slug: str
    """The name as it stands in addresses: lower-case ASCII, unique."""
    series: tuple[Series, ...] = ()
    hparams: Mapping[str, Hparam] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    media: Mapping[str, int] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    objective: Objective | None = None
    status: Status = "unknown"
    started: float | None = None
    ended: float | None = None
    group: str = ""
    """Runs that differ only in their seed share a group."""
    seed: int | None = None
    task: str = ""
    """What an agent learns: the environment ("CartPole-v1"); "" where nothing tells."""
    algorithm: str = ""
    """What it learns with ("ppo"); "" where nothing tells."""
    evidence: Mapping[str, str] = field(default_factory=dict)
    """What told the task, the algorithm, the seed and the group, in words: {"task": "the setting env"}."""
    color: int = 0
    """The run's place in the palette, the same on every page."""
    sources: tuple[SourceFile, ...] = ()
    insights: tuple[Insight, ...] = ()
    problems: tuple[Problem, ...] = ()

    def get(self, name: str) -> Series | None:
        """The series of that name, if the run has it."""
        return next((s for s in self.series if s.name == name), None)


def best_first(runs: Sequence[Run], objective: Objective | None) -> list[Run]:
    """By their best value of the objective; runs without one come last, and all in their own order without it."""
    if objective is None:
        return list(runs)
    sign = 1 if objective.direction == "min" else -1

    def cost(run: Run) -> tuple[bool, float]:
        series = run.get(objective.metric)
        best = series.best(objective.direction)[0] if series else None
        return best is None, sign * (best or 0.0)

    return sorted(runs, key=cost)


@dataclass(frozen=True, slots=True)
class Experiment:
    """One folder of runs, and what its author says of it."""

    slug: str
    title: str
    path: str
    """The folder, relative to the scanned one."""
    runs: tuple[Run, ...] = ()
    description: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    model: str = ""
    inputs: str = ""
    story: str = ""
    """README.md of the folder: Markdown nobody has checked."""
    objective: Objective | None = None
    problems: tuple[Problem, ...] = ()
    samples: Samples = field(default_factory=Samples)
    """Data sets and predictions; only the renderers that ask for them see any."""
    models: Models = field(default_factory=Models)
    """What its checkpoints hold; only the renderers that ask for it see any."""
    probes: tuple[Probed, ...] = ()
    """What running its models on its samples showed; only the renderers that ask for it see any, with the samples."""
    episodes: Episodes = field(default_factory=Episodes)
    """What agents were recorded at; only the renderers that ask for it see any."""
    scores: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """By task, "*" for all others: returns of a random agent and of a reference, such as a human, from its author."""

    @property
    def has_one_scale(self) -> bool:
        """Whether values of its runs may be compared as they are: returns of agents on different tasks may not."""
        return len({run.task for run in self.runs}) < 2
