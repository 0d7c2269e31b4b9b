"""A wrapper around an environment of gymnasium that leaves behind what an agent did in it.

    env = record.EpisodeRecorder(env, "runs/a/episodes", step=20_000, agent=lambda seen: {"action_values": q(seen)})
    for seed in range(5):
        play(env, seed)  # reset, then step until it is terminated or truncated, as ever
    env.close()  # writes runs/a/episodes/step-20000.npz

Around the environment of a training, `every=50` records every fiftieth episode under the step at which it began.
gymnasium is not imported: where the environment is one of its own, the recorder is one of its wrappers, too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.record._asked import asked
from dlviz_docs.record._kept import Kept, Played, are_pictures, shrunk
from dlviz_docs.record._told import infos_in, success_in, terms_in
from dlviz_docs.record.arrays import saved

__all__ = ["EpisodeRecorder"]

_MOST_SEEN = 4_096
"""Numbers of an observation that is kept; one of more is a picture, or too much."""


class EpisodeRecorder:
    """Behaves as the environment it is around; writes `<folder>/step-<step>.npz`, whole or not at all.

    `step` is the moment in training, in environment steps; without it the recorder counts its own, and each episode
    has a file. `agent` is a function that gives, of an observation, a mapping with any of "value", "action_values" and
    "probabilities" (or the action values alone), or a model or policy of Stable-Baselines3. Every `every`-th episode
    is recorded, `most_episodes` of a file and `most_steps` of a file at most: what comes after is played and not
    recorded. With `frames`, pictures are kept: of `env.render()`, or of observations that are pictures themselves; at
    most `most_frames` of a file (of more, every second, every fourth, ...), of at most `side` px.

    `environment` is its name, where gymnasium gives it none. Components of the reward are those of
    `info["reward_terms"]`, of numbers in `info` called `reward_...` or `r_...`, and of `terms(info, reward)` where that
    is given. Raises `ValueError` for several environments at once, and where pictures are wanted of one that draws
    none.
    """

    def __new__(cls, env: Any, *_: Any, **__: Any) -> EpisodeRecorder:
        return object.__new__(_wrapping(cls) if _is_gymnasium(env) else cls)

    def __init__(
        self,
        env: Any,
        folder: str | Path,
        *,
        step: int | None = None,
        agent: Any = None,
        every: int = 1,
        frames: bool = False,
        terms: Callable[[Mapping[str, Any], float], Mapping[str, float]] | None = None,
        action_names: Sequence[str] = (),
        observation_names: Sequence[str] = (),
        gamma: float | None = None,
        environment: str = "",
        most_episodes: int = 20,
        most_steps: int = 20_000,
        most_frames: int = 1_000,
        side: int = 240,
    ) -> None:
        if hasattr(env, "num_envs"):
            raise ValueError("env: several environments at once are not recorded; wrap a single one")
        if frames and getattr(env, "render_mode", None) != "rgb_array" and not _sees_pictures(env):
            raise ValueError('env: draws no pictures; make it with render_mode="rgb_array", or leave out frames')
        for base in type(self).__mro__[1:]:
            if base.__name__ == "Wrapper":
                base.__init__(self, env)  # type: ignore[misc]
        self.env = env
        self._folder = Path(folder)
        self._step, self._agent, self._every = step, agent, max(every, 1)
        self._draws, self._terms = frames, terms
        self._names = {"action_names": action_names, "observation_names": observation_names}
        self._gamma, self._side = gamma, side
        self._environment = environment or str(getattr(getattr(env, "spec", None), "id", ""))
        self._most = (most_episodes, most_steps, most_frames if frames else 0)
        self._kept = Kept(self._most[2])
        self._begun = -1
        """Episodes that were begun, less one."""
        self._steps = 0
        """Taken in all."""
        self._seen: Any = None
        self._now: Played | None = None
        """The episode that is being recorded."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "env":
            raise AttributeError(name)
        return getattr(self.env, name)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin the next episode; one that is not at its end is kept as it is."""
        self._ended()
        observation, info = self.env.reset(seed=seed, options=options)
        self._seen = observation
        self._begun += 1
        episodes, steps, _ = self._most
        if self._begun % self._every == 0 and len(self._kept.episodes) < episodes and self._kept.steps < steps:
            self._now = Played(self._begun, -1 if seed is None else seed)
            self._kept.episodes.append(self._now)
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Ask the agent, take a picture, take the step."""
        now = self._now if self._now is not None and self._kept.steps < self._most[1] else None
        if now is not None:
            thought = asked(self._agent, self._seen)
            self._picture(len(now.rewards))
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._steps += 1
        if now is not None:
            self._take(now, action, float(reward), info, thought)
            now.last = _flat(observation)
            now.terminated, now.truncated = bool(terminated), bool(truncated)
        self._seen = observation
        if terminated or truncated:
            self._ended()
        return observation, reward, terminated, truncated, info

    def moment(self, step: int) -> Path | None:
        """Write what was recorded, and record on under another step; the path, or None where nothing was."""
        path = self.save()
        self._step = step
        return path

    def save(self) -> Path | None:
        """Write what was recorded since the last time; the path, or None where nothing was."""
        arrays = self._kept.arrays()
        kept, self._kept, self._now = self._kept, Kept(self._most[2]), None
        if not arrays:
            return None
        step = self._steps - kept.steps if self._step is None else self._step
        arrays |= {name: np.array([str(n) for n in names]) for name, names in self._names.items() if names}
        arrays["step"] = np.array(step)
        if self._gamma is not None:
            arrays["gamma"] = np.array(float(self._gamma))
        if self._environment:
            arrays["environment"] = np.array(self._environment)
        return saved(self._folder / f"step-{step}.npz", arrays)

    def close(self) -> None:
        """Write what was recorded, and close the environment."""
        self._ended()
        self.save()
        self.env.close()

    def __enter__(self) -> EpisodeRecorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ended(self) -> None:
        """The episode is over; without a step of the user's, its file is written at once."""
        if self._now is not None and self._now.rewards and self._step is None:
            self.save()
        self._now = None

    def _take(
        self, now: Played, action: Any, reward: float, info: Mapping[str, Any], thought: dict[str, NDArray[np.float64]]
    ) -> None:
        if (seen := _flat(self._seen)) is not None:
            now.observations.append(seen)
        now.actions.append(np.array(action))
        now.rewards.append(reward)
        now.thoughts.append(thought)
        told = {str(name): float(value) for name, value in self._terms(info, reward).items()} if self._terms else {}
        now.terms.append({**terms_in(info), **told})
        now.infos.append(infos_in(info))
        if (success := success_in(info)) is not None:
            now.success = int(success)

    def _picture(self, step: int) -> None:
        if not self._kept.wants(step):
            return
        drawn = self.env.render() if getattr(self.env, "render_mode", None) == "rgb_array" else self._seen
        picture = shrunk(drawn, self._side)
        if picture is not None:
            self._kept.show(step, picture)


