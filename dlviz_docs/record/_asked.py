"""What an agent thinks of what it sees: asked of a function, or of a policy of Stable-Baselines3 by its methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["asked"]

_SPELLED = {
    "value": "values",
    "values": "values",
    "action_values": "action_values",
    "q_values": "action_values",
    "probabilities": "probabilities",
    "probs": "probabilities",
}


def asked(agent: Any, observation: Any) -> dict[str, NDArray[np.float64]]:
    """By "values" (one number), "action_values" and "probabilities" (one of each action); without what it cannot tell.

    A function gives a mapping with any of these, or the values of all actions as one array. Raises `TypeError` for an
    agent that is none of both.
    """
    if agent is None:
        return {}
    policy = getattr(agent, "policy", agent)
    if hasattr(policy, "obs_to_tensor"):
        return _of_policy(policy, observation)
    if not callable(agent):
        raise TypeError("agent: a function of an observation is expected, or a policy of Stable-Baselines3")
    return _plain(agent(observation))


def _plain(told: Any) -> dict[str, NDArray[np.float64]]:
    if not isinstance(told, Mapping):
        told = {"action_values": told}
    unknown = sorted(set(told) - set(_SPELLED))
    if unknown:
        raise ValueError(f"agent: tells {', '.join(unknown)}; known are {', '.join(sorted(set(_SPELLED)))}")
    found = {_SPELLED[name]: _numbers(value) for name, value in told.items() if value is not None}
    return {name: row[:1] if name == "values" else row for name, row in found.items()}


def _of_policy(policy: Any, observation: Any) -> dict[str, NDArray[np.float64]]:
    """Actor and critic tell a value and, of discrete actions, probabilities; a Q-network the values of all actions."""
    tensor, _ = policy.obs_to_tensor(np.asarray(observation))
    found = {}
    if hasattr(policy, "q_net"):
        found["action_values"] = _numbers(policy.q_net(tensor))
    if hasattr(policy, "predict_values"):
        found["values"] = _numbers(policy.predict_values(tensor))[:1]
    if hasattr(policy, "get_distribution"):
        probabilities = getattr(policy.get_distribution(tensor).distribution, "probs", None)
        if probabilities is not None:
            found["probabilities"] = _numbers(probabilities)
    return found


def _numbers(value: Any) -> NDArray[np.float64]:
    """Of an array, a tensor or a number, flat."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    return np.asarray(value, np.float64).reshape(-1)
