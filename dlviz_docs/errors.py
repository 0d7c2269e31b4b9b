"""What can go wrong, by who has to act.

    DlvizError
    ├── OptionError    the user's own configuration: stops the build
    ├── ReadError      a file is damaged: carries what was readable
    ├── ProbeError     a model could not be run: says why, the rest is shown
    ├── RenderError    a figure could not be made: the topic says so, the rest is shown
    └── MissingExtra   an optional package is needed: names the install

All but OptionError become a `Problem` on the page and one warning in the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlviz_docs.model import Reading

__all__ = ["DlvizError", "MissingExtra", "OptionError", "ProbeError", "ReadError", "RenderError", "near_miss"]


class DlvizError(Exception):
    """Base of every error raised on purpose."""


class OptionError(DlvizError):
    """A key or value in the user's configuration is wrong; the message names it and the near miss."""


class ReadError(DlvizError):
    """A file is damaged or is not what its name says; `partial` holds all that could be read."""

    def __init__(self, what: str, remedy: str, *, partial: Reading | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.partial = partial


class ProbeError(DlvizError):
    """A model could not be run: the message says what it holds that it may not, or what did not fit."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.remedy = remedy
        """What to do, where that is known here; a sentence."""


class RenderError(DlvizError):
    """A topic could not be shown."""


class MissingExtra(DlvizError):
    """An optional package is not installed; the message is the command that installs it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f'{package} is needed for this: pip install "dlviz-docs[{extra}]"')


def near_miss(word: str, known: Iterable[str]) -> str:
    """Say what the writer may have meant: " Did you mean 'x'?", or the legal words in order."""
    words = sorted(known)
    close = get_close_matches(word, words, n=1)
    return f" Did you mean {close[0]!r}?" if close else f" Known: {', '.join(words)}."
