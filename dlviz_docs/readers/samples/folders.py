"""Data sets and predictions made of pictures: which there are, and what is in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Problem
from dlviz_docs.model.samples import Boxes, Dataset, Feature, Masks, Pictures, Predictions
from dlviz_docs.names import natural, spelled
from dlviz_docs.readers._text import counted
from dlviz_docs.readers.samples import coco, masks, yolo
from dlviz_docs.readers.samples._annotated import Annotated, check, distinct, empty_boxes, lookup, united
from dlviz_docs.readers.samples._folder_names import domain_of, is_plot, joined, mask_stem, pieces, split_of
from dlviz_docs.readers.samples._layout import PARTS, Layout
from dlviz_docs.readers.samples._picture_file import named
from dlviz_docs.readers.samples._pixels import Headers, headers, merge_headers
from dlviz_docs.readers.samples._split_lists import splits_by_list
from dlviz_docs.readers.samples._truth import choose
from dlviz_docs.readers.samples._types import Found, PictureFolder, Planned
from dlviz_docs.readers.samples._unread import unread
from dlviz_docs.readers.samples.pictures import MOST_MEASURED, look

__all__ = ["is_of_pictures", "plan_pictures", "read_pictures"]

SPLITS = ("train", "val", "test")


def plan_pictures(found: Found) -> tuple[tuple[Planned, ...], tuple[Planned, ...], frozenset[str], dict[str, str]]:
    """Data sets, predictions, the paths of the files and folders of pictures they take, and what is left, and why."""
    layout = Layout(found)
    layout.divide()
    return tuple(layout.datasets), tuple(layout.predictions), frozenset(layout.taken), layout.aside


def is_of_pictures(planned: Planned) -> bool:
    """Whether `read_pictures` is who reads it."""
    return bool(planned.files) and planned.files[0][1] in PARTS


def read_pictures(found: Found, planned: Planned) -> Dataset | Predictions:
    """What `plan_pictures` planned. Whatever is wrong with files is told in its problems."""
    part = planned.files[0][1]
    if part == "masks":
        return _segmentation(found, planned)
    if part in ("coco results", "yolo results"):
        return _detection(found, planned)
    truths = _annotated(found, planned)
    return _boxed(found, planned, *distinct(truths)) if truths else _plain(found, planned)


# Pictures without boxes


def _plain(found: Found, planned: Planned) -> Dataset:
    """Of each picture its split, and the name of its class where folders are classes."""
    paths: list[str] = []
    labels: list[str] = []
    splits: list[str] = []
    lists: dict[str, str] = {}
    folders = planned.splits or ("",) * len(planned.files)
    inside = _by_folder(found, planned)
    for (folder, part), split in zip(planned.files, folders, strict=True):
        if part == "split list":
            lists[folder] = split
            continue
        own = inside.get(folder, [])
        paths += own
        name = folder.rpartition("/")[2]
        labels += [spelled(domain_of(name) or name) if part == "class folder" else ""] * len(own)
        splits += [split] * len(own)
    if lists:
        splits = splits_by_list(found.root, lists, paths)
    pictures, problems = look(found.root, paths)
    feature = _category("class", labels)
    codes, names = _splits(splits)
    return Dataset(
        name=planned.name,
        sources=(_around([folder for folder, part in planned.files if part != "split list"]), *lists),
        format="image folder",
        length=len(paths),
        features=(feature,) if feature else (),
        target="class" if feature else "",
        split=codes,
        splits=names,
        ids=pictures.keys,
        pictures=pictures,
        classes=feature.levels if feature else (),
        octets=int(pictures.octets.sum()),
        problems=(*problems, *unread(found, paths)),
    )


def _around(folders: Sequence[str]) -> str:
    """The folder that all of these lie in, or the only one."""
    parts = [pieces(folder) for folder in folders]
    shared = min(map(len, parts))
    while len({part[:shared] for part in parts}) > 1:
        shared -= 1
    return joined(parts[0][:shared])


def _by_folder(found: Found, planned: Planned) -> dict[str, list[str]]:
    """The pictures of each folder of a plan, those of a class with all that lie below it."""
    whole = {folder for folder, part in planned.files if part == "class folder"}
    inside: dict[str, list[PictureFolder]] = defaultdict(list)
    for each in sorted(found.pictures, key=lambda each: natural(each.path)):
        above = pieces(each.path)
        home = next((path for at in range(len(above), 0, -1) if (path := joined(above[:at])) in whole), each.path)
        inside[home].append(each)
    return {
        folder: [path for each in inside[folder] if each.path == folder or folder in whole for path in _paths(each)]
        for folder, _ in planned.files
    }


def _paths_in(found: Found, folder: str) -> list[str]:
    """The pictures right in a folder."""
    return [path for each in found.pictures if each.path == folder for path in _paths(each)]


def _paths(folder: PictureFolder) -> list[str]:
    """Its pictures in natural order; without plots, as long as most are none."""
    names = [name for name in folder.names if not is_plot(name)]
    if 2 * len(names) < len(folder.names):
        names = list(folder.names)
    return [name if folder.path == "." else f"{folder.path}/{name}" for name in sorted(names, key=natural)]


def _category(name: str, labels: Sequence[str]) -> Feature | None:
    levels = tuple(sorted(set(labels) - {""}, key=natural))
    if not levels:
        return None
    place = {level: code for code, level in enumerate(levels)}
    codes = np.array([place.get(label, -1) for label in labels], np.int32)
    return Feature(name, "category", codes, levels=levels, missing=int((codes < 0).sum()))


def _splits(splits: Sequence[str]) -> tuple[NDArray[np.int32] | None, tuple[str, ...]]:
    """Codes and names of splits; no codes where all rows are of one."""
    distinct = set(splits)
    names = [split for split in SPLITS if split in distinct] + sorted(distinct - {*SPLITS, ""})
    if distinct <= {""} or len(distinct) == 1:
        return None, tuple(names)
    place = {split: code for code, split in enumerate(names)}
    return np.array([place.get(split, -1) for split in splits], np.int32), tuple(names)


# Pictures with boxes


def _annotated(found: Found, planned: Planned) -> list[Annotated]:
    """One for each annotation file, and one for each folder of pictures that has labels."""
    splits = dict(zip((path for path, _ in planned.files), planned.splits or ("",) * len(planned.files), strict=True))
    locate = _locate(found, [path for path, part in planned.files if part == "pictures"])
    parts = [
        coco.read_annotations(found.root, path, locate, splits[path]) for path, part in planned.files if part == "coco"
    ]
    names = next((path for path, part in planned.files if part == "names"), "")
    folders = [path for path, part in planned.files if part == "pictures"]
    labels = [path for path, part in planned.files if part == "labels"]
    if labels:
        parts += _labelled(found, list(zip(folders, labels, strict=False)), splits, names)
    return parts


def _locate(found: Found, folders: Sequence[str]) -> coco.Locate:
    """Finds pictures by the names in annotations: the same folder first, then the same split, then the nearest."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for each in found.pictures:
        if each.path in folders:
            for name in each.names:
                by_name[name].append(name if each.path == "." else f"{each.path}/{name}")

    def locate(source: str, names: Sequence[str]) -> list[str]:
        home, split = source.rpartition("/")[0], split_of(source)
        stem = source.rpartition("/")[2].rpartition(".")[0]

        def rank(path: str, name: str) -> tuple[bool, bool, bool, bool]:
            folder = path.rpartition("/")[0]
            whole = path == name or path.endswith(f"/{name}")
            return whole, folder == home, folder.rpartition("/")[2] in stem, split_of(path) == split

        paths = []
        for name in names:
            candidates = by_name.get(name.rpartition("/")[2], [])
            paths.append(max(candidates, key=lambda path: rank(path, name)) if candidates else "")
        return paths

    return locate


