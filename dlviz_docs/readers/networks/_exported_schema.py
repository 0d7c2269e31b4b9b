"""The JSON of `torch.export`, as far as it tells of a model; all else in it is passed over while it is parsed.

Source: torch/_export/serde/schema.py of PyTorch 2.13, schema 8.20, and its forms back to 2.1. Traces of the author's
source (`stack_trace`) are among what is passed over: they never become a value here.
"""

from __future__ import annotations

from typing import Any

import msgspec

from dlviz_docs.model import Dim
from dlviz_docs.readers.networks._exported_types import ExportedValue
from dlviz_docs.readers.networks._symbols import spelled

__all__ = ["Config", "Graph", "Node", "Payload", "Program", "TensorMeta", "dtype_name", "plain", "value_of"]

_DTYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    9: "complex32",
    10: "complex64",
    11: "complex128",
    12: "bool",
    13: "bfloat16",
    28: "uint16",
    29: "float8_e4m3fn",
    30: "float8_e5m2",
    31: "float8_e4m3fnuz",
    32: "float8_e5m2fnuz",
    33: "float8_e8m0fnu",
    34: "uint32",
    35: "uint64",
}


class _Metadata(msgspec.Struct):
    nn_module_stack: str = ""


class Input(msgspec.Struct):
    """NamedArgument."""

    arg: msgspec.Raw
    name: str = ""
    kind: int | None = None


class Node(msgspec.Struct):
    """One call."""

    target: str
    inputs: list[Input] = []
    outputs: list[msgspec.Raw] = []
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    name: str | None = None


class Expression(msgspec.Struct):
    """SymExpr."""

    expr_str: str = ""
    hint: msgspec.Raw = msgspec.Raw(b"null")


class Length(msgspec.Struct):
    """SymInt."""

    as_int: int | None = None
    as_expr: Expression | None = None


class TensorMeta(msgspec.Struct):
    """What an array is."""

    dtype: int
    sizes: list[Length] = []
    strides: list[Length] = []
    storage_offset: Length = msgspec.field(default_factory=Length)
    requires_grad: bool = False


class Graph(msgspec.Struct):
    """Inputs come with weights first."""

    nodes: list[Node]
    outputs: list[msgspec.Raw] = []
    tensor_values: dict[str, TensorMeta] = {}
    sym_int_values: dict[str, Length] = {}


class Signature(msgspec.Struct):
    """Which input is a weight, and which the user's."""

    input_specs: list[dict[str, msgspec.Raw]] = []
    output_specs: list[dict[str, msgspec.Raw]] = []


class _Call(msgspec.Struct):
    out_spec: str = ""


class _Entry(msgspec.Struct):
    fqn: str = ""
    signature: _Call | None = None


class GraphModule(msgspec.Struct):
    """A graph and what surrounds it."""

    graph: Graph
    signature: Signature = msgspec.field(default_factory=Signature)
    module_call_graph: list[_Entry] = []


class Program(msgspec.Struct):
    """The whole file."""

    graph_module: GraphModule
    opset_version: dict[str, int] = {}
    schema_version: Any = None
    torch_version: str = ""
    guards_code: list[str] | None = None


class Payload(msgspec.Struct):
    """Where a weight lies in the archive."""

    path_name: str
    use_pickle: bool = False
    is_param: bool = False
    tensor_meta: TensorMeta | None = None


class Config(msgspec.Struct):
    """The weights of an archive by their names."""

    config: dict[str, Payload] = {}


def dtype_name(number: int) -> str:
    """As PyTorch calls it; "" for one that is not known."""
    return _DTYPES.get(number, "")


def plain(raw: msgspec.Raw) -> Any:
    """JSON as Python's own values; None where it is damaged."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def value_of(meta: TensorMeta) -> ExportedValue:
    """Shape and type; a length that varies by its name, and by the number it had in the example."""
    shape = tuple(_length(length) for length in meta.sizes)
    hints = [_hint(length) for length in meta.sizes]
    sizes = tuple(hint for hint in hints if hint is not None)
    return ExportedValue(shape, sizes if len(sizes) == len(hints) else None, dtype_name(meta.dtype))


def _length(length: Length) -> Dim:
    if length.as_int is not None:
        return max(0, length.as_int)
    return spelled(length.as_expr.expr_str) if length.as_expr is not None else "?"


def _hint(length: Length) -> int | None:
    if length.as_int is not None or length.as_expr is None:
        return None if length.as_int is None else max(0, length.as_int)
    hint = plain(length.as_expr.hint)
    number = hint.get("as_int") if isinstance(hint, dict) else hint
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None
