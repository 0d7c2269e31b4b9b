"""Numbers and words that lie beside the weights: the epoch, the best score, hyperparameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import numpy as np

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._text import clean
from dlviz_docs.readers.networks._nodes import Call, Global, Value, is_global, mapping, sequence
from dlviz_docs.readers.networks._rebuilt import Storages, rebuilt
from dlviz_docs.readers.networks._stored import Stored, load

__all__ = ["facts_of", "number"]

_MOST_FACTS = 300
_LONGEST_TEXT = 300
_DEEPEST = 4
_MOST_TENSORS = 16
"""Single numbers that are saved as tensors, and read."""
_PLACE = re.compile(r"^(~|/|[A-Za-z]:[\\/]|\\\\)|/(home|Users|root|mnt|scratch|data)/|\\Users\\")
"""A place on somebody's machine: only its last part is told."""
_DTYPE = re.compile(r"[<>|=]?[biufc?]\d{0,2}")
_SKIPPED = re.compile(r"optim|scheduler|state_dict$|loops|rng|param_groups|history|^state$", re.IGNORECASE)
"""Containers in which nothing is a setting."""
_COUNTER = "num_batches_tracked"
"""Of batch normalisation, beside its other values."""
_SECRET = re.compile(r"api_?key|secret|passw|token$|credential|access_?key|private_?key|^auth", re.IGNORECASE)


def facts_of(root: Value, storages: Storages, mains: Callable[[str], bool]) -> dict[str, str]:
    """Single values of the outermost dict or object, and those of the settings in it: "hyper_parameters.lr".

    `mains` says of a key of the outermost dict whether the model lies behind it.
    """
    facts: dict[str, str] = {}
    left = _MOST_TENSORS
    for name, value in _values(root, mains):
        if len(facts) >= _MOST_FACTS:
            break
        text = _text(value)
        if text is None and left and (single := rebuilt(value, name, storages)) and single.stored.size == 1:
            left -= 1
            text = _single(single.stored)
        if text:
            facts.setdefault(name, text)
    return facts


def _values(root: Value, mains: Callable[[str], bool]) -> Iterator[tuple[str, Value]]:
    """Names and values, the outermost first."""
    level = [("", root)]
    for depth in range(_DEEPEST):
        inner: list[tuple[str, Value]] = []
        for prefix, value in level[: _MOST_FACTS * 4]:
            for key, item in _items(value):
                if key.startswith("_") or _SECRET.search(key) or key.endswith(_COUNTER) or (depth == 0 and mains(key)):
                    continue
                name = clean(f"{prefix}{_brief(key)}"[:_LONGEST_TEXT])
                yield name, item
                if _is_settings(item) and not _SKIPPED.search(key):
                    inner.append((f"{name}.", item))
        level = inner


def _brief(key: str) -> str:
    """A key without the settings that Lightning puts behind a callback's name: "ModelCheckpoint{'monitor': ...}"."""
    return key.partition("{")[0] or key


def _items(value: Value) -> list[tuple[str, Value]]:
    first = islice((_settings(value) or {}).items(), _MOST_FACTS)
    return [(str(key), _plain(item)) for key, item in first if isinstance(key, str | int)]


def _settings(value: Value) -> Mapping[Value, Value] | None:
    """The pairs of a dict, or the attributes of an object; None for what is none, and for modules and their like."""
    pairs = mapping(value)
    if pairs is not None or not isinstance(value, Call) or not isinstance(value.state, dict):
        return pairs
    if "_modules" in value.state:
        return None
    return mapping(value.state.get("_content")) or value.state  # as OmegaConf has its dicts


def _is_settings(value: Value) -> bool:
    return _settings(value) is not None


def _plain(value: Value) -> Value:
    """What a node of OmegaConf holds."""
    if isinstance(value, Call) and isinstance(value.state, dict) and "_val" in value.state:
        return value.state["_val"]
    return value


def _text(value: Value) -> str | None:
    """A single value in words; None for what is none."""
    if isinstance(value, bool) or value is None:
        return None if value is None else str(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 1 << 200 else None
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, str):
        return _word(value)
    if (scalar := number(value)) is not None:
        return f"{scalar:.10g}"
    if isinstance(value, Global):
        return str(value) if value.module == "torch" else None
    return _listed(value)


def _word(text: str) -> str | None:
    if len(text) > _LONGEST_TEXT:
        return None
    if _PLACE.search(text):
        text = re.split(r"[\\/]", text.rstrip("\\/"))[-1]
    return clean(text)


def _listed(value: Value) -> str | None:
    """A short list of single values; a path, of which the parts are listed, as its last one."""
    if isinstance(value, Call) and isinstance(value.function, Global) and value.function.module.startswith("pathlib"):
        parts = value.arguments if isinstance(value.arguments, tuple) else ()
        return clean(parts[-1]) if parts and isinstance(parts[-1], str) else None
    values = sequence(value)
    if not values or len(values) > 8 or isinstance(value, Call):
        return None
    texts = [_text(part) for part in values if isinstance(part, int | float | str)]
    return ", ".join(text for text in texts if text) if len(texts) == len(values) else None


def number(value: Value) -> float | None:
    """A number of NumPy: `numpy.core.multiarray.scalar(dtype, bytes)`; None for any other value."""
    if not isinstance(value, Call) or not isinstance(value.arguments, tuple) or len(value.arguments) != 2:
        return None
    function = value.function
    if not isinstance(function, Global) or not function.module.startswith("numpy") or function.name != "scalar":
        return None
    return _decoded(_dtype(value.arguments[0]), _octets(value.arguments[1]))


def _dtype(value: Value) -> str:
    """`numpy.dtype("f8", False, True)`, whose order of bytes stands in its state."""
    if not isinstance(value, Call) or not isinstance(value.arguments, tuple) or not value.arguments:
        return ""
    name = value.arguments[0]
    order = value.state[1] if isinstance(value.state, tuple) and len(value.state) > 1 else "<"
    known = isinstance(name, str) and _DTYPE.fullmatch(name)
    return f"{order if order in ('<', '>') else '<'}{name}" if known else ""


def _octets(value: Value) -> bytes:
    """Bytes as they are, or as protocol 2 has them: `_codecs.encode(text, "latin1")`."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):  # Python 2 had no others
        return value.encode("latin-1", "replace")
    if isinstance(value, Call) and is_global(value.function, "_codecs", "encode"):
        first = value.arguments[0] if isinstance(value.arguments, tuple) and value.arguments else None
        return first.encode("latin-1", "replace") if isinstance(first, str) else b""
    return b""


def _decoded(dtype: str, octets: bytes) -> float | None:
    try:
        values = np.frombuffer(octets, np.dtype(dtype)) if dtype else np.empty(0)
    except (ValueError, TypeError):
        return None
    return float(values[0].real) if len(values) == 1 and values.dtype.kind in "biuf" else None


def _single(stored: Stored) -> str | None:
    try:
        value = load(stored, 64).reshape(-1)[0]
    except (ReadError, OSError):
        return None
    return f"{value:.10g}"
