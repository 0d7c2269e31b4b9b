"""Home folders in cells and names: a page shows "~" instead, since they tell who somebody is."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Homes", "may_tell"]

_HOME = re.compile(
    r"""(?<![\w.~%-])                                  # not within a path, or behind the name of a host
        (?: (?:/mnt/[a-z])? /(?:home|[Uu]sers)/+ [^/\\\s"'`<>|:;,()\[\]{}]+
          | [A-Za-z]:[\\/]+(?i:users)[\\/]+
            (?: [^\\/:*?"<>|\r\n]{1,64}(?=[\\/]) | [^\\/:*?"'`<>|\s;,()\[\]{}]+ ) )""",
    re.VERBOSE,
)


def may_tell(text: str) -> bool:
    """Whether it is worth looking: of a million texts most have none of these letters."""
    return "/home/" in text or "sers" in text or "SERS" in text


@dataclass(slots=True)
class Homes:
    """Replaces them, and knows whether there was one."""

    found: bool = False

    def out_of(self, text: str) -> str:
        """The text with "~" for every home folder."""
        if not may_tell(text):
            return text
        shown = _HOME.sub("~", text)
        self.found |= shown != text
        return shown
