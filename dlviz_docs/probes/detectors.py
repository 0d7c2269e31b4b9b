"""Which outputs of a model are boxes, as far as names, shapes and values tell; a reading of them is (n, candidates, 4 +
classes), as `found` has it. What could be something else is no reading, or one that annotated boxes have to confirm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from dlviz_docs.errors import ProbeError
from dlviz_docs.probes.runnable import tensors_of

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Centres", "Joint", "Listed", "Reading", "Scores", "may_be_boxes", "readings"]

Size: TypeAlias = tuple[int, int]
"""Height and width."""

_FEW = 16
"""Candidates below which a list of boxes is not taken for one."""
_MOSTLY = 0.99
"""Share of the candidates that have to fit a reading."""
_PIXELS = 2.0
"""Coordinates beyond this are px, and no shares."""
_SURE = 1e-6
_SIZES, _OFFSETS, _BOXES = ("wh", "size", "dim"), ("reg", "off"), ("box", "loc", "rect")
_HEAT = ("hm", "heat", "centre", "center", "cls", "score", "conf")


@dataclass(frozen=True, slots=True)
class Scores:
    """How numbers become logits of classes against nothing being there."""

    form: Literal["logits", "probabilities"]
    background: int | None = None
    """The class that stands for nothing, where one does: then the classes of a candidate rule each other out."""

    def logits(self, values: Tensor) -> Tensor:
        """Without the background; shape (n, candidates, k)."""
        import torch

        kept = [i for i in range(values.shape[2]) if i != self.background]
        if self.form == "probabilities":
            return torch.logit(values[..., kept], eps=_SURE)
        if self.background is None:
            return values
        logs = values.log_softmax(2)[..., kept].clamp(max=-_SURE)
        return logs - torch.log(-torch.expm1(logs))


def _scores(values: Tensor) -> Scores:
    """Probabilities lie in [0, 1]; the background is the class that most candidates have, surely and at one end."""
    probable = bool((values >= 0).all() and (values <= 1).all())
    form: Literal["logits", "probabilities"] = "probabilities" if probable else "logits"
    shares = values if probable else values.softmax(2)
    if values.shape[2] < 2 or (probable and float((values.sum(2) - 1).abs().max()) > 1e-3):
        return Scores(form)
    usual = int(shares.argmax(2).flatten().mode().values)
    sure = float((shares[..., usual] > 0.5).float().mean())
    return Scores(form, usual if usual in (0, values.shape[2] - 1) and (sure > 0.5 or probable) else None)


@dataclass(frozen=True, slots=True)
class Listed:
    """One output has the boxes and one the classes of each candidate, as SSD and DETR have them."""

    boxes: str
    scores: str
    how: Scores
    corners: bool
    """Left, top, right and bottom; else centre and size."""
    unit: Size
    """What coordinates are divided by: the size of the input where they are px."""
    rows_first: bool = False
    """As TensorFlow's object detection has them: top, left, bottom, right."""
    sure: bool = True

    def __call__(self, outputs: Mapping[str, Any]) -> Tensor:
        named = tensors_of(outputs)
        boxes, scores = named[self.boxes], named[self.scores]
        boxes = boxes[..., [1, 0, 3, 2]] if self.rows_first else boxes
        return _packed(
            boxes, self.corners, self.unit, self.how.logits(scores if scores.dim() == 3 else scores[..., None])
        )

    @property
    def said(self) -> str:
        where = f"{'corners' if self.corners else 'centres and sizes'} in {_units(self.unit)}"
        return f"Boxes are the output {self.boxes!r}, read as {where}; their classes are the output {self.scores!r}."


@dataclass(frozen=True, slots=True)
class Joint:
    """One output has centre and size in px, and probabilities, as YOLO has them."""

    name: str
    turned: bool
    """Whether candidates are the last axis."""
    objects: bool
    """Whether a probability that there is anything stands before those of the classes."""
    unit: Size
    sure: bool = True

    def __call__(self, outputs: Mapping[str, Any]) -> Tensor:
        import torch

        values = tensors_of(outputs)[self.name]
        values = values.transpose(1, 2) if self.turned else values
        likely = values[..., 4:5] * values[..., 5:] if self.objects else values[..., 4:]
        return _packed(values[..., :4], False, self.unit, torch.logit(likely, eps=_SURE))

    @property
    def said(self) -> str:
        objects = ", a probability that there is something" if self.objects else ""
        return f"The output {self.name!r} was read as centres and sizes in px{objects}, and probabilities of classes."


