"""Train a double DQN on CartPole-v1 with five seeds, and record four greedy episodes of each at three moments.

Writes `runs/seed<n>/`: episodes.csv (one row per episode), config.yaml, best.pt and episodes/step-<frame>.npz
(observations, actions, rewards, action values; of seed 0 at last, pictures). About eight minutes on one CPU. Drawing
pictures needs `pip install pygame`.
"""

from __future__ import annotations

import csv
import random
import shutil
import time
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path

import gymnasium as gym
import numpy as np
import torch
import yaml
from dqn import Agent, Config

from dlviz_docs import record as recording

RUNS = Path(__file__).parent / "runs"
SEEDS = 5
MOMENTS = (2_000, 12_000)
"""Frames after which episodes are recorded, at the end of the episode of training that is being played; and at last."""
COLUMNS = ["episode", "frame", "return", "epsilon", "loss", "mean_q", "eval_return", "timestamp"]


def play(agent: Agent, env: gym.Env, seed: int) -> float:
    """One greedy episode; its return."""
    observation, _ = env.reset(seed=seed)
    total, over = 0.0, False
    while not over:
        action = int(agent.values(observation).argmax())
        observation, reward, terminated, truncated, _ = env.step(action)
        total, over = total + float(reward), terminated or truncated
    return total


def record(agent: Agent, folder: Path, frame: int, *, frames: bool = False) -> None:
    """Four greedy episodes from starts that training never saw; with `frames`, pictures of them, too."""
    drawn = gym.make(agent.config.env, render_mode="rgb_array") if frames else gym.make(agent.config.env)
    with recording.EpisodeRecorder(
        drawn,
        folder / "episodes",
        step=frame,
        agent=lambda observation: {"action_values": agent.values(observation)},
        frames=frames,
        most_frames=500,
        action_names=["push left", "push right"],
        observation_names=["cart position", "cart speed", "pole angle", "pole speed"],
        gamma=agent.config.gamma,
    ) as env:
        for number in range(4):
            play(agent, env, seed=10_000 + number)


def train(config: Config, folder: Path) -> None:
    random.seed(config.seed)
    torch.manual_seed(config.seed)
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(asdict(config), sort_keys=False))
    agent, frame, episode, best = Agent(config), 0, 0, 0.0
    moments = list(MOMENTS)
    weights = agent.q.state_dict()
    env, examiner = gym.make(config.env), gym.make(config.env)
    with (folder / "episodes.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        while frame < config.frames:
            observation, _ = env.reset(seed=config.seed * 1_000_000 + episode)
            total, over, learned = 0.0, False, []
            while not over:
                epsilon = max(config.epsilon_end, 1 - frame / config.epsilon_frames)
                action = random.randrange(2) if random.random() < epsilon else int(agent.values(observation).argmax())
                following, reward, terminated, truncated, _ = env.step(action)
                agent.replay.append((observation, action, float(reward), following, terminated))
                observation, over, total, frame = following, terminated or truncated, total + float(reward), frame + 1
                if frame > config.warm_up and frame % config.train_every == 0:
                    learned.append(agent.learn())
            episode += 1
            row = [episode, frame, total, f"{epsilon:.4g}"]
            row += [f"{value:.6g}" for value in np.mean(learned, axis=0)] if learned else ["", ""]
            exam: float | str = ""
            if episode % config.eval_every == 0:
                exam = float(np.mean([play(agent, examiner, 20_000 + i) for i in range(config.eval_episodes)]))
                if exam >= best:
                    best, weights = exam, deepcopy(agent.q.state_dict())
            table.writerow([*row, exam, f"{time.time():.3f}"])
            if moments and frame >= moments[0]:
                record(agent, folder, frame)
                del moments[0]
    torch.save(weights, folder / "best.pt")
    record(agent, folder, frame, frames=config.seed == 0)


def main() -> None:
    torch.set_num_threads(1)
    shutil.rmtree(RUNS, ignore_errors=True)
    for seed in range(SEEDS):
        train(Config(seed), RUNS / f"seed{seed}")


if __name__ == "__main__":
    main()
