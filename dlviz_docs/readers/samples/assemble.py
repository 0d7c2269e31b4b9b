"""Sheets to data sets and predictions, tied to one another and to their pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Dataset, Predictions, Problem, Samples
from dlviz_docs.readers._json import load
from dlviz_docs.readers._text import read_text
from dlviz_docs.readers.samples._bounded import bounded
from dlviz_docs.readers.samples._class_names import class_names_in
from dlviz_docs.readers.samples._datasets import dataset_of
from dlviz_docs.readers.samples._joins import Known, joined_with
from dlviz_docs.readers.samples._limits import Limits
from dlviz_docs.readers.samples._names import parts_of
from dlviz_docs.readers.samples._predictions import predictions_of
from dlviz_docs.readers.samples._several import several
from dlviz_docs.readers.samples._sheets import Sheets, first_line
from dlviz_docs.readers.samples._stack import Part, stacked
from dlviz_docs.readers.samples._targets import with_target, with_truth
from dlviz_docs.readers.samples._types import Found, Plan, Planned
from dlviz_docs.readers.samples.arrow import class_labels
from dlviz_docs.readers.samples.folders import is_of_pictures, read_pictures
from dlviz_docs.readers.samples.plan import inside

__all__ = ["read"]

_ASIDE = frozenset({"info", "splits", "split ids", "class names"})
_MOST_LIST = 100_000_000


def read(found: Found, plan: Plan, limits: Limits | None = None) -> Samples:
    """All data sets and predictions of the plan; a file that cannot be read costs itself and says why."""
    reading = _Reading(found, Sheets(found.root, limits or Limits(), found.files))
    datasets = [dataset for planned in plan.datasets if (dataset := reading.dataset(planned))]
    predictions = [one for planned in plan.predictions for one in reading.predictions(planned)]
    named = [one.result.prediction for one in plan.predictions if one.result and one.result.prediction]
    datasets = [with_target(dataset, predictions, (*named, *plan.targets)) for dataset in datasets]
    leaked: Known = {}
    tied = [with_truth(joined_with(one, datasets, leaked)) for one in predictions]
    return bounded(Samples(tuple(datasets), tuple(tied), tuple(reading.problems)))


class _Reading:
    """One after the other, so that no more than one is in memory as a file."""

    def __init__(self, found: Found, sheets: Sheets) -> None:
        self.found = found
        self.sheets = sheets
        self.problems = sheets.problems

    def dataset(self, planned: Planned) -> Dataset | None:
        """None, with a problem, where nothing can be read."""
        if is_of_pictures(planned):
            read = self._pictures(planned)
            return read if isinstance(read, Dataset) else None
        labels: dict[str, tuple[str, ...]] = {}
        for path, part in planned.files:
            if part == "info":
                labels |= class_labels(self.found.root / path)
        parts = self._parts(planned, labels)
        columns = stacked(parts)
        self.sheets.forget()
        if columns is None:
            self._say_nothing(planned, parts)
            return None
        columns.offered = self._class_names(planned)
        return dataset_of(planned, columns, self.found, labels, self._lists(planned))

    def predictions(self, planned: Planned) -> list[Predictions]:
        """The same for predictions; several where one file is of several models or outputs."""
        if is_of_pictures(planned):
            read = self._pictures(planned)
            return [read] if isinstance(read, Predictions) else []
        parts = self._parts(planned, {})
        # One split where a file says none: files of roles lie side by side, whatever they are called.
        columns = stacked(parts, one_split=len({part.split for part in parts}) < 2 or not all(p.split for p in parts))
        if columns is None:
            self._say_nothing(planned, parts)
            return []
        columns.offered = self._class_names(planned)
        found = []
        for one, own in several(planned, columns):
            told = predictions_of(one, own, self.found)
            if told is None:
                self.problems += own.problems
            else:
                found.append(told)
        return found

    def _class_names(self, planned: Planned) -> tuple[str, ...]:
        path = next((path for path, part in planned.files if part == "class names"), "")
        return class_names_in(self.found.root / path) if path else ()

    def _say_nothing(self, planned: Planned, parts: list[Part]) -> None:
        """Say that there is no row, unless the files said what is wrong with them."""
        self.problems += [problem for part in parts for problem in part.sheet.problems]
        paths = {path for path, _ in planned.files}
        if not any(problem.path in paths for problem in self.problems):
            what = "holds no rows" if planned.files else "is named in experiment.yml and holds nothing that can be read"
            path = planned.files[0][0] if planned.files else planned.name
            self.problems.append(Problem("no-rows", path, what, "Write the file again, or delete it."))

    def _pictures(self, planned: Planned) -> Dataset | Predictions | None:
        try:
            return read_pictures(self.found, planned)
        except (ReadError, OSError, ValueError, MemoryError) as error:
            path = planned.files[0][0] if planned.files else planned.name
            remedy = getattr(error, "remedy", "Write the files again.")
            self.problems.append(Problem("unreadable", path, f"cannot be read: {first_line(error)}", remedy))
            return None

    def _parts(self, planned: Planned, labels: Mapping[str, tuple[str, ...]]) -> list[Part]:
        parts = []
        splits = (*planned.splits, *("" for _ in planned.files))
        for (path, part), split in zip(planned.files, splits, strict=False):
            if part in _ASIDE:
                continue
            if not inside(path):
                what = "lies outside the experiment's folder and is not read"
                self.problems.append(Problem("outside", path, what, "Copy the file into the experiment's folder."))
                continue
            if path.endswith(".txt") and part == "ids":
                sheets = self.sheets.ids(path)
            elif path.endswith(".txt") and part in ("predicted", "truth"):
                sheets = self.sheets.lines(path)
            else:
                sheets = self.sheets.of(path, labels)
            parts += [Part(part, sheet.split or split, sheet) for sheet in sheets]
        return parts

    def _lists(self, planned: Planned) -> dict[str, list[Any]]:
        """Names or places of rows by split, from splits.json and train_ids.txt."""
        lists: dict[str, list[Any]] = {}
        for path, part in planned.files:
            if part == "split ids":
                names = [s.features[0].texts.strings for s in self.sheets.ids(path) if s.features[0].texts]
                lists[parts_of(PurePosixPath(path).stem).split] = [name for some in names for name in some]
            elif part == "splits":
                lists |= self._splits(path)
        return lists

    def _splits(self, path: str) -> dict[str, list[Any]]:
        try:
            value = load(read_text(self.found.root / path, _MOST_LIST)[0])
        except (ReadError, OSError) as error:
            self.problems.append(Problem("unreadable", path, first_line(error), "Write the file again."))
            return {}
        if not isinstance(value, dict):
            return {}
        return {parts_of(str(key)).split or str(key): rows for key, rows in value.items() if isinstance(rows, list)}
