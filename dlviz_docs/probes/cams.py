"""Class activation maps: what an activation and its gradient say of each cell. One paper, one function.

`a` is the activation and `g` the gradient of the class's logit, both (n, channels, rows, columns); a map is (n, rows,
columns) and has no negative values: what speaks against a class is not shown, unless a function says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from dlviz_docs.probes.runnable import Runnable
from dlviz_docs.probes.targets import Wanted

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "GRADIENT",
    "contrast",
    "eigen_cam",
    "grad_cam",
    "grad_cam_pp",
    "hires_cam",
    "layer_cam",
    "score_cam",
    "why_empty",
]

SCORED = 64
"""Channels that Score-CAM masks with: those that vary most over cells."""


def grad_cam(a: Tensor, g: Tensor) -> Tensor:
    """Selvaraju et al., "Grad-CAM", ICCV 2017: channels weighted by their mean gradient."""
    return (g.mean((2, 3), keepdim=True) * a).sum(1).clamp(min=0)


def hires_cam(a: Tensor, g: Tensor) -> Tensor:
    """Draelos and Carin, "Use HiResCAM instead of Grad-CAM", 2020: each cell by its own gradient.

    What it shows is what the model used, for every head that is linear after the layer; behind a global mean it equals
    Grad-CAM.
    """
    return (g * a).sum(1).clamp(min=0)


def layer_cam(a: Tensor, g: Tensor) -> Tensor:
    """Jiang et al., "LayerCAM", TIP 2021: each cell by its own gradient where that is positive."""
    return (g.clamp(min=0) * a).sum(1).clamp(min=0)


def grad_cam_pp(a: Tensor, g: Tensor) -> Tensor:
    """Chattopadhay et al., "Grad-CAM++", WACV 2018, equations (10) and (19).

    Derivatives of exp(logit): powers of the gradient; the exponential itself is one factor for the whole map.
    """
    square = g.square()
    below = 2 * square + a.sum((2, 3), keepdim=True) * square * g
    alpha = square / below.where(below != 0, below.new_ones(()))
    return ((alpha * g.clamp(min=0)).sum((2, 3), keepdim=True) * a).sum(1).clamp(min=0)


def eigen_cam(a: Tensor) -> Tensor:
    """Muhammad and Yeasin, "Eigen-CAM", IJCNN 2020: cells along the first principal direction of the channels.

    The channels are centred over cells, and the direction points to where the mean activation is larger. No class is
    asked for, so it shows what stands out and not why the answer was given.
    """
    cells = a.flatten(2).transpose(1, 2)
    centred = cells - cells.mean(1, keepdim=True)
    first = centred.double().svd().V[:, :, :1].to(a.dtype)
    along = (centred @ first).squeeze(2)
    sign = (along * centred.mean(2)).sum(1, keepdim=True).sign()
    return (along * sign).clamp(min=0).reshape(len(a), *a.shape[2:])


def contrast(a: Tensor, g: Tensor) -> Tensor:
    """HiResCAM of a difference of two logits, with its sign: what speaks for the one and not for the other."""
    return (g * a).sum(1)


def score_cam(model: Runnable, x: Tensor, a: Tensor, classes: Wanted, batch: int) -> Tensor:
    """Wang et al., "Score-CAM", CVPRW 2020: channels weighted by the softmax of what the class gets of the input they
    let through.

    No gradient is needed. The input is masked by the 64 channels that vary most over cells, each scaled up to the
    input and to [0, 1]; all in a picture of zeros, which is the mean of what the model was trained on.
    """
    import torch

    from dlviz_docs.probes.passes import worths_of

    count = min(SCORED, a.shape[1])
    maps = []
    for i in range(len(x)):
        channels = a[i].flatten(1).var(1).topk(count).indices
        masks = torch.nn.functional.interpolate(a[i, channels][:, None], x.shape[2:], mode="bilinear")
        low, high = masks.amin((2, 3), keepdim=True), masks.amax((2, 3), keepdim=True)
        masks = (masks - low) / (high - low).clamp(min=1e-12)
        gained = worths_of(model, x[i] * masks, classes[[i] * count], batch)
        gained = gained - worths_of(model, x[i][None] * 0, classes[[i]], 1)
        maps.append((gained.softmax(0)[:, None, None] * a[i, channels]).sum(0).clamp(min=0))
    return torch.stack(maps)


GRADIENT: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "hirescam": hires_cam,
    "gradcam": grad_cam,
    "gradcam++": grad_cam_pp,
    "layercam": layer_cam,
}
"""What one pass forwards and half a pass back are enough for."""


def why_empty(a: Tensor | None, g: Tensor | None, values: Tensor) -> str:
    """Why one sample's map shows nothing, in a sentence; "" where it shows something.

    `a` and `g` are (c, h, w); of methods that need no gradient or no layer they are None.
    """
    if not bool(values.isfinite().all()):
        return "The map holds values that are not finite."
    if float(values.abs().max()) > 0:
        return ""
    if a is None:
        return "Nothing in the picture changes this answer."
    if float(a.abs().max()) == 0:
        return "The layer is silent: all its activations are zero for this sample."
    if g is None:
        return "No cell of the layer stands out from the others."
    if float(g.abs().max()) == 0:
        return "The answer does not depend on this layer here: its gradient is zero everywhere."
    return "All that the layer sees speaks against this class: it is what remains when the others are ruled out."
