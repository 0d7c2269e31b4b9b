"""Names of tasks and algorithms of reinforcement learning, as they stand in settings and in names of files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from dlviz_docs.model import Hparam

__all__ = [
    "algorithm_in",
    "environment_in",
    "is_algorithm",
    "is_environment",
    "told_algorithm",
    "told_task",
    "words_of",
]


def _all(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ALGORITHMS = _all(
    "dqn ddqn doubledqn duelingdqn qrdqn c51 categoricaldqn rainbow iqn fqf r2d2 apex apexdqn impala mdqn pqn bbf "
    "spr a2c a3c acer acktr ppo ppo2 ppo1 ppg trpo npg vpg pg reinforce appo maskableppo recurrentppo ppolstm sac "
    "discretesac sacd td3 ddpg d4pg redq droq crossq tqc simba ars es openaies cem cmaes mpo vmpo awr awac cql iql "
    "bcq td3bc bc gail airl dagger dt decisiontransformer crr edac rebrac muzero alphazero efficientzero dreamer "
    "dreamerv1 dreamerv2 dreamerv3 tdmpc tdmpc2 planet mbpo pets slac curl drq drqv2 rad rnd icm ngu agent57 her "
    "qmix vdn mappo ippo maddpg coma sarsa expectedsarsa qlearning doubleqlearning dynaq montecarlo tabularq "
    "policyiteration valueiteration"
)
_EXACT = re.compile(
    r"((?:(?:ALE|dm_control|phys2d|tabular)/)?[A-Za-z][A-Za-z0-9.]*(?:[-_][A-Za-z0-9.]+)*?[-_]v\d+)(?:_\d+)?"
)
"""RL Zoo counts the runs of an environment: CartPole-v1_1."""
_WITHIN = re.compile(r"(?<![A-Za-z0-9])[A-Z][A-Za-z0-9]*(?:-[A-Z0-9][A-Za-z0-9]*)*[-_]v\d+(?![A-Za-z0-9])")
"""Among other words, which an environment's name is told from by its capital."""
_VARIANTS = _all(
    "pixels image images vision state states lstm rnn recurrent atari continuous discrete action envpool jax torch "
    "tf multi step nstep per prioritized noisy dueling double clip penalty adam rmsprop mse huber small large base "
    "ours baseline"
)
_TOKEN = re.compile(r"[-_ .+]+")
_LONGEST = 80
"""Characters of a setting that names something."""
_LONGEST_NAME = 300
"""Characters of a name that are looked at."""

_TASK_KEYS = (
    *("env_id", "env_name", "environment_id", "environment_name", "gym_id", "env.id", "env.name", "env.env_name"),
    *("environment.name", "task.name", "env", "environment", "game", "game_name", "task_name", "task", "task_id"),
)
_ALGORITHM_KEYS = (
    *("algo", "algorithm", "alg", "algo_name", "algorithm_name", "alg_name", "algo.name", "algorithm.name"),
    *("agent_name", "agent.name", "agent_type", "agent", "rl_algorithm", "rl_algo"),
)
_CLASS_KEYS = ("agent._target_", "algo._target_", "algorithm._target_", "agent.class_name", "algorithm.class_name")
"""Hydra names a class: agents.drqv2.DrQV2Agent."""
_CLASS_WORD = re.compile(r"(?<=\w)(Agent|Algorithm|Algo|Trainer|Learner|Policy)$")
_PROGRAM_KEYS = ("exp_name", "experiment_name", "run_name")
"""What people name freely: of an algorithm only where a known one stands in it."""


# --- what settings say ------------------------------------------------------------------------------------------------


def told_task(settings: Mapping[str, Hparam]) -> tuple[str, str]:
    """The environment, and the setting that names it; "" for both where none does."""
    for domain, task in (("domain_name", "task_name"), ("domain", "task")):
        pair = settings.get(domain), settings.get(task)
        if all(isinstance(one, str) and _is_word(one) for one in pair):
            return f"{pair[0]}-{pair[1]}", task
    return _first(settings, _TASK_KEYS)


