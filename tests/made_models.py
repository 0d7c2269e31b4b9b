"""Models as the readers tell them, made of real PyTorch modules: structure, weights at several moments, graphs."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn

from dlviz_docs.model import (
    Change,
    Checkpoint,
    Evidence,
    Experiment,
    Field,
    Insight,
    Models,
    Module,
    Network,
    Operation,
    Port,
    Statistics,
    Tensor,
)
from dlviz_docs.renderers.architecture import Architecture
from dlviz_docs.view import Fact, Figure, Shown

__all__ = [
    "MLP",
    "Block",
    "Detector",
    "Policy",
    "ResNet",
    "Transformer",
    "UNet",
    "change",
    "checkpoint",
    "facts",
    "figures",
    "insights",
    "network",
    "page",
    "shown_of",
    "statistics_of",
    "tensor_of",
    "weights",
]

BINS = 64
SETTINGS = ("kernel_size", "stride", "padding", "groups", "in_channels", "out_channels", "in_features", "out_features")


# --- architectures ----------------------------------------------------------------------------------------------------


class Block(nn.Module):
    """Of a ResNet: two convolutions and a shortcut, or three with a bottleneck."""

    def __init__(self, inside: int, width: int, stride: int = 1, bottleneck: bool = False) -> None:
        super().__init__()
        out = width * (4 if bottleneck else 1)
        self.bottleneck = bottleneck
        first = (1, 1, 0) if bottleneck else (3, stride, 1)
        self.conv1 = nn.Conv2d(inside, width, *first, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride if bottleneck else 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        if bottleneck:
            self.conv3 = nn.Conv2d(width, out, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU()
        self.downsample: nn.Module | None = None
        if stride != 1 or inside != out:
            self.downsample = nn.Sequential(nn.Conv2d(inside, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        if self.bottleneck:
            y = self.bn3(self.conv3(self.relu(y)))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """ResNet-20 of CIFAR by default; ResNet-50 with (3, 4, 6, 3) and a bottleneck."""

    def __init__(self, depths: Sequence[int] = (3, 3, 3), width: int = 16, bottleneck: bool = False, classes: int = 10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3 if not bottleneck else 7, 1 + bottleneck, 1 + 2 * bottleneck, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.depth = len(depths)
        inside = width
        for stage, depth in enumerate(depths):
            blocks = []
            for place in range(depth):
                blocks.append(Block(inside, width << stage, 2 if stage and not place else 1, bottleneck))
                inside = (width << stage) * (4 if bottleneck else 1)
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inside, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        for stage in range(self.depth):
            x = getattr(self, f"layer{stage + 1}")(x)
        return self.fc(torch.flatten(self.pool(x), 1))


class TransformerBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm1(x)
        weights = torch.softmax(torch.matmul(self.q(y), self.k(y).transpose(1, 2)), -1)
        x = x + self.out(torch.matmul(weights, self.v(y)))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    """A decoder whose head shares its weights with the embedding."""

    def __init__(self, depth: int = 12, width: int = 64, vocabulary: int = 1000) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList([TransformerBlock(width) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class UNet(nn.Module):
    """Down twice, up twice, with skips."""

    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.middle = nn.Conv2d(16, 32, 3, padding=1)
        self.up2, self.up1 = nn.ConvTranspose2d(32, 16, 2, 2), nn.ConvTranspose2d(16, 8, 2, 2)
        self.join2, self.join1 = nn.Conv2d(32, 16, 3, padding=1), nn.Conv2d(16, 8, 3, padding=1)
        self.pool, self.relu = nn.MaxPool2d(2), nn.ReLU()
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a = self.relu(self.down1(x))
        b = self.relu(self.down2(self.pool(a)))
        c = self.relu(self.middle(self.pool(b)))
        c = self.relu(self.join2(torch.cat([self.up2(c), b], 1)))
        return self.out(self.relu(self.join1(torch.cat([self.up1(c), a], 1))))


class MLP(nn.Sequential):
    def __init__(self, *widths: int) -> None:
        layers = [one for a, b in pairwise(widths) for one in (nn.Linear(a, b), nn.ReLU())]
        super().__init__(*layers[:-1])


class Policy(nn.Module):
    """Actor and critic of an agent."""

    def __init__(self, seen: int = 8, actions: int = 4) -> None:
        super().__init__()
        self.actor, self.critic = MLP(seen, 64, 64, actions), MLP(seen, 64, 64, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.actor(x), self.critic(x)


class Detector(nn.Module):
    """A backbone and a head for classes and boxes on two scales."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = ResNet((1, 1), 8)
        del self.backbone.fc, self.backbone.pool
        self.classes = nn.ModuleList([nn.Conv2d(8, 6, 3, padding=1), nn.Conv2d(16, 6, 3, padding=1)])
        self.boxes = nn.ModuleList([nn.Conv2d(8, 12, 3, padding=1), nn.Conv2d(16, 12, 3, padding=1)])

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        a = self.backbone.layer1(self.backbone.relu(self.backbone.bn1(self.backbone.conv1(x))))
        b = self.backbone.layer2(a)
        return self.classes[0](a), self.classes[1](b), self.boxes[0](a), self.boxes[1](b)


