"""YOLO's results.txt: YOLOv5 before its version 5, YOLOv7, YOLOR and Scaled-YOLOv4; later versions write results.csv.

A row an epoch, 15 columns without names: "0/299 7.1G" (epoch, GPU memory), then numbers. The names are those that the
same programs give to the same numbers in event files, and later in results.csv (ultralytics/yolov5#260).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from dlviz_docs.model import Problem, Reading, Series
from dlviz_docs.readers._text import Lines, counted, open_lines, peek

__all__ = ["YOLOResults"]

_NAME = re.compile(r"^results.*\.txt$", re.IGNORECASE)
_HEAD = re.compile(r"\s*(\d+)/\d+\s+([\d.]+)G\s+(?=[-\d.naif])")
_COLUMNS = (
    *("gpu_mem", "train/box_loss", "train/obj_loss", "train/cls_loss", "train/total_loss", "targets", "img_size"),
    *("metrics/precision", "metrics/recall", "metrics/mAP_0.5", "metrics/mAP_0.5:0.95"),
    *("val/box_loss", "val/obj_loss", "val/cls_loss"),
)
_VALIDATED = 7
"""So many columns at the end are of the validation: all zero in an epoch that had none."""
_LONGEST_LINE = 10_000


@dataclass(frozen=True, slots=True)
class YOLOResults:
    """`results.txt` without names."""

    makes_run: ClassVar[bool] = True
    max_bytes: int = 10_000_000
    """Of a larger file, only so much is read."""

    def matches(self, path: Path) -> bool:
        return bool(_NAME.match(path.name)) and _row(peek(path).partition("\n")[0]) is not None

    def read(self, path: Path) -> Reading:
        with open_lines(path, self.max_bytes, _LONGEST_LINE) as lines:
            rows, bad, cut = _rows(lines)
        table = np.array(rows, np.float64).reshape(-1, len(_COLUMNS) + 1)
        return Reading("YOLO", tuple(_curves(table)), problems=tuple(_problems(path.name, bad, cut)))


def _row(line: str) -> list[float] | None:
    """The epoch and the 14 numbers after it; None for any other line."""
    head = _HEAD.match(line)
    cells = line[head.end() :].split() if head else []
    if head is None or len(cells) != len(_COLUMNS) - 1:
        return None
    try:
        return [float(head[1]), float(head[2]), *map(float, cells)]
    except ValueError:
        return None


def _rows(lines: Lines) -> tuple[list[list[float]], int, int]:
    """The rows, how many lines are none, and the length of a last line that breaks off."""
    rows, bad, refused = [], 0, ""
    for line in lines:
        if (row := _row(line)) is not None:
            rows.append(row)
        elif line.strip():
            bad, refused = bad + 1, line
    cut = len(refused) if refused and refused is lines.last and not lines.whole else 0
    return rows, bad - bool(cut), cut


def _curves(table: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Iterator[Series]:
    epochs, validated = table[:, 0], table[:, -_VALIDATED:].any(axis=1)
    for place, name in enumerate(_COLUMNS, start=1):
        chosen = validated if place > len(_COLUMNS) - _VALIDATED else np.ones(len(table), bool)
        if chosen.any():
            yield Series(name, name, epochs[chosen], table[chosen, place], axis="epoch")


def _problems(name: str, bad: int, cut: int) -> Iterator[Problem]:
    if bad:
        what = f"left out: {counted(bad, 'line')} that are no row of YOLO's 15 columns"
        yield Problem("bad-lines", name, what, "Correct the lines, or delete them.")
    if cut:
        what = f"last line incomplete ({cut} characters): it is left out"
        yield Problem("cut-off", name, what, "Wait if it is still being written; else delete the line.")
