"""The recorder around environments of gymnasium, and what the reader has of its files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch

from dlviz_docs import record
from dlviz_docs.model import Recording
from dlviz_docs.readers.episodes import Found, plan, read


@pytest.fixture(autouse=True)
def _without_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


def recordings(folder: Path) -> list[Recording]:
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.npz"))
    found = Found(folder, tuple(files))
    episodes = read(found, plan(found))
    assert episodes.problems == ()
    assert all(one.problems == () for one in episodes.recordings)
    return list(episodes.recordings)


Step = tuple[Any, Any, float, bool, bool, dict[str, Any]]


def play(env: Any, seed: int, actions: Iterator[int]) -> list[Step]:
    """One episode: what was seen, done and got at each step."""
    seen, _ = env.reset(seed=seed)
    steps: list[Step] = []
    over = False
    while not over:
        action = next(actions)
        after, reward, terminated, truncated, info = env.step(action)
        steps.append((seen, action, float(reward), terminated, truncated, {"after": after, **info}))
        seen, over = after, terminated or truncated
    return steps


def random(seed: int, count: int = 2) -> Iterator[int]:
    rng = np.random.default_rng(seed)
    while True:
        yield int(rng.integers(count))


def test_what_was_played_is_read_back(tmp_path: Path) -> None:
    values = {"value": 1.5, "action_values": np.array([2.0, 3.0]), "probabilities": torch.tensor([0.25, 0.75])}
    env = record.EpisodeRecorder(
        gym.make("CartPole-v1"),
        tmp_path / "episodes",
        step=20_000,
        agent=lambda _: values,
        gamma=0.98,
        action_names=["left", "right"],
        observation_names=["x", "v", "angle", "w"],
    )
    played = [play(env, seed, random(seed)) for seed in (4, 5)]
    env.close()
    (one,) = recordings(tmp_path)
    assert (one.source, one.step, one.environment) == ("episodes/step-20000.npz", 20_000, "CartPole-v1")
    assert (one.gamma, one.actions, one.observations) == (0.98, ("left", "right"), ("x", "v", "angle", "w"))
    for episode, steps, seed in zip(one.episodes, played, (4, 5), strict=True):
        assert np.array_equal(episode.observations, np.array([step[0] for step in steps], float))
        assert np.array_equal(episode.actions, [step[1] for step in steps])
        assert episode.rewards.tolist() == [step[2] for step in steps]
        assert np.array_equal(episode.last, np.array(steps[-1][5]["after"], float))
        assert (episode.ending, episode.seed, episode.success) == ("terminated", seed, None)
        assert episode.values is not None
        assert set(episode.values) == {1.5}
        assert episode.action_values is not None
        assert episode.action_values.tolist() == [[2, 3]] * len(steps)
        assert episode.probabilities is not None
        assert episode.probabilities[0] == pytest.approx([0.25, 0.75])


def test_recording_changes_nothing(tmp_path: Path) -> None:
    plain = play(gym.make("CartPole-v1"), 7, random(7))
    recorded = play(record.EpisodeRecorder(gym.make("CartPole-v1"), tmp_path), 7, random(7))
    assert [step[2] for step in recorded] == [step[2] for step in plain]
    assert np.array_equal([step[0] for step in recorded], [step[0] for step in plain])


def test_it_is_a_wrapper_of_gymnasium(tmp_path: Path) -> None:
    env = record.EpisodeRecorder(gym.make("FrozenLake-v1"), tmp_path, step=1)
    assert isinstance(env, gym.Wrapper)
    assert env.spec is not None
    assert env.spec.id == "FrozenLake-v1"
    around = gym.wrappers.RecordEpisodeStatistics(gym.wrappers.TimeLimit(env, 5))  # type: ignore[arg-type]
    (*_, info) = play(around, 0, random(0, 4))[-1]
    assert info["episode"]["l"] <= 5
    assert isinstance(env.unwrapped, gym.Env)
    env.close()
    assert recordings(tmp_path)[0].environment == "FrozenLake-v1"


def test_a_lake_is_seen_as_cells(tmp_path: Path) -> None:
    with record.EpisodeRecorder(gym.make("FrozenLake-v1", is_slippery=False), tmp_path, step=5) as env:
        play(env, 0, iter([2, 2, 1, 1, 1, 2]))
    (one,) = recordings(tmp_path)
    (episode,) = one.episodes
    assert (episode.total, episode.ending) == (1.0, "terminated")
    assert episode.observations is not None
    assert episode.observations[:, 0].tolist() == [0, 1, 2, 6, 10, 14]
    assert episode.last is not None
    assert episode.last.tolist() == [15]
    assert episode.infos["prob"].tolist() == [1.0] * 6


def test_pictures_are_bounded_in_size_and_number(tmp_path: Path) -> None:
    env = gym.make("CartPole-v1", render_mode="rgb_array")
    with record.EpisodeRecorder(env, tmp_path, step=1, frames=True, most_frames=10, side=100) as recorder:
        played = [play(recorder, seed, random(seed)) for seed in range(3)]
    episodes = recordings(tmp_path)[0].episodes
    frames = [episode.frames for episode in episodes if episode.frames is not None]
    assert sum(len(one.steps) for one in frames) <= 10
    assert frames[0].pixels.shape[1:] == (66, 100, 3)
    gaps = {int(gap) for one in frames for gap in np.diff(one.steps)}
    assert len(gaps) == 1
    assert all(one.steps[0] == 0 and one.steps[-1] < len(steps) for one, steps in zip(frames, played, strict=True))
    assert (frames[0].pixels.reshape(-1) < 250).any()


def test_the_file_is_compressed(tmp_path: Path) -> None:
    env = gym.make("CartPole-v1", render_mode="rgb_array")
    with record.EpisodeRecorder(env, tmp_path, step=1, frames=True) as recorder:
        play(recorder, 0, random(0))
    raw = sum(array.nbytes for array in np.load(tmp_path / "step-1.npz").values())
    assert (tmp_path / "step-1.npz").stat().st_size < raw / 10


class Walk:
    """An environment that only behaves like one: a walk to the right, which tells the parts of its reward."""

    render_mode = None

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray, dict[str, Any]]:
        self.x = 0
        return np.array([0.0]), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        self.x += 1
        info: dict[str, Any] = {"reward_terms": {"alive": 1.0}, "reward_forward": 2.0, "r_cost": -1, "x": self.x}
        info |= {"is_success": self.x >= 3, "text": "no number", "episode": {"r": 1.0}}
        return np.array([float(self.x)]), 2.0, self.x >= 3, False, info

    def close(self) -> None:
        self.closed = True


class Seen(Walk):
    """Its observations are pictures, and it draws none."""

    def __init__(self, *shape: int) -> None:
        self.observation_space = gym.spaces.Box(0, 255, shape, np.uint8)

    def reset(self, **_: Any) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset()
        return self._seen(), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        _, *told = super().step(action)
        return self._seen(), *told  # type: ignore[return-value]

    def _seen(self) -> np.ndarray:
        return np.full(self.observation_space.shape, 10 * self.x, np.uint8)


@pytest.mark.parametrize("shape", [(84, 84, 3), (84, 84), (1, 84, 84), (4, 84, 84), (210, 160, 3)])
def test_observations_that_are_pictures(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with record.EpisodeRecorder(Seen(*shape), tmp_path, step=1, frames=True, side=100) as env:
        play(env, 0, random(0))
    (episode,) = recordings(tmp_path)[0].episodes
    assert episode.observations is None
    assert episode.frames is not None
    assert episode.frames.steps.tolist() == [0, 1, 2]
    assert episode.frames.pixels[:, 0, 0].tolist() == [[0] * 3, [10] * 3, [20] * 3]
    assert max(episode.frames.pixels.shape[1:3]) <= 100


def test_components_success_and_numbers_of_any_environment(tmp_path: Path) -> None:
    inner = Walk()
    mine = {"terms": lambda info, reward: {"mine": 2 * reward}, "environment": "a walk"}
    env = record.EpisodeRecorder(inner, tmp_path, step=1, **mine)
    assert not isinstance(env, gym.Env)
    play(env, 0, random(0))
    env.close()
    assert inner.closed
    (one,) = recordings(tmp_path)
    assert one.environment == "a walk"
    (episode,) = one.episodes
    assert {name: row.tolist() for name, row in episode.terms.items()} == {
        "alive": [1.0] * 3,
        "forward": [2.0] * 3,
        "cost": [-1.0] * 3,
        "mine": [4.0] * 3,
    }
    assert {name: row.tolist() for name, row in episode.infos.items()} == {"x": [1, 2, 3]}
    assert episode.success is True


def test_around_a_training_every_second_episode_has_its_file(tmp_path: Path) -> None:
    env = record.EpisodeRecorder(Walk(), tmp_path, every=2)
    for seed in range(5):
        play(env, seed, random(seed))
    env.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-0.npz", "step-12.npz", "step-6.npz"]
    assert [one.step for one in recordings(tmp_path)] == [0, 6, 12]


def test_moments_one_after_the_other(tmp_path: Path) -> None:
    env = record.EpisodeRecorder(Walk(), tmp_path, step=10)
    play(env, 0, random(0))
    assert env.moment(20) == tmp_path / "step-10.npz"
    play(env, 1, random(1))
    assert env.save() == tmp_path / "step-20.npz"
    assert env.save() is None
    assert [one.episodes[0].seed for one in recordings(tmp_path)] == [0, 1]


def test_limits(tmp_path: Path) -> None:
    env = record.EpisodeRecorder(Walk(), tmp_path, step=1, most_episodes=2)
    for seed in range(5):
        play(env, seed, random(seed))
    env.moment(2)
    env = record.EpisodeRecorder(Walk(), tmp_path, step=2, most_steps=4)
    for seed in range(5):
        play(env, seed, random(seed))
    env.close()
    first, second = recordings(tmp_path)
    assert [episode.length for episode in first.episodes] == [3, 3]
    assert [(episode.length, episode.ending) for episode in second.episodes] == [(3, "terminated"), (1, "unknown")]


def test_an_episode_that_was_left_is_kept_as_it_is(tmp_path: Path) -> None:
    env = record.EpisodeRecorder(Walk(), tmp_path, step=1)
    env.reset()
    env.step(0)
    play(env, 3, random(0))
    env.close()
    (one,) = recordings(tmp_path)
    assert [(e.length, e.ending, e.seed) for e in one.episodes] == [(1, "unknown", None), (3, "terminated", 3)]


def test_several_environments_and_blind_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="single one"):
        record.EpisodeRecorder(gym.make_vec("CartPole-v1", num_envs=2), tmp_path)
    with pytest.raises(ValueError, match="rgb_array"):
        record.EpisodeRecorder(gym.make("CartPole-v1"), tmp_path, frames=True)
    env = record.EpisodeRecorder(Walk(), tmp_path, agent="me")
    env.reset()
    with pytest.raises(TypeError, match="a function"):
        env.step(0)
    env = record.EpisodeRecorder(Walk(), tmp_path, agent=lambda _: {"mood": 1})
    env.reset()
    with pytest.raises(ValueError, match="mood"):
        env.step(0)
    assert list(tmp_path.iterdir()) == []


class ActorCritic:
    """What Stable-Baselines3 calls a policy, by the methods that are asked."""

    def obs_to_tensor(self, observation: np.ndarray) -> tuple[torch.Tensor, bool]:
        return torch.as_tensor(observation)[None], False

    def predict_values(self, seen: torch.Tensor) -> torch.Tensor:
        return (2 * seen).requires_grad_()

    def get_distribution(self, seen: torch.Tensor) -> Any:
        return type("Distribution", (), {"distribution": torch.distributions.Categorical(torch.tensor([[0.5, 0.5]]))})


class QPolicy:
    def obs_to_tensor(self, observation: np.ndarray) -> tuple[torch.Tensor, bool]:
        return torch.as_tensor(observation)[None], False

    def q_net(self, seen: torch.Tensor) -> torch.Tensor:
        return torch.cat([seen, seen + 1], dim=1)


def test_policies_of_stable_baselines_are_asked_by_their_methods(tmp_path: Path) -> None:
    model = type("PPO", (), {"policy": ActorCritic()})()
    for step, agent in enumerate((model, QPolicy())):
        with record.EpisodeRecorder(Walk(), tmp_path, step=step, agent=agent) as env:
            play(env, 0, random(0))
    first, second = (one.episodes[0] for one in recordings(tmp_path))
    assert first.values is not None
    assert first.values.tolist() == [0, 2, 4]
    assert first.probabilities is not None
    assert first.probabilities.tolist() == [[0.5, 0.5]] * 3
    assert second.action_values is not None
    assert second.action_values.tolist() == [[0, 1], [1, 2], [2, 3]]


def test_a_kill_leaves_no_half_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = record.EpisodeRecorder(Walk(), tmp_path, step=1)
    play(env, 0, random(0))

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np.lib.format, "write_array", killed)
    with pytest.raises(KeyboardInterrupt):
        env.close()
    assert list(tmp_path.iterdir()) == []


def test_gymnasium_is_not_imported() -> None:
    code = "import sys; from dlviz_docs import record; assert 'gymnasium' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
