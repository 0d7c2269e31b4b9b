"""Which checkpoints are of one model: those whose parameters have the same names and shapes.

Wrappers' prefixes do not count, nor a few parameters that one file has and the other has not (safetensors leaves out
tied ones, an exported graph leaves out what it folded). A shape that differs makes two models of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dlviz_docs.names import natural
from dlviz_docs.readers.networks._opened import Opened, renamed
from dlviz_docs.readers.networks._state_names import shown
from dlviz_docs.readers.networks._weights import WeightsFile

__all__ = ["Group", "grouped", "moment"]

_SHARED = 0.9
"""Of the parameters of the larger of both, for two files to be of one model."""
_SHARED_WITH_GRAPH = 0.8
_LATEST = 1e15
"""Beyond any step or epoch."""
_RANK = {"graph": 0, "modules": 1, "weights": 2, "header": 3}
_EPOCHS = ("epoch", "epochs", "current_epoch", "last_epoch")
_STEPS = (
    "global_step",
    "step",
    "steps",
    "iteration",
    "iter",
    "n_iter",
    "num_timesteps",
    "total_steps",
    "optimization_step",
)
_Shapes = Mapping[str, tuple[int, ...]]


@dataclass(slots=True)
class Group:
    """The checkpoints of one model, in the order of training within each run."""

    members: list[Opened] = field(default_factory=list)
    aside: frozenset[str] = frozenset()
    """Paths of those of no known moment beside others that have one: moving averages, and the best."""

    @property
    def structure(self) -> Opened:
        """The one that says most of the structure; the last of those."""
        best = min(_RANK[one.evidence] for one in self.members)
        return [one for one in self.members if _RANK[one.evidence] == best][-1]


def grouped(found: Sequence[Opened]) -> list[Group]:
    """Groups in the order of their first files; tensors of all have the names that the structure has."""
    by_form: dict[tuple[tuple[str, tuple[int, ...]], ...], list[Opened]] = {}
    for one in found:
        by_form.setdefault(tuple(sorted(one.shapes().items())), []).append(one)
    groups: list[tuple[_Shapes, Group]] = []
    for form, members in by_form.items():
        shapes = dict(form)
        fitting = next((group for other, group in groups if _fit(shapes, other, members, group.members)), None)
        if fitting is None:
            groups.append((shapes, Group(list(members))))
        else:
            fitting.members += members
    return [_finished(group) for _, group in groups]


def _fit(one: _Shapes, other: _Shapes, members: Sequence[Opened], others: Sequence[Opened]) -> bool:
    if not one or not other:
        return False
    common = [name for name, shape in one.items() if other.get(name) == shape]
    if any(name in other and other[name] != shape for name, shape in one.items()):
        return False
    graphs = {member.evidence == "graph" for member in (*members, *others)}
    needed = _SHARED_WITH_GRAPH if graphs == {True, False} else _SHARED
    return len(common) >= needed * max(len(one), len(other))


def _finished(group: Group) -> Group:
    """In order, and with the names of the structure."""
    runs = {run: place for place, run in enumerate(dict.fromkeys(one.planned.run for one in group.members))}
    axis = _axis(group.members)
    group.aside = frozenset(one.planned.path for one in group.members if _is_aside(one, axis, group.members))
    group.members.sort(key=lambda one: (runs[one.planned.run], *_turn(one, axis, group.aside)))
    names = _names_of(group.structure)
    group.members = [replace(one, weights=_plain(one, names)) for one in group.members]
    return group


def _names_of(one: Opened) -> dict[str, str]:
    """By the name without what wrappers add, the one that the structure's modules have."""
    names = _shown_to_own(one)
    return names if one.modules else {short: short for short in names}


def _plain(one: Opened, names: Mapping[str, str]) -> WeightsFile:
    """With these names; what they had before the first of them is told."""
    translation = {own: names.get(short, short) for short, own in _shown_to_own(one).items()}
    weights = renamed(one.weights, translation)
    prefixes = {own.removesuffix(new) for own, new in translation.items() if own != new and own.endswith(new)}
    if len(prefixes) == 1 and weights is not one.weights:
        weights = replace(weights, facts={**weights.facts, "before its names": prefixes.pop()})
    return weights


def _shown_to_own(one: Opened) -> dict[str, str]:
    tensors = [tensor.name for tensor in one.weights.tensors if tensor.role in ("parameter", "buffer")]
    return {short: own for own, short in shown(tensors).items()}


# --- the order of training ---


def moment(one: Opened) -> tuple[float | None, float | None]:
    """Step and epoch: as the name says, or else as numbers beside the weights do."""
    facts, planned = one.weights.facts, one.planned
    step = planned.step if planned.step is not None else _number(facts, _STEPS)
    epoch = planned.epoch if planned.epoch is not None else _number(facts, _EPOCHS)
    return step, epoch


def _number(facts: Mapping[str, str], names: Iterable[str]) -> float | None:
    for name in names:
        try:
            number = float(facts[name].replace(",", ""))
        except (KeyError, ValueError):
            continue
        if 0 <= number < _LATEST:  # neither NaN nor what no training reaches
            return number
    return None


def _axis(members: Sequence[Opened]) -> int:
    """Which of both more checkpoints tell: 0 for the step, 1 for the epoch."""
    counts = Counter(place for one in members for place, value in enumerate(moment(one)) if value is not None)
    return 1 if counts[1] > counts[0] else 0


def _is_aside(one: Opened, axis: int, members: Sequence[Opened]) -> bool:
    """Whether it has no place among those of its run: an average over moments, or the best without its number."""
    others = [other for other in members if other.planned.run == one.planned.run and other is not one]
    if "moving average" in one.planned.marks:
        return any("moving average" not in other.planned.marks for other in others)
    numbered = any(moment(other)[axis] is not None for other in others)
    return "best" in one.planned.marks and moment(one)[axis] is None and numbered


def _turn(one: Opened, axis: int, aside: frozenset[str]) -> tuple[object, ...]:
    """Those without a place first; then by number, those without one, and the last."""
    number = moment(one)[axis]
    if one.planned.path in aside:
        stage = 0
    elif number is not None:
        stage = 1
    else:
        stage = 3 if "last" in one.planned.marks else 2
    return stage, number or 0.0, natural(one.planned.path)
