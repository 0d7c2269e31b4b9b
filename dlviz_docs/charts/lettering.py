"""How large a box has to be for its words, without the browser's fonts: a little more than they need."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from dlviz_docs.view import Box

__all__ = ["Words", "box_size", "cut", "header_width", "lettered", "words_width"]


LABEL: Final = 12.5
SMALL: Final = 11
"""Sizes of type in px: of labels, and of what stands beside and below them."""
BADGE: Final = 11
SIDE: Final = 12
"""Room left and right of the words."""
BESIDE: Final = 8
SIGN: Final = 22
"""Room for the sign that opens a block."""
ONE_LINE, TWO_LINES = 28, 44
LEAST: Final = 64
LONGEST_LABEL, LONGEST_KIND, LONGEST_SUMMARY = 28, 22, 34
"""Letters that are shown; all are told when the box is chosen."""
_NARROW, _WIDE = frozenset("iljI.,:;'|!()[]{}ftr-/ "), frozenset("mwMW@%&+=<>~×→")


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in a box, cut to what has room."""

    label: str
    kind: str
    summary: str
    times: str


def lettered(box: Box) -> Words:
    """A kind that only repeats the label is left out."""
    kind = "" if box.kind.casefold() == box.label.casefold() else box.kind
    return Words(
        cut(box.label or box.kind or box.id, LONGEST_LABEL),
        cut(kind, LONGEST_KIND) if box.label else "",
        cut(box.summary, LONGEST_SUMMARY),
        f"× {box.times:,}" if box.times > 1 else "",
    )


def box_size(words: Words, *, block: bool) -> tuple[int, int]:
    """Width and height in px of a box that is closed; the width is even, so that its middle is whole."""
    wide = max(_first_line(words), words_width(words.summary, SMALL)) + (SIGN if block else 0) + 2 * SIDE
    return max(LEAST, 2 * -(-round(wide) // 2)), TWO_LINES if words.summary else ONE_LINE


def header_width(words: Words) -> int:
    """Width in px that the band on top of an open block needs."""
    return 2 * -(-round(_first_line(words) + SIGN + 2 * SIDE) // 2)


def _first_line(words: Words) -> float:
    kind = BESIDE + words_width(words.kind, SMALL) if words.kind else 0.0
    times = BESIDE + words_width(words.times, BADGE) if words.times else 0.0
    return words_width(words.label, LABEL) * 1.06 + kind + times  # labels are bold


def words_width(text: str, size: float) -> float:
    """Width in px of a line of text, roughly."""
    return size * sum(_share(letter) for letter in text)


def cut(text: str, most: int) -> str:
    """On one line and at most so long, its end kept, where numbers stand."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    return f"{line[: most - most // 3 - 1]}…{line[-(most // 3) :]}"


def _share(letter: str) -> float:
    if letter in _NARROW:
        return 0.34
    if letter in _WIDE:
        return 0.86
    if letter < "\x7f":
        return 0.66 if letter.isupper() else 0.57
    # What nobody can see is shown as an escape of six letters.
    invisible = unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn")
    return 3.6 if invisible else 1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.66
