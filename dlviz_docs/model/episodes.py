"""What an agent did: episodes as they were recorded, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model.basics import FloatArray, Problem

__all__ = ["Ending", "Episode", "Episodes", "Frames", "Recording", "ValueMap", "Video"]

Ending: TypeAlias = Literal["terminated", "truncated", "unread", "unknown"]
"""The task ended it, something outside of the task did (a time limit), it goes on beyond what was read, or nothing
tells."""


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Pictures of an episode, of some steps or of all."""

    steps: NDArray[np.intp]
    """The step each shows, shape (f,), rising; the picture is of the moment before that step's action."""
    pixels: NDArray[np.uint8]
    """Shape (f, height, width, 3)."""


@dataclass(frozen=True, slots=True, eq=False)
class Video:
    """A film of an episode that a browser may play: listed by its file, not decoded."""

    path: str
    """Relative to the experiment."""
    size: int
    """Bytes."""
    episode: int | None = None
    """Number of the episode in its training, where the name tells."""
    step: float | None = None
    """Environment steps of the training when it was made, where the name tells."""


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """One episode of T steps. Every array has one row per step, in order; what is not known is None or left out."""

    name: str
    """Unique in its recording: "0", "final/3"."""
    rewards: FloatArray
    """Shape (T,); NaN where the file has none."""
    actions: NDArray[Any] | None = None
    """Shape (T,), places in `Recording.actions`, or (T, d) for continuous ones."""
    observations: FloatArray | None = None
    """Shape (T, d), flattened: what the agent saw before it acted."""
    last: FloatArray | None = None
    """Shape (d,): the observation after the last step."""
    ending: Ending = "unknown"
    success: bool | None = None
    """Whether the task was solved, where the environment says so."""
    values: FloatArray | None = None
    """Shape (T,): the agent's own estimate of the discounted return to come."""
    action_values: FloatArray | None = None
    """Shape (T, a): of every action."""
    probabilities: FloatArray | None = None
    """Shape (T, a): of every action."""
    terms: Mapping[str, FloatArray] = field(default_factory=dict)
    """Named components of the reward, shape (T,) each."""
    infos: Mapping[str, FloatArray] = field(default_factory=dict)
    """Other numbers the environment tells of each step, shape (T,) each."""
    frames: Frames | None = None
    seed: int | None = None
    """What the environment was reset with."""
    grounds: FloatArray | None = None
    """Shape (T, d): what each number observed adds to the score of the action that the agent's network rates best, by
    integrated gradients from the mean observation; NaN at steps it was not asked of, None where no network was run."""

    def __len__(self) -> int:
        return len(self.rewards)

    @property
    def length(self) -> int:
        """Number of steps."""
        return len(self.rewards)

    @property
    def total(self) -> float:
        """The return: the sum of all rewards, undiscounted; NaN where one is missing or infinite, or the sum is."""
        with np.errstate(over="ignore", invalid="ignore"):
            found = float(self.rewards.sum())
        return found if np.isfinite(found) else float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Episodes that one agent played at one moment of its training."""

    run: str
    """Slug of the run; "" where it belongs to none."""
    name: str
    """Unique in the experiment: how people call it, "seed 0, 20,000 steps"."""
    source: str
    """The file or folder, relative to the experiment."""
    episodes: tuple[Episode, ...] = ()
    step: float | None = None
    """Environment steps of the training when they were played; None where nothing tells."""
    environment: str = ""
    """As gymnasium names it: "CartPole-v1"."""
    gamma: float | None = None
    """Discount factor the agent was trained with."""
    actions: tuple[str, ...] = ()
    """Names of the discrete actions; as many as there are, "0", "1", ... where nothing names them. () if continuous."""
    observations: tuple[str, ...] = ()
    """Names of the numbers observed, as many as there are."""
    shape: tuple[int, ...] = ()
    """Of one observation before it was flattened."""
    videos: tuple[Video, ...] = ()
    network: str = ""
    """File of the network that `Episode.grounds` are of, relative to the experiment."""
    agreement: float | None = None
    """Share of the steps in which that network rates best what the agent did."""
    seen: int = 0
    """Episodes that the file holds or tells of; more than `episodes` where some were chosen, at random (seed 0)."""
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.episodes)


@dataclass(frozen=True, slots=True, eq=False)
class ValueMap:
    """What an agent thinks of each action in each cell of a grid world, at one moment of its training."""

    run: str
    """Slug of the run; "" where it belongs to none, as what planning with a model of the world gives."""
    name: str
    """Unique among the maps: "seed 0, 20,000 steps"."""
    source: str
    """The file, relative to the experiment."""
    values: FloatArray
    """Action values, shape (rows, columns, a); NaN in walls."""
    cells: tuple[str, ...] = ()
    """The world, one text a row, one letter a cell; () where nothing tells."""
    legend: tuple[tuple[str, str], ...] = ()
    """What letters stand for, as far as the file says: ("#", "wall"). By custom, too: "S" start, "G" goal, "#" wall."""
    visits: FloatArray | None = None
    """How often the agent was in each cell, shape (rows, columns)."""
    actions: tuple[str, ...] = ()
    """Names of the actions, as many as there are: "up", "right", ..."""
    step: float | None = None
    """Environment steps of the training; None where nothing tells."""
    gamma: float | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.values.shape[0], self.values.shape[1]


@dataclass(frozen=True, slots=True)
class Episodes:
    """All recordings of an experiment, in the order of runs and steps, and what was wrong with files of none."""

    recordings: tuple[Recording, ...] = ()
    maps: tuple[ValueMap, ...] = ()
    """In the same order."""
    problems: tuple[Problem, ...] = ()
