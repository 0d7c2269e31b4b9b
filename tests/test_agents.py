"""Task, algorithm and repetitions of agents: out of settings, names, and folders beside each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from dlviz_docs.agent_words import environment_in, is_algorithm, is_environment, told_algorithm, told_task, words_of
from dlviz_docs.agents import placed
from dlviz_docs.model import Hparam, Run, Series, SourceFile
from dlviz_docs.names import exact_slug
from dlviz_docs.seeds import group_of, seed_of


def agent(name: str, file: str = "progress.csv", metric: str = "train/return", **settings: Hparam) -> Run:
    seed = seed_of(name, settings)
    curve = Series(metric, metric, np.arange(2.0), np.arange(2.0), source=file)
    source = SourceFile(file, 1, 0.0, "table", "")
    group = group_of(name, seed)
    return Run(name, exact_slug(name), (curve,), settings, seed=seed, group=group, sources=(source,))


def told(*runs: Run, above: str = "") -> list[tuple[str, str]]:
    return [(run.task, run.algorithm) for run in placed(runs, above)]


@pytest.mark.parametrize(
    ("segment", "task", "algorithm"),
    [
        ("CartPole-v1", "CartPole-v1", ""), ("CartPole-v1_1", "CartPole-v1", ""), ("Ant_v3", "Ant_v3", ""),
        ("ALE/Pong-v5", "ALE/Pong-v5", ""), ("MiniGrid-DoorKey-5x5-v0", "MiniGrid-DoorKey-5x5-v0", ""),
        ("ppo", "", "ppo"), ("PPO_1", "", "PPO"), ("qr-dqn", "", "qr-dqn"), ("tdmpc2-pixels", "", "tdmpc2-pixels"),
        ("PongNoFrameskip-v4__dqn_atari__1__1700000001", "PongNoFrameskip-v4", "dqn_atari"),
        ("PPO_CartPole-v1_3f2a1_00000_0_2024-01-01_00-00-00", "CartPole-v1", "PPO"),  # Ray Tune
        ("PPO-CartPole-v1", "CartPole-v1", "PPO"), ("dqn-Breakout-v4-2", "Breakout-v4", "dqn"),
        ("seed_0_0326_024335-Ant_v3_a2c", "Ant_v3", "a2c"), ("halfcheetah-sac-s0", "", "sac"),
        ("easy-200-run0", "", ""), ("lr_3e-4", "", ""), ("20240101-120000", "", ""),
    ],
)  # fmt: skip
def test_what_the_form_of_a_name_tells(segment: str, task: str, algorithm: str) -> None:
    assert words_of(segment) == (task, algorithm)
    assert is_environment(segment) == (bool(task) and environment_in(segment) == segment.removesuffix("_1"))


def test_an_algorithm_is_no_other_word() -> None:
    assert not any(map(is_algorithm, ("optimal", "random", "lr=0.1", "", "seed_1", "ppo_on_hopper")))


@pytest.mark.parametrize(
    ("settings", "task", "algorithm"),
    [
        ({"env": "CartPole-v1", "algo": "ppo"}, ("CartPole-v1", "env"), ("ppo", "algo")),  # RL Zoo's args.yml
        ({"env_id": "Ant-v4", "exp_name": "ppo_continuous_action"}, ("Ant-v4", "env_id"),
         ("ppo_continuous_action", "exp_name")),  # CleanRL
        ({"exp_name": "my first try", "env": None}, ("", ""), ("", "")),
        ({"args.env_name": "Hopper-v3", "agent.name": "sac"}, ("Hopper-v3", "args.env_name"), ("sac", "agent.name")),
        ({"domain_name": "cheetah", "task_name": "run"}, ("cheetah-run", "task_name"), ("", "")),
        ({"env": "/home/me/envs", "agent": "<class 'x.Y'>"}, ("", ""), ("", "")),
        ({"agent._target_": "agents.drqv2.DrQV2Agent", "agent.lr": 0.1}, ("", ""), ("DrQV2", "agent._target_")),
        ({"algorithm": "ray.rllib.algorithms.ppo.ppo.PPO"}, ("", ""), ("PPO", "algorithm")),
    ],
)  # fmt: skip
def test_what_settings_tell(settings: Mapping[str, Hparam], task: tuple[str, str], algorithm: tuple[str, str]) -> None:
    assert (told_task(settings), told_algorithm(settings)) == (task, algorithm)


def test_settings_come_before_names() -> None:
    (run,) = placed([agent("dqn/CartPole-v1_1", env="CartPole-v0", algo="ddqn")])
    assert (run.task, run.algorithm) == ("CartPole-v0", "ddqn")
    assert run.evidence == {"task": "the setting env", "algorithm": "the setting algo"}


def test_names_that_come_back_under_algorithms_are_tasks() -> None:
    names = [
        f"{method}/{task}/seed={seed}" for method in ("sac", "mine") for task in ("walk", "run") for seed in (1, 2)
    ]
    assert told(*map(agent, names)) == [(name.split("/")[1], name.split("/")[0]) for name in names]


def test_files_of_the_same_names_in_folders_are_tasks_under_algorithms() -> None:
    pairs = [(method, task) for method in ("alpha", "beta") for task in ("walker", "hopper")]
    assert told(*(agent(f"{m}/{t}", file=f"{m}/{t}.csv") for m, t in pairs)) == [(t, m) for m, t in pairs]
    # Folders alone, without any known word, may be anything.
    assert set(told(*(agent(f"{m}/{t}") for m, t in pairs))) == {("", "")}


def test_settings_in_names_are_no_algorithms() -> None:
    names = [f"lr={rate}/{task}" for rate in (0.1, 0.2) for task in ("Ant-v4", "Hopper-v4")]
    assert set(told(*map(agent, names))) == {("Ant-v4", ""), ("Hopper-v4", "")}


def test_a_table_that_names_its_agents() -> None:
    runs = [agent(f"pong/Agent={who}, repeat={n}", "pong.json") for who in ("DQN", "C51 (JAX)") for n in (1, 2)]
    assert told(*runs) == [("pong", who) for who in ("DQN", "DQN", "C51 (JAX)", "C51 (JAX)")]
    alone = [agent(f"Agent={who}, repeat={n}", "data/pong.json") for who in ("DQN", "C51") for n in (1, 2)]
    assert {task for task, _ in told(*alone)} == {"pong"}


def test_folders_around_all_runs_tell_what_they_do_not() -> None:
    assert told(agent("sac/seed=0"), agent("td3/seed=0"), above="results/Ant-v3") == [
        ("Ant-v3", "sac"),
        ("Ant-v3", "td3"),
    ]
    assert told(agent("CartPole-v1_1"), above="logs/ppo") == [("CartPole-v1", "ppo")]


def test_the_task_in_the_name_of_a_log() -> None:
    assert told(agent("easy-200-run0", "easy-200-run0/progress-coinrun-train.csv")) == [("coinrun", "")]
    assert told(agent("a", "a/0.monitor.csv"), agent("b", "b/progress.csv")) == [("", ""), ("", "")]


def test_only_agents_have_tasks() -> None:
    (run,) = placed([agent("ppo/CartPole-v1", metric="val/accuracy", env="CartPole-v1")])
    assert (run.task, run.algorithm, dict(run.evidence)) == ("", "", {})


def test_runs_that_differ_in_the_seed_alone_are_repetitions() -> None:
    same = [agent(f"a{seed}", env="Ant-v4", algo="sac", seed=seed, gamma=0.99, log_dir=f"/x/{seed}") for seed in (3, 4)]
    other = agent("b", env="Ant-v4", algo="sac", seed=5, gamma=0.9)
    first, second, third = placed([*same, other])
    assert first.group == second.group == "sac on Ant-v4"
    assert first.evidence["group"] == "the same settings but for the seed"
    assert third.group == "b"


def test_counted_runs_are_repetitions_where_no_setting_tells_them_apart() -> None:
    assert [run.group for run in placed([agent("easy-200-run0"), agent("easy-200-run1")])] == ["easy-200"] * 2
    zoo = [agent(f"ppo/CartPole-v1_{n}", env="CartPole-v1", algo="ppo", seed=n, n_steps=8) for n in (1, 2)]
    assert {run.group for run in placed(zoo)} == {"ppo/CartPole-v1"}
    apart = [agent(f"ppo/CartPole-v1_{n}", env="CartPole-v1", algo="ppo", seed=n, n_steps=8 * n) for n in (1, 2)]
    assert len({run.group for run in placed(apart)}) == 2
    # Stable-Baselines3 counts whatever is trained under one name.
    assert len({run.group for run in placed([agent("PPO_1"), agent("PPO_2")])}) == 2


def test_a_number_beside_task_and_algorithm_is_a_seed() -> None:
    names = [f"Ant-v4/{who}/{seed}/220101-12000{seed}" for who in ("sac", "td3") for seed in (0, 1)]
    found = placed([agent(name) for name in names])
    assert [(run.seed, run.group) for run in found] == [
        (seed, f"Ant-v4/{who}") for who in ("sac", "td3") for seed in (0, 1)
    ]
    assert found[0].evidence["seed"] == "the number in its name"
    assert [run.seed for run in placed([agent("Ant-v4/1"), agent("Ant-v4/2")])] == [None, None]  # of what algorithm?
    assert [run.seed for run in placed([agent(f"sac/Ant-v4/{n}", seed=7) for n in (1, 2)])] == [7, 7]
