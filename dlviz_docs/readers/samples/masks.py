"""Masks of classes: pictures whose pixels name a class, compared pixel by pixel while they are open."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Problem
from dlviz_docs.readers._text import counted
from dlviz_docs.readers.samples._picture_file import Root, faults_told, guarded, named, open_picture, why
from dlviz_docs.readers.samples.pictures import sample

__all__ = ["MOST_CLASSES", "VOID", "Compared", "compare", "mask_picture", "open_mask", "overlaid"]

VOID = 255
"""Pixels that no annotator decided on, as in PASCAL VOC and Cityscapes."""
MOST_CLASSES = 256
MOST_COUNTED = 30_000_000
"""Numbers of all confusion matrices together."""
MOST_DECODED = 2_000_000_000
"""Pixels of all masks that are compared; of more, a sample of pictures."""
_LOOKED_AT = 16
"""Pairs that show how a set of masks writes void and foreground."""
_UNEQUAL = "unequal"
_NEAR = 0.02
"""Width of a boundary as a share of the picture's diagonal; Cheng et al.'s for pictures of ordinary size."""


def open_mask(root: Path, source: str) -> NDArray[np.int64]:
    """Numbers of classes, shape (height, width): places in the palette, greys, or 0xRRGGBB of a coloured mask.

    Raises what Pillow raises, and `Refused`, for a file that cannot be read.
    """
    with guarded(), open_picture(Root(root), source) as (image, _):
        if image.mode in ("LA", "La", "PA"):
            image = image.convert("L") if image.mode != "PA" else image.convert("P")
        if image.mode == "F" or (image.mode not in ("P", "L", "1") and not image.mode.startswith("I")):
            return _colours(np.asarray(image.convert("RGB"), np.int64))
        return np.asarray(image, np.int64)


def _colours(pixels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Greys as they are, colours as one number; a picture in grey may well be stored in RGB."""
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    return red if (red == green).all() and (green == blue).all() else red << 16 | green << 8 | blue


