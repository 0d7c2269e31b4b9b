"""What a layer or an operation does, coarsely, by what its framework calls it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from dlviz_docs.view import Family

__all__ = ["TITLES", "family_of", "plain_kind"]

TITLES: Mapping[Family, str] = {
    "convolution": "convolutions",
    "linear": "linear layers",
    "attention": "attention",
    "recurrent": "recurrent layers",
    "embedding": "embeddings",
    "normalisation": "normalisation",
    "activation": "activations",
    "pooling": "pooling",
    "combination": "combinations",
    "shape": "changes of shape",
    "port": "inputs and outputs",
    "block": "blocks",
    "other": "other layers",
}
"""In the plural."""

_PREFIXES = re.compile(r"^(torch\.ops\.)?(aten|prims|prim|onnx|torchvision|quantized)(\.|::)|^ai\.onnx[\w.]*::")
_OVERLOAD = re.compile(r"(?<=\w)\.(default|Tensor|Scalar|int|dim|self|out|vec|input|Tensor_Scalar|using_ints)$")

# Asked in this order: "BatchNormalization" has a "norm", "ConvTranspose" a "conv" before its "transpose".
_PATTERNS: tuple[tuple[Family, str], ...] = (
    ("normalisation", r"norm(?!al_)|^bn|^lrn$"),
    ("embedding", r"embed|^gather$|position"),
    ("attention", r"attention|^attn|mha$|sdpa|scaled_dot"),
    ("recurrent", r"lstm|gru|rnn|recurrent"),
    ("convolution", r"conv(?!ert)"),
    (
        "activation",
        r"relu|elu|gelu|silu|swish|mish|sigmoid|tanh|soft(max|plus|sign)|activation|hard(swish|tanh)|^glu",
    ),
    ("pooling", r"pool|^(reduce)?_?(mean|max|min|sum)(_?\d?d)?$|^reduce|amax|argmax|topk"),
    ("linear", r"linear|dense|gemm|matmul|^(add|b|m|baddb)?mm$|einsum|lora|projection|^bilinear"),
    (
        "combination",
        r"^(add|sub|mul|div|cat|stack|where|pow|sqrt|rsqrt|exp|log|neg|abs|clamp|clip|maximum|minimum)_?$|^concat",
    ),
    (
        "shape",
        r"flatten|view|shape|transpose|permute|squeeze|slice|select|split|chunk|expand|pad|upsample|interpolat|"
        r"resize|pixel|unbind|index|narrow|contiguous|repeat|tile|roll|zeropad|cropping|^t$|getitem",
    ),
)
_WORDS = tuple((family, re.compile(pattern, re.IGNORECASE)) for family, pattern in _PATTERNS)

_CELLS = re.compile(r"(bi|simple|quantized)?(lstm|gru|rnn)(cell)?", re.IGNORECASE)
"""Recurrent layers that have others in them: a network that is called like one is a block."""


@lru_cache(maxsize=4096)
def family_of(kind: str, *, block: bool = False) -> Family:
    """By the words in its kind; `block` is one that has others in it, which is one of them whatever it is called."""
    name = plain_kind(kind)
    found: Family = next((family for family, pattern in _WORDS if pattern.search(name)), "other")
    if block:
        whole = found == "attention" or (found == "recurrent" and _CELLS.fullmatch(name))
        return found if whole else "block"
    return found


@lru_cache(maxsize=4096)
def plain_kind(kind: str) -> str:
    """Without what tells where an operation is from: "aten.conv2d.default" is "conv2d"."""
    return _OVERLOAD.sub("", _PREFIXES.sub("", kind)) or kind
