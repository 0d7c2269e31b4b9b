"""ONNX's operators with windows: convolution, pooling, normalisation of channels, padding, resizing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from dlviz_docs.errors import ProbeError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SPATIAL"]

Function: TypeAlias = Callable[..., Any]


def _padded(
    x: Tensor,
    pads: Sequence[int],
    auto_pad: str,
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
) -> tuple[Tensor, list[int], float]:
    """The input and the padding that is left for the operator: what differs between two sides is put in here.

    The last is 1 where something was put in, so that the caller can tell.
    """
    axes = x.dim() - 2
    before, after = list(pads[:axes]) or [0] * axes, list(pads[axes:]) or [0] * axes
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        for i, length in enumerate(x.shape[2:]):
            reach = (kernel[i] - 1) * dilations[i] + 1
            total = max((-(-length // strides[i]) - 1) * strides[i] + reach - length, 0)
            before[i], after[i] = total // 2, total - total // 2
            if auto_pad == "SAME_LOWER":
                before[i], after[i] = after[i], before[i]
    if before == after:
        return x, before, 0
    return x, _both(before, after), 1


def _both(before: Sequence[int], after: Sequence[int]) -> list[int]:
    """As PyTorch's `pad` has it: the last axis first."""
    return [side for pair in reversed(list(zip(before, after, strict=True))) for side in pair]


def _conv(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    *,
    strides: Sequence[int] = (),
    pads: Sequence[int] = (),
    dilations: Sequence[int] = (),
    group: int = 1,
    auto_pad: str = "NOTSET",
    kernel_shape: Sequence[int] = (),
) -> Tensor:
    import torch

    axes = w.dim() - 2
    strides, dilations = list(strides) or [1] * axes, list(dilations) or [1] * axes
    x, padding, uneven = _padded(x, pads, auto_pad, w.shape[2:], strides, dilations)
    if uneven:
        x, padding = torch.nn.functional.pad(x, padding), [0] * axes
    return torch.convolution(x, w, b, strides, padding, dilations, False, [0] * axes, group)


def _conv_transpose(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    *,
    strides: Sequence[int] = (),
    pads: Sequence[int] = (),
    dilations: Sequence[int] = (),
    output_padding: Sequence[int] = (),
    group: int = 1,
    auto_pad: str = "NOTSET",
    kernel_shape: Sequence[int] = (),
    output_shape: Sequence[int] = (),
) -> Tensor:
    import torch

    axes = w.dim() - 2
    before, after = list(pads[:axes]) or [0] * axes, list(pads[axes:]) or [0] * axes
    if before != after or output_shape or auto_pad not in ("NOTSET", "VALID"):
        raise ProbeError("A transposed convolution with uneven padding cannot be run here.")
    steps, spread = list(strides) or [1] * axes, list(dilations) or [1] * axes
    return torch.convolution(x, w, b, steps, before, spread, True, list(output_padding) or [0] * axes, group)


def _max_pool(
    x: Tensor,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] = (),
    pads: Sequence[int] = (),
    dilations: Sequence[int] = (),
    ceil_mode: int = 0,
    auto_pad: str = "NOTSET",
    storage_order: int = 0,
) -> Tensor:
    import torch

    axes = x.dim() - 2
    steps, spread = list(strides) or [1] * axes, list(dilations) or [1] * axes
    x, padding, uneven = _padded(x, pads, auto_pad, kernel_shape, steps, spread)
    if uneven or any(p > k // 2 for p, k in zip(padding, kernel_shape, strict=True)):
        sides = padding if uneven else _both(padding, padding)
        x, padding = torch.nn.functional.pad(x, sides, value=float("-inf")), [0] * axes
    pool = {1: torch.max_pool1d, 2: torch.max_pool2d, 3: torch.max_pool3d}[axes]
    found: Tensor = pool(x, list(kernel_shape), steps, padding, spread, bool(ceil_mode))
    return found


def _average_pool(
    x: Tensor,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] = (),
    pads: Sequence[int] = (),
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    auto_pad: str = "NOTSET",
    dilations: Sequence[int] = (),
) -> Tensor:
    import torch
    from torch.nn import functional

    axes = x.dim() - 2
    if any(step != 1 for step in dilations):
        raise ProbeError("A dilated average pooling cannot be run here.")
    steps = list(strides) or [1] * axes
    x, padding, uneven = _padded(x, pads, auto_pad, kernel_shape, steps, [1] * axes)
    pool: Function = {1: torch.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}[axes]
    if not uneven:
        found: Tensor = pool(x, list(kernel_shape), steps, padding, bool(ceil_mode), bool(count_include_pad))
        return found
    sums = pool(functional.pad(x, padding), list(kernel_shape), steps, [0] * axes, bool(ceil_mode), True)
    if count_include_pad:
        return sums  # type: ignore[no-any-return]
    shares = pool(
        functional.pad(x[:1, :1] * 0 + 1, padding), list(kernel_shape), steps, [0] * axes, bool(ceil_mode), True
    )
    return sums / shares  # type: ignore[no-any-return]


def _global_mean(x: Tensor) -> Tensor:
    return x.mean(tuple(range(2, x.dim())), True)


def _global_max(x: Tensor) -> Tensor:
    return x.amax(tuple(range(2, x.dim())), True)


