"""One name for a return, whoever wrote it; and no other name for what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.agent_names import HEALTH, is_of_agents, renamed
from dlviz_docs.names import canonical, direction, group

# As the writers' own sources call them.
WRITERS = {
    "Stable-Baselines3": {
        "rollout/ep_rew_mean": "train/return", "rollout/ep_len_mean": "train/length",
        "rollout/success_rate": "train/success_rate", "rollout/exploration_rate": "train/exploration_rate",
        "time/episodes": "train/episodes", "time/total_timesteps": "time/total_timesteps", "time/fps": "time/fps",
        "train/loss": "train/loss", "train/value_loss": "train/value_loss", "train/approx_kl": "train/approx_kl",
        "train/policy_gradient_loss": "train/policy_loss", "train/entropy_loss": "train/entropy_loss",
        "train/clip_fraction": "train/clip_fraction", "train/explained_variance": "train/explained_variance",
        "train/learning_rate": "train/learning_rate", "train/ent_coef": "train/ent_coef",
        "eval/mean_reward": "val/return", "eval/mean_ep_length": "val/length", "eval/success_rate": "val/success_rate",
    },
    "CleanRL": {
        "charts/episodic_return": "train/return", "charts/episodic_length": "train/length",
        "charts/learning_rate": "train/learning_rate", "charts/SPS": "charts/SPS", "charts/epsilon":
        "train/exploration_rate", "losses/policy_loss": "train/policy_loss", "losses/entropy": "train/entropy",
        "losses/old_approx_kl": "losses/old_approx_kl", "losses/approx_kl": "train/approx_kl",
        "losses/clipfrac": "train/clip_fraction", "losses/explained_variance": "train/explained_variance",
        "losses/td_loss": "train/td_loss", "losses/q_values": "train/q_value", "eval/episodic_return": "val/return",
    },
    "Tianshou": {
        "train/reward": "train/return", "train/length": "train/length", "test/reward": "test/return",
        "test/reward_std": "test/return_std", "test/length": "test/length", "train/eps": "train/exploration_rate",
        "test/env_step": "test/env_step", "update/loss": "update/loss",
    },
    "Spinning Up": {
        "AverageEpRet": "train/return", "StdEpRet": "train/return_std", "MaxEpRet": "train/return_max",
        "MinEpRet": "train/return_min", "EpLen": "train/length", "AverageTestEpRet": "test/return",
        "TestEpLen": "test/length", "AverageQVals": "train/q_value", "LossPi": "train/policy_loss",
        "LossV": "train/value_loss", "LossQ": "train/td_loss", "KL": "train/approx_kl", "Entropy": "train/entropy",
        "ClipFrac": "train/clip_fraction", "Time": "Time",
    },
    "OpenAI baselines": {
        "eprewmean": "train/return", "eplenmean": "train/length", "loss/approxkl": "train/approx_kl",
        "loss/clipfrac": "train/clip_fraction", "loss/policy_entropy": "train/entropy", "fps": "fps",
        "misc/explained_variance": "train/explained_variance", "misc/nupdates": "misc/nupdates",
    },
    "OpenAI baselines, DDPG": {
        "rollout/return": "train/return", "rollout/return_history": "rollout/return_history",
        "rollout/episode_steps": "train/length", "total/episodes": "train/episodes", "rollout/Q_mean": "train/q_value",
        "train/loss_actor": "train/policy_loss", "train/loss_critic": "train/value_loss",
    },
    "OpenAI baselines, HER": {"test/mean_Q": "test/q_value", "train/success_rate": "train/success_rate"},
    "REDQ": {"AverageQ1Vals": "train/q_value", "LossQ1": "train/td_loss", "AverageAlpha": "train/ent_coef",
             "AverageEpRet": "train/return", "StdQ1Vals": "StdQ1Vals", "AverageQPred": "AverageQPred"},
    "an own logger": {"Total Reward": "return", "Epsilon": "train/exploration_rate", "TD Error": "train/td_error"},
    "RLlib before its version 3": {
        "sampler_results/episode_reward_mean": "sampler_results/episode_reward_mean",
        "episode_reward_mean": "train/return", "episode_reward_max": "train/return_max",
        "episode_len_mean": "train/length", "episodes_total": "train/episodes",
        "info/learner/default_policy/learner_stats/entropy": "train/entropy",
        "info/learner/default_policy/learner_stats/vf_explained_var": "train/explained_variance",
        "evaluation/episode_reward_mean": "val/return",
    },
    "RLlib": {
        "env_runners/episode_return_mean": "train/return", "env_runners/episode_len_mean": "train/length",
        "evaluation/env_runners/episode_return_mean": "val/return", "learners/default_policy/entropy": "train/entropy",
    },
    "Dopamine": {"Train/AverageReturns": "train/return", "Eval/AverageReturns": "val/return"},
    "DreamerV3": {"episode/score": "train/return", "episode/length": "train/length", "fps/policy": "fps/policy"},
    "ML-Agents": {"Environment/Cumulative Reward": "train/return", "Environment/Episode Length": "train/length"},
    "rl_games": {"rewards/step": "train/return", "rewards/time": "rewards/time"},
    "a table": {"reward": "return", "success": "success_rate"},
    "a table of evaluations": {"rew": "return", "rew:std": "return_std"},
}  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS)
def test_curves_of_agents_have_one_name(writer: str) -> None:
    raw = WRITERS[writer]
    first = canonical(list(raw))
    new = renamed(list(first.values()))
    assert {name: new.get(first[name], first[name]) for name in raw} == raw


@pytest.mark.parametrize(
    "names",
    [
        ["loss", "val_loss", "lr", "length", "score", "entropy", "kl"],
        ["train/reward", "train/reward_std", "train/completions/mean_length", "train/kl"],  # GRPO of TRL
        ["rewards/chosen", "rewards/rejected", "rewards/margins", "reward"],
        ["discounted_return_of_stocks", "nreturns", "eps"],
    ],
)
def test_where_no_agent_learns_names_stay(names: list[str]) -> None:
    assert not is_of_agents(names)
    assert renamed(names) == {}


def test_what_stands_beside_a_judgement_was_met_while_learning() -> None:
    assert renamed(["reward", "val/reward"]) == {"reward": "train/return", "val/reward": "val/return"}


@given(st.lists(st.sampled_from(sorted({name for raw in WRITERS.values() for name in raw})), unique=True))
def test_names_stay_distinct(raw: list[str]) -> None:
    first = list(canonical(raw).values())
    new = renamed(first)
    assert len({new.get(name, name) for name in first}) == len(first)


def test_the_health_of_an_optimiser_stands_together() -> None:
    assert {group(name) for name in HEALTH if not name.endswith("_loss")} == {"Policy and values", "Learning rate"}
    assert direction("val/return") == direction("success_rate") == "max"
    assert direction("train/return_std") is None
    assert group("train/return") == group("val/length") == group("success_rate") == "Reward"