def told_algorithm(settings: Mapping[str, Hparam]) -> tuple[str, str]:
    """The algorithm, and the setting that names it; "" for both where none does."""
    value, key = _first(settings, _ALGORITHM_KEYS)
    if value:
        return value.rpartition(".")[2] if "." in value and " " not in value else value, key
    value, key = _first(settings, _CLASS_KEYS)
    if value and (word := _CLASS_WORD.sub("", value.rpartition(".")[2])):
        return word, key
    for key in _PROGRAM_KEYS:
        found = settings.get(key)
        if isinstance(found, str) and _is_word(found) and (word := algorithm_in(found)):
            return word, key
    return "", ""


def _first(settings: Mapping[str, Hparam], keys: tuple[str, ...]) -> tuple[str, str]:
    """The value of the first of the keys that names something: the run's own before one nested in others."""
    plain = {key.lower().replace("/", "."): key for key in settings}
    for wanted in keys:
        nested = (key for low, key in plain.items() if low.endswith(f".{wanted}"))
        for key in (plain.get(wanted), *nested):
            value = settings[key] if key else None
            if key and isinstance(value, str) and _is_word(value):
                return value.strip(), key
    return "", ""


def _is_word(value: str) -> bool:
    text = value.strip()
    return 0 < len(text) <= _LONGEST and text.lower() not in ("none", "null", "default") and text[0] not in "/~<{[."


# --- what names say ---------------------------------------------------------------------------------------------------


def words_of(segment: str) -> tuple[str, str]:
    """Task and algorithm that one folder or file tells by a form its writer gives it; "" where it tells none."""
    parts = segment.rsplit("__", 3)
    if len(parts) == 4 and parts[2].isdigit() and parts[3][:9].isdigit():
        return parts[0], parts[1]  # CleanRL's Env__program__seed__time
    return environment_in(segment), algorithm_in(segment)


@lru_cache(maxsize=4096)
def is_environment(segment: str) -> bool:
    """Whether the whole name is an environment's, as gymnasium registers them: "CartPole-v1", "Ant-v3_2"."""
    match = _EXACT.fullmatch(segment[:_LONGEST_NAME])
    return match is not None and environment_in(segment) == match[1]


@lru_cache(maxsize=4096)
def environment_in(segment: str) -> str:
    """The environment that a name is of, or names among other words: "ppo_CartPole-v1_seed1"."""
    segment = segment[:_LONGEST_NAME]
    match = _EXACT.fullmatch(segment)
    found = match[1] if match else next((within[0] for within in _WITHIN.finditer(segment)), "")
    first, joint, rest = found.partition("-") if "-" in found else found.partition("_")
    if joint and first.lower() in _ALGORITHMS:  # PPO-CartPole-v1
        return rest if _EXACT.fullmatch(rest) else ""
    return found


@lru_cache(maxsize=4096)
def is_algorithm(segment: str) -> bool:
    """Whether the whole name is an algorithm's, perhaps with a variant and a count: "ppo", "PPO_1", "tdmpc2-pixels"."""
    return algorithm_in(segment) == re.sub(r"_\d+$", "", segment) != ""


@lru_cache(maxsize=4096)
def algorithm_in(segment: str) -> str:
    """The first algorithm among the words of a name, with the words of its variant that follow; "" for none."""
    segment = segment[:_LONGEST_NAME]
    tokens = [token for token in _TOKEN.split(segment) if token]
    for start in range(len(tokens)):
        for length in (3, 2, 1):
            words = tokens[start : start + length]
            if "".join(words).lower() in _ALGORITHMS and all(word.isalpha() for word in words[1:]):
                end = start + len(words)
                while end < len(tokens) and tokens[end].lower() in _VARIANTS:
                    end += 1
                return _spelled(segment, tokens, start, end - start)
    return ""


def _spelled(segment: str, tokens: list[str], start: int, length: int) -> str:
    """The words as they stand in the name, with what joins them."""
    begin = 0
    for token in tokens[:start]:
        begin = segment.index(token, begin) + len(token)
    begin = segment.index(tokens[start], begin)
    end = begin
    for token in tokens[start : start + length]:
        end = segment.index(token, end) + len(token)
    return segment[begin:end]
