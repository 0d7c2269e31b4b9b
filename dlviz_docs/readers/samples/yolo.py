"""YOLO: one text file a picture, a line a box: class, centre, width and height as shares of the picture, confidence.

Source: the "Detection", "Segmentation" and "OBB" data set formats of Ultralytics' documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Problem
from dlviz_docs.model.samples import Boxes
from dlviz_docs.readers import _yaml
from dlviz_docs.readers._text import Damaged, clean, counted
from dlviz_docs.readers.samples._annotated import Told, check
from dlviz_docs.readers.samples._picture_file import Refused, Root, named, open_file

__all__ = ["Labels", "class_names", "is_label_text", "label_files", "read_labels"]

LARGEST = 4_000_000
"""Bytes of one file of labels."""
_LINE = "A line has a class and four numbers, or more, as shares of the picture from 0 to 1."
_NOT_LABELS = frozenset({"classes", "train", "val", "test", "readme", "names", "labels"})
_BEYOND = 1.001
"""Shares of the picture may be this large: some tools round beyond the edge."""


def class_names(root: Path, relative: str) -> tuple[str, ...]:
    """Of data.yaml, `names` as a list or by number; of a text file, its lines; () where there are none."""
    text = _text(Root(root), relative)
    if text is None:
        return ()
    if not relative.endswith((".yaml", ".yml")):
        return tuple(clean(line.strip()) for line in text.splitlines() if line.strip())
    try:
        told = _yaml.load(text)
    except Damaged as damage:
        told = damage.value
    names = told.get("names") if isinstance(told, dict) else None
    if isinstance(names, dict):
        numbers = {int(key): str(name) for key, name in names.items() if str(key).isdecimal() and len(str(key)) < 6}
        names = [numbers.get(place, str(place)) for place in range(max(numbers, default=-1) + 1)]
    return tuple(clean(str(name)) for name in names) if isinstance(names, list) else ()


def _text(root: Root, relative: str) -> str | None:
    try:
        with open_file(root, relative) as file:
            data = file.read(LARGEST + 1)
    except (Refused, OSError):
        return None
    return None if len(data) > LARGEST else data.decode("utf-8-sig", "replace")


def label_files(files: Sequence[str]) -> dict[str, dict[str, str]]:
    """Of every folder with text files, their paths by name without ending; without lists and notes among them."""
    folders: dict[str, dict[str, str]] = {}
    for path in files:
        if path.endswith(".txt"):
            folder, _, name = path.rpartition("/")
            if (stem := name[:-4]).lower() not in _NOT_LABELS:
                folders.setdefault(folder or ".", {})[stem] = path
    return folders


def is_label_text(root: Path, relative: str) -> bool:
    """Whether the first line is a class and at least four shares of a picture."""
    line = (_text(Root(root), relative) or "").strip().partition("\n")[0].split()
    try:
        numbers = [float(word) for word in line]
    except ValueError:
        return False
    return len(numbers) >= 5 and numbers[0] >= 0 and numbers[0].is_integer() and max(numbers[1:]) <= _BEYOND


@dataclass(slots=True)
class Labels:
    """Boxes of some pictures, as their text files tell them; filled by `read_labels`."""

    boxes: Boxes
    problems: tuple[Problem, ...]
    octets: int
    most: int
    """The highest number of a class; -1 without any."""


@dataclass(slots=True)
class _Lines:
    pictures: list[int] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)
    shares: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Left, top, width, height."""
    scores: list[float] = field(default_factory=list)
    outlines: list[tuple[float, ...]] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    """Files with a line that is no box; once for each line."""
    scoreless: int = 0
    octets: int = 0

    def take(self, picture: int, path: str, text: str, *, scored: bool) -> None:
        self.octets += len(text)
        for line in text.splitlines():
            if words := line.split():
                self._line(picture, path, words, scored=scored)

    def _line(self, picture: int, path: str, words: list[str], *, scored: bool) -> None:
        try:
            numbers = [float(word) for word in words]
            category = int(numbers[0])
        except (ValueError, OverflowError):
            numbers, category = [], -1
        with_score = scored and len(numbers) % 2 == 0  # a class, pairs of numbers, and one more
        score = numbers.pop() if with_score and numbers else 1.0
        told = len(numbers) >= 5 and len(numbers) % 2 == 1 and category == numbers[0] and 0 <= category < 1_000_000
        if not told or any(abs(number) > _BEYOND for number in numbers[1:]):
            self.bad.append(path)
            return
        self.scoreless += scored and not with_score
        self.pictures.append(picture)
        self.classes.append(category)
        self.scores.append(score)
        outline = tuple(numbers[1:]) if len(numbers) > 5 else ()
        self.outlines.append(outline)
        self.shares.append(_box(numbers[1:]))