def _flat(observation: Any) -> NDArray[Any] | None:
    """As one array; the parts of a composed one behind one another. None for pictures, and for what is no number."""
    if isinstance(observation, Mapping | tuple):
        inner = observation.values() if isinstance(observation, Mapping) else observation
        parts = [part for one in inner if (part := _flat(one)) is not None]
        return np.concatenate([part.reshape(-1) for part in parts]) if parts else None
    array = np.array(observation)
    kept = array.dtype.kind in "biuf" and array.size <= _MOST_SEEN and not are_pictures(array.shape, array.dtype)
    return array if kept else None


def _sees_pictures(env: Any) -> bool:
    space = getattr(env, "observation_space", None)
    return are_pictures(tuple(getattr(space, "shape", None) or ()), getattr(space, "dtype", None))


def _is_gymnasium(env: Any) -> bool:
    module = sys.modules.get("gymnasium")
    return module is not None and isinstance(env, module.Env)


_WRAPPERS: dict[type, type] = {}


def _wrapping(cls: type) -> type:
    """The same class as a wrapper of gymnasium, which only takes what is one of its environments."""
    if cls not in _WRAPPERS:
        bases = (cls, sys.modules["gymnasium"].Wrapper)
        _WRAPPERS[cls] = type(cls.__name__, bases, {"__module__": cls.__module__})
    return _WRAPPERS[cls]