def _labelled(
    found: Found, pairs: Sequence[tuple[str, str]], splits: dict[str, str], names_path: str
) -> list[Annotated]:
    names = yolo.class_names(found.root, names_path) if names_path else ()
    texts = yolo.label_files(found.files)
    told: list[tuple[str, list[str], Headers, yolo.Labels]] = []
    for folder, labels in pairs:
        paths = _paths_in(found, folder)
        heads = headers(found.root, paths)
        read = yolo.read_labels(
            found.root, paths, texts.get(labels, {}), heads.sizes, classes=len(names), source=labels
        )
        told.append((folder, paths, heads, read))
    most = max((read.most for *_, read in told), default=-1)
    classes = names or tuple(str(number) for number in range(most + 1))
    return [
        Annotated(
            source=labels,
            ids=tuple(path.rpartition("/")[2].rpartition(".")[0] for path in paths),
            paths=tuple(paths),
            keys=tuple(paths),
            sizes=heads.sizes,
            categories=tuple(range(len(classes))),
            classes=classes,
            boxes=read.boxes,
            split=splits.get(folder, ""),
            octets=read.octets,
            problems=read.problems,
            headers=heads,
        )
        for (folder, paths, heads, read), (_, labels) in zip(told, pairs, strict=True)
    ]


def _pictures(found: Found, parts: Sequence[Annotated], most: int) -> tuple[Pictures, tuple[Problem, ...]]:
    """The pictures of all parts; of absent ones, the size that the annotations tell."""
    paths = [path for part in parts for path in part.paths]
    known = [part.headers for part in parts if part.headers is not None]
    if len(known) == len(parts):
        heads: Callable[..., Headers] = _Known(merge_headers(known))
    else:
        heads = headers
    pictures, problems = look(
        found.root, paths, keys=[key for part in parts for key in part.keys], headers=heads, most=most
    )
    annotated = np.concatenate([part.sizes for part in parts]) if parts else np.zeros((0, 2), np.int32)
    both = (pictures.sizes > 0).all(axis=1) & (annotated > 0).all(axis=1)
    different = both & (annotated != pictures.sizes).any(axis=1)
    told = list(problems)
    source = parts[0].source if parts else ""
    if absent := [key for key, path in zip(pictures.keys, paths, strict=True) if not path]:
        verb = "is" if len(absent) == 1 else "are"
        what = f"{named(absent, 'picture')} of {len(paths):,} annotated {verb} not there"
        if len(absent) == len(paths):
            what = f"none of the {counted(len(paths), 'annotated picture')} is there"
        told.append(
            Problem("pictures-absent", source, what, "Place the pictures beside their annotations to see them.")
        )
    if different.any():
        names = [paths[row] for row in np.flatnonzero(different).tolist()]
        what = f"{named(names, 'picture')} of another size than the annotations say: boxes may lie elsewhere"
        told.append(Problem("pictures-sizes", source, what, "Annotate the pictures that are there."))
    gone = np.array([not path for path in paths], np.bool_)
    sizes = np.where(gone[:, None], _filled(pictures.sizes, annotated), pictures.sizes)
    return replace(pictures, sizes=sizes.astype(np.int32)), tuple(told)


