"""Tensors in a pickle of PyTorch: the calls that would rebuild them, read as form, type and place.

The calls are those of `torch/_utils.py` (`_rebuild_tensor_v2` and its kin) since PyTorch 0.1; a storage is a persistent
reference ("storage", class, key, device, elements, view).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from dlviz_docs.readers.networks._dtypes import octets_of
from dlviz_docs.readers.networks._nodes import Call, Global, Persistent, Value, is_global, sequence
from dlviz_docs.readers.networks._places import Place
from dlviz_docs.readers.networks._stored import Quantised, Stored, can_be, strides_of

__all__ = ["Rebuilt", "Storages", "rebuilt", "storage_classes", "storage_sizes"]

_MOST_DIMENSIONS = 64
_LONGEST_SIDE = 1 << 48
_MOST_NESTED = 8
"""Calls around a tensor: a parameter, a subclass, ..."""
_MOST_REPEATED = 1 << 10
"""How many times more elements a tensor may have than its storage, and be believed."""
_CLASSES = {
    "FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128", "QInt8Storage": "qint8", "QUInt8Storage": "quint8",
    "QInt32Storage": "qint32", "QUInt4x2Storage": "quint4x2", "QUInt2x4Storage": "quint2x4",
    "UntypedStorage": "uint8",
}  # fmt: skip
_TENSORS = ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_qtensor")
_PARAMETERS = ("_rebuild_parameter", "_rebuild_parameter_with_state")


@dataclass(frozen=True, slots=True)
class Storages:
    """Where the storages of one pickle lie."""

    places: Mapping[str, Place] = field(default_factory=dict)
    """By the key of the storage."""
    big_endian: bool = False
    why_not: str = "has no storage for it"
    """What is said of a tensor whose storage is not among them."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One tensor of a pickle."""

    stored: Stored
    storage: str = ""
    """Key of its storage; "" for none."""
    parameter: bool = False
    """Whether it is pickled as a parameter; a state dict does not tell."""
    trainable: bool | None = None
    wrong: bool = False
    """Whether it cannot be what it says it is."""
    unread: bool = False
    """Whether its elements are there, in a form that is not read; `why_not` says which."""


def rebuilt(value: Value, name: str, storages: Storages) -> Rebuilt | None:
    """The tensor that a call would rebuild; None for any other value."""
    parameter, trainable = False, None
    for _ in range(_MOST_NESTED):
        if not isinstance(value, Call) or not isinstance(value.function, Global):
            return None
        function, arguments = value.function, value.arguments
        if not isinstance(arguments, tuple) or not function.module.startswith("torch"):
            return None
        if function.name == "_rebuild_from_type_v2" and len(arguments) > 2:
            value = Call(arguments[0], arguments[2])
        elif function.name in _PARAMETERS or function.name in ("Parameter", "Buffer", "Variable"):
            if not arguments:
                return None
            parameter = function.name in _PARAMETERS or function.name == "Parameter"
            trainable = arguments[1] if len(arguments) > 1 and isinstance(arguments[1], bool) else trainable
            value = arguments[0]
        else:
            found = _tensor(function.name, arguments, name, storages)
            return found and replace(found, parameter=parameter, trainable=trainable)
    return None


def _tensor(function: str, arguments: tuple[Value, ...], name: str, storages: Storages) -> Rebuilt | None:
    if function in _TENSORS and len(arguments) >= 4:
        return _dense(function, arguments, name, storages)
    if function == "_rebuild_meta_tensor_no_storage" and len(arguments) >= 2:
        shape = _shape(arguments[1])
        if shape is None or not can_be(shape):
            return _senseless(name, _dtype(arguments[0]))
        why_not = "was saved without elements, as a meta tensor"
        return Rebuilt(Stored(name, shape, _dtype(arguments[0]), None, strides_of(shape), why_not=why_not))
    if function in ("_rebuild_sparse_tensor", "_rebuild_sparse_csr_tensor") and len(arguments) >= 2:
        return _sparse(arguments[1], name, storages)
    if function in ("_rebuild_nested_tensor", "_rebuild_wrapper_subclass", "_rebuild_device_tensor_from_numpy"):
        return Rebuilt(Stored(name, (), "", why_not="is a kind of tensor of which no elements are read"), unread=True)
    return None


def _sparse(parts: Value, name: str, storages: Storages) -> Rebuilt:
    """A tensor of which only some elements are there: their values are a tensor of their own."""
    listed = parts if isinstance(parts, tuple) else ()
    inner = [found.stored for part in listed if (found := rebuilt(part, name, storages))]
    shapes = [shape for part in listed if (shape := _shape(part)) is not None]
    dtype, shape = inner[-1].dtype if inner else "", shapes[-1] if shapes else ()
    if not can_be(shape):
        return _senseless(name, dtype)
    why_not = "is sparse, and its elements are not read"
    return Rebuilt(Stored(name, shape, dtype, None, strides_of(shape), why_not=why_not), unread=True)


