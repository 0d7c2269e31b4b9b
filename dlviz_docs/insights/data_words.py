"""Names from files and shares, as sentences about data put them."""

from __future__ import annotations

from collections.abc import Sequence

from dlviz_docs import words
from dlviz_docs.stats.intervals import wilson

__all__ = ["association", "does", "less_than_one", "listed", "measured", "of", "percent", "quoted", "with_interval"]

_LONGEST = 40
_ROUNDING = 1e-9
"""What is less from one than this is one."""


def quoted(name: str) -> str:
    """A name in quotation marks, cut if it is long, on one line."""
    name = " ".join(name.split())
    return f"“{name if len(name) <= _LONGEST else name[: _LONGEST - 1] + '…'}”"


def percent(part: float, whole: float) -> str:
    """ "2.9 %"; "under 0.1 %" rather than nothing, "–" of nothing."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if 0 < share < 0.1:
        return "under 0.1 %"
    if 99.99 < share < 100:
        return "over 99.99 %"
    return f"{words.number(round(share, 1 if share < 99.95 or part == whole else 2))} %"


def of(part: int, whole: int, noun: str) -> str:
    """ "70 of 2,443 test pictures (2.9 %)"."""
    return f"{part:,} of {whole:,} {noun} ({percent(part, whole)})"


def does(count: int, verb: str) -> str:
    """The verb of one, or of several: "lies", "lie"; "is", "are"; "has", "have"."""
    singular = {"are": "is", "have": "has", "do": "does"}
    return singular.get(verb, f"{verb}s") if count == 1 else verb


def with_interval(part: int, whole: int, noun: str) -> str:
    """The same with the 95 % interval of the share, for what was counted in a sample."""
    low, high = (float(end) for end in wilson(part, whole))
    return f"{part:,} of {whole:,} {noun} ({percent(part, whole)} [{100 * low:.1f}, {100 * high:.1f}])"


def association(value: float, digits: int = 2) -> str:
    """ "0.92", and "0.99" of all that is more and not 1: one says that two columns are the same."""
    least, size = 10.0**-digits, abs(value)
    if 1 - least < size < 1 - _ROUNDING:
        size = 1 - least
    return f"{'−' if value < 0 and size >= least / 2 else ''}{size:.{digits}f}"


def less_than_one(value: float, digits: int = 2) -> str:
    """ "0.92"; of what is nearly one or nothing, never "1" or "0" but "over 0.99" and "under 0.01"."""
    least = 10.0**-digits
    size, sign = abs(value), "−" if value < 0 else ""
    if 0 < size < least / 2:
        return f"{'over' if sign else 'under'} {sign}{least:.{digits}f}"
    if 1 - least / 2 <= size < 1 - _ROUNDING:
        return f"{'under' if sign else 'over'} {sign}{1 - least:.{digits}f}"
    return f"{sign}{size:.{digits}f}"


def measured(name: str, value: float) -> str:
    """ "ρ = 0.92"; "ρ > 0.9999" of what four digits cannot tell from one, "ρ < 0.01" of what is not quite nothing."""
    size, sign = abs(value), "−" if value < 0 else ""
    if 0 < size < 0.005:
        return f"{name} {'>' if sign else '<'} {sign}0.01"
    if 0.99995 <= size < 1 - _ROUNDING:
        return f"{name} {'<' if sign else '>'} {sign}0.9999"
    return f"{name} = {words.number(round(value, 4 if 0.995 <= size < 1 else 2))}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """ "“a”, “b” and 4 more"."""
    shown = [quoted(name) for name in names[:most]]
    if more := len(names) - len(shown):
        return f"{', '.join(shown)} and {more:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
