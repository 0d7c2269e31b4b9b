"""Models that take pictures with channels last, as TensorFlow's do, behind the face of all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlviz_docs.probes.runnable import Answering, Layer, Runnable, Seen
from dlviz_docs.probes.spatial import grid_of

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ChannelsLast"]


@dataclass(frozen=True, slots=True, eq=False)
class ChannelsLast:
    """A `Runnable` that is handed (n, c, h, w) and hands on (n, h, w, c); answers about regions come back likewise."""

    inner: Runnable

    @property
    def fixed_batch(self) -> int | None:
        return self.inner.fixed_batch

    def forward(self, x: Tensor) -> Tensor:
        return _first(self.inner.forward(_last(x)), x)

    def outputs(self, x: Tensor) -> Mapping[str, Tensor]:
        return self.inner.outputs(_last(x))

    def answering(self, how: Answering) -> Runnable:
        return ChannelsLast(self.inner.answering(how))

    def layers(self, x: Tensor) -> tuple[Layer, ...]:
        return self.inner.layers(_last(x))

    def forward_to(self, layer: str, x: Tensor) -> Tensor:
        return self.inner.forward_to(layer, _last(x))

    def forward_from(self, layer: str, activation: Tensor, x: Tensor) -> Tensor:
        return _first(self.inner.forward_from(layer, activation, _last(x)), x)

    def cut(self, layer: str, x: Tensor) -> tuple[Tensor, Tensor]:
        activation, answer = self.inner.cut(layer, _last(x))
        return activation, _first(answer, x)

    def attentions(self, x: Tensor) -> tuple[tuple[Seen, ...], Tensor]:
        seen, answer = self.inner.attentions(_last(x))
        return seen, _first(answer, x)

    def weights(self) -> Mapping[str, Tensor]:
        return self.inner.weights()

    def layer_weights(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return self.inner.layer_weights()

    def with_weights(self, changed: Mapping[str, Tensor]) -> Runnable:
        return ChannelsLast(self.inner.with_weights(changed))


def _last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1)


def _first(answer: Tensor, x: Tensor) -> Tensor:
    """Regions as (n, k, h, w), where their shape tells that classes are last."""
    grid = grid_of(tuple(answer.shape), *x.shape[2:]) if answer.dim() == 4 else None
    return answer.permute(0, 3, 1, 2) if grid is not None and grid.layout == "channels last" else answer