def _senseless(name: str, dtype: str, storage: str = "") -> Rebuilt:
    return Rebuilt(Stored(name, (), dtype, why_not="has no sensible shape"), storage, wrong=True)


def _dense(function: str, arguments: tuple[Value, ...], name: str, storages: Storages) -> Rebuilt:
    key, dtype, base = _storage(arguments[0])
    if function.endswith("_v3") and len(arguments) > 6:
        dtype = _dtype(arguments[6])
    shape, strides, offset = _shape(arguments[2]), _shape(arguments[3]), arguments[1]
    fits = shape is not None and strides is not None and len(shape) == len(strides) and can_be(shape)
    if not fits or shape is None or strides is None or not _is_size(offset):
        return _senseless(name, dtype, key)
    stored = Stored(
        name,
        shape,
        dtype,
        storages.places.get(key),
        strides,
        offset + base,
        storages.big_endian,
        _quantised(arguments[4], shape, storages) if function.endswith("qtensor") and len(arguments) > 4 else None,
    )
    wrong = _wrong(stored)
    absent = storages.why_not if stored.place is None and stored.size else ""
    return Rebuilt(replace(stored, why_not=wrong or absent), key, wrong=bool(wrong))


def _wrong(stored: Stored) -> str:
    """Why the tensor cannot be what it says it is; "" where it can."""
    if stored.size > _MOST_REPEATED * max(1, stored.span):
        return f"claims {stored.size:,} elements and has {stored.span:,}"
    if stored.place is None:
        return ""
    needed = octets_of(stored.dtype, stored.offset + stored.span) if stored.size else 0
    if needed > stored.place.size:
        return f"needs {needed:,} bytes of a storage of {stored.place.size:,}"
    return ""


def _quantised(parameters: Value, shape: tuple[int, ...], storages: Storages) -> Quantised | None:
    """(torch.per_tensor_affine, scale, zero) or (torch.per_channel_affine, scales, zeros, axis)."""
    if not isinstance(parameters, tuple) or len(parameters) < 3:
        return None
    scale, zero = parameters[1:3]
    if is_global(parameters[0], "torch", "per_tensor_affine"):
        return Quantised(scale, zero) if isinstance(scale, float) and isinstance(zero, int) else None
    scales, zeros = rebuilt(scale, "scales", storages), rebuilt(zero, "zeros", storages)
    axis = parameters[3] if len(parameters) > 3 else None
    if scales is None or zeros is None or not isinstance(axis, int) or not 0 <= axis < len(shape):
        return None
    fits = scales.stored.shape == zeros.stored.shape == (shape[axis],)
    return Quantised(scales.stored, zeros.stored, axis) if fits else None


def _storage(value: Value) -> tuple[str, str, int]:
    """Key and type of a storage, and the element at which a view of it begins."""
    parts = value.key if isinstance(value, Persistent) else None
    if not isinstance(parts, tuple) or len(parts) < 5 or parts[0] != "storage" or not isinstance(parts[2], str | int):
        return "", "", 0
    view = parts[5] if len(parts) > 5 else None
    base = view[1] if isinstance(view, tuple) and len(view) > 1 and _is_size(view[1]) else 0
    return str(parts[2]), _CLASSES.get(getattr(parts[1], "name", ""), ""), base if isinstance(base, int) else 0


def storage_sizes(keys: Iterable[Value]) -> dict[str, int]:
    """Bytes of each storage, as the references to them tell; `keys` are those of `Persistent`s."""
    sizes: dict[str, int] = {}
    for parts in keys:
        key, dtype, _ = _storage(Persistent(parts))
        if key and isinstance(parts, tuple) and _is_size(parts[4]):
            sizes[key] = max(sizes.get(key, 0), octets_of(dtype, parts[4]))
    return sizes


def storage_classes(keys: Iterable[Value]) -> dict[str, str]:
    """Type of the elements of each storage, as the first reference that is known has it."""
    classes: dict[str, str] = {}
    for parts in keys:
        key, dtype, _ = _storage(Persistent(parts))
        if key and not classes.get(key):
            classes[key] = dtype
    return classes


def _dtype(value: Value) -> str:
    return value.name if isinstance(value, Global) and value.module == "torch" else ""


def _shape(value: Value) -> tuple[int, ...] | None:
    """Sizes or strides; None for what is none."""
    sides = sequence(value)
    if sides is None or len(sides) > _MOST_DIMENSIONS or not all(map(_is_size, sides)):
        return None
    return tuple(side for side in sides if isinstance(side, int))


def _is_size(value: Value) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < _LONGEST_SIDE
