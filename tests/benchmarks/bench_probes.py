"""Grad-CAM of a network of ResNet-18's size at 224 px, beside one pass forwards and beside Captum.

Out of a `.pt2` file, by our own executor, at the last layer before the mean: cut there, so that gradients are kept of
the head alone. Equal to the last bit to the gradients of a whole pass, or the row does not hold.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from rows import Row
from torch import Tensor, nn

from dlviz_docs.probes.cams import grad_cam
from dlviz_docs.probes.executor import GraphModel
from dlviz_docs.probes.from_exported import program_of_exported
from dlviz_docs.probes.measures import noise_maps, road
from dlviz_docs.probes.passes import gradients_at
from dlviz_docs.readers.networks.exported import read_exported

__all__ = ["rows"]

LATE, MIDDLE = "layer4", "layer3"
REPEATS = 7
MOST = 1.1


class Block(nn.Module):
    def __init__(self, ins: int, outs: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(ins, outs, 3, stride, 1, bias=False), nn.BatchNorm2d(outs)
        self.conv2, self.bn2 = nn.Conv2d(outs, outs, 3, 1, 1, bias=False), nn.BatchNorm2d(outs)
        self.relu = nn.ReLU(inplace=True)
        same = stride == 1 and ins == outs
        self.down = nn.Identity() if same else nn.Sequential(nn.Conv2d(ins, outs, 1, stride), nn.BatchNorm2d(outs))

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))) + self.down(x))


class ResNet18(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        first = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.stem = nn.Sequential(first, nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        widths = (64, 64, 128, 256, 512)
        for i in range(1, 5):
            start = Block(widths[i - 1], widths[i], 1 if i == 1 else 2)
            setattr(self, f"layer{i}", nn.Sequential(start, Block(widths[i], widths[i], 1)))
        self.fc = nn.Linear(512, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(x)))))
        return self.fc(x.mean((2, 3)))


def rows(folder: Path) -> list[Row]:
    """CPU time of each, in turn, medians; one thread, as in a worker."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        torch.manual_seed(0)
        module = ResNet18().eval()
        model = _from_file(module, folder / "resnet18.pt2")
        return [row for batch in (1, 8) for row in _rows(module, model, batch)]
    finally:
        torch.set_num_threads(before)


def _from_file(module: nn.Module, path: Path) -> GraphModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shapes = ({0: torch.export.Dim("batch")},)
        torch.export.save(torch.export.export(module, (torch.zeros(2, 3, 224, 224),), dynamic_shapes=shapes), path)
    return GraphModel(program_of_exported(read_exported(path, path.parent)))


def _rows(module: ResNet18, model: GraphModel, batch: int) -> list[Row]:
    x = torch.randn(batch, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    classes = torch.arange(batch)

    def forward() -> Tensor:
        with torch.inference_mode():
            return module(x)

    def ours(layer: str) -> Tensor:
        return grad_cam(*gradients_at(model, layer, x, classes, batch))

    timed = _alternating([forward, lambda: ours(LATE), lambda: ours(MIDDLE), lambda: _captum(module, x, classes)])
    plain, late, middle, captum = timed
    equal = torch.equal(ours(LATE), _whole(module, x, classes))
    name = f"Grad-CAM, ResNet-18's size at 224 px, batch {batch}"
    goal = f"ratio <= {MOST}, bit-equal to a whole pass"
    found = [
        Row(f"{name}: last layer, beside one pass", late, plain, "CPU-ms", goal, equal and late <= MOST * plain),
        Row(f"{name}: a stage before, beside one pass", middle, plain, "CPU-ms", "reported", True),
        Row(f"{name}: Captum's, beside one pass", captum, plain, "CPU-ms", "reported", True),
    ]
    if batch > 1:
        (whole,) = _alternating([lambda: road(model, x, classes, noise_maps(batch, 7, 7), batch)], 3)
        what, holds = f"ROAD of {batch} maps, beside its ten passes", whole <= 15 * plain
        found.append(Row(what, whole, 10 * plain, "CPU-ms", "ratio <= 1.5", holds))
    return found


def _captum(module: ResNet18, x: Tensor, classes: Tensor) -> Tensor:
    from captum.attr import LayerGradCam

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: Tensor = LayerGradCam(module, module.get_submodule(LATE)).attribute(x, target=classes)
        return found


def _whole(module: ResNet18, x: Tensor, classes: Tensor) -> Tensor:
    """By a pass that keeps all gradients."""
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, result: Tensor) -> None:
        result.retain_grad()
        kept.append(result)

    handle = module.get_submodule(LATE).register_forward_hook(keep)
    module(x).gather(1, classes[:, None]).sum().backward()
    handle.remove()
    gradient = kept[0].grad
    assert gradient is not None
    return grad_cam(kept[0].detach(), gradient)


def _alternating(functions: Sequence[Callable[[], object]], repeats: int = REPEATS) -> list[float]:
    """Median CPU milliseconds of each; in turn, so that what else the machine does falls on all alike."""
    taken: list[list[float]] = [[] for _ in functions]
    for function in functions:
        function()
    for _ in range(repeats):
        for times, function in zip(taken, functions, strict=True):
            start = time.process_time()
            function()
            times.append((time.process_time() - start) * 1000)
    return [statistics.median(times) for times in taken]
