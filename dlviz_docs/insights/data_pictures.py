"""What is odd among pictures, and what tells their classes or splits apart without looking at what they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.data_words import does, of, percent, quoted
from dlviz_docs.model import FloatArray, Insight, Pictures, Severity
from dlviz_docs.stats.images import (
    eta_squared,
    far_out,
    right_by_nearest_mean,
    robust_z,
    standardised_shift,
)
from dlviz_docs.stats.intervals import bootstrap

__all__ = [
    "MEASURES",
    "Odd",
    "class_shortcuts",
    "group_means",
    "mixed_files",
    "odd_pictures",
    "odd_sentences",
    "split_shifts",
]

MEASURES: Mapping[str, tuple[str, str, str]] = {
    "brightness": ("Brightness", "darker", "brighter"),
    "contrast": ("Contrast", "flatter", "richer in contrast"),
    "sharpness": ("Sharpness", "softer", "sharper"),
    "entropy": ("Entropy", "plainer", "busier"),
    "saturation": ("Saturation", "greyer", "more colourful"),
}
"""By name: what it is called, and less and more of it in words."""

DARK, BRIGHT = 0.05, 0.95
"""Mean grey beyond which nearly nothing shows; cleanvision takes the same for too bright."""
PLAIN = 3.0
"""Bits of entropy below which a picture holds little: cleanvision's 0.3 of ten."""
SLIM = 0.35
"""Short side over long side: cleanvision's."""
BLURRED = -3.5
"""Robust z of the logarithm of the sharpness (Iglewicz and Hoaglin 1993): its scale differs from data to data."""
TIMES = 2.0
"""How many times larger or smaller than the median an odd size is at least, beside lying beyond 3 IQR (Tukey 1977)."""
USUAL = 0.1
"""Share of the pictures from which on the odd is how they are: digits on black are no dark pictures."""
LEAST = 20
"""Pictures from which on one of them can be odd."""
ETA, STRONG_ETA = 0.14, 0.5
"""Share of the variance between classes: large by Cohen 1988; and half of it."""
TELLS, GAIN = 0.75, 0.2
"""Share of pictures whose class one measure tells, and by how much more than always saying the most frequent one, from
which on a model may need no more than that."""
SHIFT = 0.5
"""Difference of two splits in standard deviations: medium by Cohen 1988."""
LEAST_ROWS, LEAST_OF_CLASS = 50, 5
_SAMPLED = 2000
"""Pictures the interval of an effect is drawn from."""


@dataclass(frozen=True, slots=True, eq=False)
class Odd:
    """Pictures that are odd in one way, the oddest first."""

    reason: str
    """ "too dark"."""
    rows: NDArray[np.intp]
    facts: tuple[str, ...]
    """The number behind it, one for each row."""
    looked_at: int


def odd_pictures(pictures: Pictures) -> Iterator[Odd]:
    """Way after way; none where a way is common, or of very few pictures."""
    ways = [(pictures.measured, way) for way in _by_measures(pictures)]
    ways += [(np.arange(len(pictures.sizes), dtype=np.intp), way) for way in _by_sizes(pictures)]
    for rows, (reason, values, is_odd, unit) in ways:
        readable = int(np.isfinite(values).sum())
        found = np.flatnonzero(is_odd & np.isfinite(values))
        if readable < LEAST or not len(found) or len(found) > USUAL * readable:
            continue
        middle = float(np.median(values[np.isfinite(values)]))
        found = found[np.argsort(-np.abs(values[found] - middle), kind="stable")]
        facts = tuple(_with_unit(float(values[one]), unit) for one in found)
        yield Odd(reason, rows[found], facts, readable)


def _with_unit(value: float, unit: str) -> str:
    """ "0.03", "2.1 bits"; of an aspect ratio, "1 : 40"."""
    if unit == ":":
        return f"1 : {words.number(round(1 / value, 1))}"
    return f"{words.number(round(value, 4))} {unit}".strip()


def _by_measures(pictures: Pictures) -> Iterator[tuple[str, FloatArray, NDArray[np.bool_], str]]:
    found = pictures.measures
    with np.errstate(invalid="ignore"):
        if (grey := found.get("brightness")) is not None:
            yield "too dark", grey, grey < DARK, ""
            yield "too bright", grey, grey > BRIGHT, ""
        if (bits := found.get("entropy")) is not None:
            yield "little information", bits, bits < PLAIN, "bits"
        if (sharpness := found.get("sharpness")) is not None and len(sharpness):
            middle = float(np.nanmedian(sharpness)) if np.isfinite(sharpness).any() else 0.0
            z = robust_z(np.log(np.maximum(sharpness, middle * 1e-6))) if middle > 0 else np.zeros(len(sharpness))
            yield "blurred", sharpness, z < BLURRED, ""


