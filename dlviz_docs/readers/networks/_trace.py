"""A graph of operations in the form that ONNX, exported programs and others share: what `structure_of` is made from."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dlviz_docs.model import Port, Problem, Setting, Shape, Tensor
from dlviz_docs.readers.networks._stored import Stored
from dlviz_docs.stats.calls import Call

__all__ = ["Layer", "Step", "Trace", "Value", "ordered"]


@dataclass(frozen=True, slots=True)
class Value:
    """What goes along an edge."""

    shape: Shape | None = None
    """With names of lengths that vary; None where the number of axes is not known."""
    sizes: Shape | None = None
    """The same for the example, as far as it is known."""
    dtype: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """The layer of PyTorch that an operation is, or would be."""

    kind: str = ""
    """Such as "Conv2d"; "" for one that is no layer."""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    """Under the names that the layer has them under."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation."""

    name: str
    """As the file has it; need not be unique."""
    kind: str
    call: Call
    stack: tuple[tuple[str, str], ...] = ()
    """Path and class of the modules it stands in, from the outermost; a class may be ""."""
    reads: tuple[str, ...] = ()
    """Values, without weights."""
    read_by_call: tuple[str, ...] = ()
    """The value of each of the call's inputs; "" for a weight."""
    writes: tuple[str, ...] = ()
    tensors: tuple[str, ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=dict)
    layer: Layer = field(default_factory=Layer)
    measures: bool = False
    """Whether it makes a length out of an array: what follows from such alone is bookkeeping."""
    takes: tuple[str, ...] = ()
    """Names of values and weights as the file lists them, where they tell more than `reads`; "" for one left out."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One graph."""

    steps: tuple[Step, ...]
    values: Mapping[str, Value]
    inputs: tuple[Port, ...]
    outputs: tuple[tuple[Port, str], ...]
    """Each with the value it is."""
    tensors: tuple[Tensor, ...] = ()
    stored: Mapping[str, Stored] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    calls: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    format: str = ""


def ordered(steps: Sequence[Step]) -> tuple[list[Step], list[Step]]:
    """Steps in an order in which they can run, the file's where that is one; and those that wait for each other."""
    maker = {value: place for place, step in enumerate(steps) for value in step.writes if value}
    waits: list[set[int]] = [{maker[value] for value in step.reads if value in maker} for step in steps]
    if all(max(before, default=-1) < place for place, before in enumerate(waits)):
        return list(steps), []
    followers: dict[int, list[int]] = {}
    for place, before in enumerate(waits):
        for one in before:
            followers.setdefault(one, []).append(place)
    ready = [place for place, before in enumerate(waits) if not before]
    done: list[int] = []
    while ready:
        place = heapq.heappop(ready)
        done.append(place)
        for after in followers.get(place, ()):
            waits[after].discard(place)
            if not waits[after]:
                heapq.heappush(ready, after)
    kept = set(done)
    return [steps[place] for place in done], [step for place, step in enumerate(steps) if place not in kept]
