"""Which pictures, annotations and masks belong together, by the names of folders; opens only what may be annotations.

A folder of pictures is a data set if its name or the names above it say so, or if an annotation file or experiment.yml
does. What training tools leave as pictures (curves, mosaics of batches) is none, and neither is what a run logged.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import islice
from posixpath import normpath

from dlviz_docs.names import natural
from dlviz_docs.readers.samples import coco, yolo
from dlviz_docs.readers.samples._folder_names import (
    ANNOTATIONS,
    IMAGES,
    PICTURES,
    PLOT_FOLDERS,
    PREDICTED,
    TRUE,
    below,
    common,
    has_role,
    is_data_in_run,
    is_plot,
    joined,
    mask_stem,
    pieces,
    split_of,
    split_word,
    stems_of,
    up,
)
from dlviz_docs.readers.samples._names import is_result_name
from dlviz_docs.readers.samples._plain_folders import PlainFolders
from dlviz_docs.readers.samples._types import DataEntry, Found, PictureFolder, Planned, ResultEntry

__all__ = ["PARTS", "Layout"]

PARTS = frozenset({"class folder", "pictures", "coco", "coco results", "yolo results", "masks"})
"""What the first file of a plan of pictures is."""

_LOOKED_AT = 50
"""Files of labels that are opened to see whether a folder holds boxes: of empty ones there may be many."""
_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
_LEAST_PLAIN = 5
"""Pictures without classes, splits or annotations that may be data beside runs: a project shows some of its own."""
_MANY_ALIKE = 10
"""Pictures called like plots whose names differ by a number alone: screenshots that are the data."""
_NUMBER = re.compile(r"\d+")


@dataclass(slots=True)
class Layout:
    """The folder of one experiment, as it is divided up."""

    found: Found
    folders: dict[str, PictureFolder] = field(default_factory=dict)
    """Folders of pictures that belong to nothing yet."""
    datasets: list[Planned] = field(default_factory=list)
    predictions: list[Planned] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    aside: dict[str, str] = field(default_factory=dict)
    """Files that are about pictures and are not shown, and why."""
    seen: set[str] = field(default_factory=set)
    """Annotation files that are planned."""
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    """Text files that may be labels, by folder."""
    boxed: dict[str, bool] = field(default_factory=dict)
    """Whether folders hold labels, as far as anybody asked."""

    def divide(self) -> None:
        """Fill `datasets`, `predictions` and `taken`: what the user named first, then from surest to least sure."""
        for folder in self.found.pictures:
            self.folders[folder.path] = folder
        self.texts = yolo.label_files(self.found.files)
        jsons = [path for path in self.found.files if path.endswith(".json")]
        kinds = {path: coco.kind_of(self.found.root, path) for path in jsons}
        annotations = self._about_boxes(kinds)
        results = [path for path, kind in kinds.items() if kind == "results"]
        if annotations or self.texts:
            results += [path for path, kind in kinds.items() if kind == "nothing" and is_result_name(_stem_of(path))]
        self._named(annotations, results)
        self.folders = {path: folder for path, folder in self.folders.items() if _may_be_data(folder)}
        self._coco(annotations)
        self._yolo()
        truths = [planned for planned in self.datasets if {"coco", "labels"} & {part for _, part in planned.files}]
        self._results(results, truths)
        self._yolo_results(truths)
        self._masks()
        self._folders()
        self.predictions = _told_apart(self.predictions)

    def _about_boxes(self, kinds: Mapping[str, str]) -> list[str]:
        """Annotation files whose boxes are shown; of the others, why not. Points of bodies come second to boxes."""
        boxed = [path for path, kind in kinds.items() if kind == "annotations"]
        places = {self._base_of(path) for path in boxed}
        for path, kind in kinds.items():
            if kind == "keypoint annotations" and self._base_of(path) not in places:
                boxed.append(path)
            elif kind in coco.ASIDE:
                self.aside[path] = coco.ASIDE[kind]
            elif kind == "nothing":
                self.aside[path] = "an empty list"
        return boxed

    # What experiment.yml names

    def _named(self, annotations: Sequence[str], results: Sequence[str]) -> None:
        for entry in self.found.data:
            place = normpath(entry.path)
            if place.endswith((".yaml", ".yml")):
                place = up(place)
            if inside := [path for path in annotations if below(path, place)]:
                self._add_coco(inside, entry)
            elif inside := [path for path in self.folders if below(path, place)]:
                self._picture_entry(place, inside, entry)
        for result in self.found.results:
            truth = normpath(result.truth) if result.truth else ""
            for path in [normpath(path) for path in (result.prediction, result.path) if path]:
                if path in results:
                    files = [(one, "coco") for one in annotations if one == truth or truth not in annotations]
                    self._add_results(path, files, [split_of(one) for one, _ in files], result)
                    break
                if path in self.folders and truth in self.folders:
                    self._add_masks(path, truth, result)
                    break

    def _picture_entry(self, place: str, inside: Sequence[str], entry: DataEntry) -> None:
        """A folder that is named as data; one whose pictures a table names is left to the table."""
        if labelled := [path for path in inside if self._labels_of(path)]:
            self._add_yolo(place, labelled, entry)
            return
        plain = PlainFolders(self.found, self.folders, self.taken | self.aside.keys())
        plan = plain.plan_under(len(pieces(place)), inside, entry.name or self._name_of(place), entry)
        if plan.files[0][1] == "class folder" or not any(plain.is_told_by_table(path) for path in inside):
            self._add_dataset(plan)

    # COCO

    def _coco(self, annotations: Sequence[str]) -> None:
        """One data set of the files that lie side by side, or in folders side by side, each a split."""
        groups: dict[str, list[str]] = defaultdict(list)
        for path in annotations:
            if path not in self.seen:
                groups[joined(self._base_of(path))].append(path)
        for paths in groups.values():
            self._add_coco(paths, None)

    def _base_of(self, path: str) -> tuple[str, ...]:
        folders = pieces(path)[:-1]
        while folders and (split_word(folders[-1]) or folders[-1].lower() in ANNOTATIONS):
            folders = folders[:-1]
        return folders

    def _add_coco(self, paths: Sequence[str], entry: DataEntry | None) -> None:
        paths = sorted(paths, key=natural)
        base = joined(self._base_of(paths[0]))
        pictures = [folder for folder in self.folders if self._beside(folder, base)]
        files = [(path, "coco") for path in paths] + [(folder, "pictures") for folder in pictures]
        splits = [split_of(path) for path, part in files if part == "coco"] + [split_of(f"{at}/") for at in pictures]
        name = (entry.name if entry else "") or self._name_of(base)
        self.seen.update(paths)
        self._add_dataset(Planned(name, tuple(files), tuple(splits), data=entry))

    def _beside(self, folder: str, base: str) -> bool:
        """Whether pictures lie where annotations of `base` look for them: not in a run below it."""
        run = self._run_folder(folder)
        return below(folder, base) and (run in ("", ".") or below(base, run))

    # YOLO

    def _labels_of(self, folder: str) -> str:
        """The folder of labels beside a folder of pictures, if there is one that holds boxes; else ""."""
        parts = list(pieces(folder))
        places = [at for at, part in enumerate(parts) if part.lower() in PICTURES]
        for at in reversed(places):
            labels = joined([*parts[:at], "labels", *parts[at + 1 :]])
            if self._holds_boxes(labels):
                return labels
        return folder if self._holds_boxes(folder) else ""

    def _holds_boxes(self, folder: str) -> bool:
        """Whether one of the first text files there begins with a box; an empty one is of a picture without any."""
        if folder not in self.boxed:
            some = islice(self.texts.get(folder, {}).values(), _LOOKED_AT)
            self.boxed[folder] = any(yolo.is_label_text(self.found.root, path) for path in some)
        return self.boxed[folder]

    def _yolo(self) -> None:
        groups: dict[str, list[str]] = defaultdict(list)
        for folder in self.folders:
            if not self._logged(folder) and self._labels_of(folder):
                parts = pieces(folder)
                while parts and (parts[-1].lower() in PICTURES or split_word(parts[-1])):
                    parts = parts[:-1]
                groups[joined(parts)].append(folder)
        for base, folders in groups.items():
            self._add_yolo(base, folders, None)

    def _add_yolo(self, base: str, folders: Sequence[str], entry: DataEntry | None) -> None:
        files: list[tuple[str, str]] = []
        for folder in folders:
            files += [(folder, "pictures"), (self._labels_of(folder), "labels")]
        splits = [split_of(f"{folder}/") for folder, _ in files]
        names = self._class_names(base, [folder for folder, part in files if part == "labels"])
        for folder, part in files:
            if part == "labels":
                self.taken.update(self.texts[folder].values())
        files += [(path, "names") for path in names]
        name = (entry.name if entry else "") or self._name_of(base)
        self._add_dataset(Planned(name, tuple(files), (*splits, *("" for _ in names)), data=entry))

    def _class_names(self, base: str, labels: Sequence[str]) -> list[str]:
        """The first file with names of classes: data.yaml, or what labelling tools put beside labels."""
        found = [path for path in self.found.files if path.endswith((".yaml", ".yml")) and up(path) == base]
        usual = [
            f"{folder}/{name}" for folder in (base, *labels) for name in ("data.yaml", "dataset.yaml", "classes.txt")
        ]
        everywhere = [path for path in self.found.files if path.endswith((".yaml", ".yml", ".names"))]
        for path in dict.fromkeys([*usual, *found, *everywhere]):
            if yolo.class_names(self.found.root, path.removeprefix("./")):
                return [path.removeprefix("./")]
        return []

    # Predictions of boxes

    def _results(self, results: Sequence[str], truths: Sequence[Planned]) -> None:
        for path in results:
            if path not in self.taken and truths:
                files = [file for planned in truths for file in planned.files]
                splits = [split for planned in truths for split in planned.splits]
                self._add_results(path, files, splits, None)

    def _add_results(
        self, path: str, truth: Sequence[tuple[str, str]], splits: Sequence[str], result: ResultEntry | None
    ) -> None:
        run = self._run_of(path)
        name = (result.name if result else "") or self._run_name(path)
        files = ((path, "coco results"), *truth)
        self.predictions.append(Planned(name, files, ("", *splits), run=run, result=result))
        self.taken.add(path)

    def _yolo_results(self, truths: Sequence[Planned]) -> None:
        """Folders of labels that belong to no pictures: what `save_txt` leaves in a run."""
        used = {path for planned in truths for path, part in planned.files if part in ("labels", "pictures")}
        for folder in sorted(self.texts.keys() - used, key=natural):
            if truths and folder.rpartition("/")[2].lower() == "labels" and self._holds_boxes(folder):
                files, splits = self._called_like(self.texts[folder].keys(), truths)
                logged = self._run_folder(folder) not in ("", ".")
                name = self._run_name(folder) if logged else up(folder).rpartition("/")[2]
                plan = Planned(name, ((folder, "yolo results"), *files), ("", *splits), run=self._run_of(folder))
                self.predictions.append(plan)
                self.taken.update(self.texts[folder].values())
                self.folders.pop(up(folder), None)  # the pictures with boxes drawn into them

    def _called_like(self, stems: Set[str], truths: Sequence[Planned]) -> tuple[list[tuple[str, str]], list[str]]:
        """The files of the truths and their splits; of folders of pictures, the one with most of these names alone."""
        names = {folder.path: stems_of(folder) for folder in self.found.pictures}
        parts = [
            (shared, planned, at)
            for planned in truths
            for at, (path, part) in enumerate(planned.files[:-1])
            if part == "pictures" and planned.files[at + 1][1] == "labels"
            if (shared := len(stems & names.get(path, set())))
        ]
        if not parts:
            files = [file for planned in truths for file in planned.files]
            return files, [split for planned in truths for split in planned.splits]
        _, planned, at = max(parts, key=lambda part: part[0])
        keep = [at, at + 1, *(place for place, (_, part) in enumerate(planned.files) if part == "names")]
        return [planned.files[place] for place in keep], [planned.splits[place] for place in keep]

    # Masks

    def _masks(self) -> None:
        """Folders of predicted masks, each with the folder of true ones that has most of its names."""
        true = {path: _mask_stems(folder) for path, folder in self.folders.items() if has_role(path, TRUE)}
        for path in [
            path for path in self.folders if has_role(path, PREDICTED) and path not in self.taken | true.keys()
        ]:
            stems = _mask_stems(self.folders[path])
            shared = {other: len(stems & names) for other, names in true.items()}
            best = max(shared, key=lambda other: (shared[other], common(path, other)), default="")
            if best and shared[best] * 2 >= min(len(stems), len(true[best])):
                self._add_masks(path, best, None)

    def _add_masks(self, predicted: str, truth: str, result: ResultEntry | None) -> None:
        stems = _mask_stems(self.folders[truth]) if truth in self.folders else set()
        images = [
            path for path in self.folders if has_role(path, IMAGES) and len(stems & _mask_stems(self.folders[path])) > 0
        ]
        files = [(predicted, "masks"), (truth, "true masks"), *((path, "pictures") for path in images[:1])]
        name = (result.name if result else "") or self._run_name(predicted)
        splits = ("", split_of(f"{truth}/"), *("" for _ in images[:1]))
        plan = Planned(name, tuple(files), splits, run=self._run_of(predicted), result=result)
        self.predictions.append(plan)
        self.taken.update((predicted, truth))

    # Folders of pictures

    def _folders(self) -> None:
        """What is left: classes as folders, then plain folders of pictures."""
        masks = {path for planned in self.predictions for path, part in planned.files if "masks" in part}
        left = [
            path for path in self.folders if path not in self.taken and path not in masks and not self._logged(path)
        ]
        for plan in PlainFolders(self.found, self.folders, self.taken | self.aside.keys()).plans(left):
            self._add_dataset(plan)

    # Helpers

    def _add_dataset(self, planned: Planned) -> None:
        self.datasets.append(planned)
        self.taken.update(path for path, _ in planned.files)
        whole = {path for path, part in planned.files if part == "class folder"}
        for other in list(self.folders):
            if other in self.taken or not whole.isdisjoint(_above(other)):
                self.taken.add(other)
                del self.folders[other]

    def _logged(self, path: str) -> bool:
        """Whether a run's folder, or one below it that is not called data, holds these pictures."""
        run = self._run_folder(path)
        return bool(run) and run != "." and not any(is_data_in_run(part) for part in pieces(path)[len(pieces(run)) :])

    def _run_folder(self, path: str) -> str:
        parts = pieces(path)
        return next(
            (joined(parts[:at]) for at in range(len(parts), -1, -1) if joined(parts[:at]) in self.found.runs), ""
        )

    def _run_of(self, path: str) -> str:
        folder = self._run_folder(path)
        return self.found.runs[folder] if folder else ""

    def _run_name(self, path: str) -> str:
        folder = self._run_folder(path)
        if folder and folder != ".":
            return folder.rpartition("/")[2]
        return _stem_of(path)

    def _name_of(self, base: str) -> str:
        return pieces(base)[-1] if pieces(base) else self.found.root.name


def _may_be_data(folder: PictureFolder) -> bool:
    """Whether a folder that nobody named holds more than what tools leave."""
    if PLOT_FOLDERS & {part.lower() for part in pieces(folder.path)}:
        return False
    if any(not is_plot(name) for name in folder.names):
        return True
    alike = Counter(_NUMBER.sub("", name) for name in folder.names)
    return max(alike.values(), default=0) >= _MANY_ALIKE


def _stem_of(path: str) -> str:
    """The file's name without its ending."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _mask_stems(folder: PictureFolder) -> set[str]:
    """Names of a folder without what tells masks from pictures."""
    return {mask_stem(name) for name in folder.names}


def _above(path: str) -> Iterator[str]:
    """The folder and those above it."""
    parts = pieces(path)
    return (joined(parts[:at]) for at in range(len(parts), 0, -1))


def _told_apart(planned: Sequence[Planned]) -> list[Planned]:
    """Several of one name, such as of one run, get the name of their file behind it."""
    amounts = Counter(one.name for one in planned)
    told = []
    for one in planned:
        name = one.files[0][0].rpartition("/")[2]
        more = f" ({name.rpartition('.')[0] or name})" if amounts[one.name] > 1 else ""
        told.append(replace(one, name=one.name + more))
    return told
