"""Numbers, amounts and times as people read them, whatever the machine's language and time zone."""

from __future__ import annotations

import math
from datetime import UTC, datetime

__all__ = ["count", "date", "duration", "number", "size"]

_YEAR_9999 = 253_402_300_799
_EXACT = 1e15
_SIGNIFICANT = 4


def number(value: float | None) -> str:
    """Four significant digits, whole numbers in full: "0.08314", "12,000", "1.2e-5"; None is "–"."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == int(value) and abs(value) < _EXACT:
        return _minus(f"{int(value):,}")
    if 1e-3 <= abs(value) < 1e6:
        decimals = max(0, _SIGNIFICANT - 1 - math.floor(math.log10(abs(value))))
        fixed = f"{value:,.{decimals}f}"
        return _minus(fixed.rstrip("0").rstrip(".") if "." in fixed else fixed)
    mantissa, _, exponent = f"{value:.{_SIGNIFICANT - 1}e}".partition("e")
    return _minus(f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}")


def count(amount: int, noun: str, plural: str = "") -> str:
    """ "1 run", "12,000 runs"."""
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"


def size(octets: int) -> str:
    """Bytes in powers of 1,000: "1.6 MB"."""
    amount = float(octets)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 999.5:
            return count(octets, "byte") if unit == "bytes" else f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:,.3g} TB"


def duration(seconds: float) -> str:
    """The two largest units: "3 h 12 min", "45 s"."""
    left = round(seconds)
    if left < 1:
        return "under 1 s"
    parts: list[str] = []
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        amount, left = divmod(left, length)
        if amount or parts:
            parts.append(f"{amount} {unit}" if amount else "")
    return " ".join(part for part in parts[:2] if part)


def date(seconds: float | None, *, time: bool = False) -> str:
    """Day, and time if asked, in UTC: "2026-03-14 09:26 UTC"; "–" where there is none."""
    if seconds is None or not 0 < seconds <= _YEAR_9999:
        return "–"
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%d %H:%M UTC" if time else "%Y-%m-%d")


def _minus(digits: str) -> str:
    return digits.replace("-", "−", 1) if digits.startswith("-") else digits
