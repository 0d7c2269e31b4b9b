"""Tabular Q-learning: its settings, its table, and one update."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from world import ACTIONS, GRID


@dataclass(frozen=True)
class Config:
    """One run's settings, as they land in config.yaml."""

    seed: int
    env: str = "slippery swamp"
    algorithm: str = "Q-learning"
    steps: int = 100_000
    gamma: float = 0.98
    learning_rate: float = 0.1
    epsilon_end: float = 0.1
    epsilon_steps: int = 20_000
    eval_every: int = 2_000
    eval_episodes: int = 20


class Agent:
    """A table of action values, and how often each cell was entered."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.q = np.zeros((len(GRID), len(GRID[0]), len(ACTIONS)))
        self.visits = np.zeros(self.q.shape[:2], np.int64)
        self.rng = np.random.default_rng(config.seed)

    def epsilon(self, step: int) -> float:
        return max(self.config.epsilon_end, 1 - step / self.config.epsilon_steps)

    def act(self, seen: NDArray[np.int64], step: int) -> int:
        if self.rng.random() < self.epsilon(step):
            return int(self.rng.integers(4))
        return int(self.q[tuple(seen)].argmax())

    def learn(self, seen: NDArray[np.int64], action: int, reward: float, after: NDArray[np.int64], over: bool) -> float:
        """One update; its temporal-difference error."""
        wanted = reward + (0.0 if over else self.config.gamma * self.q[tuple(after)].max())
        error = wanted - self.q[tuple(seen)][action]
        self.q[tuple(seen)][action] += self.config.learning_rate * error
        return float(error)
