"""What gymnasium's documentation calls the actions and observations of its tasks, where a file has numbers alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from dlviz_docs.model.episodes import Recording

__all__ = ["named", "task_of"]


@dataclass(frozen=True, slots=True)
class _Names:
    actions: tuple[str, ...] = ()
    observations: tuple[str, ...] = ()


_CAR = ("position", "velocity")
_TASKS: Final[Mapping[str, _Names]] = {
    "cartpole": _Names(("left", "right"), ("cart position", "cart velocity", "pole angle", "pole angular velocity")),
    "acrobot": _Names(
        ("torque −1", "torque 0", "torque +1"),
        ("cos θ1", "sin θ1", "cos θ2", "sin θ2", "angular velocity 1", "angular velocity 2"),
    ),
    "pendulum": _Names((), ("cos θ", "sin θ", "angular velocity")),
    "mountaincar": _Names(("left", "no push", "right"), _CAR),
    "mountaincarcontinuous": _Names((), _CAR),
    "lunarlander": _Names(
        ("nothing", "left engine", "main engine", "right engine"),
        ("x", "y", "velocity x", "velocity y", "angle", "angular velocity", "left leg", "right leg"),
    ),
    "frozenlake": _Names(("left", "down", "right", "up"), ("cell",)),
    "frozenlake8x8": _Names(("left", "down", "right", "up"), ("cell",)),
    "cliffwalking": _Names(("up", "right", "down", "left"), ("cell",)),
    "cliffwalkingslippery": _Names(("up", "right", "down", "left"), ("cell",)),
    "taxi": _Names(("south", "north", "east", "west", "pick up", "drop off"), ("state",)),
}


def task_of(environment: str) -> str:
    """ "ALE/Pong-v5" is "pong", "MountainCarContinuous-v0" "mountaincarcontinuous"."""
    return re.sub(r"[-_ ]?v\d+$", "", environment.rsplit("/", 1)[-1]).lower().replace("-", "").replace("_", "")


def named(recording: Recording) -> Recording:
    """With the names of its task, if it has exactly as many numbers and the file does not name them itself."""
    known = _TASKS.get(task_of(recording.environment), _Names())
    actions, observations = recording.actions, recording.observations
    if len(actions) == len(known.actions) and _are_numbers(actions):
        actions = known.actions
    if len(observations) == len(known.observations) and _are_numbers(observations):
        observations = known.observations
    return replace(recording, actions=actions, observations=observations)


def _are_numbers(names: tuple[str, ...]) -> bool:
    return names == tuple(map(str, range(len(names))))
