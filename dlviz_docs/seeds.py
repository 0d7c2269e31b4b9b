"""What names of runs say: settings, the seed, and the group of runs that differ in nothing else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dlviz_docs.model import Hparam, Run

__all__ = ["group_of", "regrouped", "seed_of", "seed_told", "settings_in"]

_SETTING = re.compile(r"([A-Za-z_][\w.]*)=([^=]+)")
_SEED_KEY = re.compile(r"(^|[._/])(random_?)?seed$", re.IGNORECASE)
_SEED_NAME = re.compile(r"(?:[-_/. ]|^)(?:seed|s)[-_=]?(\d+)(?=$|[-_/., ])", re.IGNORECASE)
_SEED_WORD = re.compile(r"(?:^|[-_/. ])seed[-_=]?(\d+)(?=$|[-_/., ])", re.IGNORECASE)
_CLEANRL = re.compile(r"(?<=[^/_])__(\d+)__\d{10}(?=$|/)")
"""CleanRL names a run for its environment, its program, its seed and its time."""
_MOMENT = re.compile(
    r"(?:^|(?<=/)|[-_. ])(?:(?:\d{8}|\d{4}-\d\d-\d\d|\d{4})[-_T. ](?:\d{6}|\d\d[-_:h]\d\d(?:[-_:m]\d\d)?)|\d{10})"
    r"(?=$|[-_./ ])"
)
"""20240101-120000, 2024-01-01_12-00-00, 0101_120000, 1700000000."""
_REPEAT = re.compile(r"(^|, )repeat=\d+$")


def settings_in(name: str) -> dict[str, Hparam]:
    """Of a folder that a sweep named: "lr=0.1,bs=32"."""
    pieces = [piece.strip() for part in name.split("/") for piece in part.split(",")]
    return {match[1]: _value(match[2]) for piece in pieces if (match := _SETTING.fullmatch(piece))}


def _value(text: str) -> Hparam:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def seed_of(name: str, hparams: Mapping[str, Hparam]) -> int | None:
    return seed_told(name, hparams)[0]


def seed_told(name: str, hparams: Mapping[str, Hparam]) -> tuple[int | None, str]:
    """The seed, and what told it; None and "" where nothing does."""
    if match := _SEED_WORD.search(name):
        return int(match[1]), "its name"  # closer to the run than settings it may share with its siblings
    for key, value in hparams.items():
        # A negative seed stands for none: detectron2's SEED: -1.
        if _SEED_KEY.search(key) and isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value, f"the setting {key}"
    match = _CLEANRL.search(name) or _SEED_NAME.search(name)
    return (int(match[1]), "its name") if match else (None, "")


def group_of(name: str, seed: int | None) -> str:
    """The run's name without what tells it from its repetitions: its seed, and beside that when it began."""
    if seed is None:
        return _REPEAT.sub("", name) or "all repeats"
    without = _without_seed(name)
    return without if without == name else _MOMENT.sub("", without).strip("/-_. ") or "all seeds"


def _without_seed(name: str) -> str:
    return _REPEAT.sub("", _SEED_NAME.sub("", _CLEANRL.sub("", name))).strip("/-_., ") or "all seeds"


def regrouped(runs: Sequence[Run]) -> list[Run]:
    """Runs of one seed that began at different times are no repetitions: their groups keep the times."""
    seeds: dict[str, list[int | None]] = defaultdict(list)
    for run in runs:
        seeds[run.group].append(run.seed)
    again = {group for group, found in seeds.items() if None not in found and len(set(found)) < len(found)}
    return [replace(run, group=_without_seed(run.name)) if run.group in again else run for run in runs]
