"""Arguments of exported operators: a union in JSON, as one value each."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import msgspec

from dlviz_docs.readers._text import clean
from dlviz_docs.readers.networks._exported_schema import dtype_name, plain
from dlviz_docs.readers.networks._exported_types import Argument, Ref, Refused, Word

__all__ = ["argument", "argument_of", "names_in", "stack_of"]

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
    return argument_of(plain(raw))


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
