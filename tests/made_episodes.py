"""Recordings of real walks through gymnasium's tasks, by agents of a few lines that say what they expect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray
from dlviz_docs.model.episodes import Episode, Frames, Recording

__all__ = ["cartpole", "lake", "made_up", "pendulum", "walked"]

GAMMA = 0.99


def walked(
    environment: str, act: Callable[[Any, np.random.Generator], Any], seeds: Sequence[int], **options: Any
) -> list[dict[str, Any]]:
    """Steps of an episode for each seed: observations (one more than steps), actions, rewards and how it ended."""
    env = gymnasium.make(environment, **options)
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        seen, _ = env.reset(seed=seed)
        observations, actions, rewards, ended, cut = [seen], [], [], False, False
        while not (ended or cut):
            action = act(seen, rng)
            seen, reward, ended, cut, _ = env.step(action)
            observations.append(seen)
            actions.append(action)
            rewards.append(float(reward))
        found.append(
            {
                "observations": np.array(observations, np.float64).reshape(len(observations), -1),
                "actions": np.array(actions),
                "rewards": np.array(rewards),
                "ending": "terminated" if ended else "truncated",
                "seed": seed,
            }
        )
    env.close()
    return found


def cartpole(name: str, skill: float, step: float, *, seeds: Sequence[int] = range(6)) -> Recording:
    """Logits from a line through the observation, sharper the better; values by how far the pole leans."""

    def logits(seen: NDArray[Any]) -> FloatArray:
        push = skill * (seen @ np.array([0.3, 0.8, 6.0, 2.0]))
        return np.stack((-push, push), axis=-1)

    def shares(seen: NDArray[Any]) -> FloatArray:
        odds = np.exp(np.clip(logits(seen), -30, 30))
        return np.asarray(odds / odds.sum(axis=-1, keepdims=True))

    episodes = []
    for i, told in enumerate(walked("CartPole-v1", lambda seen, rng: int(rng.random() < shares(seen)[1]), seeds)):
        seen = told["observations"][:-1]
        values = 60 * np.exp(-8 * np.abs(seen[:, 2]) - 0.4 * np.abs(seen[:, 0]))
        terms = {"alive": np.ones(len(seen)), "centre": np.zeros(len(seen))}
        episodes.append(_episode(str(i), told, values=values, probabilities=shares(seen), terms=terms))
    names = ("cart position", "cart velocity", "pole angle", "pole velocity")
    return Recording(
        "", name, f"{name}.npz", tuple(episodes), step, "CartPole-v1", GAMMA, ("left", "right"), names, (4,)
    )


def lake(name: str = "lake", *, seeds: Sequence[int] = range(4)) -> Recording:
    """FrozenLake without slipping, by action values that know the way and err at times."""
    way = {0: 1, 4: 1, 8: 2, 9: 1, 13: 2, 14: 2, 1: 2, 2: 1, 6: 1, 10: 1, 3: 0}

    def values(cells: NDArray[Any]) -> FloatArray:
        table = np.full((16, 4), 0.2)
        for cell, best in way.items():
            table[cell, best] = 0.9
        return np.asarray(table[cells.astype(int)])

    def act(seen: Any, rng: np.random.Generator) -> int:
        return int(rng.integers(4)) if rng.random() < 0.2 else int(values(np.array([seen]))[0].argmax())

    episodes = [
        _episode(str(i), told, action_values=values(told["observations"][:-1, 0]))
        for i, told in enumerate(walked("FrozenLake-v1", act, seeds, is_slippery=False))
    ]
    return Recording(
        "",
        name,
        "lake.npz",
        tuple(episodes),
        None,
        "FrozenLake-v1",
        0.95,
        ("left", "down", "right", "up"),
        ("cell",),
        (),
    )


def pendulum(name: str = "pendulum", *, seeds: Sequence[int] = range(2)) -> Recording:
    """Continuous torque, observations only."""

    def act(seen: Any, rng: np.random.Generator) -> NDArray[Any]:
        return np.array([np.clip(-2 * np.arctan2(seen[1], seen[0]) - 0.5 * seen[2], -2, 2)], np.float32)

    episodes = [_episode(str(i), told) for i, told in enumerate(walked("Pendulum-v1", act, seeds))]
    names = ("cos angle", "sin angle", "velocity")
    return Recording("", name, "pendulum.npz", tuple(episodes), None, "Pendulum-v1", None, (), names, (3,))


def made_up(steps: int, *, frames: int = 0, side: int = 96, actions: int = 4, seed: int = 0) -> Recording:
    """A long episode of invented numbers with everything there is to draw."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 0.3, (steps, actions)).cumsum(axis=0) / 3
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    chosen = np.array([rng.choice(actions, p=share) for share in shares])
    terms: dict[str, FloatArray] = {
        "forward": rng.normal(0.4, 0.2, steps),
        "effort": -np.abs(rng.normal(0, 0.1, steps)),
        "bonus": np.zeros(steps),
    }
    terms["bonus"][steps // 2] = 8.0
    rewards = np.sum(list(terms.values()), axis=0)
    values = 30 + rng.normal(0, 0.6, steps).cumsum() / 2
    values[steps // 3 :] -= 9
    pictures = None
    if frames:
        shown = np.linspace(0, steps - 1, frames).round().astype(np.intp)
        pictures = Frames(shown, np.stack([_picture(i, side) for i in range(frames)]))
    episode = Episode(
        "0",
        rewards,
        chosen,
        rng.normal(0, 1, (steps, 12)).cumsum(axis=0),
        ending="terminated",
        success=True,
        values=values,
        action_values=values[:, None] + logits,
        probabilities=shares,
        terms=terms,
        infos={"x_position": np.linspace(0, 5, steps), "contacts": rng.integers(0, 4, steps).astype(float)},
        frames=pictures,
        seed=seed,
    )
    names = tuple(f"joint {i}" for i in range(12))
    return Recording(
        "", f"made up {seed}", "a.npz", (episode,), 1e6, "Walker", GAMMA, tuple("abcdefghijkl"[:actions]), names, (12,)
    )


def _picture(number: int, side: int) -> NDArray[np.uint8]:
    """A square on its way over a ground that changes slowly."""
    ground = np.indices((side, side)).sum(axis=0) * 2 + number
    pixels = np.stack([ground % 256, (ground // 2) % 256, np.full_like(ground, 90)], axis=-1).astype(np.uint8)
    x, y = (number * 3) % (side - 12), int((side - 12) * (0.5 + 0.4 * np.sin(number / 15)))
    pixels[y : y + 12, x : x + 12] = (250, 240, 60)
    return pixels


def _episode(name: str, told: dict[str, Any], **more: Any) -> Episode:
    seen = told["observations"]
    success = bool(told["rewards"][-1] > 0) if seen.shape[1] == 1 else None
    return Episode(
        name,
        told["rewards"],
        told["actions"],
        seen[:-1],
        seen[-1],
        told["ending"],
        success,
        seed=told["seed"],
        **more,
    )
