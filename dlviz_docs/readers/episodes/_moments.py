"""What names of files and folders, and files beside, say of an agent and of when in its training it played."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._text import read_text

__all__ = ["described", "episode_of", "is_film_of_episode", "meta_of", "step_of", "whole_number"]

_NUMBER = r"(\d[\d_]*(?:\.\d+)?(?:e\d+)?)([km]?)"
_STEP = (
    re.compile(rf"(?<![a-z])(?:global_?|time_?|env_?)?(?:steps?|frames?)[-_=.]?{_NUMBER}(?![a-z0-9])", re.IGNORECASE),
    re.compile(rf"(?<![a-z0-9.]){_NUMBER}[-_]?(?:time_?|env_?)?(?:steps?|frames?)(?![a-z0-9])", re.IGNORECASE),
)
_EPISODE = re.compile(r"(?<![a-z])(?:episodes?|ep)[-_=.]?(\d+)(?!\d)", re.IGNORECASE)
_TIMES = {"": 1.0, "k": 1e3, "m": 1e6}
_MOST_TOLD = 20_000_000
_OLD_FILM = re.compile(r"^openaigym\.video\..*video(\d{6})$")
_FILM_FOLDER = re.compile(r"(^|[-_ ])(videos?|films?|episodes?|rollouts?|renders?|recordings?|replays?|evals?)$", re.I)


def step_of(path: str) -> float | None:
    """Environment steps of the training: "step-20000.npz", "episodes/20k_steps/0.npz"; the file before its folder."""
    pure = PurePosixPath(path)
    for name in (pure.stem, pure.parent.name):
        for pattern in _STEP:
            if match := pattern.search(name):
                return float(match[1].rstrip("_").replace("_", "")) * _TIMES[match[2].lower()]
    return None


def episode_of(path: str) -> int | None:
    """Number of the episode: "rl-video-episode-8.mp4", "openaigym.video.0.123.video000008.mp4"."""
    stem = PurePosixPath(path).stem
    match = _EPISODE.search(stem) or _OLD_FILM.search(stem)
    return int(match[1]) if match and len(match[1]) < 16 else None


def is_film_of_episode(path: str) -> bool:
    """Whether a film is named, or lies, as those of episodes do: gymnasium's RecordVideo, videos/, eval_episodes/."""
    pure = PurePosixPath(path)
    named = pure.stem.startswith(("rl-video", "openaigym.video")) or episode_of(path) is not None
    return named or any(_FILM_FOLDER.search(folder) for folder in pure.parent.parts)


def meta_of(path: str) -> str:
    """Where gym said more of a film: "rl-video-episode-8.meta.json" beside "rl-video-episode-8.mp4"."""
    return PurePosixPath(path).with_suffix(".meta.json").as_posix()


def described(path: Path) -> dict[str, object]:
    """A metadata.json; nothing where it cannot be read."""
    try:
        text, _ = read_text(path, _MOST_TOLD)
        told = json.loads(text)
    except (ReadError, OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def whole_number(value: object) -> int | None:
    """Of what such a file tells; None for anything else, and for what is below zero."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 48 else None
