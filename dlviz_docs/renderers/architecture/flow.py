"""How shapes change from the input to the output, and how much of the input a unit sees on the way."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dlviz_docs.insights.model_sight import pixels, sight_sentence
from dlviz_docs.insights.model_words import amount, brief, layer, spaced
from dlviz_docs.renderers.architecture._known import Known
from dlviz_docs.view import Figure, Layer, Plot, PlotAxis, Shown

__all__ = ["flow", "sight"]

SPATIAL = {3: 1, 4: 2, 5: 3}
"""Axes of a picture, a volume or a signal among those of a batch."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What comes out of one layer."""

    path: str
    side: float
    """Largest length along a spatial axis; of a sequence its length; NaN where there is none."""
    width: float
    """Channels, or features."""
    elements: float
    words: str


def flow(known: Known) -> Iterator[Figure]:
    """The pyramid: side and channels by depth, where shapes of more than two layers are known and change."""
    steps = list(_steps(known))
    if len({(step.side, step.width) for step in steps}) < 3:
        return
    places = np.arange(1, len(steps) + 1, dtype=np.float64)
    notes = tuple(f"{brief(step.path)}: {step.words}, {amount(step.elements)} elements" for step in steps)
    sides, widths = np.array([step.side for step in steps]), np.array([step.width for step in steps])
    layers = [Layer("line", places, widths, label="channels or features", color=1, notes=notes)]
    if np.isfinite(sides).any():
        layers.insert(0, Layer("line", places, sides, label="side or length", color=0, notes=notes))
    most = max((step for step in steps if step.path in known.nodes), key=lambda step: step.elements)
    caption = (
        f"From {steps[0].words} to {steps[-1].words}. The most elements come out of {layer(most.path)}: {most.words}."
    )
    spec = Plot(tuple(layers), PlotAxis("layer, in order"), PlotAxis("", "log"), height=220)
    yield Figure(known.place.id("shapes"), "Shapes from input to output", caption, spec, "Shapes")


def _steps(known: Known) -> Iterator[_Step]:
    """Of layers that nothing is in, with an output whose lengths are numbers; equal neighbours stay, for the axis."""
    last = _channels_last(known)
    given = [("the input", port.shape) for port in known.network.inputs[:1] if "int" not in port.dtype]
    leaves = ((path, known.nodes[path].outputs[0]) for path in known.leaves if known.nodes[path].outputs)
    for path, shape in (*given, *leaves):
        lengths = [length for length in shape[1:] if isinstance(length, int)]
        if len(shape) < 2 or len(lengths) < len(shape) - 1 or 0 in lengths:
            continue
        sequence = len(shape) == 3 and (path not in known.nodes or known.family(path) != "convolution")
        width = lengths[-1] if last or sequence or len(lengths) == 1 else lengths[0]
        others = lengths[:-1] if last or sequence else lengths[1:]
        side = float(max(others)) if len(lengths) > 1 else math.nan
        yield _Step(path, side, float(width), float(math.prod(lengths)), spaced(shape))


def _channels_last(known: Known) -> bool:
    """Whether channels are the last axis, as most convolutions that say how many they have show."""
    votes = Counter[bool]()
    for node in known.nodes.values():
        channels, shape = node.settings.get("out_channels"), node.outputs[0] if node.outputs else ()
        if len(shape) in SPATIAL and isinstance(channels, int) and (shape[1] == channels) != (shape[-1] == channels):
            votes[shape[-1] == channels] += 1
    return votes[True] > votes[False]


# --- receptive field --------------------------------------------------------------------------------------------------


def sight(known: Known) -> Iterator[Shown]:
    """The receptive field by depth, against the input, and a sentence on that."""
    fields = ((path, known.nodes[path].field) for path in known.leaves)
    found = [(path, field.size) for path, field in fields if field and field.size]
    bounded = [(path, size) for path, size in found if all(map(math.isfinite, size))]
    if len({size for _, size in bounded}) < 2:
        return
    figure = known.place.id("sight")
    given = _spatial(known, len(bounded[0][1]))
    yield from sight_sentence(found, given, figure)
    places = np.arange(1, len(found) + 1, dtype=np.float64)
    sizes = np.array([max(size) if math.isfinite(max(size)) else math.nan for _, size in found])
    notes = tuple(f"{brief(path)} sees {pixels(size)}" for path, size in found)
    layers = [Layer("line", places, sizes, label="receptive field", notes=notes)]
    if given:
        ends = np.array([1.0, float(len(found))])
        layers.append(Layer("rule", ends, np.full(2, float(max(given))), label="side of the input"))
    spec = Plot(tuple(layers), PlotAxis("layer, in order"), PlotAxis("px", logarithmic=True), height=200)
    yield Figure(figure, "What a unit sees", _sight_caption(found), spec, "Shapes")


def _sight_caption(found: Sequence[tuple[str, tuple[float, ...]]]) -> str:
    """Ends of the bounded part, and from where everything is seen."""
    bounded = [(path, size) for path, size in found if all(map(math.isfinite, size))]
    path, size = max(bounded, key=lambda one: math.prod(one[1]))
    text = f"Side of the area of the input that one unit depends on: at most {pixels(size)}, in {layer(path)}"
    whole = next((path for path, size in found if not all(map(math.isfinite, size))), "")
    return f"{text}; {layer(whole)} joins the whole input." if whole else f"{text}."


def _spatial(known: Known, axes: int) -> tuple[int, ...]:
    """Lengths of the only input along its spatial axes, if they are told."""
    shape = known.network.inputs[0].shape if len(known.network.inputs) == 1 else ()
    if SPATIAL.get(len(shape)) != axes:
        return ()
    lengths = shape[1:-1] if _channels_last(known) else shape[2:]
    return (
        tuple(length for length in lengths if isinstance(length, int))
        if all(isinstance(length, int) for length in lengths)
        else ()
    )
