"""Which pictures, annotations and masks belong together, by the names of folders; opens only what may be annotations.

A folder of pictures is a data set if its name or the names above it say so, or if an annotation file or experiment.yml
does. What training tools leave as pictures (curves, mosaics of batches) is none, and neither is what a run logged.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from dlviz_docs.names import natural, split_of_folder
from dlviz_docs.readers.samples import coco, yolo
from dlviz_docs.readers.samples._types import DataEntry, Found, PictureFolder, Planned, ResultEntry

__all__ = ["PARTS", "Layout", "is_plot", "split_of"]

PARTS = frozenset({"class folder", "pictures", "coco", "coco results", "yolo results", "masks"})
"""What the first file of a plan of pictures is."""

_DATA = re.compile(
    r"^(raw_?|my_?|the_?)?(data|datas|dataset|datasets|data_?set|images?|imgs?|pictures?|pics|photos?|jpegimages|samples)"
    r"([-_ ]?\w{0,12})?$",
    re.IGNORECASE,
)
_PICTURES = frozenset({"image", "images", "img", "imgs", "pictures", "photos", "jpegimages", "frames"})
_ANNOTATIONS = frozenset({"annotations", "annotation", "labels", "anns"})
_PREDICTED = re.compile(
    r"^(pred|preds|prediction|predictions|predicted|output|outputs|results?|infer(ence)?)(_?masks?)?$", re.I
)
_TRUE = re.compile(
    r"^(gt|masks?|labels?|labelids|ground[-_ ]?truths?|true|truth|targets?|annotations?|segmentationclass)(_?masks?)?$",
    re.I,
)
_PLOT = re.compile(
    r"^(results?|confusion_matrix\w*|labels(_correlogram)?|(train|val|test)_batch\d+\w*|(\w+_)?(pr|p|r|f1|roc|precision|"
    r"recall|learning)_curves?|(\w+_)?(loss|acc|accuracy|lr|curves?|plots?|histogram|training|metrics?|history|"
    r"tsne|t-sne|umap|pca)(_?(plot|curves?|graph|history|fig(ure)?))?|roc|events?\b.*|figure_?\d*|plot_?\d*|shap\w*|"
    r"feature_importances?|reliability\w*|calibration\w*|architecture|model(_plot|_graph)?|screenshot\w*|logo)$",
    re.IGNORECASE,
)
_LOOKED_AT = 50
"""Files of labels that are opened to see whether a folder holds boxes: of empty ones there may be many."""
_PLOT_FOLDERS = frozenset(
    {"plots", "plot", "figures", "figs", "fig", "media", "charts", "curves", "docs", "assets", "wandb", "mlruns", "tb"}
)


def is_plot(name: str) -> bool:
    """Whether a picture is called as tools call their curves and mosaics."""
    return _PLOT.match(name.rpartition(".")[0] or name) is not None


def split_of(path: str) -> str:
    """The split a path names: a folder, or a word of the file's name such as "val" in instances_val2017.json."""
    folders = path.split("/")
    for folder in reversed(folders[:-1]):
        if split := split_of_folder(folder):
            return split
    words = re.split(r"[^A-Za-z]+", folders[-1])
    return next((split for word in words if (split := split_of_folder(word))), "")


def _parts(path: str) -> tuple[str, ...]:
    return () if path in ("", ".") else tuple(path.split("/"))


def _path(parts: Sequence[str]) -> str:
    return "/".join(parts) or "."


def below(path: str, folder: str) -> bool:
    """Whether a path is that folder or lies in it."""
    return folder == "." or path == folder or path.startswith(f"{folder}/")