def _by_sizes(pictures: Pictures) -> Iterator[tuple[str, FloatArray, NDArray[np.bool_], str]]:
    sizes = pictures.sizes.astype(np.float64)
    if pictures.array is not None or not len(sizes):
        return
    sizes[(sizes <= 0).any(axis=1)] = np.nan
    if not np.isfinite(sizes).any():
        return
    side = np.sqrt(sizes[:, 0] * sizes[:, 1])
    middle = float(np.nanmedian(side))
    with np.errstate(invalid="ignore"):
        off = np.maximum(side / middle, middle / side) > TIMES
        yield "odd size", side, off & far_out(np.log(side)), "px"
        aspect = sizes.min(axis=1) / sizes.max(axis=1)
        yield "odd aspect ratio", aspect, aspect < SLIM, ":"


def odd_sentences(found: Sequence[Odd], figure: str) -> Iterator[Insight]:
    """One for each way, the most frequent first."""
    for odd in sorted(found, key=lambda one: -len(one.rows)):
        verb, _, rest = _VERBS[odd.reason].partition(" ")
        extreme = f": {odd.facts[0]}." if len(odd.rows) == 1 else f"; the most extreme: {odd.facts[0]}."
        text = f"{of(len(odd.rows), odd.looked_at, 'pictures')} {does(len(odd.rows), verb)} {rest}{extreme}"
        values = {"count": float(len(odd.rows)), "of": float(odd.looked_at), "threshold": _THRESHOLDS[odd.reason]}
        yield Insight(kind="odd-pictures", severity="info", text=text, figure=figure, values=values)


_VERBS = {
    "too dark": f"are nearly black (mean grey below {DARK} of 1)",
    "too bright": f"are nearly white (mean grey above {BRIGHT} of 1)",
    "little information": f"hold little (entropy below {PLAIN:g} bits)",
    "blurred": f"are far less sharp than the others (robust z of log sharpness below −{-BLURRED:g})",
    "odd size": f"have another size than the others (more than {TIMES:g} times off)",
    "odd aspect ratio": f"are very long or very tall (short side below {SLIM} of the long one)",
}
_THRESHOLDS = {
    "too dark": DARK,
    "too bright": BRIGHT,
    "little information": PLAIN,
    "blurred": BLURRED,
    "odd size": TIMES,
    "odd aspect ratio": SLIM,
}


def mixed_files(pictures: Pictures, figure: str) -> Iterator[Insight]:
    """Files that cannot be read or are not there, and files of another mode than most."""
    if not pictures.sources:
        return
    absent = sum(not source for source in pictures.sources)
    if absent:
        whole = absent == len(pictures)
        told = (
            f"None of the {absent:,} pictures is"
            if whole
            else f"{of(absent, len(pictures), 'pictures')} {does(absent, 'are')} not"
        )
        text = f"{told} there, only a file that names them."
        yield Insight(kind="absent-pictures", severity="info", text=text, figure=figure, values={"count": absent})
    if not pictures.modes:
        return
    names, counts = np.unique(np.array(pictures.modes), return_counts=True)
    kinds = {str(name): int(count) for name, count in zip(names, counts, strict=True)}
    if broken := kinds.pop("", 0) - absent:
        text = f"{of(broken, len(pictures) - absent, 'files')} cannot be read as pictures."
        yield Insight(
            kind="unreadable-pictures", severity="warning", text=text, figure=figure, values={"count": broken}
        )
    if len(kinds) > 1:
        (first, most), *others = sorted(((count, name) for name, count in kinds.items()), reverse=True)
        told = ", ".join(f"{count:,} {name}" for count, name in others[:3])
        rest = sum(count for count, _ in others)
        start = f"Most pictures are {most} ({first:,}), but {told}"
        if first <= rest:
            start = f"Pictures are of {len(kinds)} modes: {first:,} {most}, {told}"
        text = f"{start}: unless they are converted, a model sees other channels there."
        yield Insight(kind="mixed-modes", severity="info", text=text, figure=figure, values={"count": float(rest)})


