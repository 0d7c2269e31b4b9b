"""Maps of samples by method: one place that knows how each is computed, for explanations and for their judgement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlviz_docs.model.probes import Map
from dlviz_docs.probes.cams import GRADIENT, contrast, eigen_cam, score_cam, why_empty
from dlviz_docs.probes.choice import Candidate
from dlviz_docs.probes.passes import gradients_at
from dlviz_docs.probes.pixels import blurred, integrated_gradients, occlusion, pooled
from dlviz_docs.probes.runnable import Runnable
from dlviz_docs.probes.targets import Wanted
from dlviz_docs.probes.tokens import attention_maps

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Area", "Explainer", "Found", "at_layers"]

Area = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Maps of all samples by one method, before they are told apart."""

    method: str
    layer: str
    values: Tensor
    """Shape (n, rows, columns)."""
    signed: bool = False
    gap: Tensor | None = None
    activation: Tensor | None = None
    gradient: Tensor | None = None

    def of(self, row: int, target: int, area: Area, against: int | None = None) -> Map:
        """The map of one sample."""
        values = self.values[row]
        own = None if self.activation is None else self.activation[row]
        slope = None if self.gradient is None else self.gradient[row]
        empty = why_empty(own, slope, values)
        gap = None if self.gap is None else float(self.gap[row])
        array = values.float().nan_to_num().numpy()
        return Map(self.method, self.layer, target, array, against, self.signed, area, empty, gap)


@dataclass(frozen=True, slots=True, eq=False)
class Explainer:
    """A model, and how many samples run at once."""

    model: Runnable
    batch: int

    def at(self, one: Candidate, x: Tensor, classes: Wanted, methods: Sequence[str]) -> Iterator[Found]:
        """The maps that need a layer, by every method that is asked for."""
        activation, gradient = gradients_at(self.model, one.path, x, classes, self.batch)
        a, g = one.grid.spread(activation), one.grid.spread(gradient)
        for method in methods:
            if method in GRADIENT:
                yield Found(method, one.path, GRADIENT[method](a, g), activation=a, gradient=g)
            elif method == "eigencam":
                yield Found(method, one.path, eigen_cam(a), activation=a)
            elif method == "scorecam":
                yield Found(method, one.path, score_cam(self.model, x, a, classes, self.batch), activation=a)

    def contrast(self, one: Candidate, x: Tensor, classes: Wanted, others: Tensor) -> Found:
        """What speaks for `classes` and not for `others`."""
        activation, gradient = gradients_at(self.model, one.path, x, classes, self.batch, others)
        a, g = one.grid.spread(activation), one.grid.spread(gradient)
        return Found("contrast", one.path, contrast(a, g), signed=True, activation=a, gradient=g)

    def slowly(self, one: Candidate | None, x: Tensor, classes: Wanted, method: str) -> Iterator[Found]:
        """The maps of a method that takes many passes, at the layer or without one."""
        if method != "scorecam":
            yield from self.of_input(x, classes, method)
        elif one is not None:
            yield from self.at(one, x, classes, (method,))

    def of_input(self, x: Tensor, classes: Wanted, method: str) -> Iterator[Found]:
        """The maps that need no layer: of pixels, and of attention."""
        if method == "integrated gradients":
            values, gap = integrated_gradients(self.model, x, classes, blurred(x), self.batch)
            yield Found(method, "", pooled(values), signed=True, gap=gap)
        elif method == "occlusion":
            yield Found(method, "", occlusion(self.model, x, classes, self.batch), signed=True)
        elif method in ("rollout", "relevance"):
            maps = attention_maps(self.model, x, classes, self.batch)
            if maps is not None:
                yield Found(method, "", maps[method == "relevance"])


def at_layers(
    one: Candidate, x: Tensor, classes: Wanted, batch: int, methods: Sequence[str]
) -> Callable[[Runnable], Mapping[str, Tensor]]:
    """From a model to its maps at that layer, for the check with random weights."""

    def maps(model: Runnable) -> Mapping[str, Tensor]:
        return {found.method: found.values for found in Explainer(model, batch).at(one, x, classes, methods)}

    return maps
