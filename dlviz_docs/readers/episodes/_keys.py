"""What arrays of episodes are called, by whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Literal, TypeAlias

__all__ = ["Part", "are_episodes", "group_of", "info_of", "is_map", "part_of", "term_of"]

Part: TypeAlias = Literal[
    "rewards",
    "actions",
    "observations",
    "next",
    "last",
    "frames",
    "frame episodes",
    "frame steps",
    "done",
    "terminated",
    "truncated",
    "first",
    "lengths",
    "episode",
    "values",
    "action values",
    "probabilities",
    "logits",
    "success",
    "seeds",
    "step",
    "environment",
    "gamma",
    "action names",
    "observation names",
    "discount",
    "numbers",
    "",
]

_NAMES: dict[str, Part] = {
    name: part
    for part, names in dict[Part, str](
        {
            "rewards": "reward rewards rew rews r",
            "actions": "action actions act acts a",
            "observations": "observation observations obs ob state states",
            "next": "next_observation next_observations next_obs next_state next_states",
            "last": "last_observation last_observations final_observation final_observations last_obs",
            "frames": "frames image images pixels rgb",
            "frame episodes": "frame_episodes",
            "frame steps": "frame_steps",
            "done": "done dones is_last",
            "terminated": "terminated terminateds terminations terminal terminals is_terminal",
            "truncated": "truncated truncateds truncations timeouts timeout is_truncated",
            "first": "episode_starts episode_start is_first",
            "lengths": "lengths episode_lengths ep_lengths ep_lens",
            "episode": "episode episodes episode_id episode_ids episode_index ep_id",
            "values": "value values state_value state_values vf v",
            "action values": "action_values q_values qvalues q_value q_table q",
            "probabilities": "probabilities probs action_probabilities action_probs pi",
            "logits": "logits action_logits",
            "success": "success successes is_success",
            "seeds": "seed seeds",
            "step": "step timestep timesteps global_step training_step num_timesteps",
            "environment": "environment env env_id env_name",
            "gamma": "gamma",
            "action names": "action_names action_meanings",
            "observation names": "observation_names obs_names",
            "discount": "discount discounts",
            "numbers": "episode_numbers",
        }
    ).items()
    for name in names.split()
}
_TERM = re.compile(r"^(?:reward_?(?:terms?|components?|parts?)[/.](?P<a>.+)|(?:reward|r)_(?P<b>.+))$", re.IGNORECASE)
_INFO = re.compile(r"^(?:env_)?infos?[/.](?P<name>.+)$", re.IGNORECASE)
_GROUP = re.compile(r"^(?P<group>(?:[\w-]*[^\d\W])?[-_]?\d+)/(?P<key>.+)$")
"""One group of arrays an episode: "0/rewards", "episode_3/rewards"."""


def part_of(key: str) -> Part:
    """What an array holds, by its name; "" for what is none of an episode's."""
    return _NAMES.get(key.lower(), "")


def term_of(key: str) -> str:
    """Name of a component of the reward: of "reward_terms/alive", "r_alive", "infos/reward_alive"; "" for none."""
    info = _INFO.match(key)
    match = _TERM.match(info["name"] if info else key)
    return (match["a"] or match["b"]) if match else ""


def info_of(key: str) -> str:
    """Name of a number that the environment tells beside: of "infos/x_position"; "" for none."""
    match = _INFO.match(key)
    return match["name"] if match else ""


def group_of(key: str) -> tuple[str, str]:
    """Group of an episode and the array's own name; ("", key) without one."""
    match = _GROUP.match(key)
    return (match["group"], match["key"]) if match else ("", key)


def are_episodes(keys: Iterable[str]) -> bool:
    """Whether arrays of these names are steps of episodes: rewards, beside actions or what was seen."""
    found: Collection[Part] = {part_of(group_of(key)[1]) for key in keys}
    return "rewards" in found and bool({"actions", "observations", "frames"} & set(found))


def is_map(keys: Iterable[str]) -> bool:
    """Whether arrays of these names are a table of action values over the cells of a grid."""
    found = {key.lower() for key in keys}
    return "grid" in found and any(part_of(key) == "action values" for key in found) and not are_episodes(found)