@dataclass(slots=True)
class Layout:
    """The folder of one experiment, as it is divided up."""

    found: Found
    folders: dict[str, PictureFolder] = field(default_factory=dict)
    """Folders of pictures that belong to nothing yet."""
    datasets: list[Planned] = field(default_factory=list)
    predictions: list[Planned] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    """Annotation files that are planned."""
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    """Text files that may be labels, by folder."""
    boxed: dict[str, bool] = field(default_factory=dict)
    """Whether folders hold labels, as far as anybody asked."""

    def divide(self) -> None:
        """Fill `datasets`, `predictions` and `taken`: what the user named first, then from surest to least sure."""
        for folder in self.found.pictures:
            names = [name for name in folder.names if not is_plot(name)]
            if names and not _PLOT_FOLDERS & {part.lower() for part in _parts(folder.path)}:
                self.folders[folder.path] = folder
        self.texts = yolo.label_files(self.found.files)
        jsons = [path for path in self.found.files if path.endswith(".json")]
        annotations = [path for path in jsons if coco.is_annotations(self.found.root, path)]
        results = [path for path in jsons if coco.is_results(self.found.root, path)]
        self._named(annotations, results)
        truths = self._coco(annotations)
        truths += self._yolo()
        self._results(results, truths)
        self._yolo_results(truths)
        self._masks()
        self._folders()

    # What experiment.yml names

    def _named(self, annotations: Sequence[str], results: Sequence[str]) -> None:
        for entry in self.found.data:
            inside = [path for path in annotations if below(path, entry.path)]
            if inside:
                self._add_coco(inside, entry)
            elif any(below(path, entry.path) for path in self.folders):
                self._picture_entry(entry)
        for result in self.found.results:
            wanted = result.prediction or result.path
            if wanted in results or result.path in results:
                path = wanted if wanted in results else result.path
                truth = [(result.truth, "coco")] if result.truth in annotations else [(p, "coco") for p in annotations]
                self._add_results(path, truth, [split_of(p) for p, _ in truth], result)
            elif wanted in self.folders and result.truth in self.folders:
                self._add_masks(wanted, result.truth, result)

    def _picture_entry(self, entry: DataEntry) -> None:
        inside = [path for path in self.folders if below(path, entry.path)]
        labelled = [path for path in inside if self._labels_of(path)]
        if labelled:
            self._add_yolo(entry.path, labelled, entry)
            return
        self._add_dataset(
            self._plan_under(len(_parts(entry.path)), inside, entry.name or self._name_of(entry.path), entry)
        )

    # COCO

    def _coco(self, annotations: Sequence[str]) -> list[Planned]:
        """One data set of the files that lie side by side, or in folders side by side, each a split."""
        groups: dict[str, list[str]] = defaultdict(list)
        for path in annotations:
            if path not in self.seen:
                groups[_path(self._base_of(path))].append(path)
        for paths in groups.values():
            self._add_coco(paths, None)
        return [planned for planned in self.datasets if planned.files[0][1] == "coco"]

    def _base_of(self, path: str) -> tuple[str, ...]:
        folders = _parts(path)[:-1]
        while folders and (split_of_folder(folders[-1]) or folders[-1].lower() in _ANNOTATIONS):
            folders = folders[:-1]
        return folders

    def _add_coco(self, paths: Sequence[str], entry: DataEntry | None) -> None:
        paths = sorted(paths, key=natural)
        base = _path(self._base_of(paths[0]))
        pictures = [folder for folder in self.folders if self._beside(folder, base)]
        files = [(path, "coco") for path in paths] + [(folder, "pictures") for folder in pictures]
        splits = [split_of(path) for path, part in files if part == "coco"] + [split_of(f"{at}/") for at in pictures]
        name = (entry.name if entry else "") or self._name_of(base)
        self.seen.update(paths)
        self._add_dataset(Planned(name, tuple(files), tuple(splits), data=entry))

    def _beside(self, folder: str, base: str) -> bool:
        """Whether pictures lie where annotations of `base` look for them: not in a run below it."""
        return below(folder, base) and not (self._run_of(folder) and not below(base, self._run_folder(folder)))

    # YOLO

    def _labels_of(self, folder: str) -> str:
        """The folder of labels beside a folder of pictures, if there is one that holds boxes; else ""."""
        parts = list(_parts(folder))
        places = [at for at, part in enumerate(parts) if part.lower() in _PICTURES]
        for at in reversed(places):
            labels = _path([*parts[:at], "labels", *parts[at + 1 :]])
            if self._holds_boxes(labels):
                return labels
        return folder if self._holds_boxes(folder) else ""

    def _holds_boxes(self, folder: str) -> bool:
        """Whether one of the first text files there begins with a box; an empty one is of a picture without any."""
        if folder not in self.boxed:
            some = islice(self.texts.get(folder, {}).values(), _LOOKED_AT)
            self.boxed[folder] = any(yolo.is_label_text(self.found.root, path) for path in some)
        return self.boxed[folder]

    def _yolo(self) -> list[Planned]:
        groups: dict[str, list[str]] = defaultdict(list)
        for folder in self.folders:
            if not self._run_of(folder) and self._labels_of(folder):
                parts = _parts(folder)
                while parts and (parts[-1].lower() in _PICTURES or split_of_folder(parts[-1])):
                    parts = parts[:-1]
                groups[_path(parts)].append(folder)
        before = len(self.datasets)
        for base, folders in groups.items():
            self._add_yolo(base, folders, None)
        return self.datasets[before:]

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
        found = [path for path in self.found.files if path.endswith((".yaml", ".yml")) and _up(path) == base]
        usual = [
            f"{folder}/{name}" for folder in (base, *labels) for name in ("data.yaml", "dataset.yaml", "classes.txt")
        ]
        everywhere = [path for path in self.found.files if path.endswith((".yaml", ".yml"))]
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
                files = [file for planned in truths for file in planned.files]
                splits = [split for planned in truths for split in planned.splits]
                name = self._run_name(folder) if self._run_of(folder) else folder.rpartition("/")[0].rpartition("/")[2]
                plan = Planned(name, ((folder, "yolo results"), *files), ("", *splits), run=self._run_of(folder))
                self.predictions.append(plan)
                self.taken.update(self.texts[folder].values())
                self.folders.pop(_up(folder), None)  # the pictures with boxes drawn into them

    # Masks

    def _masks(self) -> None:
        """Folders of predicted masks, each with the folder of true ones that has most of its names."""
        true = {path: _stems(folder) for path, folder in self.folders.items() if _role(path, _TRUE)}
        for path in [path for path in self.folders if _role(path, _PREDICTED) and path not in self.taken | true.keys()]:
            stems = _stems(self.folders[path])
            shared = {other: len(stems & names) for other, names in true.items()}
            best = max(shared, key=lambda other: (shared[other], _common(path, other)), default="")
            if best and shared[best] * 2 >= min(len(stems), len(true[best])):
                self._add_masks(path, best, None)

    def _add_masks(self, predicted: str, truth: str, result: ResultEntry | None) -> None:
        stems = _stems(self.folders[truth]) if truth in self.folders else set()
        images = [path for path in self.folders if _role(path, _IMAGES) and len(stems & _stems(self.folders[path])) > 0]
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
        beside = {_path(_parts(path)[:-1]) for path in left if _role(path, _IMAGES)}
        left = [path for path in left if not (_role(path, _TRUE) and _path(_parts(path)[:-1]) in beside)]
        groups: dict[int, list[str]] = defaultdict(list)
        for path in left:
            if (depth := self._depth(path, left)) is not None:
                groups[depth].append(path)
        for depth, paths in sorted(groups.items()):
            bases: dict[str, list[str]] = defaultdict(list)
            for path in paths:
                bases[_path(_parts(path)[:depth])].append(path)
            for base, inside in bases.items():
                self._add_dataset(self._plan_under(depth, inside, self._name_of(base), None))

    def _depth(self, path: str, left: Sequence[str]) -> int | None:
        """How many folders lead to the data set a folder of pictures is of; None where it is of none."""
        parts = _parts(path)
        for at, part in enumerate(parts):
            if split_of_folder(part) and (self._is_data(parts[:at]) or self._has_splits(parts[:at], left) or at == 0):
                return at
        if not parts:
            return 0
        named = [at for at, part in enumerate(parts) if _DATA.match(part)]
        if named and named[-1] == len(parts) - 1:
            return len(parts)
        siblings = sum(_parts(other)[:-1] == parts[:-1] for other in left)
        if named and siblings >= 2:
            return len(parts) - 1
        alone = not self.found.files and not self.found.runs
        return 0 if len(parts) == 1 and siblings >= 2 and alone else None

    def _is_data(self, parts: Sequence[str]) -> bool:
        return any(_DATA.match(part) for part in parts)

    def _has_splits(self, base: Sequence[str], left: Sequence[str]) -> bool:
        at = len(base)
        inside = (_parts(path) for path in left)
        splits = {split_of_folder(parts[at]) for parts in inside if len(parts) > at and parts[:at] == tuple(base)}
        return len(splits - {""}) >= 2

    def _plan_under(self, depth: int, paths: Sequence[str], name: str, entry: DataEntry | None) -> Planned:
        """The folders by split and class; without classes where there is but one.

        A class is the first folder that is neither a split nor called "images".
        """
        classes: dict[str, tuple[str, str]] = {}
        for path in sorted(paths, key=natural):
            rest = list(enumerate(_parts(path)))[depth:]
            split = next((split for _, part in rest if (split := split_of_folder(part))), "")
            at = next((at for at, part in rest if not split_of_folder(part) and part.lower() not in _PICTURES), None)
            parts = _parts(path)
            classes[path if at is None else _path(parts[: at + 1])] = (split, "" if at is None else parts[at])
        labels = {label for _, label in classes.values()} - {""}
        part = "class folder" if len(labels) >= 2 else "pictures"
        files = [(path, part if label else "pictures") for path, (_, label) in classes.items()]
        splits = [split for split, _ in classes.values()]
        order = sorted(range(len(files)), key=lambda at: files[at][1] != "class folder")
        return Planned(name, tuple(files[at] for at in order), tuple(splits[at] for at in order), data=entry)

    # Helpers

    def _add_dataset(self, planned: Planned) -> None:
        self.datasets.append(planned)
        for path, part in planned.files:
            whole = part == "class folder"
            used = [other for other in self.folders if other == path or (whole and below(other, path))]
            self.taken.update((path, *used))
            for other in used:
                del self.folders[other]

    def _logged(self, path: str) -> bool:
        """Whether a run's folder, or one below it that is not called data, holds these pictures."""
        run = self._run_folder(path)
        return bool(run) and run != "." and not self._is_data(_parts(path)[len(_parts(run)) :])

    def _run_folder(self, path: str) -> str:
        parts = _parts(path)
        return next((_path(parts[:at]) for at in range(len(parts), -1, -1) if _path(parts[:at]) in self.found.runs), "")

    def _run_of(self, path: str) -> str:
        folder = self._run_folder(path)
        return self.found.runs[folder] if folder and folder != "." else ""

    def _run_name(self, path: str) -> str:
        folder = self._run_folder(path)
        if folder and folder != ".":
            return folder.rpartition("/")[2]
        name = path.rpartition("/")[2]
        return name.rpartition(".")[0] or name

    def _name_of(self, base: str) -> str:
        return _parts(base)[-1] if _parts(base) else self.found.root.name


_IMAGES = re.compile(r"^(images?|imgs?|inputs?|pictures|photos?|jpegimages|rgb)$", re.IGNORECASE)


def _role(path: str, words: re.Pattern[str]) -> bool:
    """Whether a folder, or the one around a split, is called so."""
    parts = [part for part in _parts(path) if not split_of_folder(part)]
    return bool(parts) and words.match(parts[-1]) is not None


def _stems(folder: PictureFolder) -> set[str]:
    return {name.rpartition(".")[0] for name in folder.names}


def _common(one: str, other: str) -> int:
    """How many folders two paths share from the top."""
    shared = 0
    for a, b in zip(_parts(one), _parts(other), strict=False):
        if a != b:
            break
        shared += 1
    return shared


def _up(path: str) -> str:
    return _path(_parts(path)[:-1])
