"""Whether maps depend on what was learnt: weights are shuffled from the head to the input, and maps have to change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from dlviz_docs.model.probes import Sanity
from dlviz_docs.probes.clock import Clock
from dlviz_docs.probes.measures import noise_maps
from dlviz_docs.probes.runnable import Runnable, in_batches
from dlviz_docs.probes.targets import Wanted, score
from dlviz_docs.stats.removal import spearman

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Maps", "cascade", "moving", "sanity"]

Maps: TypeAlias = Callable[[Runnable], Mapping[str, "Tensor"]]
"""From a model to its maps by method, each (n, rows, columns)."""

STAGES = 5
UNLIKE, UNMOVED = 0.5, 0.95
"""|rho| below which maps are unlike, and above which they have not moved."""
_STATISTICS = ("running_mean", "running_var", "moving_mean", "moving_variance", "num_batches_tracked")


def sanity(
    model: Runnable, maps: Maps, layer: str, clock: Clock, among: Collection[str] | None = None
) -> tuple[Sanity, ...]:
    """One for each method whose maps show anything; only weights `among` those are shuffled, where it is told.

    Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018, cascading.
    """
    before = {method: values for method, values in maps(model).items() if any(map(_varies, values))}
    stages: list[str] = []
    similar: dict[str, list[float]] = {method: [] for method in before}
    for name, other in cascade(model, among=among):
        if not clock.has_time_for("the weights of all layers were randomised"):
            break
        stages.append(name)
        after = maps(other)
        for method, values in before.items():
            similar[method].append(_alike(values, after[method]))
    if not stages:
        return ()
    return tuple(_judged(method, layer, stages, similar[method], before[method]) for method in before)


def cascade(
    model: Runnable, stages: int = STAGES, seed: int = 0, among: Collection[str] | None = None
) -> Iterator[tuple[str, Runnable]]:
    """The model with the weights of its head shuffled, then with those of the layers before it too, up to all.

    Within each tensor: its elements stay, their places do not. Running statistics are no weights.
    """
    import torch

    known = ((path, tuple(name for name in names if among is None or name in among)) for path, names in _last(model))
    layers = [(path, names) for path, names in known if _own(names)]
    ends = np.unique(np.linspace(min(1, len(layers)), len(layers), stages).round().astype(int))
    generator = torch.Generator().manual_seed(seed)
    weights, changed, done = model.weights(), {}, 0
    for end in ends[ends > 0].tolist():
        for _, names in layers[done:end]:
            for name in _own(names):
                tensor = weights[name]
                order = torch.randperm(tensor.numel(), generator=generator)
                changed[name] = tensor.flatten()[order].reshape(tensor.shape)
        done = end
        yield layers[done - 1][0], model.with_weights(changed)


def _last(model: Runnable) -> Iterator[tuple[str, tuple[str, ...]]]:
    return reversed(model.layer_weights())


def moving(model: Runnable, x: Tensor, wanted: Wanted) -> frozenset[str]:
    """Names of the weights that what is explained of these samples depends on: of a detector not those of sizes."""
    import torch

    names = {name for _, names in model.layer_weights() for name in _own(names)}
    leaves = {
        name: weight.detach().clone().requires_grad_()
        for name, weight in model.weights().items()
        if name in names and weight.is_floating_point()
    }
    found: set[str] = set()
    changed = model.with_weights(leaves)
    for places, count in in_batches(model, len(x), 1):
        with torch.enable_grad():
            total = score(changed.forward(x[places]), wanted[places])[:count].sum()
            slopes = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
        told = zip(leaves, slopes, strict=True)
        found.update(name for name, slope in told if slope is not None and bool((slope != 0).any()))
    return frozenset(found)


def _own(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if not name.endswith(_STATISTICS)]


def _judged(method: str, layer: str, stages: list[str], similar: list[float], maps: Tensor) -> Sanity:
    chance = _alike(maps, noise_maps(len(maps), maps.shape[1], maps.shape[2], seed=1))
    passes, head = similar[-1] < max(UNLIKE, 1.5 * chance), similar[0] < UNMOVED
    return Sanity(method, layer, len(maps), tuple(stages), np.array(similar), chance, bool(passes), bool(head))


def _alike(before: Tensor, after: Tensor) -> float:
    """Mean |rho| over samples with a map; one that is the same everywhere afterwards is like nothing."""
    found = [abs(spearman(a.numpy(), b.numpy())) for a, b in zip(before, after, strict=True) if _varies(a)]
    return float(np.nan_to_num(found).mean())


def _varies(values: Tensor) -> bool:
    """Whether a map shows anything: one that is the same everywhere is unlike whatever comes, which proves nothing."""
    return bool((values != values.flatten()[0]).any())
