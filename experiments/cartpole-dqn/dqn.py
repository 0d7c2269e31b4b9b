"""A double DQN for CartPole: its settings, its network, and one step of learning."""

from __future__ import annotations

import random
from collections import deque
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


@dataclass(frozen=True)
class Config:
    """One run's settings, as they land in config.yaml."""

    seed: int
    env: str = "CartPole-v1"
    algorithm: str = "double DQN"
    frames: int = 40_000
    hidden: int = 128
    learning_rate: float = 1e-3
    gamma: float = 0.98
    batch_size: int = 64
    replay_size: int = 50_000
    warm_up: int = 1_000
    train_every: int = 2
    target_every: int = 50
    epsilon_end: float = 0.05
    epsilon_frames: int = 8_000
    eval_every: int = 10
    eval_episodes: int = 5


class Agent:
    """A network of action values, its slow copy, and what it remembers."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.q = nn.Sequential(
            nn.Linear(4, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, 2),
        )
        self.target = deepcopy(self.q)
        self.updates = 0
        self.optimizer = torch.optim.Adam(self.q.parameters(), config.learning_rate)
        self.replay: deque[tuple[NDArray[np.float32], int, float, NDArray[np.float32], bool]] = deque(
            maxlen=config.replay_size
        )

    @torch.no_grad()
    def values(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """Estimated return of each action, shape (2,)."""
        result: NDArray[np.float32] = self.q(torch.from_numpy(observation)).numpy()
        return result

    def learn(self) -> tuple[float, float]:
        """One gradient step; returns its Huber loss and the batch's mean value of the actions taken.

        Double DQN (van Hasselt et al., 2016): the network picks the next action, its slow copy rates it.
        """
        batch = random.sample(self.replay, self.config.batch_size)
        before, actions, rewards, after, done = (torch.from_numpy(np.array(part)) for part in zip(*batch, strict=True))
        taken = self.q(before).gather(1, actions[:, None]).squeeze(1)
        with torch.no_grad():
            rated = self.target(after).gather(1, self.q(after).argmax(1, keepdim=True)).squeeze(1)
        loss = nn.functional.smooth_l1_loss(taken, rewards.float() + self.config.gamma * rated * ~done)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.q.parameters(), 10.0)
        self.optimizer.step()
        self.updates += 1
        if self.updates % self.config.target_every == 0:
            self.target.load_state_dict(self.q.state_dict())
        return loss.item(), taken.mean().item()