def _filled(sizes: NDArray[np.int32], others: NDArray[np.int32]) -> NDArray[np.int32]:
    """Sizes, and the others where there is none."""
    return np.where(sizes[:, :1] > 0, sizes, others).astype(np.int32)


@dataclass(frozen=True, slots=True)
class _Known:
    """Headers that were read before."""

    heads: Headers

    def __call__(self, *_: object) -> Headers:
        return self.heads


def _boxed(found: Found, planned: Planned, parts: Sequence[Annotated], overlaps: Sequence[Problem]) -> Dataset:
    pictures, problems = _pictures(found, parts, MOST_MEASURED)
    boxes, classes = united(parts)
    codes, names = _splits([part.split for part in parts for _ in part.ids])
    return Dataset(
        name=planned.name,
        sources=tuple(part.source for part in parts),
        format="COCO" if planned.files[0][1] == "coco" else "YOLO",
        length=len(pictures),
        split=codes,
        splits=names,
        ids=pictures.keys,
        pictures=pictures,
        boxes=boxes,
        classes=classes,
        octets=int(pictures.octets.sum()) + sum(part.octets for part in parts),
        problems=(*(problem for part in parts for problem in part.problems), *overlaps, *problems),
    )


# Predictions


def _detection(found: Found, planned: Planned) -> Predictions:
    path, kind = planned.files[0]
    truths = _annotated(found, replace(planned, files=planned.files[1:], splits=planned.splits[1:]))
    read = _coco_results if kind == "coco results" else _yolo_results
    told = read(found, path, truths)
    parts = [told.truth] if told.truth else []
    pictures, problems = _pictures(found, parts, 0)
    split = told.truth.split if told.truth else ""
    return Predictions(
        name=planned.name,
        run=planned.run,
        sources=(path, *(part.source for part in parts)),
        task="detection",
        length=len(pictures),
        classes=told.truth.classes if told.truth else (),
        ids=pictures.keys,
        splits=(split,) if split else (),
        pictures=pictures,
        true_boxes=told.truth.boxes if told.truth else None,
        boxes=told.boxes,
        octets=told.octets,
        problems=(*told.problems, *(problem for part in parts for problem in part.problems), *problems),
    )


@dataclass(frozen=True, slots=True)
class _Detected:
    """Predicted boxes, tied to the pictures and classes of one truth."""

    truth: Annotated | None
    boxes: Boxes | None
    octets: int = 0
    problems: tuple[Problem, ...] = field(default=())


