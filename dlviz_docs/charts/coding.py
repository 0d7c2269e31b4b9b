"""Arrays of a figure on their way to the browser, in the page itself: short, and as exact as a reader can tell.

An array is one of

    [1, 2.5, null]                          few values, six significant digits
    {"x0": 0, "dx": 0.1, "n": 61}           evenly spaced
    {"u": [0, 1, null], "i": "..."}         few different values, and base64 of each value's place among them as a byte
    {"q": "...", "low": 0, "high": 1}       base64 of uint16 from `low` to `high`; 65535 for what is not finite
    {"f4": "..."}                           base64 of float32, for a logarithmic axis

and texts are a list, {"u": [...], "i": "..."} as above, or {"by": "|", "t": "a|b|c"}, split at a sign that none has,
with what all begin and end with beside: {"by": "|", "t": "1|2|3", "a": "train/", "z": ".jpg"}.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from dlviz_docs.model import FloatArray

__all__ = ["Coded", "coded", "coded_texts", "rounded"]

FEW = 48
SIGNIFICANT = 6
BYTE = 256
ODD = 65_535
SEPARATORS = "|~^¦"
WORTH = 4
"""Characters that all texts share, from which on they are told once."""
_FLOAT32 = float(np.finfo(np.float32).max)

Coded: TypeAlias = list[float | int | None] | dict[str, object]


@np.errstate(all="ignore")  # at the ends of what floats hold, a longer form is chosen
def coded(values: FloatArray, *, log: bool = False, rough: bool = False) -> Coded:
    """The shortest of the forms above for `values`, shape (n,); `log`: small ones have to be as exact as large ones.

    `rough`: nobody reads them, so that a place in the range is enough for a few, too.
    """
    n = len(values)
    if n <= 3:
        return rounded(values)
    if (even := _evenly(values)) is not None:
        return even
    different = np.unique(values)
    if n > FEW and len(different) <= min(BYTE, n // 3):
        places = np.searchsorted(different, np.where(np.isnan(values), np.inf, values)).clip(max=len(different) - 1)
        return {"u": rounded(different), "i": _base64(places.astype(np.uint8))}
    if n <= (FEW // 4 if rough else FEW * 4):
        return rounded(values)
    low, high = float(np.nanmin(_finite(values))), float(np.nanmax(_finite(values)))
    if log or not np.isfinite(high - low):
        return {"f4": _base64(_finite(values).clip(-_FLOAT32, _FLOAT32).astype("<f4"))}
    return _sixteen_bits(values, low, high)


def coded_texts(texts: Sequence[str]) -> list[str] | dict[str, object]:
    """The shortest of the forms for texts: a quotation mark takes five bytes in an attribute."""
    different = dict.fromkeys(texts)
    if len(texts) > FEW and len(different) <= min(BYTE, len(texts) // 3):
        places = {text: i for i, text in enumerate(different)}
        return {"u": list(different), "i": _base64(np.array([places[text] for text in texts], dtype=np.uint8))}
    by = next((sign for sign in SEPARATORS if not any(sign in text for text in different)), "")
    if not by or len(texts) <= 2:
        return list(texts)
    start = _shared(texts)
    end = _shared([text[len(start) :][::-1] for text in different])[::-1]
    if len(start) + len(end) < WORTH:
        start = end = ""
    told: dict[str, object] = {"by": by, "t": by.join(text[len(start) : len(text) - len(end)] for text in texts)}
    return told | ({"a": start} if start else {}) | ({"z": end} if end else {})


def _shared(texts: Sequence[str]) -> str:
    """What all begin with; the first and the last in order differ the earliest."""
    least, most = min(texts), max(texts)
    return least[: next((i for i, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), len(least))]


def rounded(values: FloatArray) -> list[float | int | None]:
    """Six significant digits; None for what is not finite."""
    return [_rounded(value) for value in values.tolist()]


def _rounded(value: float) -> float | int | None:
    if not np.isfinite(value):
        return None
    short = float(f"{value:.{SIGNIFICANT}g}")
    return int(value) if value == int(value) and abs(value) < 1e15 else short


def _evenly(values: FloatArray) -> Coded | None:
    n = len(values)
    if not np.isfinite(values).all():
        return None
    step = (values[-1] - values[0]) / (n - 1)
    if not np.isfinite(step) or np.abs(values[0] + step * np.arange(n) - values).max() > 1e-9 * abs(step):
        return None
    return {"x0": float(values[0]), "dx": float(step), "n": n}


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, np.nan)


def _sixteen_bits(values: FloatArray, low: float, high: float) -> Coded:
    finite = np.isfinite(values)
    places = (np.where(finite, values, low) - low) / ((high - low) or 1.0) * (ODD - 1)
    return {"q": _base64(np.rint(np.where(finite, places, ODD)).astype("<u2")), "low": low, "high": high}


def _base64(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> str:
    return base64.b64encode(values.tobytes()).decode()
