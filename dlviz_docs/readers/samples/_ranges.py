"""Columns of predicted intervals and quantiles, as tools of forecasting name them, and what they are meant to hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Range", "range_of"]

_END = re.compile(
    r"^(?P<of>.*?)[_.]?(?:prediction_|conf_|confidence_)?(?:interval_|int_|pi_|ci_)?"
    r"(?P<end>lower|lo|low|lwr|upper|up|hi|high|upr)(?:[_.](?:bound|limit|ci|pi|interval))?[_.]?"
    r"(?P<level>\d{1,2}(?:\.\d+)?|0?\.\d+)?%?$"
)
_LOWER = frozenset({"lower", "lo", "low", "lwr"})
_SAYS = frozenset({"", "y", "yhat", "y_hat", "y_pred", "pred", "prediction", "predicted", "forecast"})
"""What an end may be of when no column is called so; anything else is the name of a model, or another thing's."""
_PRICES = frozenset({"low", "high", "up"})
_QUANTILE = re.compile(
    r"^(?:(?:y_pred|pred|prediction|yhat|y_hat|forecast|y)_)?(?:(?:quantile|quant|q|p|pi)[_.]?)?(?P<level>0?\.\d+|\d{1,3})%?$"
)
_BARE = re.compile(r"^\d+$")
_CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class Range:
    """Names of columns; "" where there is none."""

    lower: str = ""
    upper: str = ""
    nominal: float | None = None
    """Share of true values between them, where their names tell."""
    middle: str = ""
    """The median, or the column that the ends are called after."""


def range_of(plain: Mapping[str, str]) -> Range:
    """Of columns by their plain names: the widest interval; a pair of quantiles that lie as far from both ends.

    Prophet writes "yhat_lower" and "yhat_upper", Nixtla "AutoETS-lo-90" and "AutoETS-hi-90", AutoGluon and GluonTS
    "0.1", "0.5" and "0.9".
    """
    return _of_ends(plain) or _of_quantiles(plain) or Range()


def _of_ends(plain: Mapping[str, str]) -> Range | None:
    by_text = {text: name for name, text in reversed(list(plain.items()))}
    ends: dict[tuple[str, str], dict[bool, str]] = {}
    for name, text in plain.items():
        match = _END.match(text)
        if match and text not in _PRICES and (match["of"] in _SAYS or match["of"] in by_text):
            ends.setdefault((match["of"], match["level"] or ""), {}).setdefault(match["end"] in _LOWER, name)
    pairs = [(key, sides) for key, sides in ends.items() if len(sides) == 2]
    if not pairs:
        return None
    (of, level), sides = max(pairs, key=lambda pair: (pair[0][0] in _SAYS, _share(pair[0][1]) or 0.0))
    return Range(sides[True], sides[False], _share(level), by_text.get(of, "") if of else "")


def _share(level: str) -> float | None:
    """ "95", "0.95"."""
    if not level:
        return None
    value = float(level)
    value = value / 100 if value >= 1 else value
    return value if 0 < value < 1 else None


def _of_quantiles(plain: Mapping[str, str]) -> Range | None:
    levels: dict[str, float] = {}
    for name, text in plain.items():
        match = _QUANTILE.match(text)
        if match and not _BARE.match(text) and (level := _level(match["level"])) is not None:
            levels.setdefault(name, level)
    lower, upper = _outermost(sorted(levels, key=levels.__getitem__), levels)
    if not lower:
        return None
    middle = next((name for name, level in levels.items() if abs(level - 0.5) < _CLOSE), "")
    return Range(lower, upper, round(levels[upper] - levels[lower], 6), middle)


def _outermost(names: Sequence[str], levels: Mapping[str, float]) -> tuple[str, str]:
    if len(names) < 2 or abs(levels[names[0]] + levels[names[-1]] - 1) > _CLOSE:
        return "", ""
    return names[0], names[-1]


def _level(digits: str) -> float | None:
    """ "0.05", "05", "025" and "5" as shares."""
    value = float(digits) if "." in digits else int(digits) / (1000 if len(digits) == 3 else 100)
    return value if 0 < value < 1 else None
