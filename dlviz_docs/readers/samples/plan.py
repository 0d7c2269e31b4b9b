"""Which files hold data sets and which predictions, by their names, their folders and their first bytes.

What the user names wins. Then, each taking what is left: folders of pictures with their annotations; folders of
Hugging Face `datasets`; tables that show truth beside prediction, or are named for results; single arrays whose names
say what they are to one another; tables named for a split, or lying in a folder of data. All else is left, with a
reason.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from dlviz_docs.names import natural
from dlviz_docs.readers._frame import step_column
from dlviz_docs.readers.samples._class_names import class_names_in, is_of_class_names
from dlviz_docs.readers.samples._glance import TABLES, Glance, glance, holds_answers
from dlviz_docs.readers.samples._groups import Loose, data_of, looks_single, results_of
from dlviz_docs.readers.samples._names import (
    is_result_name,
    parts_of,
    split_of_path,
    split_order,
    words_of,
)
from dlviz_docs.readers.samples._pictures_named import PictureNames
from dlviz_docs.readers.samples._result_tables import (
    CLASS_COLUMNS,
    by_split,
    is_example,
    lone_prediction,
    of_classes,
    side_by_side,
    unnamed_columns,
)
from dlviz_docs.readers.samples._roles import generations, roles_of, target_of
from dlviz_docs.readers.samples._tables import (
    HARNESS,
    OF_MODELS,
    dataset,
    is_below,
    is_data_path,
    is_log_name,
    is_named_data,
    is_of_instructions,
    is_result_path,
    much_alike,
    named_by,
    of_folder,
    title,
    told_apart,
    whole_of,
)
from dlviz_docs.readers.samples._types import Found, Plan, Planned, ResultEntry
from dlviz_docs.readers.samples.folders import plan_pictures

__all__ = ["inside", "plan"]

_OF_TEXTS = frozenset({".arrow", ".parquet", ".jsonl", ".ndjson", ".json"})
"""Files whose only column may be a data set: texts, conversations."""
_SIDE_FILES = frozenset({"dataset_info.json", "dataset_dict.json", "state.json"})


def plan(found: Found) -> Plan:
    """Data sets, predictions, and what is neither."""
    return _Planning(found).plan()


def inside(path: str) -> str:
    """The path in one spelling; "" for one that leads out of the experiment's folder."""
    plain = posixpath.normpath(path)
    return "" if plain.startswith(("../", "/")) or plain == ".." else plain


