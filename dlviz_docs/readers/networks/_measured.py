"""What is measured of the weights of one model: statistics of some of its checkpoints, and how they moved between."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Change, FloatArray, Module, Problem, Statistics
from dlviz_docs.readers.networks._grouping import Group
from dlviz_docs.readers.networks._opened import Opened
from dlviz_docs.readers.networks._ranks import with_ranks
from dlviz_docs.readers.networks._stored import chunks, load
from dlviz_docs.readers.networks._types import Limits
from dlviz_docs.readers.networks._weights import WeightsFile
from dlviz_docs.readers.networks.change import change_between
from dlviz_docs.readers.networks.statistics import read_statistics

__all__ = ["Budget", "Measured", "chosen", "filters_of", "measured", "same_weights"]

_MODEL = ("parameter", "buffer")
_BEGINNING = 512
"""Elements of each tensor that are compared to find files of the same weights."""
_MOST_FILTERS = 512
_MOST_CHANNELS = 4
_LARGEST_FILTERS = 16 << 20
_CONVOLUTION = re.compile(r"^(?!Depthwise|Separable).*conv(?!\w*transpose)", re.IGNORECASE)


@dataclass(slots=True)
class Budget:
    """Bytes that may still be read of an experiment's weights."""

    left: int

    def spend(self, octets: int) -> bool:
        """Whether that much is left; then it is taken."""
        if octets > self.left:
            return False
        self.left -= octets
        return True


@dataclass(slots=True)
class Measured:
    """Of one model."""

    statistics: dict[str, Mapping[str, Statistics]] = field(default_factory=dict)
    """By path of the checkpoint."""
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()


def same_weights(members: Sequence[Opened]) -> dict[str, list[str]]:
    """Paths of further files with the weights of one, by the path of that; the one in the order of training is kept."""
    if len(members) < 2:
        return {}
    inside = ({t.name for t in one.weights.tensors if t.role in _MODEL and t.size} for one in members)
    names = sorted(set.intersection(*inside))
    first: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for one in members:
        sign = _fingerprint(one.weights, names)
        if sign and sign in first:
            found.setdefault(first[sign], []).append(one.planned.path)
        else:
            first[sign] = one.planned.path
    return found


def _fingerprint(weights: WeightsFile, names: Sequence[str]) -> str:
    """A hash of the beginnings of these tensors; "" where some cannot be read."""
    sign = hashlib.blake2b(digest_size=16)
    try:
        for name in names:
            piece = next(chunks(weights.stored[name], _BEGINNING), np.zeros(0))
            sign.update(np.ascontiguousarray(piece[:_BEGINNING], np.float64).tobytes())
    except (ReadError, OSError):
        return ""
    return sign.hexdigest() if names else ""


def chosen(members: Sequence[Opened], limits: Limits) -> list[Opened]:
    """Whose weights are read: the last and the first of each run, the best, and others evenly between; in order."""
    able = [one for one in members if one.size <= limits.largest]
    if len(able) <= limits.most_statistics:
        return able
    evenly = np.linspace(0, len(able) - 1, limits.most_statistics).round().astype(int).tolist()
    wanted = list(dict.fromkeys([*_ends(able), *_best(able), *evenly]))
    kept = set(wanted[: limits.most_statistics])
    return [one for place, one in enumerate(able) if place in kept]


def _ends(members: Sequence[Opened]) -> list[int]:
    """Places of the last checkpoint of each run, then of the first ones."""
    last = {one.planned.run: place for place, one in enumerate(members)}
    first = {one.planned.run: place for place, one in reversed(list(enumerate(members)))}
    return [len(members) - 1, *last.values(), *reversed(first.values())]


def _best(members: Sequence[Opened]) -> list[int]:
    return [place for place, one in enumerate(members) if "best" in one.planned.marks]


def measured(group: Group, limits: Limits, budget: Budget) -> Measured:
    """Statistics and movements, as far as the budget reaches."""
    found = Measured()
    read = []
    problems: list[Problem] = []
    for one in chosen(group.members, limits):
        if budget.spend(one.size):
            statistics, told = read_statistics(_of_model(one.weights))
            found.statistics[one.planned.path] = statistics
            problems += told
            read.append(one)
    if read:  # the page tells ranks of the end of training alone
        last = read[-1]
        path = last.planned.path
        found.statistics[path] = with_ranks(_of_model(last.weights), found.statistics[path])
    found.problems = tuple(problems)
    found.changes = tuple(_changes([one for one in read if one.planned.path not in group.aside], budget))
    return found


def _of_model(weights: WeightsFile) -> WeightsFile:
    """Without what the optimizer keeps, which takes twice as long as the model; shapes are those that are read."""
    own = (tensor for tensor in weights.tensors if tensor.role in _MODEL)
    return replace(weights, tensors=tuple(replace(one, shape=weights.stored[one.name].shape) for one in own))


def _changes(read: Sequence[Opened], budget: Budget) -> Iterator[Change]:
    by_run: dict[str, list[Opened]] = {}
    for one in read:
        by_run.setdefault(one.planned.run, []).append(one)
    for members in by_run.values():
        pairs = list(pairwise(members))
        if len(pairs) > 1:
            pairs.append((members[0], members[-1]))
        for before, after in pairs:
            if budget.spend(before.size + after.size):
                yield change_between(_of_model(before.weights), _of_model(after.weights))


def filters_of(modules: Sequence[Module], one: Opened) -> dict[str, FloatArray]:
    """The filters of the first convolution, if they can be looked at: few channels, and not too many of them."""
    shapes = {name: stored.shape for name, stored in one.weights.stored.items()}
    for module in modules:
        names = [name for name in module.tensors if len(shapes.get(name, ())) in (3, 4)]
        if not names:
            continue
        filters, channels, *window = shapes[names[0]]
        if not _CONVOLUTION.search(module.kind):
            continue
        if channels > _MOST_CHANNELS or filters > _MOST_FILTERS or max(window) < 2:
            return {}
        return _loaded(names[0], one)
    return {}


def _loaded(name: str, one: Opened) -> dict[str, FloatArray]:
    try:
        values = np.array(load(one.weights.stored[name], _LARGEST_FILTERS), np.float64)
    except (ReadError, OSError, TypeError, ValueError):
        return {}
    values.flags.writeable = False
    return {name: values}
