"""Which operators of PyTorch a file may call: by name, not by namespace, since `aten.from_file` reads files.

Everything here computes on the tensors it is handed and returns new ones. What draws random numbers is run as in
evaluation, and so is what behaves otherwise in training.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from dlviz_docs.errors import ProbeError
from dlviz_docs.probes.program import Call

__all__ = ["Operator", "allowed", "evaluated", "operator_of", "trains"]

_NAMES = """
conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution
linear addmm addmv addbmm baddbmm bmm mm mv matmul dot einsum bilinear outer ger tensordot linalg_vecdot
scaled_dot_product_attention _scaled_dot_product_flash_attention_for_cpu
lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell embedding one_hot
batch_norm _native_batch_norm_legit_no_training _native_batch_norm_legit.no_stats native_batch_norm instance_norm
layer_norm native_layer_norm group_norm native_group_norm rms_norm
linalg_vector_norm norm frobenius_norm cosine_similarity pairwise_distance cdist
max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices
avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d
_adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d
upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d _upsample_nearest_exact2d
upsample_linear1d upsample_bilinear2d upsample_bicubic2d upsample_trilinear3d _upsample_bilinear2d_aa
_upsample_bicubic2d_aa grid_sampler grid_sampler_2d affine_grid_generator pixel_shuffle pixel_unshuffle
channel_shuffle im2col col2im unfold
relu relu_ relu6 relu6_ leaky_relu leaky_relu_ elu elu_ selu selu_ celu celu_ gelu gelu_ silu silu_ mish mish_
hardtanh hardtanh_ hardswish hardswish_ hardsigmoid hardsigmoid_ hardshrink softshrink softplus prelu
_prelu_kernel sigmoid sigmoid_ tanh tanh_ log_sigmoid log_sigmoid_forward threshold threshold_ glu
softmax _softmax log_softmax _log_softmax dropout dropout_ feature_dropout alpha_dropout
feature_alpha_dropout native_dropout
add add_ sub sub_ rsub mul mul_ div div_ floor_divide remainder fmod pow pow_ square sqrt sqrt_ rsqrt reciprocal
exp exp_ exp2 expm1 log log1p log2 log10 abs abs_ neg neg_ sign sgn ceil floor round trunc frac sin cos tan asin acos
atan atan2 sinh cosh asinh acosh atanh erf erfc erfinv logit sinc hypot lerp addcmul addcdiv true_divide multiply
divide subtract negative absolute clip clip_ clamp clamp_ clamp_min clamp_min_ clamp_max clamp_max_ maximum minimum
fmax fmin nan_to_num xlogy logaddexp positive deg2rad rad2deg heaviside
eq ne lt le gt ge equal logical_and logical_or logical_not logical_xor bitwise_and bitwise_or bitwise_not
bitwise_xor __and__ __or__ __xor__ isnan isinf isfinite where masked_fill masked_fill_ isclose
sum mean amax amin aminmax max min argmax argmin prod std var std_mean var_mean logsumexp cumsum cumprod all any median
topk sort argsort count_nonzero cummax cummin
view view_as reshape reshape_as flatten unflatten squeeze squeeze_ unsqueeze unsqueeze_ permute transpose transpose_ t
numpy_T mT movedim swapaxes swapdims adjoint expand expand_as broadcast_to contiguous clone detach detach_ alias
lift_fresh lift_fresh_copy to _to_copy type_as view_copy _unsafe_view narrow select slice
index_select index gather take_along_dim take diagonal diag diag_embed tril triu roll flip fliplr flipud rot90
cat concat stack hstack vstack dstack split split_with_sizes chunk unbind tensor_split unsafe_split unsafe_chunk
repeat tile pad constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d
replication_pad2d replication_pad3d unfold_copy as_strided select_copy slice_copy
copy copy_ fill fill_ zero_ slice_scatter select_scatter scatter scatter_ scatter_add index_put index_put_ index_add
index_fill masked_select nonzero searchsorted bucketize meshgrid atleast_1d atleast_2d atleast_3d kron cross
zeros ones full zeros_like ones_like full_like new_zeros new_ones new_full arange
linspace eye scalar_tensor tril_indices triu_indices tensor
sym_size sym_numel sym_stride sym_storage_offset sym_is_contiguous size numel item _local_scalar_dense
real imag view_as_real view_as_complex complex _fft_r2c _fft_c2c _fft_c2r fft_rfft fft_irfft fft_fft fft_ifft
fft_rfft2 fft_irfft2 fft_fft2 fft_ifft2 hann_window hamming_window
"""
_ALLOWED = frozenset(_NAMES.split())

_CHECKS = """
_assert_async _assert_scalar _assert_tensor_metadata sym_constrain_range sym_constrain_range_for_size
"""
_ASSERTIONS = frozenset(_CHECKS.split())
"""What an export checks of its input; the sizes are checked here, by what the calls do with them."""

_OF_NUMBERS = {"item", "_local_scalar_dense", "equal", "size", "numel", "sym_size", "sym_numel", "sym_stride"}
"""What gives numbers. Other overloads without tensors are those of Python's own types: lists, which can be multiplied
until the memory is full, and texts.
"""
_PERHAPS = """
dropout feature_dropout alpha_dropout feature_alpha_dropout contiguous to type_as reshape reshape_as flatten view_as
expand_as atleast_1d atleast_2d atleast_3d meshgrid pad lift_fresh
"""
_MAY_ALIAS = frozenset(_PERHAPS.split())
"""Operators that may return what they were handed, which their schema does not say."""

_ARITHMETIC = """add sub mul truediv floordiv mod neg pos getitem eq ne lt le gt ge and_ or_ not_"""
_NUMBERS: Mapping[str, Callable[..., Any]] = {
    **{f"_operator.{name}": getattr(operator, name) for name in _ARITHMETIC.split()},
    **{f"math.{name}": getattr(math, name) for name in ("ceil", "floor", "trunc", "sqrt")},
    **{f"torch.{name}": function for name, function in (("sym_max", max), ("sym_min", min), ("sym_float", float))},
    "torch.sym_int": int,
    "torch.sym_not": operator.not_,
    "torch.sym_sum": sum,
    "builtins.max": max,
    "builtins.min": min,
    "builtins.round": round,
}
"""What exports compute of sizes. No power: two of them are a number that fills the memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """How one target is run."""

    function: Callable[..., Any]
    forced: Mapping[int | str, Any]
    """Arguments that are set, by place and by name: training is False."""
    writes: tuple[int, ...] = ()
    """Places of the arguments that it changes."""
    aliases: bool = False
    """Whether its result may be a view of an argument."""
    statistics: int | None = None
    """Place of an argument without which it always computes as in training: a mean that was not kept."""
    pure: Operator | None = None
    """Of one that changes its argument: the same without doing so."""


