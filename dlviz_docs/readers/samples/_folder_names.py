"""What names of folders and files say of pictures: data, a split, masks, or a plot that a tool has left."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dlviz_docs.names import split_of_folder
from dlviz_docs.readers.samples._types import PictureFolder

__all__ = [
    "ANNOTATIONS",
    "DATA",
    "IMAGES",
    "PICTURES",
    "PLOT_FOLDERS",
    "PREDICTED",
    "TRUE",
    "below",
    "common",
    "domain_of",
    "has_role",
    "is_data_in_run",
    "is_generated",
    "is_plot",
    "joined",
    "mask_stem",
    "pieces",
    "split_of",
    "split_word",
    "stems_of",
    "up",
]

DATA = re.compile(
    r"^raw$|^(raw_?|my_?|the_?)?(data|datas|dataset|datasets|data_?set|images?|imgs?|pictures?|pics|photos?|jpegimages|samples)"
    r"([-_ ]?\w{0,12})?$",
    re.IGNORECASE,
)
PICTURES = frozenset({"image", "images", "img", "imgs", "pictures", "photos", "jpegimages", "frames"})
ANNOTATIONS = frozenset({"annotations", "annotation", "labels", "anns"})
PREDICTED = re.compile(
    r"^(pred|preds|prediction|predictions|predicted|output|outputs|results?|infer(ence)?)(_?masks?)?$", re.I
)
TRUE = re.compile(
    r"^(gt|masks?|labels?|labelids|ground[-_ ]?truths?|true|truth|targets?|annotations?|segmentationclass|"
    r"segmentationobject|gtfine|gtcoarse)(_?masks?)?$",
    re.I,
)
IMAGES = re.compile(r"^(images?|imgs?|inputs?|pictures|photos?|jpegimages|rgb|leftimg8bit)$", re.IGNORECASE)
_PLOT = re.compile(
    r"^(results?|confusion_matrix\w*|labels(_correlogram)?|(train|val|test)_batch\d+\w*|(\w+_)?(pr|p|r|f1|roc|precision|"
    r"recall|learning)_curves?|(\w+_)?(loss|acc|accuracy|lr|curves?|plots?|histogram|training|metrics?|history|"
    r"tsne|t-sne|umap|pca)(_?(plot|curves?|graph|history|fig(ure)?))?|roc|events?\b.*|figure_?\d*|plot_?\d*|shap\w*|"
    r"feature_importances?|reliability\w*|calibration\w*|architecture|model(_plot|_graph)?|screenshot\w*|logo|"
    r"banner|teaser|demo|overview|framework|pipeline|cover|favicon)$",
    re.IGNORECASE,
)
PLOT_FOLDERS = frozenset(
    {"plots", "plot", "figures", "figs", "fig", "media", "charts", "curves", "docs", "assets", "wandb", "mlruns", "tb"}
)


_IN_RUN = re.compile(r"^(raw_?|my_?|the_?)?(data|datas|datasets?|data_?set)([-_ ]?\w{0,12})?$", re.IGNORECASE)
_GENERATED = re.compile(r"^samples?([-_ ]?\w{0,12})?$", re.IGNORECASE)
_SPLIT_AFFIX = frozenset(
    {"set", "image", "images", "img", "imgs", "pictures", "photos", "data", "dataset", "split", "seg"}
)
"""Words beside a split in the name of a folder that say nothing else."""
_DOMAIN = re.compile(r"^(train|val|valid|test)[-_]?([AB])$", re.IGNORECASE)
_MASK_WORDS = re.compile(
    r"([-_. ](masks?|gt|labels?|seg|segmentation|annotation|truth|target|preds?|predicted|prediction|out|output|sat|"
    r"leftImg8bit|gt(Fine|Coarse)|labelIds|labelTrainIds|L))+$",
    re.IGNORECASE,
)


def is_plot(name: str) -> bool:
    """Whether a picture is called as tools call their curves and mosaics."""
    return _PLOT.match(name.rpartition(".")[0] or name) is not None


def is_data_in_run(name: str) -> bool:
    """Whether a folder is called data even inside a run's own, where "images" and "samples" are what the run made."""
    return _IN_RUN.match(name) is not None


def is_generated(path: str) -> bool:
    """Whether a folder, or one above it, is called as people call what a model drew."""
    return any(_GENERATED.match(part) for part in pieces(path))


def split_word(name: str) -> str:
    """The split a folder is for: "train", "val2017", "test_images" and "trainA" say one, "dogs_train" does not."""
    if split := split_of_folder(name):
        return split
    if match := _DOMAIN.match(name):
        return split_of_folder(match[1])
    words = [word for word in re.split(r"[^a-z]+", name.lower()) if word]
    splits = {split_of_folder(word) for word in words} - {""}
    others = [word for word in words if not split_of_folder(word)]
    return splits.pop() if len(splits) == 1 and _SPLIT_AFFIX.issuperset(others) else ""


def domain_of(name: str) -> str:
    """Of "trainA" and "trainB", as translation between two kinds of pictures has them, the letter; else ""."""
    match = _DOMAIN.match(name)
    return match[2].upper() if match else ""


def split_of(path: str) -> str:
    """The split a path names: a folder, or a word of the file's name such as "val" in instances_val2017.json."""
    folders = path.split("/")
    for folder in reversed(folders[:-1]):
        if split := split_word(folder):
            return split
    words = re.split(r"[^A-Za-z]+", folders[-1])
    return next((split for word in words if (split := split_of_folder(word))), "")


def pieces(path: str) -> tuple[str, ...]:
    return () if path in ("", ".") else tuple(path.split("/"))


def joined(parts: Sequence[str]) -> str:
    return "/".join(parts) or "."


def below(path: str, folder: str) -> bool:
    """Whether a path is that folder or lies in it."""
    return folder == "." or path == folder or path.startswith(f"{folder}/")


def has_role(path: str, words: re.Pattern[str]) -> bool:
    """Whether a folder, or the one around a split, is called so."""
    parts = [part for part in pieces(path) if not split_word(part)]
    return bool(parts) and words.match(parts[-1]) is not None


def stems_of(folder: PictureFolder) -> set[str]:
    return {name.rpartition(".")[0] for name in folder.names}


def mask_stem(name: str) -> str:
    """What a picture, its mask and its predicted mask have in common: "7" of "7.jpg", "7_mask.png" and "7_pred.png"."""
    stem = name.rpartition(".")[0] or name
    return _MASK_WORDS.sub("", stem) or stem


def common(one: str, other: str) -> int:
    """How many folders two paths share from the top."""
    shared = 0
    for a, b in zip(pieces(one), pieces(other), strict=False):
        if a != b:
            break
        shared += 1
    return shared


def up(path: str) -> str:
    return joined(pieces(path)[:-1])
