"""What gymnasium's documentation calls the actions and observations of its tasks, where a file has numbers alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from dlviz_docs.model.episodes import Recording

__all__ = ["by_task", "named", "task_of"]


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


def by_task(recordings: Sequence[Recording]) -> Iterator[tuple[str, tuple[Recording, ...]]]:
    """Recordings whose actions and observations mean the same, with their names, and a heading that no other has: the
    environment; "" where there is one task only. Those without steps and films are left out."""
    found: defaultdict[tuple[str, tuple[str, ...], int], list[Recording]] = defaultdict(list)
    for one in map(named, recordings):
        if one.videos or any(map(len, one.episodes)):
            found[one.environment, one.actions, _width(one)].append(one)
    taken: set[str] = set()
    for turn, ((environment, _, _), members) in enumerate(found.items(), 1):
        heading = environment or f"Task {turn}" if len(found) > 1 else ""
        heading = f"{heading} ({turn})" if heading in taken else heading
        taken.add(heading)
        yield heading, tuple(members)


def _width(recording: Recording) -> int:
    return next((e.observations.shape[1] for e in recording.episodes if e.observations is not None), 0)
