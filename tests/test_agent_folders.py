"""Folders as reinforcement-learning libraries leave them, end to end: curves, tasks, algorithms and seeds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.test_folders import EVENTS, told


def places(found: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str, int | None, str]]:
    """Task, algorithm, seed and group of every run."""
    return {name: (run["task"], run["algorithm"], run["seed"], run["group"]) for name, run in found.items()}


def counts(run: dict[str, Any]) -> dict[str, int]:
    return {series["name"]: series["count"] for series in run["series"]}


def test_spinning_up(tmp_path: Path) -> None:
    head = "Epoch\tAverageEpRet\tStdEpRet\tEpLen\tTotalEnvInteracts\tLossPi\tEntropy\tKL\tTime\n"
    rows = "".join(f"{e}\t{20 + e}\t5\t{20 + e}\t{4000 * (e + 1)}\t-0.01\t0.68\t0.01\t{10.5 * e}\n" for e in range(3))
    config = {"env_fn": "<function <lambda> at 0x7f00>", "exp_name": "cmd_ppo", "gamma": 0.99}
    files: dict[str, Any] = {}
    for seed in (0, 10):
        files[f"data/cmd_ppo/cmd_ppo_s{seed}/progress.txt"] = head + rows
        files[f"data/cmd_ppo/cmd_ppo_s{seed}/config.json"] = {**config, "seed": seed}
    found = told(tmp_path, files)
    assert set(places(found).values()) == {("", "ppo", seed, "cmd_ppo/cmd_ppo") for seed in (0, 10)}
    run = next(iter(found.values()))
    assert counts(run) == dict.fromkeys(
        ("Time", "train/approx_kl", "train/entropy", "train/length", "train/policy_loss", "train/return",
         "train/return_std"), 3,
    )  # fmt: skip
    assert next(s for s in run["series"] if s["name"] == "train/return")["last_step"] == 12_000


def test_what_stable_baselines_logs_in_several_ways_is_told_once(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"time/total_timesteps": 100 * n, "rollout/ep_rew_mean": 2.0 * n, "train/approx_kl": 0.01} for n in range(1, 4)
    ]
    rows.append({"time/total_timesteps": 300, "eval/mean_reward": 9.0})
    table = "rollout/ep_rew_mean,time/total_timesteps,eval/mean_reward,train/approx_kl\n"
    table += "".join(f"{2.0 * n},{100 * n},,0.01\n" for n in range(1, 4)) + ",300,9.0,\n"
    (run,) = told(tmp_path, {"PPO_1/progress.json": rows, "PPO_1/progress.csv": table}).values()
    assert counts(run) == {"train/return": 3, "train/approx_kl": 3, "val/return": 1}
    assert (run["algorithm"], run["task"]) == ("PPO", "")


def test_rllib_results_come_before_its_table_which_loses_keys(tmp_path: Path) -> None:
    config = {"env": "CartPole-v1", "seed": 2, "lr": 5e-5}
    rows: list[dict[str, Any]] = [
        {"env_runners": {"episode_return_mean": 20.0 + n, "episode_len_mean": 20.0}, "config": config,
         "num_env_steps_sampled_lifetime": 4000 * (n + 1), "training_iteration": n + 1, "timestamp": 1_700_000_000 + n}
        for n in range(4)
    ]  # fmt: skip
    rows[2]["evaluation"] = {"env_runners": {"episode_return_mean": 50.0}}
    header = "env_runners/episode_return_mean,env_runners/episode_len_mean,num_env_steps_sampled_lifetime,timestamp\n"
    table = header + "".join(f"{20 + n},20,{4000 * (n + 1)},{1_700_000_000 + n}\n" for n in range(4))
    trial = "ray/PPO_CartPole-v1_a0b1_00000_0_2024-01-01_00-00-00"
    (run,) = told(
        tmp_path, {f"{trial}/result.json": rows, f"{trial}/params.json": config, f"{trial}/progress.csv": table}
    ).values()
    assert (run["task"], run["algorithm"], run["seed"]) == ("CartPole-v1", "PPO", 2)
    assert {name: count for name, count in counts(run).items() if "/" in name} == {
        "train/return": 4, "train/length": 4, "val/return": 1,
    }  # fmt: skip


def test_dreamer_writes_its_scores_twice(tmp_path: Path) -> None:
    scores: list[dict[str, Any]] = [{"step": 100 * n, "episode/score": float(n)} for n in range(3)]
    metrics = [row for n, row in enumerate(scores) for row in (row, {"step": 100 * n + 50, "train/loss/dyn": 1.0})]
    files: dict[str, Any] = {
        "walker/metrics.jsonl": metrics,
        "walker/scores.jsonl": scores,
        "walker/config.yaml": "task: dmc_walker_walk\nseed: 3\n",
    }
    (run,) = told(tmp_path, files).values()
    assert (run["task"], run["seed"]) == ("dmc_walker_walk", 3)
    assert counts(run) == {"train/loss/dyn": 3, "train/return": 3}


def test_tables_called_for_nothing_but_their_split(tmp_path: Path) -> None:
    train = "actor_loss,batch_reward,episode,episode_length,episode_reward,step\n2,3,1,500,10,500\n2,3,2,500,20,1000\n"
    judged = "episode,episode_length,episode_reward,step\n0,500,0,0\n2,500,40,1000\n"
    (run,) = told(tmp_path, {"drqv2/1/train.csv": train, "drqv2/1/eval.csv": judged}).values()
    found = counts(run)
    assert {name for name in found if name.endswith(("return", "length", "reward", "loss"))} == {
        "train/return", "train/length", "train/policy_loss", "train/reward", "val/return", "val/length",
    }  # fmt: skip
    assert run["algorithm"] == "drqv2"


def test_cleanrl_names_tell_everything(tmp_path: Path) -> None:
    tags = ["charts/episodic_return", "losses/approx_kl"]
    found = told(
        tmp_path,
        {f"runs/{env}__{program}__{seed}__170000000{seed}/{EVENTS}": tags for seed in (1, 2)
         for env, program in (("CartPole-v1", "ppo"), ("ALE/Pong-v5", "dqn_atari"))},
    )  # fmt: skip
    assert set(places(found).values()) == {
        (env, program, seed, f"{env}__{program}")
        for seed in (1, 2)
        for env, program in (("CartPole-v1", "ppo"), ("ALE/Pong-v5", "dqn_atari"))
    }
    assert all(set(counts(run)) == {"train/return", "train/approx_kl"} for run in found.values())


def test_tianshou_folders_and_its_tables_of_test_rewards(tmp_path: Path) -> None:
    table = "env_step,rew,time\n10,0.5,4.5\n20,0.25,175.5\n"
    files: dict[str, Any] = {}
    for algorithm in ("sac", "td3"):
        for seed in (0, 1):
            folder = f"log/Ant-v3/{algorithm}/seed_{seed}_0226-20541{seed}"
            files[f"{folder}/{EVENTS}"] = ["test/reward", "train/reward", "update/loss/actor"]
            files[f"{folder}/test_rew.csv"] = table
    found = told(tmp_path, files)
    assert {(task, algorithm, seed) for task, algorithm, seed, _ in places(found).values()} == {
        ("Ant-v3", algorithm, seed) for algorithm in ("sac", "td3") for seed in (0, 1)
    }
    assert {run["group"].rpartition("/")[2] for run in found.values()} == {"sac", "td3"}
    for run in found.values():
        assert counts(run)["test/return"] == counts(run)["train/return"] == 3  # of the event files, which tell more


def test_a_log_of_every_episode_stands_at_its_steps(tmp_path: Path) -> None:
    own = "episode,steps,reward\n" + "".join(f"{e},{length},{e}\n" for e, length in enumerate([10, 30, 20, 40, 5]))
    monitor = '#{"t_start": 1700000000.0, "env_id": "Acrobot-v1"}\nr,l,t\n-9,10,1.5\n-8,20,2.5\n'
    found = told(tmp_path, {"a/log.csv": own, "b/0.monitor.csv": monitor})
    curves = {
        name: {s["name"]: (s["axis"], s["last_step"], s["last"]) for s in run["series"]} for name, run in found.items()
    }
    assert curves["a"] == {
        "train/return": ("step", 105, 4), "train/length": ("step", 105, 5), "train/episodes": ("step", 105, 5),
    }  # fmt: skip
    assert curves["b"]["train/return"] == ("step", 30, -8)
    assert found["b"]["task"] == "Acrobot-v1"


def test_means_over_episodes_stay_at_their_episodes(tmp_path: Path) -> None:
    table = "episode,mean_reward,mean_length\n" + "".join(f"{10 * n},{n},{20 + n}\n" for n in range(1, 6))
    (run,) = told(tmp_path, {"a/log.csv": table}).values()
    assert {s["axis"] for s in run["series"]} == {"episode"}


def test_the_zoo_is_one_benchmark(tmp_path: Path) -> None:
    pairs = "- - - algo\n    - {}\n  - - env\n    - {}\n  - - seed\n    - {}\n"
    args = f"!!python/object/apply:collections.OrderedDict\n{pairs}"
    files: dict[str, Any] = {}
    for algorithm in ("a2c", "ppo"):
        for n, env in enumerate(("CartPole-v1", "CartPole-v1", "LunarLander-v2"), start=1):
            folder = f"logs/{algorithm}/{env}_{n}"
            files[f"{folder}/0.monitor.csv"] = f'#{{"t_start": 1.7e9, "env_id": "{env}"}}\nr,l,t\n1,10,0.5\n2,20,1.5\n'
            files[f"{folder}/{env}/args.yml"] = args.format(algorithm, env, n)
    found = told(tmp_path, files)
    assert places(found) == {
        f"{algorithm}/{env}_{n}": (env, algorithm, n, f"{algorithm}/{env}" if env == "CartPole-v1" else "")
        for algorithm in ("a2c", "ppo")
        for n, env in enumerate(("CartPole-v1", "CartPole-v1", "LunarLander-v2"), start=1)
    }


@pytest.mark.parametrize("successes", [None, np.array([[True, False], [True, True]])])
def test_evaluations_are_the_validation_of_their_run(successes: np.ndarray[Any, Any] | None, tmp_path: Path) -> None:
    folder = tmp_path / "in" / "ppo" / "Ant-v4_1"
    folder.mkdir(parents=True)
    arrays: dict[str, Any] = {"results": [[1.0, 3.0], [2.0, 6.0]], "ep_lengths": [[5, 5], [6, 8]]}
    more = {} if successes is None else {"successes": successes}
    np.savez(folder / "evaluations.npz", allow_pickle=False, timesteps=[10, 20], **arrays, **more)
    (run,) = told(tmp_path, {"ppo/Ant-v4_1/config.json": {"gamma": 0.9}}).values()
    names = {"val/return", "val/return_std", "val/length"} | ({"val/success_rate"} if more else set())
    assert {s["name"]: (s["last_step"], s["last"]) for s in run["series"]} == {
        name: (20, last) for name, last in
        (("val/return", 4), ("val/return_std", 2), ("val/length", 7), ("val/success_rate", 1)) if name in names
    }  # fmt: skip
    assert (run["task"], run["algorithm"], run["hparams"]["n_eval_episodes"]) == ("Ant-v4", "ppo", 2)


def test_a_benchmark_as_dopamine_publishes_it(tmp_path: Path) -> None:
    rows = [{"Iteration": i, "Value": v + i, "Agent": a} for a in ("DQN", "IQN") for v in (1.5, 2.5) for i in (0, 1, 2)]
    text = json.dumps(rows)
    found = told(tmp_path, {"data/pong.json": text, "data/breakout.json": text})
    assert len(found) == 2 * 2 * 2
    assert {(task, algorithm) for task, algorithm, _, _ in places(found).values()} == {
        (game, agent) for game in ("pong", "breakout") for agent in ("DQN", "IQN")
    }
    assert len({run["group"] for run in found.values()}) == 4


def test_monitors_of_several_processes_are_of_one_agent(tmp_path: Path) -> None:
    monitor = '#{"t_start": 1.7e9, "env_id": "PongNoFrameskip-v4"}\nr,l,t\n-21,10,0.5\n-20,20,1.5\n'
    files: dict[str, Any] = {f"{rank}.{env}.monitor.csv": monitor for rank in (0, 1) for env in (0, 1)}
    files["progress.csv"] = "eprewmean,misc/total_timesteps\n-21,40\n-20.5,120\n"
    (run,) = told(tmp_path, {f"openai-2018/{name}": text for name, text in files.items()}).values()
    assert run["task"] == "PongNoFrameskip-v4"
    assert counts(run)["train/return"] == 8
    assert next(s for s in run["series"] if s["name"] == "train/return")["last_step"] == 120


def test_own_logs_count_their_steps_under_many_names(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        {
            "a/log.csv": "episode,episode time,episode_reward,steps_done\n0,0.5,168,389\n1,0.5,84,645\n",
            "b/log.csv": "episode,total_steps,episode_steps,reward\n1,20,20,20\n2,50,30,30\n3,60,10,10\n",
            "c/log.csv": "Episode,Steps,Total Reward,Epsilon\n1,20,20,1\n2,30,30,0.9\n3,10,10,0.8\n4,40,12,0.7\n",
            "d/progress.csv": "total/steps,rollout/return,rollout/episode_steps\n2000,-47,128\n4000,-46,134\n",
        },
    )
    ends = {name: {s["name"]: s["last_step"] for s in run["series"]} for name, run in found.items()}
    assert ends["a"]["train/return"] == 645
    assert (ends["b"]["return"], ends["b"]["train/length"]) == (60, 60)
    assert ends["c"] == dict.fromkeys(("train/return", "train/length", "train/episodes", "train/exploration_rate"), 100)
    assert ends["d"] == {"train/return": 4000, "train/length": 4000}


@pytest.mark.parametrize(
    "worlds", [["ALE/Pong-v5", "ALE/Breakout-v5"], ["dm_control/hop", "Ant-v3"], ["<b>a</b>", "b"]]
)
def test_several_environments_in_one_table_are_several_tasks(worlds: list[str], tmp_path: Path) -> None:
    rows = [f"{1000 * n},{n},{seed},{world}" for world in worlds for seed in (1, 2) for n in range(20)]
    found = told(tmp_path, {"log.csv": "step,reward,seed,env\n" + "\n".join(rows) + "\n"})
    tasks = sorted((task, seed) for task, _, seed, _ in places(found).values())
    assert tasks == sorted((world, seed) for world in worlds for seed in (1, 2))


def test_monitors_of_several_environments_are_no_single_curve(tmp_path: Path) -> None:
    files = {
        f"ppo_1/{place}.monitor.csv": f'#{{"t_start": 1600000000.0, "env_id": "{world}"}}\nr,l,t\n'
        + "".join(f"{sign * 10 * n},10,{n + 0.1 * place}\n" for n in range(1, 6))
        for place, (world, sign) in enumerate([("CartPole-v1", 1), ("CartPole-v1", 1), ("Acrobot-v1", -1)])
    }
    found = told(tmp_path, files)
    assert {task: counts(found[name])["train/return"] for name, (task, *_) in places(found).items()} == {
        "CartPole-v1": 10,
        "Acrobot-v1": 5,
    }
