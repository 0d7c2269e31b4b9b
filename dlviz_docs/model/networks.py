"""Models: what their files hold, how their layers connect, and what was measured of their weights.

Names of layers are paths joined by dots, as PyTorch has them: "layer1.0.conv1". Arrays are read-only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from dlviz_docs.model.basics import FloatArray, Problem

__all__ = [
    "Change",
    "Checkpoint",
    "Dim",
    "Evidence",
    "Field",
    "Models",
    "Module",
    "Network",
    "Operation",
    "Port",
    "Role",
    "Setting",
    "Shape",
    "Statistics",
    "Tensor",
]

Dim: TypeAlias = int | str
"""A number, or the name of a length that varies: "batch"."""
Shape: TypeAlias = tuple[Dim, ...]
Setting: TypeAlias = int | float | bool | str | tuple[int | float | str, ...] | None
Evidence = Literal["graph", "modules", "weights", "header"]
"""What a structure is known from: a graph of operations, a tree of modules, or names and shapes of weights, which lie
in a state dict or are told by a header alone."""
Role = Literal["parameter", "buffer", "optimizer", "other"]


@dataclass(frozen=True, slots=True)
class Tensor:
    """One array of a checkpoint, by its name and form; its elements stay in the file."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    """As PyTorch calls it: "float32", "bfloat16", "float8_e4m3fn", "qint8", "complex64"."""
    octets: int
    """Bytes that its elements take."""
    role: Role = "parameter"
    trainable: bool | None = None
    """None where the file does not say."""
    tied: str = ""
    """Name of the tensor before it that lies in the same memory, if there is one."""
    missing: bool = False
    """Named, but its bytes are not there: a shard that is missing, a file that is cut."""

    @property
    def size(self) -> int:
        """Number of elements; 0 where nothing but its name is known, as of one in a shard that is missing."""
        count = int(bool(self.dtype or self.shape or not self.missing))
        for length in self.shape:
            count *= length
        return count

    @property
    def may_be_infinite(self) -> bool:
        """Whether infinite elements may be meant: attention masks have them, running statistics have not."""
        kept = self.role == "buffer" and "running_" not in self.name and "moving_" not in self.name
        return kept or "mask" in self.name


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """Of every element of one tensor; sums are taken in float64, over finite elements."""

    nan: int
    infinite: int
    zeros: int
    """Elements that are exactly zero."""
    minimum: float | None
    maximum: float | None
    mean: float | None
    std: float | None
    """Of the whole population: divided by n."""
    norm: float
    """Euclidean."""
    counts: FloatArray
    """Shape (bins,): elements in equal bins from `low` to `high`, those beyond in the outermost."""
    low: float
    high: float
    rows: FloatArray | None = None
    """Shape (first axis,): Euclidean norm of each filter or row, of one axis the size of each element; None without
    axes. Non-finite elements count as zero."""
    stable_rank: float | None = None
    """|W|² / σ², Euclidean norm and largest singular value, as a matrix of the first axis by all others (Rudelson and
    Vershynin 2007); None below two axes, and where it was not computed."""


@dataclass(frozen=True, slots=True)
class Field:
    """Receptive field along the spatial axes (Araujo, Norris and Sim 2019), in px of the input."""

    size: tuple[float, ...]
    """May be infinite: after a global pooling, or attention."""
    jump: tuple[float, ...]
    """Distance between the centres of neighbouring units."""
    start: tuple[float, ...]
    """Centre of the first unit."""


@dataclass(frozen=True, slots=True)
class Module:
    """One layer or block."""

    path: str
    """Such as "layer1.0.conv1"; "" for the whole model."""
    kind: str
    """Class as its framework calls it, "Conv2d"; "" for a block whose class is not known."""
    inferred: bool = False
    """Whether the kind is our reading of names and shapes."""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    """Such as "kernel_size", "stride", "padding", "dilation", "groups", "in_features", ...: under PyTorch's names."""
    tensors: tuple[str, ...] = ()
    """Names of its own tensors, without those of the layers in it."""
    inputs: tuple[Shape, ...] = ()
    outputs: tuple[Shape, ...] = ()
    macs: float | None = None
    """Multiply-adds for the example's input, of all that is in it; None where not known."""
    activations: int | None = None
    """Elements of its outputs."""
    field: Field | None = None
    calls: int = 1
    """How often the layer is used in one pass."""
    stand_in: str = ""
    """Path of the first module of the same structure in a run of siblings, where it is a repetition of that."""


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of the model."""

    name: str
    shape: Shape = ()
    dtype: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One node of the graph."""

    name: str
    """Unique."""
    kind: str
    """As the format has it: "Conv", "aten.conv2d.default"."""
    module: str = ""
    """Path of the innermost module it stands in."""
    inputs: tuple[str, ...] = ()
    """Names of operations or ports it takes values from; weights are in `tensors`."""
    tensors: tuple[str, ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=dict)
    outputs: tuple[Shape, ...] = ()
    dtype: str = ""
    macs: float | None = None
    field: Field | None = None
    bookkeeping: bool = False
    """Whether it only computes lengths and constants that other operations take: nothing of the model's input."""
    takes: tuple[str, ...] = ()
    """Names that the file has for the values and weights it takes, in order; "" for one that is left out."""
    gives: tuple[str, ...] = ()
    """The same for what it makes."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The weights of one moment: one file, or the shards of one."""

    path: str
    """Relative to the experiment."""
    format: str
    """Such as "PyTorch (zip)", "PyTorch (before 1.6)", "safetensors", "ONNX", "Keras 3", ..."""
    size: int
    """Bytes on disk, of all shards."""
    tensors: tuple[Tensor, ...] = ()
    """In the order of the file; with buffers and the state of the optimizer."""
    statistics: Mapping[str, Statistics] = field(default_factory=dict)
    """By name of the tensor; those that could not be decoded have none."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Numbers and words that lie beside the weights: "epoch", "best_acc1", "producer"."""
    calls: tuple[str, ...] = ()
    """What loading the file with pickle would import or call beyond PyTorch's own and plain containers."""
    run: str = ""
    """Slug of the run it belongs to; "" for none."""
    step: float | None = None
    epoch: float | None = None
    score: float | None = None

    def get(self, name: str) -> Tensor | None:
        """The tensor of that name."""
        return next((tensor for tensor in self.tensors if tensor.name == name), None)


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """How far weights moved from one checkpoint to a later one. Arrays have shape (tensors,)."""

    before: str
    """Path of the checkpoint."""
    after: str
    names: tuple[str, ...]
    relative: FloatArray
    """|after - before| / |before|, Euclidean norms; NaN where the first is all zeros."""
    cosine: FloatArray
    """Between both, as vectors; NaN where one is all zeros."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """One model: its structure, and its weights at one moment or several."""

    name: str
    evidence: Evidence
    checkpoints: tuple[Checkpoint, ...]
    """Of the same structure, in the order of training; at least one."""
    modules: tuple[Module, ...] = ()
    """Every block and layer, a block before what is in it; the first is the whole model, with the path ""."""
    operations: tuple[Operation, ...] = ()
    """In an order in which they can run; none where no graph is known."""
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    changes: tuple[Change, ...] = ()
    """Between checkpoints that follow each other, and from the first to the last."""
    filters: Mapping[str, FloatArray] = field(default_factory=dict)
    """By name of the tensor: weights small enough to look at, of the last checkpoint; those of first convolutions have
    shape (filters, channels, height, width), or (filters, channels, length)."""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By name of an embedding's tensor: what its rows stand for, where a file beside the weights says."""
    problems: tuple[Problem, ...] = ()

    @property
    def last(self) -> Checkpoint:
        """The weights at the end of training."""
        return self.checkpoints[-1]


@dataclass(frozen=True, slots=True)
class Models:
    """The models of one experiment."""

    networks: tuple[Network, ...] = ()
    problems: tuple[Problem, ...] = ()
