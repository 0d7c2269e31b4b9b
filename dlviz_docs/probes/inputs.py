"""Pictures as a model takes them: cut, scaled, and with the statistics that it was trained with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ProbeError
from dlviz_docs.model.probes import Prepared
from dlviz_docs.probes.targets import probabilities

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Picture", "area_of", "best_prepared", "candidates", "prepare", "prepared_from", "within"]

Picture: TypeAlias = NDArray[Any]
"""Shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), uint8; or floats, which are taken as they are."""

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom as shares."""

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def prepared_from(config: Mapping[str, Any], source: str) -> Prepared | None:
    """What a `preprocessor_config.json` of Hugging Face says; None where it says nothing of pictures."""
    size, crop = _size(config.get("size")), _size(config.get("crop_size"))
    if not (size or crop) and "image_mean" not in config:
        return None
    cut = crop if crop and config.get("do_center_crop", True) else ()
    shortest = min(size, default=0)
    share = min(cut[0] / shortest, 1.0) if cut and shortest else 0.0
    normal = config.get("do_normalize", True)
    factor = config.get("rescale_factor", 1 / 255)
    scale = 1 / float(factor) if config.get("do_rescale", True) and factor else 1.0
    mean, std = (_numbers(config.get(key)) if normal else () for key in ("image_mean", "image_std"))
    return Prepared(cut or size, max(len(mean), 3), scale, mean, std, crop=share, source=source)


def _size(size: Any) -> tuple[int, ...]:
    if isinstance(size, int):
        return (size, size)
    if not isinstance(size, Mapping):
        return ()
    side = size.get("shortest_edge")
    height, width = size.get("height", side), size.get("width", side)
    return (int(height), int(width)) if height and width else ()


def _numbers(values: Any) -> tuple[float, ...]:
    if not isinstance(values, list) or not all(isinstance(value, int | float) for value in values):
        return ()
    return tuple(float(value) for value in values)


def candidates(base: Prepared, largest: float) -> tuple[tuple[str, Prepared], ...]:
    """The usual ways to scale pictures whose values reach `largest`, with a name for each; ours is asked for the size.

    Pictures that hold fractions already may also be meant as they are.
    """
    top = 255.0 if largest > 1.0 else 1.0
    found = [
        ("0 to 1", replace(base, scale=top, mean=(), std=())),
        ("-1 to 1", replace(base, scale=top, mean=(0.5,), std=(0.5,))),
    ]
    if base.channels == 3:
        found.insert(1, ("ImageNet's mean and deviation", replace(base, scale=top, mean=IMAGENET[0], std=IMAGENET[1])))
    if top == 255.0:
        found.append(("0 to 255", replace(base, scale=1.0, mean=(), std=())))
    return tuple(found)


def best_prepared(
    base: Prepared,
    pictures: Sequence[Picture],
    truth: NDArray[np.int64] | None,
    outputs: Callable[[Tensor], Tensor],
) -> Prepared:
    """The candidate with which the model answers best, and who says so.

    Among equals the one that gives the truth the most probability, but not 0 to 255: inputs that large alone make every
    answer surer. Without a truth none can be told to be better:
    ImageNet's for pictures in colour, else 0 to 1, said to be a guess.
    """
    largest = max((float(np.max(picture, initial=0)) for picture in pictures), default=0.0)
    tried = candidates(base, largest)
    known = np.zeros(0, np.int64) if truth is None else np.flatnonzero(truth >= 0)
    if truth is None or not len(known):
        return replace(tried[min(1, len(tried) - 1) if base.channels == 3 else 0][1], source="a guess")
    some = [pictures[i] for i in known.tolist()]
    judged = [(name, prepared, *_judged(outputs(prepare(some, prepared)), truth[known])) for name, prepared in tried]
    _, best, _, _ = max(judged, key=lambda one: (one[2], one[1].scale == tried[0][1].scale, one[3]))
    told = tuple((name, accuracy) for name, _, accuracy, _ in judged)
    return replace(best, source=f"tried on {len(known)} labelled samples", tried=told)


def _judged(output: Tensor, truth: NDArray[np.int64]) -> tuple[float, float]:
    """Share of right answers, and the mean logarithm of the truth's probability."""
    import torch

    wanted = torch.from_numpy(truth)
    p = probabilities(output)
    if int(wanted.max()) >= p.shape[1]:
        raise ProbeError(f"There is a class {int(wanted.max())} among the labels; the model tells {p.shape[1]} apart.")
    own = p.gather(1, wanted[:, None])[:, 0].clamp(min=1e-12).log().mean()
    return float((p.argmax(1) == wanted).float().mean()), float(torch.nan_to_num(own, nan=-1e9))


def prepare(pictures: Sequence[Picture], how: Prepared) -> Tensor:
    """Shape (n, channels, height, width), float32; `ChannelsLast` hands them to models that take channels last."""
    import torch

    x = torch.stack([_one(picture, how) for picture in pictures])
    mean, std = (torch.tensor(values or (fallback,)).reshape(1, -1, 1, 1) for values, fallback in _statistics(how))
    return (x / how.scale - mean) / std


def _statistics(how: Prepared) -> tuple[tuple[tuple[float, ...], float], ...]:
    return (how.mean, 0.0), (how.std, 1.0)


def _one(picture: Picture, how: Prepared) -> Tensor:
    """Shape (channels, height, width)."""
    import torch

    x = torch.from_numpy(np.ascontiguousarray(picture)).float()
    x = _channels(x[None] if x.dim() == 2 else x.permute(2, 0, 1), how.channels)
    if not how.size or tuple(x.shape[1:]) == how.size:
        return x
    left, top, right, bottom = area_of(x.shape[1], x.shape[2], how)
    height, width = x.shape[1:]
    rows = slice(round(top * height), max(round(bottom * height), round(top * height) + 1))
    columns = slice(round(left * width), max(round(right * width), round(left * width) + 1))
    cut = x[None, :, rows, columns]
    return torch.nn.functional.interpolate(cut, how.size, mode="bilinear", antialias=True)[0]


def _channels(x: Tensor, wanted: int) -> Tensor:
    """Grey as three alike, colour as its brightness (ITU-R BT.601), transparency left out."""
    import torch

    x = x[:3] if len(x) == 4 and wanted != 4 else x[:1] if len(x) == 2 and wanted != 2 else x
    if wanted in (0, len(x)):
        return x
    if len(x) == 1:
        return x.expand(wanted, -1, -1)
    if wanted == 1 and len(x) == 3:
        return (torch.tensor([0.299, 0.587, 0.114])[:, None, None] * x).sum(0, keepdim=True)
    raise ProbeError(f"The model takes {wanted} channels, and the pictures have {len(x)}.")


def area_of(height: int, width: int, how: Prepared) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what is kept of a picture, as shares of it."""
    if not how.crop or not how.size:
        return 0.0, 0.0, 1.0, 1.0
    aspect = how.size[1] / how.size[0]
    tall = min(height, width / aspect) * how.crop
    down, across = tall / height, tall * aspect / width
    return (1 - across) / 2, (1 - down) / 2, (1 + across) / 2, (1 + down) / 2


def within(box: Box, shape: tuple[int, ...], how: Prepared) -> Box:
    """A box as shares of the part of its picture that the model sees; `shape` is that of the picture."""
    left, top, right, bottom = area_of(shape[0], shape[1], how)
    wide, high = right - left, bottom - top
    return (box[0] - left) / wide, (box[1] - top) / high, (box[2] - left) / wide, (box[3] - top) / high