def mask_picture(root: Path, source: str, colours: NDArray[np.uint8], values: Sequence[int], side: int) -> bytes | None:
    """WebP without loss of at most `side` px: each value in its colour, shape (k, 4); others transparent."""
    from PIL import Image

    try:
        labels = open_mask(root, source)
    except Exception:  # noqa: BLE001 - counted and named when the masks were compared
        return None
    step = max(-(-max(labels.shape) // side), 1)
    labels = labels[step // 2 :: step, step // 2 :: step] if min(labels.shape) > step else labels[:1, :1]
    shown = np.zeros((*labels.shape, 4), np.uint8)
    for value, colour in zip(values, colours, strict=True):
        shown[labels == value] = colour
    file = io.BytesIO()
    Image.fromarray(shown).save(file, "WEBP", lossless=True, method=4, exact=False)
    return file.getvalue()


def overlaid(picture: bytes, mask: bytes) -> bytes:
    """A picture with a mask over it, both WebP; the mask is fitted to the picture's size, pixel by pixel."""
    from PIL import Image

    below = Image.open(io.BytesIO(picture), formats=("WEBP",)).convert("RGBA")
    above = Image.open(io.BytesIO(mask), formats=("WEBP",)).convert("RGBA")
    below.alpha_composite(above.resize(below.size, Image.Resampling.NEAREST))
    file = io.BytesIO()
    below.convert("RGB").save(file, "WEBP", quality=85, method=4)
    return file.getvalue()


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Masks of the rows that could be compared."""

    rows: NDArray[np.intp]
    """Of the sources that were given, ascending."""
    values: tuple[int, ...]
    """What stands in the masks for each class."""
    confusions: NDArray[np.int64]
    """Shape (n, k, k)."""
    boundaries: NDArray[np.int64]
    """Shape (n, k, 3)."""
    sizes: NDArray[np.int32]
    """Width and height, shape (n, 2)."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """What one picture's masks say, by whatever values they hold."""

    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    pixels: NDArray[np.int64]
    """Of every combination of `truth` and `predicted` that occurs."""
    edges: dict[int, NDArray[np.int64]]
    """Boundary pixels by value: by truth, by prediction, by both."""
    size: tuple[int, int]


def compare(root: Path, truth: Sequence[str], predicted: Sequence[str], most: int = 2_000) -> Compared:
    """Pixels of every class that became every class, for each pair of files, and the same along the edges.

    Of more than `most` pairs, those at random (seed 0). 255 is void in masks of truth, unless 0 is the only other value
    there: then it is the one class. Where both sides know 0 and one other value, it means the same: 1 and 255.
    """
    rows = sample(["" for _ in truth], most)
    void, other = _convention(root, truth, predicted, rows)
    pairs: list[_Pair] = []
    kept: list[int] = []
    faults: list[tuple[str, str]] = []
    pixels = 0
    for row in rows.tolist():
        pair = _pair(root, truth[row], predicted[row], void, other)
        if not isinstance(pair, _Pair):
            faults.append(pair)
            continue
        pairs.append(pair)
        kept.append(row)
        pixels += pair.size[0] * pair.size[1]
        if pixels > MOST_DECODED:
            break
    values = sorted({value for pair in pairs for value in (*pair.truth.tolist(), *pair.predicted.tolist())})
    problems = _told(faults, len(truth), len(pairs))
    if len(values) > MOST_CLASSES:
        what = f"{len(values):,} different values, too many for classes"
        problems.append(Problem("masks-values", predicted[0], what, "Write masks as PNG, a number of a class a pixel."))
        values, pairs, kept = [], [], []
    if values and len(pairs) * len(values) ** 2 > MOST_COUNTED:
        some = sample(["" for _ in pairs], max(MOST_COUNTED // len(values) ** 2, 1)).tolist()
        pairs, kept = [pairs[at] for at in some], [kept[at] for at in some]
    confusions, boundaries = _tables(pairs, values)
    sizes = np.array([pair.size for pair in pairs], np.int32).reshape(-1, 2)
    return Compared(np.array(kept, np.intp), tuple(values), confusions, boundaries, sizes, tuple(problems))


def _convention(
    root: Path, truth: Sequence[str], predicted: Sequence[str], rows: NDArray[np.intp]
) -> tuple[int, dict[int, int]]:
    """The value of void, -1 for none, and what values of predictions mean in the truth, as some masks show."""
    some = rows[:: max(len(rows) // _LOOKED_AT, 1)].tolist()
    true_values = _values_of(root, [truth[row] for row in some])
    values = _values_of(root, [predicted[row] for row in some])
    binary = true_values <= {0, VOID} and VOID in true_values
    void = -1 if binary else VOID
    one, other = true_values - {0, void}, values - {0}
    return void, {other.pop(): one.pop()} if len(one) == len(other) == 1 and one | other <= {1, VOID} else {}


def _values_of(root: Path, sources: Sequence[str]) -> set[int]:
    values: set[int] = set()
    for source in sources:
        try:
            values.update(_distinct(open_mask(root, source))[0].tolist())
        except Exception:  # noqa: BLE001, S112 - counted and named when it is compared
            continue
    return values


def _told(faults: Sequence[tuple[str, str]], n: int, compared: int) -> list[Problem]:
    unequal = [path for path, fault in faults if fault == _UNEQUAL]
    problems = list(faults_told(faults))
    if unequal:
        verb = "is" if len(unequal) == 1 else "are"
        what = f"{named(unequal, 'mask')} {verb} not as large as the true one"
        problems.append(Problem("masks-sizes", unequal[0], what, "Predict at the size of the truth."))
    if left := n - compared - len(faults):
        what = f"{counted(left, 'pair')} of masks not compared: a sample (seed 0) of {compared:,} is"
        problems.append(Problem("masks-sample", "", what, "Keep fewer masks here to have all of them compared."))
    return problems


def _pair(root: Path, truth: str, predicted: str, void: int, other: Mapping[int, int]) -> _Pair | tuple[str, str]:
    """The pair counted, or the path that is wrong and its fault."""
    labels: list[NDArray[np.int64]] = []
    for source in (truth, predicted):
        try:
            labels.append(open_mask(root, source))
        except Exception as error:  # noqa: BLE001 - one bad mask costs only itself
            return source, why(error)
    if labels[0].shape != labels[1].shape or labels[0].ndim != 2:
        return predicted, _UNEQUAL
    for value, meant in other.items():
        labels[1] = np.where(labels[1] == value, meant, labels[1])
    return _counted(labels[0], labels[1], void)


def _counted(truth: NDArray[np.int64], predicted: NDArray[np.int64], void: int) -> _Pair:
    names, places = _distinct(np.stack([truth, predicted]))
    true_place, place = places
    k = len(names)
    valid = truth != void
    joint = np.bincount((true_place * k + place)[valid], minlength=k * k)
    near = max(round(_NEAR * float(np.hypot(*truth.shape))), 1)
    near_truth, near_predicted = _boundary(true_place, near) & valid, _boundary(place, near) & valid
    both = near_truth & near_predicted & (true_place == place)
    edges = np.stack(
        [
            np.bincount(true_place[near_truth], minlength=k),
            np.bincount(place[near_predicted], minlength=k),
            np.bincount(true_place[both], minlength=k),
        ],
        axis=1,
    )
    occur = np.flatnonzero(joint)
    by_value = {int(name): row for name, row in zip(names, edges, strict=True) if row.any()}
    return _Pair(names[occur // k], names[occur % k], joint[occur], by_value, (truth.shape[1], truth.shape[0]))


def _distinct(labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The values that occur, ascending, and the labels as places among them."""
    if not labels.size or labels.min() < 0 or labels.max() >= 1 << 16:
        names, inverse = np.unique(labels, return_inverse=True)
        return names, inverse.reshape(labels.shape)
    occur = np.bincount(labels.ravel()) > 0
    return np.flatnonzero(occur), (np.cumsum(occur) - 1)[labels]


def _boundary(labels: NDArray[np.int64], near: int) -> NDArray[np.bool_]:
    """Pixels within `near` px of another label or of the picture's edge, in the sense of a square.

    What erosion by a square of 2 near + 1 px takes away from each region, done for all regions at once: a square keeps
    its pixel if no two neighbours within it differ. Source: Cheng et al., "Boundary IoU", CVPR 2021, section 4.
    """
    height, width = labels.shape
    if height <= 2 * near or width <= 2 * near:
        return np.ones(labels.shape, np.bool_)
    across = _sums(labels[:, 1:] != labels[:, :-1])
    down = _sums(labels[1:] != labels[:-1])
    side = 2 * near
    inner_across = _window(across, side + 1, side)
    inner_down = _window(down, side, side + 1)
    boundary = np.ones(labels.shape, np.bool_)
    boundary[near : height - near, near : width - near] = (inner_across > 0) | (inner_down > 0)
    return boundary


def _sums(flags: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Sums of all that is above and to the left, with a row and a column of zeros before."""
    sums = np.zeros((flags.shape[0] + 1, flags.shape[1] + 1), np.int32)
    np.cumsum(flags, axis=0, out=sums[1:, 1:])
    np.cumsum(sums[1:, 1:], axis=1, out=sums[1:, 1:])
    return sums


def _window(sums: NDArray[np.int32], height: int, width: int) -> NDArray[np.int32]:
    """Sum over every window of that height and width."""
    return sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]


def _tables(pairs: Sequence[_Pair], values: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    place = {value: at for at, value in enumerate(values)}
    confusions = np.zeros((len(pairs), len(values), len(values)), np.int64)
    boundaries = np.zeros((len(pairs), len(values), 3), np.int64)
    for at, pair in enumerate(pairs):
        rows = [place[value] for value in pair.truth.tolist()]
        columns = [place[value] for value in pair.predicted.tolist()]
        confusions[at, rows, columns] = pair.pixels
        for value, edges in pair.edges.items():
            boundaries[at, place[value]] = edges
    return confusions, boundaries