def _batch_norm(
    x: Tensor,
    scale: Tensor,
    bias: Tensor,
    mean: Tensor,
    variance: Tensor,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    training_mode: int = 0,
    spatial: int = 1,
) -> Tensor:
    import torch

    return torch.batch_norm(x, scale, bias, mean, variance, False, 0.0, epsilon, False)


def _instance_norm(x: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float = 1e-5) -> Tensor:
    import torch

    return torch.nn.functional.instance_norm(x, None, None, scale, bias, True, 0.0, epsilon)


def _group_norm(
    x: Tensor, scale: Tensor, bias: Tensor, *, num_groups: int, epsilon: float = 1e-5, stash_type: int = 1
) -> Tensor:
    import torch

    if len(scale) == num_groups != x.shape[1]:  # before opset 21 there was one for each group
        scale = scale.repeat_interleave(x.shape[1] // num_groups)
        bias = bias.repeat_interleave(x.shape[1] // num_groups)
    return torch.nn.functional.group_norm(x, num_groups, scale, bias, epsilon)


def _lrn(x: Tensor, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0) -> Tensor:
    import torch

    return torch.nn.functional.local_response_norm(x, size, alpha, beta, bias)


def _pad(
    x: Tensor,
    pads_in: Tensor | None = None,
    value_in: Tensor | None = None,
    axes_in: Tensor | None = None,
    *,
    pads: Sequence[int] = (),
    value: float = 0.0,
    mode: str = "constant",
) -> Tensor:
    import torch

    sides = list(pads) if pads_in is None else [int(side) for side in pads_in.tolist()]
    axes = list(range(x.dim())) if axes_in is None else [int(axis) % x.dim() for axis in axes_in.tolist()]
    before, after = [0] * x.dim(), [0] * x.dim()
    for i, axis in enumerate(axes):
        before[axis], after[axis] = sides[i], sides[len(axes) + i]
    if mode == "constant":
        filling = value if value_in is None else value_in.item()
        return torch.nn.functional.pad(x, _both(before, after), value=filling)
    if mode not in ("reflect", "edge") or any(before[:2] + after[:2]):
        raise ProbeError(f"Padding in the mode {mode!r} cannot be run here.")
    return torch.nn.functional.pad(x, _both(before[2:], after[2:]), mode="replicate" if mode == "edge" else mode)


def _resize(
    x: Tensor,
    _roi: Tensor | None = None,
    scales: Tensor | None = None,
    sizes: Tensor | None = None,
    *,
    mode: str = "nearest",
    coordinate_transformation_mode: str = "half_pixel",
    nearest_mode: str = "round_prefer_floor",
    cubic_coeff_a: float = -0.75,
    **_given: Any,
) -> Tensor:
    import torch

    factors = None if scales is None or not scales.numel() else [float(s) for s in scales.tolist()[2:]]
    wanted = None if sizes is None else [int(s) for s in sizes.tolist()[2:]]
    if wanted is None:
        wanted = [int(length * f) for length, f in zip(x.shape[2:], factors or (), strict=True)]
    corners = coordinate_transformation_mode == "align_corners"
    if mode == "nearest":
        exact = coordinate_transformation_mode != "asymmetric"
        ratio = all(new % old == 0 for new, old in zip(wanted, x.shape[2:], strict=True))
        if not ratio and (exact or nearest_mode != "floor"):
            raise ProbeError(f"Resizing by {nearest_mode!r} to {wanted} cannot be run here.")
        return torch.nn.functional.interpolate(x, size=wanted, mode="nearest")
    if coordinate_transformation_mode not in ("align_corners", "half_pixel", "pytorch_half_pixel"):
        raise ProbeError(f"Resizing with coordinates {coordinate_transformation_mode!r} cannot be run here.")
    name = {"linear": {1: "linear", 2: "bilinear", 3: "trilinear"}, "cubic": {2: "bicubic"}}[mode][len(wanted)]
    return torch.nn.functional.interpolate(x, size=wanted, mode=name, align_corners=corners)


def _upsample(x: Tensor, scales: Tensor, *, mode: str = "nearest") -> Tensor:
    return _resize(x, None, scales, mode=mode, coordinate_transformation_mode="asymmetric", nearest_mode="floor")


def _depth_to_space(x: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    n, c, h, w = x.shape
    inner = c // (blocksize * blocksize)
    if mode == "DCR":
        parts = x.reshape(n, blocksize, blocksize, inner, h, w).permute(0, 3, 4, 1, 5, 2)
    else:
        parts = x.reshape(n, inner, blocksize, blocksize, h, w).permute(0, 1, 4, 2, 5, 3)
    return parts.reshape(n, inner, h * blocksize, w * blocksize)


def _space_to_depth(x: Tensor, *, blocksize: int) -> Tensor:
    n, c, h, w = x.shape
    parts = x.reshape(n, c, h // blocksize, blocksize, w // blocksize, blocksize).permute(0, 3, 5, 1, 2, 4)
    return parts.reshape(n, c * blocksize * blocksize, h // blocksize, w // blocksize)


SPATIAL: Mapping[str, Function] = {
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "DepthToSpace": _depth_to_space,
    "GlobalAveragePool": _global_mean,
    "GlobalMaxPool": _global_max,
    "GroupNormalization": _group_norm,
    "InstanceNormalization": _instance_norm,
    "LRN": _lrn,
    "MaxPool": _max_pool,
    "Pad": _pad,
    "Resize": _resize,
    "SpaceToDepth": _space_to_depth,
    "Upsample": _upsample,
}