def _coco_results(found: Found, path: str, truths: Sequence[Annotated]) -> _Detected:
    results = coco.read_results(found.root, path)
    if not results.images and not results.problems:
        what, remedy = "is an empty list: no box was predicted", "Ask for boxes of less confidence."
        problem = Problem("no-boxes", path, what, remedy)
        none = replace(empty_boxes(), scores=np.zeros(0))
        truth = truths[0] if len(truths) == 1 else None
        return _Detected(truth, none if truth else None, results.octets, (problem,))
    chosen = choose(results, truths)
    if chosen is None:
        what = f"the pictures of {counted(len(set(results.images)), 'number')} are in no annotations here"
        problem = Problem("truth-missing", path, what, "Place the annotations in the experiment, or name them.")
        return _Detected(None, None, results.octets, (*results.problems, problem))
    told = results.told
    told.picture = lookup(chosen.truth, results.images)
    told.category = chosen.categories
    boxes, faults = check(told, path)
    return _Detected(chosen.truth, boxes, results.octets, (*results.problems, *chosen.problems(path), *faults))


def _yolo_results(found: Found, path: str, truths: Sequence[Annotated]) -> _Detected:
    """Of the truth with most of the names."""
    files = yolo.label_files(found.files).get(path, {})
    shared = [len(files.keys() & {key.rpartition("/")[2].rpartition(".")[0] for key in truth.keys}) for truth in truths]
    if not shared or not max(shared):
        problem = Problem("truth-missing", path, "no picture here is called like these files", "Add the pictures.")
        return _Detected(None, None, 0, (problem,))
    truth = truths[shared.index(max(shared))]
    read = yolo.read_labels(
        found.root, truth.keys, files, truth.sizes, classes=len(truth.classes), scored=True, source=path
    )
    return _Detected(truth, read.boxes, read.octets, read.problems)


def _segmentation(found: Found, planned: Planned) -> Predictions:
    folders = {part: path for path, part in planned.files}
    predicted = _by_stem(found, folders["masks"])
    truth = _by_stem(found, folders["true masks"])
    images = _by_stem(found, folders["pictures"]) if "pictures" in folders else {}
    both = [stem for stem in truth if stem in predicted]
    told = masks.compare(found.root, [truth[stem] for stem in both], [predicted[stem] for stem in both])
    rows = [both[row] for row in told.rows.tolist()]
    paths = [images.get(stem, "") for stem in rows]
    pictures, problems = look(found.root, paths, keys=[images.get(s, predicted[s]) for s in rows], most=0)
    pictures = replace(pictures, sizes=_filled(pictures.sizes, told.sizes))
    split = planned.splits[1] if len(planned.splits) > 1 else ""
    return Predictions(
        name=planned.name,
        run=planned.run,
        sources=(folders["masks"], folders["true masks"]),
        task="segmentation",
        length=len(rows),
        classes=_classes(found, planned, told.values),
        ids=pictures.keys,
        splits=(split,) if split else (),
        pictures=pictures,
        true_masks=Masks(tuple(truth[stem] for stem in rows), told.values),
        masks=Masks(tuple(predicted[stem] for stem in rows), told.values),
        confusions=told.confusions,
        boundaries=told.boundaries,
        octets=_octets(found, folders["masks"]),
        problems=(*_alone(truth, predicted), *told.problems, *problems),
    )


def _by_stem(found: Found, folder: str) -> dict[str, str]:
    """Files by what they share with the picture they belong to; by their whole names where that meets."""
    paths = _paths_in(found, folder)
    names = {path: path.rpartition("/")[2] for path in paths}
    by_stem = {mask_stem(name): path for path, name in names.items()}
    if len(by_stem) == len(paths):
        return by_stem
    return {name.rpartition(".")[0]: path for path, name in names.items()}


def _octets(found: Found, folder: str) -> int:
    return sum(sum(each.octets) for each in found.pictures if each.path == folder)


def _alone(truth: dict[str, str], predicted: dict[str, str]) -> tuple[Problem, ...]:
    problems = []
    for code, one, other, what, remedy in (
        ("masks-unpredicted", truth, predicted, "without a predicted one", "Predict all, or say so."),
        ("masks-without-truth", predicted, truth, "without a true one", "Add the true masks, or delete these."),
    ):
        if lone := [path for stem, path in one.items() if stem not in other]:
            problems.append(Problem(code, lone[0], f"{named(lone, 'mask')} {what} left out", remedy))
    return tuple(problems)


def _classes(found: Found, planned: Planned, values: Sequence[int]) -> tuple[str, ...]:
    """As the user names them, or as the values do; a lone class stands out from a background."""
    told = planned.result.classes if planned.result else ()
    if told and max(values, default=0) < len(told):
        return tuple(told[value] for value in values)
    if tuple(values) in ((0, 1), (0, 255)):
        return told if len(told) == 2 else ("background", "foreground")
    return tuple(f"#{value:06x}" if value >= 1 << 16 else str(value) for value in values)