# --- weights ----------------------------------------------------------------------------------------------------------


def tensor_of(name: str, shape: tuple[int, ...], dtype: str = "float32", **more: Any) -> Tensor:
    """With its bytes counted."""
    octets = {"float64": 8, "int64": 8, "float16": 2, "bfloat16": 2, "qint8": 1}.get(dtype, 4)
    return Tensor(name, shape, dtype, more.pop("octets", octets * math.prod(shape)), **more)


@np.errstate(all="ignore")
def statistics_of(values: Any) -> Statistics:
    """Plainly, by NumPy."""
    array = np.asarray(values, np.float64)
    finite = array[np.isfinite(array)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        low, high = low - abs(low) - 0.5, high + abs(high) + 0.5
    safe = np.where(np.isfinite(array), array, 0.0)
    rows = None if not array.ndim else np.sqrt((safe.reshape(len(array), math.prod(array.shape[1:])) ** 2).sum(axis=1))
    return Statistics(
        nan=int(np.isnan(array).sum()),
        infinite=int(np.isinf(array).sum()),
        zeros=int((array == 0).sum()),
        minimum=float(finite.min()) if finite.size else None,
        maximum=float(finite.max()) if finite.size else None,
        mean=float(finite.mean()) if finite.size else None,
        std=float(finite.std()) if finite.size else None,
        norm=float(np.sqrt((finite**2).sum())),
        counts=np.histogram(finite, BINS, (low, high))[0].astype(np.float64),
        low=low,
        high=high,
        rows=rows,
    )


def weights(model: nn.Module) -> dict[str, np.ndarray]:
    """By name, as in its state dict, but copied."""
    return {name: value.detach().numpy().copy() for name, value in model.state_dict().items()}


def checkpoint(
    arrays: Mapping[str, np.ndarray], buffers: Sequence[str] = (), tied: Mapping[str, str] | None = None, **more: Any
) -> Checkpoint:
    """Of these arrays, with the statistics of all."""
    tensors = tuple(
        tensor_of(
            name,
            array.shape,
            str(array.dtype),
            role="buffer" if name in buffers else "parameter",
            tied=(tied or {}).get(name, ""),
        )
        for name, array in arrays.items()
    )
    size = more.pop("size", sum(one.octets for one in tensors if not one.tied) + 1000)
    statistics = more.pop("statistics", {name: statistics_of(array) for name, array in arrays.items()})
    extra = tuple(more.pop("extra", ()))
    path = more.pop("path", "runs/a/model.pth")
    return Checkpoint(path, "PyTorch (zip)", size, tensors + extra, statistics, **more)


def change(before: Checkpoint, a: Mapping[str, np.ndarray], after: Checkpoint, b: Mapping[str, np.ndarray]) -> Change:
    """Plainly, by NumPy."""
    relative, cosine = [], []
    for name in a:
        x, y = (np.asarray(one[name], np.float64).ravel() for one in (a, b))
        sizes = np.linalg.norm(x), np.linalg.norm(y)
        relative.append(np.linalg.norm(y - x) / sizes[0] if sizes[0] else np.nan)
        cosine.append(x @ y / (sizes[0] * sizes[1]) if sizes[0] and sizes[1] else np.nan)
    return Change(before.path, after.path, tuple(a), np.array(relative), np.array(cosine))


# --- networks ---------------------------------------------------------------------------------------------------------


def network(
    model: nn.Module,
    example: torch.Tensor | None = None,
    *,
    evidence: Evidence = "weights",
    name: str = "net",
    moments: Sequence[Mapping[str, np.ndarray]] = (),
    fields: Mapping[str, Field] | None = None,
    **more: Any,
) -> Network:
    """What readers would make of it: shapes and costs where there is an example, operations if evidence is a graph.

    `moments` are weights of several checkpoints, by default those of the model alone.
    """
    torch.manual_seed(0)
    traced = _traced(model, example) if example is not None else {}
    own = weights(model)
    buffers = [buffer for buffer, _ in model.named_buffers()]
    tied = dict(_tied(model))
    arrays = list(moments) or [own]
    points = [
        checkpoint(array, buffers, tied, path=f"runs/a/epoch_{turn}.pth", epoch=float(turn), run="a")
        for turn, array in enumerate(arrays)
    ]
    pairs = list(zip(range(len(points) - 1), range(1, len(points)), strict=True))
    pairs += [(0, len(points) - 1)] if len(points) > 2 else []
    modules = tuple(_modules(model, traced, fields or {}))
    if evidence in ("weights", "header"):
        modules = tuple(_inferred(modules))
    first = next((m.tensors[0] for m in modules if m.kind == "Conv2d" and m.tensors), "")
    return Network(
        name,
        evidence,
        tuple(points),
        modules,
        tuple(_operations(model, traced)) if evidence == "graph" else (),
        inputs=(_port(model, example, evidence),) if example is not None else (),
        changes=tuple(change(points[a], arrays[a], points[b], arrays[b]) for a, b in pairs),
        filters={first: np.asarray(arrays[-1][first], np.float64)} if first else {},
        **more,
    )


def _tied(model: nn.Module) -> Iterator[tuple[str, str]]:
    places: dict[int, str] = {}
    for name, value in model.state_dict(keep_vars=True).items():
        if (first := places.setdefault(id(value), name)) != name:
            yield name, first


def _traced(model: nn.Module, example: torch.Tensor) -> dict[str, dict[str, Any]]:
    """Shapes and multiply-adds of every module."""
    found: dict[str, dict[str, Any]] = {}

    def hook(path: str) -> Callable[..., None]:
        def keep(
            module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor | tuple[torch.Tensor, ...]
        ) -> None:
            outputs = output if isinstance(output, tuple) else (output,)
            entry = found.setdefault(path, {"macs": 0.0, "calls": 0})
            entry["inputs"] = tuple(tuple(one.shape) for one in inputs)
            entry["outputs"] = tuple(tuple(one.shape) for one in outputs)
            entry["activations"] = sum(one.numel() for one in outputs)
            entry["calls"] += 1
            entry["macs"] += _macs(module, outputs[0])

        return keep

    handles = [module.register_forward_hook(hook(path)) for path, module in model.named_modules()]
    with torch.no_grad():
        model.eval()(example)
    for handle in handles:
        handle.remove()
    for path in sorted(found, key=lambda one: -len(one)):
        inside = [one for one in found if one.startswith(f"{path}." if path else "") and one != path]
        leaves = [one for one in inside if not any(other.startswith(f"{one}.") for other in found)]
        if leaves:
            found[path]["macs"] = sum(found[one]["macs"] for one in leaves)
    return found


def _macs(module: nn.Module, output: torch.Tensor) -> float:
    match module:
        case nn.Conv2d():
            return float(output.numel() * module.in_channels // module.groups * math.prod(module.kernel_size))
        case nn.ConvTranspose2d():
            return float(output.numel() // 4 * module.in_channels * math.prod(module.kernel_size))
        case nn.Linear():
            return float(output.numel() * module.in_features)
    return 0.0


def _modules(model: nn.Module, traced: Mapping[str, Any], fields: Mapping[str, Field]) -> Iterator[Module]:
    for path, module in model.named_modules():
        entry = {key: value for key, value in traced.get(path, {}).items() if key != "calls"}
        own = [name for name in (*module._parameters, *module._buffers) if getattr(module, name) is not None]
        yield Module(
            path,
            type(module).__name__,
            settings={name: getattr(module, name) for name in SETTINGS if hasattr(module, name)},
            tensors=tuple(f"{path}.{name}".lstrip(".") for name in own),
            field=fields.get(path),
            calls=traced.get(path, {}).get("calls", 1),
            stand_in=_stand_in(model, path),
            **entry,
        )


def _inferred(modules: Sequence[Module]) -> Iterator[Module]:
    """What names and shapes of weights tell: nothing of layers without any, and no class of a block."""
    for one in modules:
        inside = f"{one.path}." if one.path else ""
        if any(name.startswith(inside) for other in modules for name in other.tensors):
            yield replace(one, kind=one.kind if one.tensors else "", inferred=True, settings={})


def _stand_in(model: nn.Module, path: str) -> str:
    """The first of the siblings before it that are built alike."""
    above, _, last = path.rpartition(".")
    if not last.isdigit() or not list(model.get_submodule(path).children()):
        return ""
    form = str(model.get_submodule(path))
    first = int(last)
    parent = model.get_submodule(above)
    while first and str(parent[first - 1]) == form:  # type: ignore[index]
        first -= 1
    return f"{above}.{first}" if first < int(last) else ""


def _operations(model: nn.Module, traced: Mapping[str, Any]) -> Iterator[Operation]:
    graph = torch.fx.symbolic_trace(model)
    parents = {node.name: _place(node, graph) for node in graph.graph.nodes}
    for node in graph.graph.nodes:
        if node.op in ("placeholder", "output"):
            continue
        module = node.target if node.op == "call_module" else parents[node.name]
        kind = type(graph.get_submodule(node.target)).__name__ if node.op == "call_module" else _called(node)
        inputs = tuple(one.name for one in node.all_input_nodes)
        yield Operation(node.name, kind, module, inputs, outputs=traced.get(module, {}).get("outputs", ()))


def _port(model: nn.Module, example: torch.Tensor, evidence: Evidence) -> Port:
    name = next(iter(inspect.signature(model.forward).parameters))
    if evidence == "graph":
        name = next(node.name for node in torch.fx.symbolic_trace(model).graph.nodes if node.op == "placeholder")
    return Port(name, tuple(example.shape), str(example.dtype).removeprefix("torch."))


def _called(node: Any) -> str:
    return node.target if isinstance(node.target, str) else node.target.__name__


def _place(node: Any, graph: Any) -> str:
    stack = node.meta.get("nn_module_stack") or {}
    return list(stack)[-1] if stack else ""


# --- the page ---------------------------------------------------------------------------------------------------------


def page(*networks: Network, **options: Any) -> list[Shown]:
    """All that the page shows of them."""
    return list(Architecture(**options)(Experiment("slug", "Title", "path", models=Models(networks))))


def figures(shown: Sequence[Shown]) -> dict[str, Figure]:
    """By identifier; they are unique."""
    found = [one for one in shown if isinstance(one, Figure)]
    assert len({one.id for one in found}) == len(found)
    return {one.id: one for one in found}


def insights(shown: Sequence[Shown]) -> dict[str, Insight]:
    """By kind, the first of each."""
    return {one.kind: one for one in reversed(shown) if isinstance(one, Insight)}


def facts(shown: Sequence[Shown]) -> dict[str, str]:
    """Of the front page."""
    return {one.label: one.text for one in shown if isinstance(one, Fact)}


def shown_of(one: Network, **more: Any) -> list[Shown]:
    """The page of one network with some of its fields replaced."""
    return page(replace(one, **more))
