"""Episodes of one moment while they are played, in bounded memory, and as the arrays of a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Kept", "Played", "are_pictures", "shrunk"]

_CHANNELS = (1, 3, 4)
_SMALLEST = 8
_MOST_NAMES = 32
"""Components of the reward, and as many other numbers: an environment may tell a new one at every step."""
_THOUGHTS = ("values", "action_values", "probabilities")


@dataclass(slots=True)
class Played:
    """One episode."""

    number: int
    seed: int = -1
    rewards: list[float] = field(default_factory=list)
    actions: list[NDArray[Any]] = field(default_factory=list)
    observations: list[NDArray[Any]] = field(default_factory=list)
    thoughts: list[dict[str, NDArray[np.float64]]] = field(default_factory=list)
    terms: list[dict[str, float]] = field(default_factory=list)
    infos: list[dict[str, float]] = field(default_factory=list)
    last: NDArray[Any] | None = None
    terminated: bool = False
    truncated: bool = False
    success: int = -1


@dataclass(slots=True)
class Kept:
    """All episodes of a moment, and their pictures, of which every second is dropped when there are too many."""

    most_frames: int
    episodes: list[Played] = field(default_factory=list)
    frames: list[tuple[int, int, NDArray[np.uint8]]] = field(default_factory=list)
    """Place of the episode, step, picture."""
    every: int = 1

    @property
    def steps(self) -> int:
        return sum(len(one.rewards) for one in self.episodes)

    def wants(self, step: int) -> bool:
        """Whether a picture of that step of an episode is kept."""
        return self.most_frames > 0 and step % self.every == 0

    def show(self, step: int, picture: NDArray[np.uint8]) -> None:
        """Keep a picture of a step of the last episode."""
        self.frames.append((len(self.episodes) - 1, step, picture))
        while len(self.frames) > self.most_frames:
            self.every *= 2
            self.frames = [frame for frame in self.frames if frame[1] % self.every == 0]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """End to end, as the readers of episodes want them; {} where no step was taken."""
        played = [(place, one) for place, one in enumerate(self.episodes) if one.rewards]
        if not played:
            return {}
        episodes = [one for _, one in played]
        found: dict[str, NDArray[Any]] = {
            "lengths": np.array([len(one.rewards) for one in episodes]),
            "rewards": np.array([reward for one in episodes for reward in one.rewards]),
            "actions": np.stack([action for one in episodes for action in one.actions]),
            "terminated": np.array([one.terminated for one in episodes]),
            "truncated": np.array([one.truncated for one in episodes]),
            "success": np.array([one.success for one in episodes], np.int8),
            "seeds": np.array([one.seed for one in episodes]),
            "episode_numbers": np.array([one.number for one in episodes]),
        }
        if all(one.observations and one.last is not None for one in episodes):
            found["observations"] = np.stack([row for one in episodes for row in one.observations])
            found["last_observations"] = np.stack([one.last for one in episodes if one.last is not None])
        found |= _thoughts(episodes)
        found |= {f"reward_terms/{name}": row for name, row in _named([t for e in episodes for t in e.terms]).items()}
        found |= {f"infos/{name}": row for name, row in _named([t for e in episodes for t in e.infos]).items()}
        return found | self._pictures([place for place, _ in played])

    def _pictures(self, places: list[int]) -> dict[str, NDArray[Any]]:
        kept = [frame for frame in self.frames if frame[0] in places]
        if not kept:
            return {}
        return {
            "frames": np.stack([picture for *_, picture in kept]),
            "frame_episodes": np.array([places.index(place) for place, *_ in kept]),
            "frame_steps": np.array([step for _, step, _ in kept]),
        }


def _thoughts(episodes: list[Played]) -> dict[str, NDArray[np.float32]]:
    """Of what the agent told at each step, always as much of it."""
    told = [thought for one in episodes for thought in one.thoughts]
    found = {}
    for name in _THOUGHTS:
        rows = [thought[name] for thought in told if name in thought]
        if rows and len(rows) == len(told) and len({len(row) for row in rows}) == 1:
            found[name] = np.stack(rows).astype(np.float32)
            if name == "values":
                found[name] = found[name][:, 0]
    return found


def _named(told: list[dict[str, float]]) -> dict[str, NDArray[np.float64]]:
    """By name, one number a step; NaN at steps that did not tell it."""
    names = list(dict.fromkeys(name for one in told for name in one))[:_MOST_NAMES]
    return {name: np.array([one.get(name, np.nan) for one in told]) for name in names}


def are_pictures(shape: tuple[int, ...], dtype: Any) -> bool:
    """Whether observations of that kind are pictures: grey, or with their channels last or first."""
    if dtype != np.uint8 or len(shape) not in (2, 3):
        return False
    if len(shape) == 2 or shape[2] in _CHANNELS:
        return min(shape[:2]) >= _SMALLEST
    return shape[0] in _CHANNELS and min(shape[1:]) >= _SMALLEST


def shrunk(picture: Any, side: int) -> NDArray[np.uint8] | None:
    """At most `side` px, each the mean of a square of the original; None for what is no picture of 8 bits."""
    pixels = np.asarray(picture)
    if not are_pictures(pixels.shape, pixels.dtype):
        return None
    if pixels.ndim == 3 and pixels.shape[2] not in _CHANNELS:
        pixels = np.moveaxis(pixels, 0, 2)  # channels first, as PyTorch has them
    block = -(-max(pixels.shape[:2]) // side)
    if block == 1:
        return pixels.copy()
    height, width = pixels.shape[0] // block, pixels.shape[1] // block
    squares = pixels[: height * block, : width * block].reshape(height, block, width, block, *pixels.shape[2:])
    return np.asarray(squares.mean(axis=(1, 3)).round(), np.uint8)
