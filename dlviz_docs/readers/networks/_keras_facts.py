"""What a Keras file tells beside layers and weights: versions, optimizer, loss; and what loading it would run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dlviz_docs.readers._text import clean
from dlviz_docs.readers.networks._keras_config import Layer
from dlviz_docs.readers.networks._keras_graph import Structure
from dlviz_docs.readers.networks._keras_layers import is_known

__all__ = ["calls_of", "facts_of"]

_MOST_NAMED = 8
_LONGEST = 200


def facts_of(config: Mapping[str, Any], told: Mapping[str, Any], structure: Structure) -> dict[str, str]:
    """Name and value, in the order of a page."""
    facts = {name: _short(told.get(key)) for name, key in _TOLD.items()}
    training = config.get("compile_config")
    if isinstance(training, Mapping):
        facts |= _trained_with(training)
    facts["Lambda layers"] = _lambdas(structure)
    facts["own layers"] = _named([_own(layer) for layer in structure.layers.values() if _is_own(layer)])
    return {name: value for name, value in facts.items() if value}


_TOLD = {"Keras version": "keras_version", "backend": "backend", "saved": "date_saved"}


def calls_of(structure: Structure) -> tuple[str, ...]:
    """What Keras would call to load the file, beyond its own layers."""
    found = ["marshal.loads"] if _of_code(structure) else []
    return (*found, *dict.fromkeys(_own(layer) for layer in structure.layers.values() if _is_own(layer)))


def _trained_with(training: Mapping[str, Any]) -> dict[str, str]:
    """Optimizer with its learning rate, loss and metrics; tf.keras and Keras 3 name the first differently."""
    optimizer = training.get("optimizer") or training.get("optimizer_config")
    facts = {"loss": _spoken(training.get("loss")), "metrics": _spoken(training.get("metrics"))}
    if isinstance(optimizer, Mapping):
        settings = optimizer.get("config")
        rate = settings.get("learning_rate", settings.get("lr")) if isinstance(settings, Mapping) else None
        facts["optimizer"] = _short(optimizer.get("class_name")).rpartition(">")[2]
        facts["learning rate"] = f"{rate:.4g}" if isinstance(rate, float) else ""
    elif isinstance(optimizer, str):
        facts["optimizer"] = _short(optimizer)
    return facts


def _spoken(value: object, depth: int = 0) -> str:
    """Losses and metrics as text: names, objects and lists of them."""
    if isinstance(value, Mapping) and "class_name" in value:
        inner = value.get("config")
        name = inner.get("name") if isinstance(inner, Mapping) else inner
        return _short(name) or _short(value["class_name"])
    if isinstance(value, Mapping):
        parts = [f"{_short(key)}: {said}" for key, one in value.items() if (said := _spoken(one, depth + 1))]
        return ", ".join(parts[:_MOST_NAMED])
    if isinstance(value, list) and depth < 4:
        return ", ".join([said for one in value if (said := _spoken(one, depth + 1))][:_MOST_NAMED])
    return _short(value)


def _lambdas(structure: Structure) -> str:
    found = [f"{path} (marshalled Python code, which was not run)" for path in _of_code(structure)]
    named = [path for path, layer in _lambda_layers(structure) if path not in set(_of_code(structure))]
    return _named([*found, *named])


def _lambda_layers(structure: Structure) -> Iterator[tuple[str, Layer]]:
    return ((path, layer) for path, layer in structure.layers.items() if layer.kind == "Lambda")


def _of_code(structure: Structure) -> list[str]:
    """Lambdas that carry code; the others name a function."""
    return [path for path, layer in _lambda_layers(structure) if _carries_code(layer.config.get("function"))]


def _carries_code(function: object) -> bool:
    """[code, defaults, closure] of Keras 2, "__lambda__" of Keras 3, "items" or "code" between."""
    if isinstance(function, list):
        return True
    return isinstance(function, Mapping) and (
        function.get("class_name") in ("__lambda__", "lambda") or "code" in function or "items" in function
    )


def _is_own(layer: Layer) -> bool:
    return bool(layer.registered) or not (is_known(layer.kind) or layer.is_operation)


def _own(layer: Layer) -> str:
    return layer.registered or layer.kind


def _named(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    more = f" and {len(unique) - _MOST_NAMED} more" if len(unique) > _MOST_NAMED else ""
    return ", ".join(unique[:_MOST_NAMED]) + more


def _short(value: object) -> str:
    return clean(value[:_LONGEST]) if isinstance(value, str) else ""
