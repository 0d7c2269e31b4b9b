"""The JSON of `torch.export`, as far as it tells of a model; all else in it is passed over while it is parsed.

Source: torch/_export/serde/schema.py of PyTorch 2.13, schema 8.20, and its forms back to 2.1. Traces of the author's
source (`stack_trace`) are among what is passed over: they never become a value here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from dlviz_docs.model import Dim
from dlviz_docs.readers._text import clean
from dlviz_docs.readers.networks._exported_types import Argument, ExportedValue, Ref, Refused, Word
from dlviz_docs.readers.networks._symbols import spelled

__all__ = [
    "Config",
    "Graph",
    "Node",
    "Program",
    "TensorMeta",
    "argument",
    "argument_of",
    "dtype_name",
    "names_in",
    "stack_of",
    "value_of",
]

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
_LAYOUTS = {
    1: "sparse_coo",
    2: "sparse_csr",
    3: "sparse_csc",
    4: "sparse_bsr",
    5: "sparse_bsc",
    6: "mkldnn",
    7: "strided",
}
_FORMATS = {1: "contiguous_format", 2: "channels_last", 3: "channels_last_3d", 4: "preserve_format"}
_CLASS = re.compile(r"<class '([\w.]+)'>")
_DEEPEST = 20
_LONGEST_TEXT = 1000


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
    hint = msgspec.json.decode(length.as_expr.hint)
    number = hint.get("as_int") if isinstance(hint, dict) else hint
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None


def stack_of(text: str) -> tuple[tuple[str, str], ...]:
    """Path and class of each module around a node: "key,path,class;key,path,class;..."."""
    entries = []
    for entry in text.split(";"):
        parts = entry.split(",", 2)
        if len(parts) == 3 and not parts[1].startswith("_empty_nn_module_stack"):
            class_ = _CLASS.search(parts[2])
            entries.append((clean(parts[1]), clean(class_[1] if class_ else parts[2])))
    return tuple(entries)


def argument(raw: msgspec.Raw) -> Argument:
    """One argument, by the word that says what it is."""
    return argument_of(msgspec.json.decode(raw))


def argument_of(told: object) -> Argument:
    """The same, of JSON that is decoded."""
    return _argument(told, 0)


def _argument(told: object, depth: int) -> Argument:
    """Of a union: the one entry that is not null."""
    if not isinstance(told, dict) or depth > _DEEPEST:
        return Refused("nothing that is known")
    word, value = next(((key, value) for key, value in told.items() if value is not None), ("as_none", None))
    match word:
        case "as_none":
            return None
        case "as_int" | "as_bool" | "as_float" | "as_string":
            return _plain(value, word)
        case "as_tensor" | "as_sym_int" | "as_sym_bool" | "as_sym_float" | "as_name":
            return _referred(value, depth)
        case "as_scalar_type":
            return Word("dtype", dtype_name(_integer(value)))
        case "as_layout":
            return Word("layout", _LAYOUTS.get(_integer(value), ""))
        case "as_memory_format":
            return Word("memory format", _FORMATS.get(_integer(value), ""))
        case "as_device":
            return Word("device", str(value.get("type", ""))[:20] if isinstance(value, dict) else "")
        case "as_optional_tensor":
            return _argument(value, depth + 1)
        case "as_complex" if isinstance(value, dict):
            return complex(_float(value.get("real")), _float(value.get("imag")))
        case "as_graph":
            return Refused("graph", _name(value))
        case "as_operator":
            return Refused("operator", str(value)[:_LONGEST_TEXT])
        case "as_custom_obj":
            return Refused("object", _name(value))
        case "as_string_to_argument" if isinstance(value, dict):
            return {str(key): _argument(one, depth + 1) for key, one in value.items()}
        case _ if isinstance(value, list):
            return _list(word, value, depth)
    return Refused(word)


def _list(word: str, values: list[object], depth: int) -> Argument:
    """as_ints, as_tensors, as_sym_ints, as_optional_tensors, as_int_lists, ..."""
    single = word.removesuffix("s")
    if word.endswith("_lists"):
        return tuple(
            _list(word.removesuffix("_lists") + "s", one, depth + 1) for one in values if isinstance(one, list)
        )
    if word == "as_nested_tensors":
        return tuple(_list("as_tensors", one, depth + 1) for one in values if isinstance(one, list))
    if single in ("as_int", "as_float", "as_bool", "as_string"):
        return tuple(_plain(value, single) for value in values)
    if single == "as_tensor":
        return tuple(_referred(value, depth) for value in values)
    if single in ("as_optional_tensor", "as_sym_int", "as_sym_bool", "as_sym_float"):
        return tuple(_argument(value, depth + 1) for value in values)
    return Refused(word)


def _plain(value: object, word: str) -> Argument:
    """A number or text; numbers that JSON has no form for are written as text."""
    if word == "as_float":
        return _float(value)
    if word == "as_string":
        return clean(str(value))[:_LONGEST_TEXT]
    return value if isinstance(value, bool | int) else Refused(word)


def _float(value: object) -> float:
    """PyTorch writes "Infinity", "-Infinity" and "NaN" as text."""
    if isinstance(value, int | float):
        return float(value)
    words = {"Infinity": math.inf, "-Infinity": -math.inf}
    return words.get(str(value), math.nan)


def _referred(value: object, depth: int) -> Argument:
    """{"name": ...}, "name", or for symbolic numbers one of {"as_name": ...} and {"as_int": ...}."""
    if isinstance(value, str):
        return Ref(clean(value))
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        return Ref(clean(value["name"]))
    return _argument(value, depth + 1)


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0


def _name(value: object) -> str:
    return clean(str(value.get("name", "")))[:_LONGEST_TEXT] if isinstance(value, dict) else ""


def names_in(value: Argument) -> Iterator[str]:
    """Values that an argument refers to, in order."""
    if isinstance(value, Ref):
        yield value.name
    elif isinstance(value, tuple):
        for one in value:
            yield from names_in(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from names_in(one)
