"""Train a double DQN on CartPole-v1 with three seeds, and record five greedy episodes of the best network of each.

Writes `runs/seed<n>/`: episodes.csv (one row per episode), config.yaml, best.pt and recording.npz (observations,
actions, rewards, action values, frames). About four minutes on one CPU. Drawing frames needs `pip install pygame`.
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
from numpy.typing import NDArray
from PIL import Image

RUNS = Path(__file__).parent / "runs"
COLUMNS = ["episode", "frame", "return", "epsilon", "loss", "mean_q", "eval_return", "timestamp"]


def play(agent: Agent, env: gym.Env, seed: int) -> dict[str, NDArray]:
    """One greedy episode of n steps: observations (n, 4), actions (n,), rewards (n,), action values (n, 2)."""
    observation, _ = env.reset(seed=seed)
    steps, over = [], False
    while not over:
        values = agent.values(observation)
        action = int(values.argmax())
        following, reward, terminated, truncated, _ = env.step(action)
        steps.append((observation, action, reward, values))
        observation, over = following, terminated or truncated
    columns = zip(*steps, strict=True)
    names = ("observations", "actions", "rewards", "action_values")
    return {name: np.array(column) for name, column in zip(names, columns, strict=True)}


def draw(episode: dict[str, NDArray], env: gym.Env, every: int = 5) -> NDArray[np.uint8]:
    """Every fifth state of an episode as a grey picture, shape (n, 84, 84)."""
    env.reset()
    frames = []
    for observation in episode["observations"][::every]:
        env.unwrapped.state = observation
        frames.append(np.asarray(Image.fromarray(env.render()).convert("L").resize((84, 84))))
    return np.array(frames)


def record(agent: Agent, folder: Path) -> None:
    """Five greedy episodes from starts that training never saw, end to end, with `lengths` to cut them apart."""
    with gym.make(agent.config.env, render_mode="rgb_array") as env:
        episodes = [play(agent, env, seed=10_000 + number) for number in range(5)]
        joined = {name: np.concatenate([episode[name] for episode in episodes]) for name in episodes[0]}
        lengths = np.array([len(episode["actions"]) for episode in episodes])
        np.savez_compressed(folder / "recording.npz", lengths=lengths, frames=draw(episodes[0], env), **joined)


def train(config: Config, folder: Path) -> None:
    random.seed(config.seed)
    torch.manual_seed(config.seed)
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(asdict(config), sort_keys=False))
    agent, frame, episode, best = Agent(config), 0, 0, 0.0
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
                exams = [play(agent, examiner, seed=20_000 + number) for number in range(config.eval_episodes)]
                exam = float(np.mean([len(played["rewards"]) for played in exams]))
                if exam >= best:
                    best, weights = exam, deepcopy(agent.q.state_dict())
            table.writerow([*row, exam, f"{time.time():.3f}"])
    torch.save(weights, folder / "best.pt")
    agent.q.load_state_dict(weights)
    record(agent, folder)


def main() -> None:
    torch.set_num_threads(1)
    shutil.rmtree(RUNS, ignore_errors=True)
    for seed in range(3):
        train(Config(seed), RUNS / f"seed{seed}")


if __name__ == "__main__":
    main()