def _box(numbers: list[float]) -> tuple[float, float, float, float]:
    """Left, top, width and height of a centre with its extent, or of an outline; NaN where a number is."""
    if any(number != number for number in numbers):
        return (np.nan,) * 4
    if len(numbers) == 4:
        across, down, width, height = numbers
        return across - width / 2, down - height / 2, width, height
    left, top = min(numbers[::2]), min(numbers[1::2])
    return left, top, max(numbers[::2]) - left, max(numbers[1::2]) - top


def read_labels(
    root: Path,
    pictures: Sequence[str],
    labels: Mapping[str, str],
    sizes: NDArray[np.int32],
    *,
    classes: int,
    scored: bool = False,
    source: str = "",
) -> Labels:
    """Boxes in px: of the text file in `labels` that is called like the picture, whose width and height are in `sizes`.

    `scored` files are predictions, whose lines end with a confidence; boxes without one count with 1. With `classes` of
    0, any number is a class.
    """
    lines = _Lines()
    inside = Root(root)
    row_of = {path.rpartition("/")[2].rpartition(".")[0]: row for row, path in enumerate(pictures)}
    homeless = [path for stem, path in labels.items() if stem not in row_of]
    for stem, path in labels.items():
        if (row := row_of.get(stem)) is not None and (text := _text(inside, path)) is not None:
            lines.take(row, path, text, scored=scored)
    told = _in_px(lines, sizes, classes)
    told.scores = np.array(lines.scores, np.float64) if scored else None
    boxes, faults = check(told, source)
    problems = [*_problems(lines, source), *faults]
    if homeless:
        what = f"{named(homeless, 'file')} of labels without a picture"
        problems.append(
            Problem("labels-without-pictures", homeless[0], what, "Add the pictures, or delete the labels.")
        )
    return Labels(boxes, tuple(problems), lines.octets, max(lines.classes, default=-1))


def _in_px(lines: _Lines, sizes: NDArray[np.int32], classes: int) -> Told:
    pictures, category = np.array(lines.pictures, np.int32), np.array(lines.classes, np.int32)
    sides = sizes[pictures].astype(np.float64) if len(pictures) else np.zeros((0, 2))
    sides[(sides <= 0).any(axis=1)] = np.nan  # a picture that cannot be read has no pixels to count in
    shares = np.array(lines.shares, np.float64).reshape(-1, 4)
    outlines: list[tuple[tuple[float, ...], ...]] = []
    for (width, height), outline in zip(sides.tolist(), lines.outlines, strict=True):
        points = tuple(number * (height if at % 2 else width) for at, number in enumerate(outline))
        outlines.append((points,) if points and width == width else ())
    if classes:
        category = np.where(category < classes, category, -1).astype(np.int32)
    px = shares * np.concatenate([sides, sides], axis=1)
    return Told(pictures, category, np.where(np.isnan(px), -1.0, px), outlines=outlines if any(outlines) else [])


def _problems(lines: _Lines, source: str) -> list[Problem]:
    problems = []
    if lines.bad:
        files = list(dict.fromkeys(lines.bad))
        verb = "is" if len(lines.bad) == 1 else "are"
        what = f"{counted(len(lines.bad), 'line')} that {verb} no box, in {named(files, 'file')}"
        problems.append(Problem("labels-unreadable", files[0], what, _LINE))
    if lines.scoreless:
        amount = "1 predicted box" if lines.scoreless == 1 else f"{lines.scoreless:,} predicted boxes"
        what = f"{amount} without a confidence; taken as 1"
        problems.append(Problem("scores-missing", source, what, "Predict with `save_conf=True`."))
    return problems