def allowed(target: str) -> bool:
    """Whether files may call it."""
    try:
        operator_of(target)
    except ProbeError:
        return False
    return True


def operator_of(target: str) -> Operator:
    """The operator of that name, such as "aten.conv2d.default"; `ProbeError` for any that is not in the table."""
    return _operator(target.removeprefix("torch.ops."))


@cache
def _operator(target: str) -> Operator:
    if target in _NUMBERS or f"_{target}" in _NUMBERS:
        return Operator(_bounded(_NUMBERS.get(target) or _NUMBERS[f"_{target}"]), {})
    namespace, _, rest = target.partition(".")
    name, _, overload = rest.partition(".")
    if namespace == "aten" and name in _ASSERTIONS:
        return Operator(_nothing, {})
    if namespace != "aten" or not _ALLOWED & {name, f"{name}.{overload}"}:
        raise ProbeError(f"The model calls {target!r}, which is not among the operators that files may call.")
    return _from_torch(name, overload or "default")


def _from_torch(name: str, overload: str) -> Operator:
    import torch

    packet = getattr(torch.ops.aten, name, None)
    if packet is None or overload not in packet.overloads():
        raise ProbeError(f"This PyTorch ({torch.__version__}) has no operator aten.{name}.{overload}.")
    function = getattr(packet, overload)
    arguments = function._schema.arguments
    if not (name in _OF_NUMBERS or any("Tensor" in str(result.type) for result in function._schema.returns)):
        raise ProbeError(f"The model calls aten.{name}.{overload}, which gives no tensor.")
    if any(argument.is_out for argument in arguments):
        raise ProbeError(f"The model calls aten.{name}.{overload}, which writes where it is told to.")
    writes = tuple(i for i, a in enumerate(arguments) if a.alias_info is not None and a.alias_info.is_write)
    aliases = name in _MAY_ALIAS or any(result.alias_info is not None for result in function._schema.returns)
    pure = _pure(name, overload) if writes else None
    forced = {} if overload == "no_stats" else _evaluation(arguments)
    kept = next((place for place, argument in enumerate(arguments) if argument.name == "running_mean"), None)
    return Operator(function, forced, writes, aliases, kept, pure)


def _evaluation(arguments: Any) -> Mapping[int | str, Any]:
    """Whatever depends on training is run as in evaluation."""
    set_to: dict[int | str, Any] = {}
    for place, argument in enumerate(arguments):
        where: int | str = argument.name if argument.kwarg_only else place
        if argument.name in ("training", "train"):
            set_to[where] = False
        elif argument.name in ("device", "pin_memory", "layout"):
            set_to[where] = None
    return set_to


def _pure(name: str, overload: str) -> Operator | None:
    if not name.endswith("_") or name.removesuffix("_") not in _ALLOWED:
        return None
    try:
        return _from_torch(name.removesuffix("_"), overload)
    except ProbeError:
        return None


def _bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Sizes are numbers of at most 64 bits: multiplied again and again they would fill the memory."""

    def bounded(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        if isinstance(result, int) and abs(result) >= 1 << 63:
            raise ProbeError("The model computes a size beyond 64 bits.")
        return result

    return bounded


def _nothing(*_args: Any, **_kwargs: Any) -> None:
    return None


def evaluated(operator: Operator, args: list[Any], kwargs: dict[str, Any]) -> None:
    """Put in, among the arguments of a call, those that are forced."""
    if operator.statistics is not None and args[operator.statistics] is None:
        return
    for where, value in operator.forced.items():
        if isinstance(where, str):
            if where in kwargs:
                kwargs[where] = value
        elif where < len(args):
            args[where] = value


def trains(call: Call, operator: Operator) -> bool:
    """Whether the call asks to be run as in training, and is not."""
    asked = (call.args[w] if isinstance(w, int) and w < len(call.args) else None for w in operator.forced)
    return any(value is True for value in asked) or any(call.kwargs.get(str(w)) is True for w in operator.forced)
