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
    "has_role",
    "is_plot",
    "joined",
    "pieces",
    "split_of",
    "stems_of",
    "up",
]

DATA = re.compile(
    r"^(raw_?|my_?|the_?)?(data|datas|dataset|datasets|data_?set|images?|imgs?|pictures?|pics|photos?|jpegimages|samples)"
    r"([-_ ]?\w{0,12})?$",
    re.IGNORECASE,
)
PICTURES = frozenset({"image", "images", "img", "imgs", "pictures", "photos", "jpegimages", "frames"})
ANNOTATIONS = frozenset({"annotations", "annotation", "labels", "anns"})
PREDICTED = re.compile(
    r"^(pred|preds|prediction|predictions|predicted|output|outputs|results?|infer(ence)?)(_?masks?)?$", re.I
)
TRUE = re.compile(
    r"^(gt|masks?|labels?|labelids|ground[-_ ]?truths?|true|truth|targets?|annotations?|segmentationclass)(_?masks?)?$",
    re.I,
)
IMAGES = re.compile(r"^(images?|imgs?|inputs?|pictures|photos?|jpegimages|rgb)$", re.IGNORECASE)
_PLOT = re.compile(
    r"^(results?|confusion_matrix\w*|labels(_correlogram)?|(train|val|test)_batch\d+\w*|(\w+_)?(pr|p|r|f1|roc|precision|"
    r"recall|learning)_curves?|(\w+_)?(loss|acc|accuracy|lr|curves?|plots?|histogram|training|metrics?|history|"
    r"tsne|t-sne|umap|pca)(_?(plot|curves?|graph|history|fig(ure)?))?|roc|events?\b.*|figure_?\d*|plot_?\d*|shap\w*|"
    r"feature_importances?|reliability\w*|calibration\w*|architecture|model(_plot|_graph)?|screenshot\w*|logo)$",
    re.IGNORECASE,
)
PLOT_FOLDERS = frozenset(
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


def pieces(path: str) -> tuple[str, ...]:
    return () if path in ("", ".") else tuple(path.split("/"))


def joined(parts: Sequence[str]) -> str:
    return "/".join(parts) or "."


def below(path: str, folder: str) -> bool:
    """Whether a path is that folder or lies in it."""
    return folder == "." or path == folder or path.startswith(f"{folder}/")


def has_role(path: str, words: re.Pattern[str]) -> bool:
    """Whether a folder, or the one around a split, is called so."""
    parts = [part for part in pieces(path) if not split_of_folder(part)]
    return bool(parts) and words.match(parts[-1]) is not None


def stems_of(folder: PictureFolder) -> set[str]:
    return {name.rpartition(".")[0] for name in folder.names}


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
