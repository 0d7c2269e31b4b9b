"""Models that take pictures with channels last, as TensorFlow's do, behind the face of all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlviz_docs.probes.runnable import Answering, Layer, Runnable, Seen

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ChannelsLast"]


@dataclass(frozen=True, slots=True, eq=False)
class ChannelsLast:
    """A `Runnable` that is handed (n, c, h, w) and hands on (n, h, w, c)."""

    inner: Runnable

    @property
    def fixed_batch(self) -> int | None:
        return self.inner.fixed_batch

    def forward(self, x: Tensor) -> Tensor:
        return self.inner.forward(_last(x))

    def outputs(self, x: Tensor) -> Mapping[str, Tensor]:
        return self.inner.outputs(_last(x))

    def answering(self, how: Answering) -> Runnable:
        return ChannelsLast(self.inner.answering(how))

    def layers(self, x: Tensor) -> tuple[Layer, ...]:
        return self.inner.layers(_last(x))

    def forward_to(self, layer: str, x: Tensor) -> Tensor:
        return self.inner.forward_to(layer, _last(x))

    def forward_from(self, layer: str, activation: Tensor, x: Tensor) -> Tensor:
        return self.inner.forward_from(layer, activation, _last(x))

    def cut(self, layer: str, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.inner.cut(layer, _last(x))

    def attentions(self, x: Tensor) -> tuple[tuple[Seen, ...], Tensor]:
        return self.inner.attentions(_last(x))

    def weights(self) -> Mapping[str, Tensor]:
        return self.inner.weights()

    def layer_weights(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return self.inner.layer_weights()

    def with_weights(self, changed: Mapping[str, Tensor]) -> Runnable:
        return ChannelsLast(self.inner.with_weights(changed))


def _last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1)