@dataclass(slots=True)
class _Planning:
    """What is taken so far."""

    found: Found
    datasets: list[Planned] = field(default_factory=list)
    predictions: list[Planned] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    targets: tuple[str, ...] = ()
    glances: dict[str, Glance] = field(default_factory=dict)
    names: PictureNames | None = None
    """Of all pictures, once anybody asked."""

    def plan(self) -> Plan:
        datasets, predictions, files, aside = plan_pictures(self.found)
        self.taken |= files
        self.left |= aside
        entries = {one.data.path for one in datasets if one.data}
        results = {one.result.path for one in predictions if one.result}
        self._named(entries, results)
        self._saved_datasets()
        side, names = self._side_files(), self._class_names()
        self._results()
        self._arrays()
        self._tables()
        self._lone_table()
        self._without_wholes()
        for path in self._rest():
            why = "neither its name nor its columns say that it holds data or predictions; experiment.yml may name it"
            self.left.setdefault(path, "it is empty or damaged" if self._glance(path).damaged else why)
        more = [(*of_folder(one, side), *named_by(one, names)) for one in self.datasets]
        own = [replace(one, files=(*one.files, *files)) for one, files in zip(self.datasets, more, strict=True)]
        said = [replace(one, files=(*one.files, *named_by(one, names))) for one in told_apart(self._of_runs())]
        return Plan(
            datasets=(*told_apart(own), *datasets),
            predictions=(*said, *predictions),
            targets=self.targets,
            left=tuple(sorted(self.left.items(), key=lambda item: natural(item[0]))),
        )

    def _of_runs(self) -> list[Planned]:
        """Under the name of the run, unless the user gives another, or one run has several."""
        folders = {slug: folder for folder, slug in self.found.runs.items()}
        counts = Counter(one.run for one in self.predictions)
        return [
            replace(one, name=PurePosixPath(folders[one.run]).name or self.found.root.name)
            if one.run and counts[one.run] == 1 and not (one.result and one.result.name)
            else one
            for one in self.predictions
        ]

    def _rest(self) -> Iterator[str]:
        """Files that nobody took, of kinds that we read."""
        for path in self.found.files:
            if path not in self.taken and path not in self.left and PurePosixPath(path).suffix.lower() in TABLES:
                yield path

    def _glance(self, path: str) -> Glance:
        if path not in self.glances:
            self.glances[path] = glance(self.found.root / path)
        return self.glances[path]

    def _take(self, paths: Iterable[str]) -> None:
        self.taken.update(paths)

    # --- what the user names ---

    def _named(self, data: set[str], results: set[str]) -> None:
        for entry in self.found.data:
            if entry.path not in data:
                files = self._files_of(entry.path)
                self.datasets.append(dataset(entry.name or title(entry.path), files, entry))
                self._take(files)
        for result in self.found.results:
            if result.path not in results:
                self.predictions.append(self._named_result(result))
                self._take(path for path, _ in self.predictions[-1].files)

    def _files_of(self, path: str) -> list[str]:
        """The file, or the tables of the folder; the name itself where there is neither, so that this is said."""
        below = [] if PurePosixPath(path).suffix.lower() in TABLES else self._below(path)
        return below or [inside(path) or path]

    def _below(self, folder: str) -> list[str]:
        folder = inside(folder)
        known = [path for path in self.found.files if path not in self.taken and is_below(path, folder)]
        tables = [path for path in known if PurePosixPath(path).suffix.lower() in TABLES.keys() - {".json", ".txt"}]
        return tables or [path for path in known if path.endswith(".json")]

    def _named_result(self, entry: ResultEntry) -> Planned:
        files = [(path, "table") for path in self._files_of(entry.path)]
        for said, part in (
            (entry.truth, "truth"),
            (entry.prediction, "predicted"),
            (entry.probabilities, "probabilities"),
        ):
            if PurePosixPath(said).suffix.lower() in TABLES:
                files.append((inside(said) or said, part))
        name = entry.name or title(entry.path)
        splits = tuple(split_of_path(path) for path, _ in files)
        return Planned(name, tuple(files), splits, self._run_of(entry.path), result=entry)

    def _run_of(self, path: str) -> str:
        """Slug of the run in whose folder a file lies."""
        for folder in PurePosixPath(path).parents:
            if (slug := self.found.runs.get(folder.as_posix())) is not None:
                return slug
        return ""

    # --- what names and columns say ---

    def _saved_datasets(self) -> None:
        """Folders of `save_to_disk`: each with its Arrow files, one for each split in a folder of several."""
        info = {posixpath.dirname(path) for path in self.found.files if posixpath.basename(path) in _SIDE_FILES}
        by_parent: dict[str, list[str]] = {}
        for path in [path for path in self._rest() if path.endswith(".arrow")]:
            folder = posixpath.dirname(path)
            if folder in info:
                several = bool(parts_of(posixpath.basename(folder)).split)
                by_parent.setdefault(posixpath.dirname(folder) if several else folder, []).append(path)
        for parent, paths in by_parent.items():
            planned = dataset(posixpath.basename(parent) or self.found.root.name, paths, None)
            folders = dict.fromkeys(posixpath.dirname(path) for path in paths)
            told = [posixpath.join(folder, "dataset_info.json") for folder in folders]
            told = [path for path in told if path in self.found.files]
            self.datasets.append(
                replace(
                    planned,
                    files=(*planned.files, *((path, "info") for path in told)),
                    splits=(*planned.splits, *("" for _ in told)),
                )
            )
            self._take(paths)
        self._take(path for path in self.found.files if posixpath.basename(path) in _SIDE_FILES)

    def _side_files(self) -> list[tuple[str, str]]:
        """Files that say which rows are of which split."""
        side = []
        for path in list(self._rest()):
            pure = PurePosixPath(path)
            if pure.name in ("splits.json", "split.json"):
                side.append((path, "splits"))
            elif pure.suffix == ".txt" and len(self._glance(path).columns) < 2:
                if is_of_class_names(path) or parts_of(pure.stem).role in ("predicted", "truth"):
                    continue
                if parts_of(pure.stem).role == "ids" and parts_of(pure.stem).split:
                    side.append((path, "split ids"))
                else:
                    self.left[path] = "a text, and not one of names (train_ids.txt, classes.txt)"
        self._take(path for path, _ in side)
        return side

    def _class_names(self) -> list[str]:
        """Files that name the classes by number."""
        found = [p for p in self._rest() if is_of_class_names(p) and class_names_in(self.found.root / p)]
        self._take(found)
        for path in [path for path in self._rest() if path.endswith(".txt") and is_of_class_names(path)]:
            if parts_of(PurePosixPath(path).stem).role == "truth":
                continue
            self.left[path] = "a text, and not one of names (train_ids.txt, classes.txt)"
        return found

    def _results(self) -> None:
        """Tables that show what was predicted."""
        for path in list(self._rest()):
            columns = self._glance(path).columns
            lone = lone_prediction(path, columns)
            if is_example(path):
                self.left[path] = "an example of a submission, and no predictions"
                self.targets += unnamed_columns(columns)
            elif path.endswith(".txt") and len(columns) < 2:
                self._answers(path)
            elif looks_single(path, self._glance(path)) and not lone:
                continue
            elif self._glance(path).damaged:
                if not is_log_name(path) and is_result_path(path, self._run_of(path) != ""):
                    self.predictions.append(self._of_name(path))
                    self._take([path])
            elif models := self._written_by(path, columns):
                self.predictions += models
                self._take([path])
            elif self._shows_results(path, columns):
                self.predictions += self._by_model(path, columns)
                self._take([path])
            elif of_classes(path, columns):
                self.predictions.append(replace(self._of_name(path), files=((path, CLASS_COLUMNS),)))
                self._take([path])
            elif lone and not self._lies_in_data(path):
                entry = ResultEntry(path=path, prediction=lone)
                self.predictions.append(replace(self._of_name(path), result=entry))
                self._take([path])
        together = by_split(side_by_side(self.predictions), lambda path: self._glance(path).columns)
        self.predictions = together

    def _answers(self, path: str) -> None:
        """A text of one answer a line, with what was wanted if that lies beside it."""
        if path in self.taken or parts_of(PurePosixPath(path).stem).role != "predicted":
            return
        folder = posixpath.dirname(path)
        beside = [p for p in self._rest() if p != path and p.endswith(".txt") and posixpath.dirname(p) == folder]
        truth = [(p, "truth") for p in beside if parts_of(PurePosixPath(p).stem).role == "truth"][:1]
        if not holds_answers(self.found.root / path, alone=not truth):
            return
        files = (*truth, (path, "predicted"))
        splits = tuple(split_of_path(one) for one, _ in files)
        self.predictions.append(replace(self._of_name(path), files=files, splits=splits))
        self._take(one for one, _ in files)

    def _shows_results(self, path: str, columns: Sequence[str]) -> bool:
        roles = roles_of(columns)
        said = bool(roles.predicted or roles.probabilities or (roles.prompt and roles.generated))
        if self._lies_in_data(path):
            named = {name.lower() for name in roles.predicted} & {"y_pred", "prediction", "predicted", "pred", "preds"}
            return bool(roles.truth and (named or len(roles.probabilities) > 1))
        if roles.shows_results:
            return True
        if is_log_name(path):
            return False
        holds = parts_of(PurePosixPath(path).stem).role in ("predicted", "probabilities")
        if holds or is_result_path(path, self._run_of(path) != ""):
            # The beginning of a long column in JSON hides those behind it.
            return said or (path.endswith(".json") and bool(roles.truth))
        asked = bool(roles.prompt and roles.generated) and not split_of_path(path)
        return asked and not (is_named_data(path) or is_of_instructions(columns))

    def _of_name(self, path: str) -> Planned:
        return Planned(title(path), ((path, "table"),), (split_of_path(path),), self._run_of(path))

    def _by_model(self, path: str, columns: Sequence[str]) -> list[Planned]:
        roles = roles_of(columns)
        planned = self._of_name(path)
        if len(roles.predicted) < 2:
            return [planned]
        truths = roles.truths or ("",) * len(roles.predicted)
        return [
            replace(planned, name=variant, result=ResultEntry(path=path, name=variant, prediction=column, truth=truth))
            for variant, column, truth in zip(roles.variants, roles.predicted, truths, strict=True)
        ]

    def _written_by(self, path: str, columns: Sequence[str]) -> list[Planned]:
        """Texts of several models in columns of their own beside one of prompts: "results_finetuned"."""
        prompt, by_model = generations(columns)
        if not prompt or roles_of(columns).shows_results or self._lies_in_data(path) or split_of_path(path):
            return []
        if not (len(by_model) > 1 or (by_model and is_result_path(path, in_run=True))):
            return []
        planned = Planned(title(path), ((path, "table"),), ("",), self._run_of(path))
        return [
            replace(planned, name=model, result=ResultEntry(path=path, name=model, prediction=column))
            for model, column in by_model.items()
        ]

    def _arrays(self) -> None:
        """Single arrays whose names say what they are to one another."""
        loose = [Loose.of(path, self._glance(path)) for path in self._rest() if looks_single(path, self._glance(path))]
        for result in results_of(loose):
            paths = [path for path, _ in result.files]
            self.predictions.append(replace(result, run=self._run_of(paths[-1])))
            self._take(paths)
        shared = [one for one in loose if one.path not in self.taken or one.role in ("truth", "ids")]
        for data in data_of(shared, self.found.root.name):
            self.datasets.append(data)
            self._take(path for path, _ in data.files)

    def _tables(self) -> None:
        """Tables named for a split or lying in a folder of data, those of one data set together."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for path in list(self._rest()):
            if self._is_data(path):
                groups.setdefault(whole_of(path), []).append(path)
        for key, paths in groups.items():
            for same in self._of_equal_columns(paths):
                name = " ".join(key[1:]) or PurePosixPath(key[0]).name or self.found.root.name
                self.datasets.append(dataset(name if len(same) > 1 else title(same[0]), same, None))
                self._take(same)

    def _lone_table(self) -> None:
        """The only table of a folder that holds nothing else, whatever it is called."""
        if self.found.runs or self.datasets or self.predictions or self.found.pictures:
            return
        rest = [path for path in self._rest() if PurePosixPath(path).suffix in (".csv", ".tsv", ".parquet", ".jsonl")]
        for path in rest if len(rest) == 1 else ():
            words = set(words_of(PurePosixPath(path).stem))
            seen = self._glance(path)
            said = is_log_name(path) or is_result_name(PurePosixPath(path).stem) or bool(words & OF_MODELS)
            said = said or bool(step_column(seen.columns)) or bool(HARNESS & set(seen.columns))
            if len(seen.columns) > 2 and not seen.damaged and not said:
                self.datasets.append(dataset(title(path), [path], None))
                self._take([path])

    def _is_data(self, path: str) -> bool:
        columns = self._glance(path).columns
        pure = PurePosixPath(path)
        if is_log_name(path):
            return False
        if "submission" in words_of(pure.stem):
            self.left[path] = "a form for predictions, without truth"
            return False
        if self._glance(path).damaged:  # reading it says what is wrong with it
            return bool(parts_of(pure.stem).split) or self._lies_in_data(path)
        if not columns or HARNESS & set(columns):
            return False
        if len(columns) < 2 and not self._glance(path).arrays and pure.suffix not in _OF_TEXTS:
            return False
        if step_column(columns) and not target_of(columns):
            return False  # a curve: what lies in test_reward.csv is no test set
        if parts_of(pure.stem).split or is_named_data(path) or self._lies_in_data(path):
            return True
        if is_of_instructions(columns) or (target_of(columns) and len(columns) > 2 and not self._run_of(path)):
            return not self._glance(path).arrays
        if pure.suffix == ".npz":
            held = {parts_of(name).role for name in columns}
            return {"features", "truth"} <= held and held.isdisjoint(("predicted", "probabilities"))
        return self._is_of_pictures(path, columns)

    def _lies_in_data(self, path: str) -> bool:
        """Whether a folder says so: the experiment's own where it is one of data alone, but none that holds a run."""
        if not self.found.runs:
            return is_data_path(f"{self.found.root.name}/{path}")
        parts = path.split("/")
        runs = [run.split("/") for run in self.found.runs]
        above = [i for i in range(1, len(parts)) if any(run[:i] == parts[:i] for run in runs)]
        return is_data_path("/".join(parts[max(above, default=0) :]))

    def _is_of_pictures(self, path: str, columns: Sequence[str]) -> bool:
        """Whether a table tells of pictures that lie in the folder, whatever it is called."""
        suffix = PurePosixPath(path).suffix
        if not self.found.pictures or suffix not in (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"):
            return False
        if suffix in (".csv", ".tsv") and roles_of(columns).id and target_of(columns):
            return True
        if self.names is None:
            self.names = PictureNames(self.found.pictures)
        return self.names.are_in(self.found.root, path)

    def _of_equal_columns(self, paths: Sequence[str]) -> Iterator[list[str]]:
        """Files whose columns are the same, but for a few such as the labels that a test set keeps to itself."""
        groups: list[list[str]] = []
        for path in sorted(paths, key=lambda one: (split_order(split_of_path(one)), natural(one))):
            columns = set(self._glance(path).columns)
            for group in groups:
                first = set(self._glance(group[0]).columns)
                if much_alike(first, columns):
                    group.append(path)
                    break
            else:
                groups.append([path])
        yield from groups

    def _without_wholes(self) -> None:
        """A table beside its own splits is not told twice."""
        split = [one for one in self.datasets if any(one.splits) and one.data is None]
        for one in list(self.datasets):
            path = one.files[0][0]
            if len(one.files) > 1 or one.data is not None or any(one.splits):
                continue
            for other in split:
                beside = posixpath.dirname(other.files[0][0]) == posixpath.dirname(path)
                if beside and len(other.files) > 1 and self._same(path, other.files[0][0]):
                    self.datasets.remove(one)
                    self.left[path] = "its splits lie beside it"
                    break

    def _same(self, one: str, other: str) -> bool:
        columns = set(self._glance(one).columns)
        return bool(columns) and much_alike(columns, set(self._glance(other).columns))
