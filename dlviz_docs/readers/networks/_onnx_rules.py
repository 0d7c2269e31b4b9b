"""Shapes and types of what ONNX's operators make, one rule for each family.

Source: the operators' definitions in onnx/docs/Operators.md, sets 1 to 23. A rule may fail where its input is not known
or makes no sense: then nothing is known of the output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import floor

from dlviz_docs.model import Dim, Shape
from dlviz_docs.readers.networks._dims import UNKNOWN, added, broadcast, divided, fitted, multiplied, product, scaled
from dlviz_docs.readers.networks._onnx_given import Known, Rules, Seen
from dlviz_docs.readers.networks._onnx_tensors import type_name
from dlviz_docs.readers.networks._onnx_words import BOOLEAN, PAIRWISE, SAME
from dlviz_docs.readers.networks._stored import Stored

__all__ = ["RULES", "kernel", "pads_of"]


def _dtype(seen: Seen, place: int = 0) -> str:
    return seen.known(place).dtype


def _same(seen: Seen) -> list[Known]:
    return [Known(seen.known(0).shape, _dtype(seen))]


def _pairwise(seen: Seen) -> list[Known]:
    shapes = [one.shape for one in seen.inputs if one.shape is not None]
    shape = broadcast(shapes) if len(shapes) == len(seen.inputs) else None
    dtype = next((one.dtype for one in seen.inputs if one.dtype), "")
    return [Known(shape, "bool" if seen.node.kind in BOOLEAN else dtype)]


def _where(seen: Seen) -> list[Known]:
    return [Known(_pairwise(seen)[0].shape, _dtype(seen, 1))]


def kernel(seen: Seen, weight: int | None = None) -> tuple[int, ...]:
    """Lengths of the window, from the attribute or the weight."""
    told = seen.integers("kernel_shape")
    if told or weight is None:
        return told
    return tuple(length for length in seen.shape(weight)[2:] if isinstance(length, int))


def pads_of(seen: Seen, lengths: Sequence[Dim], size: Sequence[int]) -> list[tuple[int, int]]:
    """Padding before and after each spatial axis."""
    count = len(size)
    strides, dilations = seen.integers("strides", (1,) * count), seen.integers("dilations", (1,) * count)
    automatic = seen.word("auto_pad", "NOTSET")
    if automatic in ("SAME_UPPER", "SAME_LOWER"):
        both = []
        for length, stride, reach in zip(lengths, strides, _reaches(size, dilations), strict=True):
            known = length if isinstance(length, int) else 0  # of a length that varies, that of full windows
            total = max(0, (-(-known // stride) - 1) * stride + reach - known) if known else max(0, reach - stride)
            small, large = total // 2, total - total // 2
            both.append((small, large) if automatic == "SAME_UPPER" else (large, small))
        return both
    pads = seen.integers("pads", (0,) * (2 * count)) if automatic != "VALID" else (0,) * (2 * count)
    return list(zip(pads[:count], pads[count:], strict=True))


def _reaches(size: Sequence[int], dilations: Sequence[int]) -> list[int]:
    return [(length - 1) * step + 1 for length, step in zip(size, dilations, strict=True)]


def _windows(seen: Seen, size: Sequence[int], lengths: Sequence[Dim], *, ceil: bool = False) -> Iterator[Dim]:
    """How many windows fit along each axis."""
    strides = seen.integers("strides", (1,) * len(size))
    reaches = _reaches(size, seen.integers("dilations", (1,) * len(size)))
    same = seen.word("auto_pad").startswith("SAME")
    each = zip(lengths, pads_of(seen, lengths, size), reaches, strides, strict=True)
    for length, (before, after), reach, stride in each:
        if same:
            yield scaled(length, -1, stride)
            continue
        count = scaled(length, before + after - reach + (stride - 1 if ceil else 0), stride)
        if ceil and isinstance(count, int) and isinstance(length, int) and (count - 1) * stride >= length + before:
            count -= 1  # the last window must begin within the array or the padding before it
        yield count


def _convolution(weight: int = 1) -> Callable[[Seen], list[Known]]:
    def rule(seen: Seen) -> list[Known]:
        shape, form = seen.shape(), seen.shape(weight)
        spatial = _windows(seen, kernel(seen, weight), shape[2:])
        dtype = "int32" if seen.node.kind == "ConvInteger" else _dtype(seen)
        return [Known((shape[0], form[0], *spatial), dtype)]

    return rule


def _transposed(seen: Seen) -> list[Known]:
    shape, size = seen.shape(), kernel(seen, 1)
    count = len(size)
    channels = multiplied(seen.shape(1)[1], seen.integer("group", 1))
    if told := seen.integers("output_shape"):
        return [Known((shape[0], channels, *told[-count:]), _dtype(seen))]
    strides, more = seen.integers("strides", (1,) * count), seen.integers("output_padding", (0,) * count)
    reaches = _reaches(size, seen.integers("dilations", (1,) * count))
    spatial: list[Dim] = []
    same = seen.word("auto_pad").startswith("SAME")
    pads = [(0, 0)] * count if same else pads_of(seen, shape[2:], size)
    each = zip(shape[2:], strides, reaches, pads, more, strict=True)
    for length, stride, reach, (before, after), extra in each:
        grown = multiplied(length, stride)
        spatial.append(grown if same else added(grown, reach - stride - before - after + extra))
    return [Known((shape[0], channels, *spatial), _dtype(seen))]


def _pooled(seen: Seen) -> list[Known]:
    shape = seen.shape()
    spatial = _windows(seen, kernel(seen), shape[2:], ceil=bool(seen.integer("ceil_mode")))
    whole = (*shape[:2], *spatial)
    return [Known(whole, _dtype(seen)), Known(whole, "int64")]


def _pooled_whole(seen: Seen) -> list[Known]:
    shape = seen.shape()
    return [Known((*shape[:2], *(1 for _ in shape[2:])), _dtype(seen))]


def _gemm(seen: Seen) -> list[Known]:
    left, right = seen.shape(), seen.shape(1)
    rows = left[1] if seen.integer("transA") else left[0]
    return [Known((rows, right[0] if seen.integer("transB") else right[1]), _dtype(seen))]


def _product(seen: Seen) -> list[Known]:
    left, right = seen.shape(), seen.shape(1 if seen.node.kind != "QLinearMatMul" else 3)
    if seen.integer("transA"):
        left = (*left[:-2], left[-1], left[-2])
    if seen.integer("transB"):
        right = (*right[:-2], right[-1], right[-2])
    outer = broadcast([left[:-2], right[:-2]])
    if outer is None or not left or not right:
        return []
    rows, columns = left[-2:-1], right[-1:] if len(right) > 1 else ()
    dtype = "int32" if seen.node.kind == "MatMulInteger" else _dtype(seen)
    return [Known((*outer, *rows, *columns), dtype)]


def _reshaped(seen: Seen) -> list[Known]:
    before = seen.known(0).shape
    wanted = seen.integers("shape") or seen.dims(1)
    if wanted is None:
        rank = seen.known(1).shape
        known = rank is not None and len(rank) == 1 and isinstance(rank[0], int) and rank[0] < 64
        return [Known((UNKNOWN,) * int(rank[0]) if known and rank else None, _dtype(seen))]
    if before is not None and not seen.integer("allowzero"):
        wanted = tuple(before[place] if one == 0 else one for place, one in enumerate(wanted))
    return [Known(fitted(before or (UNKNOWN,), wanted), _dtype(seen))]


def _flattened(seen: Seen) -> list[Known]:
    shape, axis = seen.shape(), seen.integer("axis", 1)
    axis = axis + len(shape) if axis < 0 else axis
    return [Known((product(shape[:axis]), product(shape[axis:])), _dtype(seen))]


def _permuted(seen: Seen) -> list[Known]:
    shape = seen.shape()
    order = seen.integers("perm", tuple(reversed(range(len(shape)))))
    return [Known(tuple(shape[place] for place in order), _dtype(seen))]


def _joined(seen: Seen) -> list[Known]:
    """Nothing is known of arrays that do not fit: PyTorch writes such for an LSTM with projections."""
    shapes = [seen.shape(place) for place in range(len(seen.inputs))]
    axis = seen.integer("axis") % len(shapes[0])
    merged = [_either(lengths) for lengths in zip(*shapes, strict=True)]
    total: Dim = 0
    for shape in shapes:
        total = added(total, shape[axis])
        if any(isinstance(one, int) and one != merged[place] for place, one in enumerate(shape) if place != axis):
            return []
    merged[axis] = total
    return [Known(tuple(merged), _dtype(seen))]


def _either(lengths: Sequence[Dim]) -> Dim:
    """Of lengths that must be equal, one that is a number if there is one."""
    return next((length for length in lengths if isinstance(length, int)), lengths[0])


def _split(seen: Seen) -> list[Known]:
    shape = seen.shape()
    axis = seen.integer("axis") % len(shape)
    count = len(seen.node.outputs)
    parts: Sequence[Dim] | None = seen.listed("split", 1)
    if not parts:
        whole = shape[axis]
        each = -(-whole // count) if isinstance(whole, int) else divided(whole, count)
        parts = [each] * count
        if isinstance(whole, int) and isinstance(each, int):
            parts[-1] = whole - each * (count - 1)
    return [Known((*shape[:axis], part, *shape[axis + 1 :]), _dtype(seen)) for part in parts]


def _sliced(seen: Seen) -> list[Known]:
    lengths = list(seen.shape())
    starts, ends = seen.listed("starts", 1), seen.listed("ends", 2)
    axes = seen.listed("axes", 3)
    steps = seen.listed("steps", 4)
    if axes is None or (starts is None and not axes):
        return [Known((UNKNOWN,) * len(lengths), _dtype(seen))]
    axes = axes or tuple(range(len(starts or ())))
    for number, axis in enumerate(axes):
        told = starts and ends and steps is not None
        bounds = (
            (starts[number], ends[number], (steps or (1,) * len(axes))[number]) if told and starts and ends else None
        )
        lengths[axis] = _part(lengths[axis], bounds)
    return [Known(tuple(lengths), _dtype(seen))]


def _part(length: Dim, bounds: tuple[int, int, int] | None) -> Dim:
    if bounds is None:
        return UNKNOWN
    start, end, step = bounds
    if isinstance(length, int):
        return len(range(*slice(start, end, step).indices(length)))
    if step == 1 and start >= 0 and end >= 1 << 31:
        return added(length, -start)
    if step == 1 and start == 0 and end < 0:
        return added(length, end)
    return UNKNOWN


def _gathered(seen: Seen) -> list[Known]:
    shape, places = seen.shape(), seen.shape(1)
    axis = seen.integer("axis") % len(shape)
    return [Known((*shape[:axis], *places, *shape[axis + 1 :]), _dtype(seen))]


def _gathered_each(seen: Seen) -> list[Known]:
    return [Known(seen.known(1).shape, _dtype(seen))]


def _gathered_nd(seen: Seen) -> list[Known]:
    shape, places, batch = seen.shape(), seen.shape(1), seen.integer("batch_dims")
    return [Known((*places[:-1], *shape[batch + int(places[-1]) :]), _dtype(seen))]


def _unsqueezed(seen: Seen) -> list[Known]:
    shape, axes = seen.shape(), seen.listed("axes", 1)
    if axes is None:
        return []
    rank = len(shape) + len(axes)
    places = {axis % rank for axis in axes}
    rest = iter(shape)
    return [Known(tuple(1 if place in places else next(rest) for place in range(rank)), _dtype(seen))]


def _squeezed(seen: Seen) -> list[Known]:
    shape, axes = seen.shape(), seen.listed("axes", 1)
    if axes is None:
        return []
    if axes:
        gone = {axis % len(shape) for axis in axes}
    elif any(isinstance(length, str) for length in shape):
        return []
    else:
        gone = {place for place, length in enumerate(shape) if length == 1}
    return [Known(tuple(length for place, length in enumerate(shape) if place not in gone), _dtype(seen))]


def _expanded(seen: Seen) -> list[Known]:
    wanted = seen.dims(1)
    return [Known(broadcast([seen.shape(), wanted]) if wanted is not None else None, _dtype(seen))]


def _tiled(seen: Seen) -> list[Known]:
    shape, times = seen.shape(), seen.dims(1)
    known = (UNKNOWN,) * len(shape) if times is None else tuple(map(multiplied, shape, times))
    return [Known(known, _dtype(seen))]


def _padded(seen: Seen) -> list[Known]:
    shape, pads = seen.shape(), seen.listed("pads", 1)
    if pads is None:
        return [Known((UNKNOWN,) * len(shape), _dtype(seen))]
    axes = [axis % len(shape) for axis in seen.listed("axes", 3) or range(len(shape))]
    lengths = list(shape)
    for number, axis in enumerate(axes):
        lengths[axis] = added(lengths[axis], pads[number] + pads[len(axes) + number])
    return [Known(tuple(lengths), _dtype(seen))]


def _resized(seen: Seen) -> list[Known]:
    shape = seen.shape()
    old = seen.node.kind == "Upsample" or len(seen.node.inputs) < 3
    scales = seen.node.attributes.get("scales") or seen.known(1 if old else 2).elements
    sizes = seen.dims(3)
    axes = [axis % len(shape) for axis in seen.integers("axes") or range(len(shape))]
    lengths = list(shape)
    for number, axis in enumerate(axes):
        if sizes and len(sizes) == len(axes):
            lengths[axis] = sizes[number]
        elif isinstance(scales, tuple) and len(scales) == len(axes):
            lengths[axis] = _stretched(shape[axis], scales[number])
        else:
            lengths[axis] = UNKNOWN
    return [Known(tuple(lengths), _dtype(seen))]


def _stretched(length: Dim, scale: object) -> Dim:
    if not isinstance(scale, int | float) or not 0 < scale < 1e6:
        return UNKNOWN
    if isinstance(length, int):
        return floor(length * scale)
    return multiplied(length, int(scale)) if float(scale).is_integer() else UNKNOWN


def _reduced(seen: Seen) -> list[Known]:
    shape, axes = seen.shape(), seen.listed("axes", 1)
    dtype = _dtype(seen)
    keeps = bool(seen.integer("keepdims", 1))
    if seen.node.kind in ("ArgMax", "ArgMin"):
        axes, dtype = (seen.integer("axis"),), "int64"
    if axes is None:
        return [Known((UNKNOWN,) * len(shape) if keeps else None, dtype)]
    if not axes and seen.integer("noop_with_empty_axes"):
        return [Known(shape, dtype)]
    gone = {axis % len(shape) for axis in axes} or set(range(len(shape)))
    lengths = [1 if place in gone else length for place, length in enumerate(shape) if keeps or place not in gone]
    return [Known(tuple(lengths), dtype)]


def _measured(seen: Seen) -> list[Known]:
    """Shape."""
    shape = seen.shape()
    return [Known((len(shape[seen.integer("start") : seen.integer("end", len(shape))]),), "int64")]


def _sized(seen: Seen) -> list[Known]:
    return [Known((), "int64")]


def _constant(seen: Seen) -> list[Known]:
    attributes = seen.node.attributes
    value = attributes.get("value")
    if isinstance(value, Stored):
        return [Known(value.shape, value.dtype)]
    for name, dtype in (("value_int", "int64"), ("value_float", "float32"), ("value_string", "string")):
        if name in attributes:
            return [Known((), dtype)]
        many = attributes.get(f"{name}s")
        if isinstance(many, tuple):
            return [Known((len(many),), dtype)]
    return []


def _filled(seen: Seen) -> list[Known]:
    value = seen.node.attributes.get("value")
    dtype = value.dtype if isinstance(value, Stored) else "float32"
    wanted = seen.dims(0)
    return [Known(wanted, dtype)]


def _cast(seen: Seen) -> list[Known]:
    return [Known(seen.known(0).shape, type_name(seen.integer("to")))]


def _ranged(seen: Seen) -> list[Known]:
    return [Known((UNKNOWN,), _dtype(seen))]


def _recurrent(seen: Seen) -> list[Known]:
    """Y, Y_h and Y_c: (time, directions, batch, hidden), or batch first where the layout says so."""
    shape, hidden = seen.shape(), seen.integer("hidden_size")
    directions = 2 if seen.word("direction") == "bidirectional" else 1
    dtype = _dtype(seen)
    if seen.integer("layout"):
        every: Shape = (shape[0], shape[1], directions, hidden)
        last: Shape = (shape[0], directions, hidden)
    else:
        every, last = (shape[0], directions, shape[1], hidden), (directions, shape[1], hidden)
    return [Known(every, dtype), Known(last, dtype), Known(last, dtype)]


def _summed(seen: Seen) -> list[Known]:
    """Einsum with letters alone."""
    left, arrow, right = seen.word("equation").replace(" ", "").partition("->")
    lengths: dict[str, Dim] = {}
    for place, term in enumerate(left.split(",")):
        if len(term) != len(seen.shape(place)) or "." in term:
            return []
        lengths |= dict(zip(term, seen.shape(place), strict=True))
    if not arrow:
        right = "".join(sorted(letter for letter in lengths if left.count(letter) == 1))
    return [Known(tuple(lengths[letter] for letter in right), _dtype(seen))]


def _to_space(seen: Seen) -> list[Known]:
    batch, channels, height, width = seen.shape()
    size = seen.integer("blocksize", 1)
    lengths = divided(channels, size * size), multiplied(height, size), multiplied(width, size)
    return [Known((batch, *lengths), _dtype(seen))]


def _to_depth(seen: Seen) -> list[Known]:
    batch, channels, height, width = seen.shape()
    size = seen.integer("blocksize", 1)
    lengths = multiplied(channels, size * size), divided(height, size), divided(width, size)
    return [Known((batch, *lengths), _dtype(seen))]


def _best(seen: Seen) -> list[Known]:
    """TopK."""
    lengths = list(seen.shape())
    count = seen.dims(1) or (seen.integer("k", -1),)
    lengths[seen.integer("axis", -1)] = count[0] if count[0] != -1 else UNKNOWN
    return [Known(tuple(lengths), _dtype(seen)), Known(tuple(lengths), "int64")]


def _one_hot(seen: Seen) -> list[Known]:
    shape, depth = seen.shape(), seen.dims(1)
    axis = seen.integer("axis", -1) % (len(shape) + 1)
    return [Known((*shape[:axis], depth[0] if depth else UNKNOWN, *shape[axis:]), _dtype(seen, 2))]


def _places(seen: Seen) -> list[Known]:
    """NonZero."""
    return [Known((len(seen.shape()), UNKNOWN), "int64")]


def _attended(seen: Seen) -> list[Known]:
    """Attention, set 23: (batch, heads, length, features), or with heads and features in one axis."""
    query, value = seen.shape(), seen.shape(2)
    if len(query) == 4:
        return [Known((*query[:-1], value[-1]), _dtype(seen))]
    heads, inner = seen.integer("q_num_heads", 1), seen.integer("kv_num_heads", 1)
    return [Known((*query[:-1], multiplied(divided(value[-1], inner), heads)), _dtype(seen))]


def _quantised(seen: Seen) -> list[Known]:
    """QuantizeLinear has the type of its zero point; DequantizeLinear that of its scale."""
    to = seen.known(2).dtype or "uint8" if seen.node.kind == "QuantizeLinear" else seen.known(1).dtype or "float32"
    return [Known(seen.known(0).shape, to)]


RULES: Rules = {
    **dict.fromkeys(SAME, _same),
    **dict.fromkeys(PAIRWISE, _pairwise),
    "Where": _where,
    "Conv": _convolution(),
    "ConvInteger": _convolution(),
    "QLinearConv": _convolution(3),
    "ConvTranspose": _transposed,
    **dict.fromkeys(("MaxPool", "AveragePool", "LpPool"), _pooled),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"), _pooled_whole),
    "Gemm": _gemm,
    **dict.fromkeys(("MatMul", "MatMulInteger", "QLinearMatMul", "FusedMatMul"), _product),
    "Reshape": _reshaped,
    "Flatten": _flattened,
    "Transpose": _permuted,
    "Concat": _joined,
    "Split": _split,
    "Slice": _sliced,
    "Gather": _gathered,
    "GatherElements": _gathered_each,
    "GatherND": _gathered_nd,
    "Unsqueeze": _unsqueezed,
    "Squeeze": _squeezed,
    "Expand": _expanded,
    "Tile": _tiled,
    "Pad": _padded,
    "Resize": _resized,
    "Upsample": _resized,
    **{f"Reduce{word}": _reduced for word in ("Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum")},
    **dict.fromkeys(("ReduceLogSumExp", "ArgMax", "ArgMin"), _reduced),
    "Shape": _measured,
    "Size": _sized,
    "Constant": _constant,
    "ConstantOfShape": _filled,
    "Cast": _cast,
    "Range": _ranged,
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _recurrent),
    "Einsum": _summed,
    "DepthToSpace": _to_space,
    "SpaceToDepth": _to_depth,
    "TopK": _best,
    "OneHot": _one_hot,
    "NonZero": _places,
    "Attention": _attended,
    **dict.fromkeys(("QuantizeLinear", "DequantizeLinear"), _quantised),
}
