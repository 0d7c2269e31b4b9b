"""All methods and layers beside one another, and which of them the page should show first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dlviz_docs.model.probes import Agreement, Faithfulness, Sanity
from dlviz_docs.probes.choice import Candidate
from dlviz_docs.probes.clock import Clock
from dlviz_docs.probes.collected import Collected, Key
from dlviz_docs.probes.judge import RANDOM, Judge, agreement

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Verdicts", "best_layer", "best_method"]


@dataclass(slots=True)
class Verdicts:
    """What was measured so far; nothing where no answer can be measured."""

    judge: Judge | None
    clock: Clock
    found: dict[Key, Faithfulness] = field(default_factory=dict)
    _noise: dict[Key, Tensor] = field(default_factory=dict)

    @property
    def ordered(self) -> tuple[Faithfulness, ...]:
        """The most faithful first."""
        return tuple(sorted(self.found.values(), key=lambda one: -(one.road or 0.0)))

    @property
    def notes(self) -> tuple[str, ...]:
        """On what the measures were taken."""
        if self.judge is None:
            return ("How faithful maps are was not measured: no answer stands out from that to an empty picture.",)
        return (f"Measures of faithfulness were taken on {len(self.judge.x)} of the explained samples.",)

    def add(self, method: str, layer: str, maps: Tensor) -> None:
        """ROAD of these maps, unless there is no time; the first always."""
        if self.judge is None or (method, layer) in self.found:
            return
        if not self.found or self.clock.has_time_for("all methods and layers were compared"):
            self.found[method, layer] = self.judge.by_road(method, layer, maps)

    def take(self, collected: Collected) -> None:
        """ROAD of whatever has come, and of noise as coarse as the first."""
        if self.judge is None:
            return
        maps = dict(collected.first(len(self.judge.x)))
        for (method, layer), values in maps.items():
            if not self._noise:
                self._noise[RANDOM, layer] = self.judge.random(values)
                self.add(RANDOM, layer, self._noise[RANDOM, layer])
            self.add(method, layer, values)

    def draw(self, collected: Collected, methods: Collection[str]) -> None:
        """Curves of deletion and insertion: of noise, then of the most faithful first."""
        if self.judge is None:
            return
        maps = self._noise | dict(collected.first(len(self.judge.x)))
        for one in sorted(self.ordered, key=lambda one: one.method != RANDOM):
            asked = one.shares is None and one.method in (*methods, RANDOM) and (one.method, one.layer) in maps
            if asked and self.clock.has_time_for("the curves of all methods were drawn"):
                drawn = self.judge.with_curves(one, maps[one.method, one.layer])
                self.found[one.method, one.layer] = drawn

    def agreement(self, collected: Collected, layer: str) -> Agreement | None:
        """Of the methods at the chosen layer, and of those that need none."""
        count = len(self.judge.x) if self.judge is not None else len(collected.areas)
        maps: Mapping[str, Tensor] = {m: v for (m, at), v in collected.first(count) if at in ("", layer)}
        return agreement(maps) if len(maps) > 1 else None


def best_layer(layers: Sequence[Candidate], verdicts: Verdicts) -> tuple[Candidate | None, str]:
    """The last layer that is within one standard error of the largest ROAD, and why.

    A later layer has fewer cells and says more of the class: an earlier one has to be better beyond chance (the rule of
    one standard error, Breiman et al. 1984).
    """
    judged = {one.layer: one for one in verdicts.found.values() if one.method == "hirescam"}
    if not judged:
        return (layers[0], f"Maps are taken at {layers[0].path}, the last layer.") if layers else (None, "")
    best = max(judged.values(), key=lambda one: one.road or 0.0)
    least = (best.road or 0.0) - (best.road_error or 0.0)
    layer = next(one for one in layers if one.path in judged and (judged[one.path].road or 0.0) >= least)
    if len(judged) == 1:
        return layer, f"Maps are taken at {layer.path}."
    others = ", ".join(f"{one.layer} {one.road:.2f}" for one in judged.values() if one.layer != layer.path)
    how = "is the highest" if best.layer == layer.path else "is within a standard error of the highest"
    return layer, f"Maps are taken at {layer.path}: its ROAD of {judged[layer.path].road:.2f} {how} ({others})."


def best_method(judged: Sequence[Faithfulness], checked: Sequence[Sanity], layer: str) -> tuple[str, str]:
    """The most faithful method of those that pass the check with random weights; HiResCAM where nothing was judged."""
    failing = {one.method for one in checked if not (one.passes and one.head)}
    fit = [one for one in judged if one.method != RANDOM and one.layer in ("", layer) and one.method not in failing]
    if not fit:
        return ("hirescam" if layer else ""), ""
    best = max(fit, key=lambda one: (round(one.road or 0.0, 2), one.early or 0.0, one.method == "hirescam"))
    usual = next((one for one in fit if one.method == "hirescam" and one.layer == layer), best)
    least = (best.road or 0.0) - (best.road_error or 0.0)
    taken = usual if (usual.road or 0.0) >= least else best
    noise = next((one.road for one in judged if one.method == RANDOM), None)
    beside = "" if noise is None else f", random maps {noise:.2f}"
    how = "the most faithful" if taken is best else f"within a standard error of the most faithful, {best.method}"
    return taken.method, f"Of the methods {taken.method} is {how} (ROAD {taken.road or 0.0:.2f}{beside})."
