"""Tabular Q-learning in a grid world of our own, with five seeds, beside what value iteration finds.

Writes `runs/seed<n>/`: metrics.csv, config.yaml, episodes/step-<n>.npz (six greedy episodes) and tables/step-<n>.npz
(all action values and visits) at three moments; and `tables/optimal.npz`. Half a minute on one CPU, with NumPy alone.
"""

from __future__ import annotations

import csv
import shutil
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from qlearning import Agent, Config
from world import ACTIONS, GRID, LEGEND, GridWorld, optimal

from dlviz_docs import record

HERE = Path(__file__).parent
SEEDS = 5
MOMENTS = (1_000, 20_000, 100_000)


def play(agent: Agent, env: GridWorld, seed: int) -> tuple[float, int, bool]:
    """One greedy episode: its return, its length, and whether the goal was reached."""
    seen, _ = env.reset(seed=seed)
    total, steps, over = 0.0, 0, False
    while not over:
        seen, reward, terminated, truncated, info = env.step(int(agent.q[tuple(seen)].argmax()))
        total, steps, over = total + reward, steps + 1, terminated or truncated
    return total, steps, bool(info["is_success"])


def keep(agent: Agent, folder: Path, step: int) -> None:
    """The table, and six greedy episodes."""
    gamma = agent.config.gamma
    record.value_map(
        folder / "tables",
        agent.q,
        GRID,
        step=step,
        visits=agent.visits,
        action_names=ACTIONS,
        legend=LEGEND,
        gamma=gamma,
    )
    with record.EpisodeRecorder(
        GridWorld(0),
        folder / "episodes",
        step=step,
        agent=lambda seen: {"action_values": agent.q[tuple(seen)], "value": agent.q[tuple(seen)].max()},
        action_names=ACTIONS,
        observation_names=["row", "column"],
        gamma=gamma,
        environment=agent.config.env,
    ) as env:
        for number in range(6):
            play(agent, env, seed=10_000 + number)


def train(config: Config, folder: Path, best: NDArray[np.float64]) -> None:
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(asdict(config), sort_keys=False))
    agent, env = Agent(config), GridWorld(config.seed)
    seen, _ = env.reset()
    errors: list[float] = []
    returns: list[float] = []
    total = 0.0
    known = np.array([[letter not in "#xG" for letter in row] for row in GRID])
    with (folder / "metrics.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(
            ["step", "train_return", "eval_return", "eval_length", "eval_success_rate", "epsilon", "td_error"]
            + ["value_error", "timestamp"]
        )
        for step in range(1, config.steps + 1):
            action = agent.act(seen, step)
            after, reward, terminated, truncated, _ = env.step(action)
            errors.append(abs(agent.learn(seen, action, reward, after, terminated)))
            agent.visits[tuple(after)] += 1
            seen, total = after, total + reward
            if terminated or truncated:
                returns.append(total)
                (seen, _), total = env.reset(), 0.0
            if step % config.eval_every == 0:
                exams = np.array([play(agent, GridWorld(0), 20_000 + i) for i in range(config.eval_episodes)], float)
                off = np.abs(agent.q.max(axis=2) - best.max(axis=2))[known].mean()
                row = [
                    np.mean(returns) if returns else "",
                    *exams.mean(axis=0),
                    agent.epsilon(step),
                    np.mean(errors),
                    off,
                ]
                table.writerow(
                    [step, *(value if value == "" else f"{value:.6g}" for value in row), f"{time.time():.3f}"]
                )
                errors, returns = [], []
            if step in MOMENTS:
                keep(agent, folder, step)


def main() -> None:
    shutil.rmtree(HERE / "runs", ignore_errors=True)
    best = optimal(Config(0).gamma)
    record.value_map(
        HERE / "tables", best, GRID, name="optimal", action_names=ACTIONS, legend=LEGEND, gamma=Config(0).gamma
    )
    for seed in range(SEEDS):
        train(Config(seed), HERE / "runs" / f"seed{seed}", best)


if __name__ == "__main__":
    main()