@dataclass(frozen=True, slots=True)
class Centres:
    """Maps of where centres of each class are, of offsets within a cell, and of sizes, as CenterNet has them."""

    heat: str
    sizes: str
    offsets: str
    """The same output as `sizes` where that has both: offsets first."""
    unit: Literal["shares", "cells", "px"]
    size: Size
    sure: bool = False

    def __call__(self, outputs: Mapping[str, Any]) -> Tensor:
        import torch

        named = tensors_of(outputs)
        heat, offsets, sizes = named[self.heat], named[self.offsets][:, :2], named[self.sizes][:, -2:]
        rows, columns = heat.shape[2:]
        place = torch.stack(torch.meshgrid(torch.arange(columns), torch.arange(rows), indexing="xy"))
        shape = torch.tensor((columns, rows)).reshape(1, 2, 1, 1)
        whole = {"shares": shape * 0 + 1, "cells": shape, "px": torch.tensor(self.size[::-1]).reshape(1, 2, 1, 1)}
        boxes = torch.cat([(place + offsets) / shape, sizes / whole[self.unit]], 1).flatten(2).transpose(1, 2)
        scores = heat.flatten(2).transpose(1, 2)
        return _packed(boxes, False, (1, 1), _scores_of_heat(heat).logits(scores))

    @property
    def said(self) -> str:
        of = {"shares": "shares of the picture", "cells": "cells", "px": "px"}[self.unit]
        return f"The output {self.heat!r} was read as maps of centres, {self.sizes!r} as sizes in {of}."


Reading: TypeAlias = Listed | Joint | Centres


def _scores_of_heat(heat: Tensor) -> Scores:
    return Scores("probabilities" if bool((heat >= 0).all() and (heat <= 1).all()) else "logits")


def _packed(boxes: Tensor, corners: bool, unit: Size, logits: Tensor) -> Tensor:
    import torch

    boxes = boxes / boxes.new_tensor((unit[1], unit[0], unit[1], unit[0]))
    if not corners:
        half = boxes[..., 2:] / 2
        boxes = torch.cat([boxes[..., :2] - half, boxes[..., :2] + half], -1)
    return torch.cat([boxes, logits], -1)


def _units(unit: Size) -> str:
    return "shares of the picture" if unit == (1, 1) else "px"


# --- which of them fit ---


def may_be_boxes(outputs: Mapping[str, Tensor]) -> bool:
    """Whether shapes alone rule it out: classes, a value or one map of regions are none."""
    axes = [value.dim() for value in outputs.values()]
    return 3 in axes or axes.count(4) > 1


def readings(outputs: Mapping[str, Tensor], size: Size, classes: int = 0) -> tuple[Reading, ...]:
    """What the outputs for some pictures can be read as; none where they are no boxes. Shapes start with the samples.

    `size` is that of the input in px, and `classes` how many are known to be told apart. `ProbeError` where outputs are
    boxes by name, and hold none.
    """
    found: tuple[Reading, ...] = (*_listed(outputs, size), *_joint(outputs, size, classes), *_centres(outputs, size))
    return found[:1] if found and found[0].sure else found


def _called(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name.lower() for word in words)


