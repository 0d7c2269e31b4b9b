"""One face for everything that can be run: graphs out of files, and modules out of a factory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from dlviz_docs.errors import ProbeError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "Answering",
    "Layer",
    "Limits",
    "Runnable",
    "Seen",
    "answer",
    "first_of",
    "first_tensor",
    "in_batches",
    "tensors_of",
]

Answering: TypeAlias = "Callable[[Mapping[str, Any]], Tensor]"
"""From all that a model gives, by name, to the one tensor that is explained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a probe may take."""

    octets: int = 1 << 30
    """Bytes of one value of a file's graph."""
    calls: int = 20_000
    """Operations of a graph; there are no loops, so this bounds the steps of a pass."""
    seconds: float = 120.0
    """After which no new work is begun; what is done is shown."""
    samples: int = 1000
    """That the model is run on at most; evenly spread where there are more."""
    batch: int = 8
    """Samples that run at once; results do not depend on it."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A place where a model can be cut."""

    path: str
    kind: str
    """Class of the module, or the operator, as the file has it."""
    shape: tuple[int, ...]
    """Of its output for the samples it was seen with, batch first."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Attention of one layer as it ran."""

    layer: str
    weights: Tensor
    """Shape (n, heads, tokens, tokens): rows sum to 1."""


class Runnable(Protocol):
    """A model in evaluation mode whose weights need no gradient. Layers go by their paths."""

    @property
    def fixed_batch(self) -> int | None:
        """How many samples it takes at once, where a file was exported for one number alone."""

    def forward(self, x: Tensor) -> Tensor:
        """The answer, as `answer` picks it, or what took its place."""

    def outputs(self, x: Tensor) -> Mapping[str, Tensor]:
        """All that it gives and that holds fractions, by name."""

    def answering(self, how: Answering) -> Runnable:
        """The same model, whose answer is picked otherwise."""

    def layers(self, x: Tensor) -> tuple[Layer, ...]:
        """Every place it can be cut at, in the order they run, with the shapes these samples give."""

    def forward_to(self, layer: str, x: Tensor) -> Tensor:
        """The layer's output."""

    def forward_from(self, layer: str, activation: Tensor, x: Tensor) -> Tensor:
        """The answer, with the layer's output put in its place."""

    def cut(self, layer: str, x: Tensor) -> tuple[Tensor, Tensor]:
        """The layer's output, a leaf that asks for a gradient, and the answer that depends on it.

        One pass: up to the layer without a graph for gradients, with one from there on. Gradients of the answer are, to
        the last bit, those of a pass that kept them all.
        """

    def attentions(self, x: Tensor) -> tuple[tuple[Seen, ...], Tensor]:
        """The attention of every layer that has some, each asking for a gradient, and the answer."""

    def weights(self) -> Mapping[str, Tensor]:
        """All weights and buffers, by name."""

    def layer_weights(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Layers that have parameters, in the order they run or, of a module, are defined, each with its own names.

        What several share is the first one's.
        """

    def with_weights(self, changed: Mapping[str, Tensor]) -> Runnable:
        """The same model with some of its weights in the place of its own."""


_PREFERRED = ("logits", "output", "out", "pred", "scores")


def answer(outputs: Mapping[str, Any]) -> Tensor:
    """The output that is explained: one called "logits" and the like, else the first that holds fractions.

    `ProbeError` where there is none.
    """
    tensors = tensors_of(outputs)
    if not tensors:
        raise ProbeError("The model gives no tensor of numbers that could be explained.")
    name = next((wanted for wanted in _PREFERRED if wanted in tensors), next(iter(tensors)))
    return tensors[name]


def tensors_of(outputs: Mapping[str, Any]) -> Mapping[str, Tensor]:
    """All that hold fractions, by name; those in a tuple or a list by their place."""
    return {name: value for name, value in _flat(outputs) if value.is_floating_point()}


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    if hasattr(value, "is_floating_point"):
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, str(key))
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from _flat(inner, f"{name}{place}" if name else str(place))


def first_tensor(value: Any) -> Tensor | None:
    """The first tensor of whatever a layer gives."""
    return next((tensor for _, tensor in _flat(value)), None)


def in_batches(model: Runnable, count: int, size: int) -> Iterator[tuple[list[int], int]]:
    """Places of the samples of each batch, and how many of them count.

    A model that takes one number alone gets the last sample again where there are too few.
    """
    step = model.fixed_batch or size
    for start in range(0, count, step):
        places = list(range(start, min(start + step, count)))
        missing = step - len(places) if model.fixed_batch else 0
        yield places + places[-1:] * missing, len(places)


def first_of(model: Runnable, x: Tensor, size: int) -> Tensor:
    """The first samples, as many as `size` or as the model takes."""
    places, _ = next(in_batches(model, len(x), size))
    return x[places]