# --- what gives a class or a split away -------------------------------------------------------------------------------


def class_shortcuts(
    measures: Mapping[str, FloatArray], codes: NDArray[Any], names: Sequence[str], figure: str
) -> Iterator[Insight]:
    """Measures whose means differ so much between classes that a model may need no more than those; strongest first."""
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    large = np.flatnonzero(counts >= LEAST_OF_CLASS)
    if len(large) < 2 or counts[large].sum() < LEAST_ROWS:
        return
    kept = np.isin(codes, large)
    found = []
    for name, values in measures.items():
        if name in MEASURES and (eta := eta_squared(values[kept], codes[kept], len(names))) >= ETA:
            low, high = _interval(values[kept], codes[kept], len(names))
            if low >= ETA / 2:
                found.append((eta, low, high, name))
    most_frequent = float(counts[large].max() / counts[large].sum())
    for eta, low, high, name in sorted(found, reverse=True)[:2]:
        right = right_by_nearest_mean(measures[name][kept], codes[kept], len(names))
        tells = right >= TELLS and right >= most_frequent + GAIN
        means = group_means(measures[name], codes, len(names))
        means[counts < LEAST_OF_CLASS] = np.nan
        least, most = int(np.nanargmin(means)), int(np.nanargmax(means))
        what, less, more = MEASURES[name]
        claim = "alone tells classes apart" if tells else "differs between classes"
        text = (
            f"{what} {claim}: {percent(eta, 1)} of its variance lies between them (η² = "
            f"{eta:.2f} [{low:.2f}, {high:.2f}], n = {int(kept.sum()):,}). {quoted(names[least])} is {less} (mean "
            f"{words.number(float(means[least]))}), {quoted(names[most])} {more} ({words.number(float(means[most]))}). "
            f"The class whose mean is nearest is the right one in {percent(right, 1)}; the most frequent one, in "
            f"{percent(most_frequent, 1)}."
        )
        severity: Severity = "warning" if tells else "info"
        numbers = {"eta_squared": eta, "threshold": ETA, "n": float(kept.sum()), "right": right}
        yield Insight(kind="class-shortcut", severity=severity, text=text, figure=figure, values=numbers)


def _interval(values: FloatArray, codes: NDArray[Any], groups: int) -> tuple[float, float]:
    """Of eta squared, from a sample of many rows: then it is wider than it need be, never narrower."""
    if len(values) > _SAMPLED:
        rows = np.random.default_rng(0).choice(len(values), _SAMPLED, replace=False)
        values, codes = values[rows], codes[rows]
    low, high = bootstrap(lambda rows: eta_squared(values[rows], codes[rows], groups), len(values), repeats=200)
    return float(low), float(high)


def group_means(values: FloatArray, codes: NDArray[Any], groups: int) -> FloatArray:
    """Mean of the finite values of each group; NaN of none."""
    kept = np.isfinite(values) & (codes >= 0)
    counts = np.bincount(codes[kept], minlength=groups)
    sums = np.bincount(codes[kept], weights=values[kept], minlength=groups)
    means: FloatArray = np.divide(sums, counts, out=np.full(groups, np.nan), where=counts > 0)
    return means


def split_shifts(
    measures: Mapping[str, FloatArray], codes: NDArray[Any], names: Sequence[str], figure: str
) -> Iterator[Insight]:
    """Splits whose pictures look different from those of the first split, the largest shift of each."""
    reference = codes == 0
    for split in range(1, len(names)):
        rows = codes == split
        if min(int(rows.sum()), int(reference.sum())) < LEAST_ROWS:
            continue
        shifts = {
            name: standardised_shift(values[rows], values[reference])
            for name, values in measures.items()
            if name in MEASURES
        }
        known = {name: shift for name, shift in shifts.items() if np.isfinite(shift)}
        if not known or abs(known[name := max(known, key=lambda one: abs(known[one]))]) < SHIFT:
            continue
        shift = known[name]
        less_or_more = MEASURES[name][2 if shift > 0 else 1]
        text = (
            f"Pictures of {names[split]} are {less_or_more} than those of {names[0]}: {abs(shift):.2f} standard "
            f"deviations (n = {int(rows.sum()):,} and {int(reference.sum()):,})."
        )
        numbers = {"shift": shift, "threshold": SHIFT}
        yield Insight(kind="picture-shift", severity="warning", text=text, figure=figure, values=numbers)
