"""What an environment tells of a step beside its reward: components of it, success, other numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

__all__ = ["infos_in", "success_in", "terms_in"]

_PREFIXES = ("reward_", "r_")
_TERMS = "reward_terms"
_SUCCESS = ("is_success", "success")
_NOT = frozenset({_TERMS, *_SUCCESS, "episode", "TimeLimit.truncated"})


def terms_in(info: Mapping[str, Any]) -> dict[str, float]:
    """Of `info["reward_terms"]`, and of numbers called `reward_...` or `r_...`."""
    told = info.get(_TERMS)
    found = dict(_numbers(told)) if isinstance(told, Mapping) else {}
    for name, value in _numbers(info):
        for prefix in _PREFIXES:
            if name.startswith(prefix) and name != prefix and name != _TERMS:
                found.setdefault(name.removeprefix(prefix), value)
    return found


def success_in(info: Mapping[str, Any]) -> bool | None:
    """None where nothing is said of it."""
    found = {name: value for name, value in _numbers(info) if name in _SUCCESS}
    return next((bool(found[name]) for name in _SUCCESS if name in found), None)


def infos_in(info: Mapping[str, Any]) -> dict[str, float]:
    """All other single numbers."""
    return {name: value for name, value in _numbers(info) if name not in _NOT and not name.startswith(_PREFIXES)}


def _numbers(told: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in told.items():
        if isinstance(value, bool | int | float | np.number | np.bool_) or (
            isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "biuf"
        ):
            yield str(name).replace("/", "."), float(np.asarray(value).reshape(-1)[0])
