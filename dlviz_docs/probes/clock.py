"""Time that a probe has; what no time is left for is not begun, and said."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

__all__ = ["Clock"]


@dataclass(slots=True)
class Clock:
    """Runs from when it is made."""

    seconds: float
    began: float = field(default_factory=time.monotonic)
    left_out: list[str] = field(default_factory=list)
    """What there was no time for, in the order it was asked for."""

    def has_time_for(self, what: str) -> bool:
        """Whether to begin; else `what` is remembered."""
        if time.monotonic() - self.began < self.seconds:
            return True
        if what not in self.left_out:
            self.left_out.append(what)
        return False

    def note(self) -> str:
        """What was left out, in a sentence; "" for nothing."""
        if not self.left_out:
            return ""
        return f"The {self.seconds:g} seconds that explanations may take were over before {', '.join(self.left_out)}."
