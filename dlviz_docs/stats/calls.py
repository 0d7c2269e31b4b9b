"""What an operation of a network does, in the few words that its cost and its receptive field depend on.

Readers translate ONNX's, PyTorch's and Keras' operations to these; shapes are counted from the end, channels stand
before the axes a window slides along: (batch, channels, *spatial).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Literal, TypeAlias

from dlviz_docs.model import Dim, Shape

__all__ = [
    "Attention",
    "Call",
    "Constant",
    "Contraction",
    "Convolution",
    "Deed",
    "Joining",
    "Lookup",
    "Mixing",
    "Padding",
    "Permutation",
    "Pointwise",
    "Pooling",
    "Recurrence",
    "Resampling",
    "Reshaping",
    "Slicing",
    "Summation",
    "Unknown",
    "Window",
    "adaptive",
    "summation",
]

Interpolation = Literal["nearest", "linear", "cubic"]


@dataclass(frozen=True, slots=True)
class Window:
    """What slides along the spatial axes; a number for each of them."""

    size: tuple[float, ...]
    stride: tuple[float, ...]
    dilation: tuple[int, ...]
    before: tuple[float, ...]
    """Padding in front of the first element."""

    @property
    def reach(self) -> tuple[float, ...]:
        """Elements from the first to the last that a window takes in."""
        return tuple((size - 1) * step + 1 for size, step in zip(self.size, self.dilation, strict=True))


def adaptive(before: Shape, after: Shape) -> Window | None:
    """The windows of adaptive pooling from these spatial lengths to those: exact where the one divides the other.

    Elsewhere they are of two sizes, and this is the larger. None where a length is not known.
    """
    sizes, strides = [], []
    for longer, shorter in zip(before, after, strict=True):
        if not isinstance(longer, int) or not isinstance(shorter, int) or shorter < 1:
            return None
        ragged = longer % shorter > 0
        sizes.append(-(-longer // shorter) + ragged)
        strides.append(longer / shorter)
    shift = tuple((size - stride) / 2 for size, stride in zip(sizes, strides, strict=True))
    return Window(tuple(sizes), tuple(strides), (1,) * len(sizes), shift)


@dataclass(frozen=True, slots=True)
class Convolution:
    """Inputs: an array. A unit sees a window of it in all channels of its group."""

    weight: Shape
    """(out, in / groups, *window); (in, out / groups, *window) where it is transposed."""
    window: Window
    transposed: bool = False


@dataclass(frozen=True, slots=True)
class Contraction:
    """A sum of products along one axis: linear layers and products of matrices. Inputs: left, and right if computed."""

    length: Dim
    """Of the axis that is summed over."""
    left: int = -1
    """Which axis of the first input that is."""
    right: int = -2


@dataclass(frozen=True, slots=True)
class Summation:
    """A sum of products over several axes at once, as Einstein wrote it; which of them run where is not followed."""

    length: Dim
    """Of all axes that are summed over, multiplied."""


@dataclass(frozen=True, slots=True)
class Attention:
    """Inputs: queries, keys, values of shape (..., length, features)."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Inputs: an array with time and features. LSTM, GRU and plain recurrent layers."""

    gates: int
    """4, 3 or 1 products for each unit."""
    inputs: Dim
    """Features of the first layer's input."""
    hidden: Dim
    steps: Dim
    """Time steps times examples."""
    layers: int = 1
    directions: int = 1
    projected: int = 0
    """Size of an LSTM's projection; 0 for none."""


@dataclass(frozen=True, slots=True)
class Pooling:
    """A window of each channel."""

    window: Window


@dataclass(frozen=True, slots=True)
class Mixing:
    """Each unit sees all along some axes: global pooling, sums, softmax, sorting."""

    axes: tuple[int, ...] | None = None
    """None: all of them."""
    dropped: bool = False
    """Whether they are gone afterwards."""


@dataclass(frozen=True, slots=True)
class Pointwise:
    """Each unit sees the units at its place in all inputs; they are broadcast. Normalisation counts as such: what it
    takes of a whole map are two numbers for each channel."""


@dataclass(frozen=True, slots=True)
class Joining:
    """Inputs one after another along an axis."""

    axis: int


@dataclass(frozen=True, slots=True)
class Permutation:
    """Axes in another order."""

    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reshaping:
    """The same elements in the same order, in another shape."""


@dataclass(frozen=True, slots=True)
class Slicing:
    """A part along one axis."""

    axis: int
    start: int | None = 0
    """None where it is not known or differs from output to output."""
    step: int = 1
    dropped: bool = False
    """Whether a single element is taken, and the axis is gone."""


@dataclass(frozen=True, slots=True)
class Padding:
    """More elements in front of each axis."""

    before: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Resampling:
    """Spatial axes made longer or shorter, as the shapes tell."""

    interpolation: Interpolation = "nearest"
    aligned: bool = False
    """Whether the outermost elements stay where they are (align_corners)."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Rows of a table; inputs: numbers of rows. Embeddings."""


@dataclass(frozen=True, slots=True)
class Constant:
    """Does not depend on the model's input."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not one of the above."""

    costs: bool = True
    """Whether it may multiply and add; sorting, gathering and the like do not."""


Deed: TypeAlias = (
    Convolution
    | Contraction
    | Summation
    | Attention
    | Recurrence
    | Pooling
    | Mixing
    | Pointwise
    | Joining
    | Permutation
    | Reshaping
    | Slicing
    | Padding
    | Resampling
    | Lookup
    | Constant
    | Unknown
)


@dataclass(frozen=True, slots=True)
class Call:
    """One operation at work."""

    does: Deed = field(default_factory=Unknown)
    inputs: tuple[Shape | None, ...] = ()
    """Shapes of what it takes in; None where not even the number of axes is known."""
    outputs: tuple[Shape | None, ...] = ()


def summation(equation: str, shapes: Sequence[Shape | None], output: Shape | None) -> Summation | Unknown:
    """What Einstein's notation costs for two arrays: multiplied are, for each element of the result, the letters that
    both have and the result lacks; a letter of one array alone is summed before."""
    left, arrow, result = equation.partition("->")
    terms = left.split(",")
    if output is None or "." in equation or not arrow or len(terms) != len(shapes) or len(terms) > 2:
        return Unknown()
    if any(shape is None or len(term) != len(shape) for term, shape in zip(terms, shapes, strict=True)):
        return Unknown()
    first, *others = [dict(zip(term, shape or (), strict=True)) for term, shape in zip(terms, shapes, strict=True)]
    pairs = [(first[letter], other[letter]) for other in others for letter in first.keys() & other.keys() - set(result)]
    summed = [pair for pair in pairs if 1 not in pair]
    lengths = [next((length for length in pair if isinstance(length, int)), None) for pair in summed]
    known = [length for length in lengths if length is not None]
    if len(known) < len(lengths):
        return Unknown()
    return Summation(prod(known)) if known else Unknown(costs=False)
