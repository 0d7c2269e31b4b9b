"""PyTorch's operators by what they have in common; names without overloads ("conv2d", not "aten.conv2d.default")."""

from __future__ import annotations

__all__ = ["ACTIVATIONS", "COSTLY", "MADE", "MOVED", "POINTWISE", "REDUCTIONS", "RESHAPES", "SWEEPS"]

_COSTLY = """
conv1d conv2d conv3d convolution _convolution conv_transpose1d conv_transpose2d conv_transpose3d linear addmm mm bmm
matmul baddbmm addbmm addmv mv dot vdot inner einsum bilinear lstm gru rnn_tanh rnn_relu tensordot cdist
chain_matmul linalg_multi_dot linalg_inv linalg_solve linalg_matrix_power linalg_matrix_exp matrix_power _scaled_mm
scaled_dot_product_attention
"""
COSTLY = frozenset(_COSTLY.split())
"""Those that multiply and add: one without a rule has a cost that nobody knows."""
_MADE = """
zeros ones full arange empty eye linspace scalar_tensor zeros_like ones_like full_like empty_like new_zeros new_ones
new_full new_empty rand randn lift_fresh_copy tensor
"""
MADE = frozenset(_MADE.split())
"""Those that take no array, or only its shape."""
_POINTWISE = """
add sub mul div expand expand_as where maximum minimum pow rsub remainder floor_divide atan2 eq ne lt le gt ge
logical_and logical_or lerp addcmul addcdiv clone contiguous detach to _to_copy alias dropout batch_norm layer_norm
group_norm instance_norm rms_norm _native_batch_norm_legit_no_training masked_fill type_as
"""
POINTWISE = frozenset(_POINTWISE.split())
"""Element by element, of several arrays that may differ in shape."""
_MOVED = """
roll flip rot90 index index_put index_add index_copy index_fill gather take take_along_dim scatter scatter_add
scatter_reduce masked_scatter grid_sampler grid_sampler_2d grid_sampler_3d channel_shuffle native_channel_shuffle
fft_fft fft_ifft fft_fft2 fft_ifft2 fft_fftn fft_ifftn _fft_c2c
"""
MOVED = frozenset(_MOVED.split())
"""Those that may keep the shape, and not each element at its place."""
_REDUCTIONS = """
mean sum amax amin max min argmax argmin var std norm prod logsumexp any all linalg_vector_norm median nansum var_mean
std_mean
"""
REDUCTIONS = frozenset(_REDUCTIONS.split())
"""One number of many, along some axes."""
SWEEPS = frozenset({"cumsum", "cumprod", "cummax", "cummin", "logcumsumexp", "sort", "argsort", "topk"})
"""Along one axis, which stays: each element depends on the others."""
RESHAPES = frozenset({"view", "reshape", "_unsafe_view", "unflatten", "squeeze", "unsqueeze", "view_as", "reshape_as"})
"""The same elements in another shape."""
ACTIVATIONS = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "gelu": "GELU",
    "silu": "SiLU",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "selu": "SELU",
    "celu": "CELU",
    "mish": "Mish",
    "hardswish": "Hardswish",
    "hardsigmoid": "Hardsigmoid",
    "hardtanh": "Hardtanh",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "prelu": "PReLU",
    "_prelu_kernel": "PReLU",
    "logsigmoid": "LogSigmoid",
    "dropout": "Dropout",
}
"""With the layer of PyTorch that each is."""