def _listed(outputs: Mapping[str, Tensor], size: Size) -> Iterator[Listed]:
    lists = {name: value for name, value in outputs.items() if value.dim() in (2, 3) and value.shape[1] >= _FEW}
    boxes = [name for name, value in lists.items() if value.dim() == 3 and value.shape[2] == 4]
    boxes = [name for name in boxes if _called(name, _BOXES)] or boxes
    if len(boxes) != 1:
        return
    name, values = boxes[0], outputs[boxes[0]]
    scores = [other for other, value in lists.items() if other != name and value.shape[:2] == values.shape[:2]]
    scores = [other for other in scores if _called(other, (*_HEAT, "logit", "prob", "class", "label"))] or scores
    if len(scores) != 1 or not bool(values.isfinite().all()):
        return
    rows_first = name.lower().startswith("detection_boxes")
    unit = size if float(values.abs().max()) > _PIXELS else (1, 1)
    likely = outputs[scores[0]]
    how = _scores(likely if likely.dim() == 3 else likely[..., None])
    reading = Listed(name, scores[0], how, True, unit, rows_first)
    if _mostly((values[..., 2:] > values[..., :2]).all(-1)):
        yield reading
    elif _mostly((values[..., 2:] > 0).all(-1)) and _inside(values, unit):
        yield replace(reading, corners=False)
    elif _called(name, _BOXES):
        raise ProbeError(
            f"The output {name!r} of shape {list(values.shape)} holds neither corners of boxes nor centres and sizes; "
            "offsets from anchors that the file does not name cannot be read. Export the model with its boxes decoded."
        )


def _mostly(fits: Tensor) -> bool:
    return float(fits.float().mean()) >= _MOSTLY


def _inside(values: Tensor, unit: Size) -> bool:
    """Whether centres lie in the picture, or hardly beyond."""
    centres = values[..., :2] / values.new_tensor((unit[1], unit[0]))
    return _mostly(((centres > -0.1) & (centres < 1.1)).all(-1))


def _joint(outputs: Mapping[str, Tensor], size: Size, classes: int) -> Iterator[Joint]:
    """Only where the values leave no doubt: probabilities of anything else have no coordinates in px."""
    for name, value in outputs.items():
        if value.dim() != 3 or max(value.shape[1:]) < _FEW:
            continue
        turned = value.shape[2] > value.shape[1]
        rows = value.transpose(1, 2) if turned else value
        wide = rows.shape[2]
        objects = wide - 5 == classes if classes and classes in (wide - 4, wide - 5) else not turned
        if wide < 5 + objects:
            continue
        boxes, likely = rows[..., :4], rows[..., 4:]
        probable = bool((likely >= 0).all() and (likely <= 1).all())
        if probable and _mostly((boxes[..., 2:] > 0).all(-1)) and _inside(boxes, size) and boxes.max() > _PIXELS:
            yield Joint(name, turned, objects, size)


def _centres(outputs: Mapping[str, Tensor], size: Size) -> Iterator[Centres]:
    """Sizes in each unit: which it is, and which of two maps has them, is told by no name that all agree upon."""
    maps = {name: value for name, value in outputs.items() if value.dim() == 4}
    if len({(len(value), *value.shape[2:]) for value in maps.values()}) != 1 or len(maps) not in (2, 3):
        return
    found = _maps(maps)
    if found is None:
        return
    heat, sizes, offsets = found
    if not _mostly((maps[sizes][:, -2:] > 0).float().amax((1, 2, 3))):
        return
    for unit in ("shares", "cells", "px"):
        yield Centres(heat, sizes, offsets, unit, size)


def _maps(maps: Mapping[str, Tensor]) -> tuple[str, str, str] | None:
    """Names of the maps of centres, of sizes and of offsets, which may be one."""
    wide = {name: value.shape[1] for name, value in maps.items()}
    if len(maps) == 2:
        four = [name for name in maps if wide[name] == 4 and not _called(name, _HEAT)]
        four = [name for name in four if _called(name, (*_SIZES, *_OFFSETS, *_BOXES))] or four
        heat = [name for name in maps if name not in four]
        return (heat[0], four[0], four[0]) if len(four) == 1 and len(heat) == 1 else None
    two = [name for name in maps if wide[name] == 2 and not _called(name, _HEAT)]
    heat = [name for name in maps if name not in two]
    sizes = [name for name in two if _called(name, _SIZES)] or two[:1]
    offsets = [name for name in two if name not in sizes]
    return (heat[0], sizes[0], offsets[0]) if len(heat) == len(sizes) == len(offsets) == 1 else None
