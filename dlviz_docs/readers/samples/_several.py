"""One file of predictions that is several: of models under one another, or of outputs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Feature
from dlviz_docs.readers._frame import plain_name
from dlviz_docs.readers.samples._columns import as_classes, distinct
from dlviz_docs.readers.samples._features import feature_of_array
from dlviz_docs.readers.samples._roles import roles_of
from dlviz_docs.readers.samples._stack import Columns
from dlviz_docs.readers.samples._types import Planned, ResultEntry

__all__ = ["several"]

_MODELS = ("model", "model_name", "model_id", "classifier", "estimator", "algorithm", "method", "system", "approach")
_REPEATED = ("run", "run_id", "run_name", "seed", "epoch", "step", "checkpoint", "trial")
"""Columns that tell apart what was predicted for the same rows several times."""
_MOST_MODELS = 50
_MOST_OUTPUTS = 20


def several(planned: Planned, columns: Columns) -> Iterator[tuple[Planned, Columns]]:
    """Each of them with its rows and columns; one alone where the file is of one."""
    if planned.result and planned.result.prediction:
        yield planned, columns
        return
    if model := _models(columns):
        yield from _by_model(planned, columns, model)
        return
    names = _outputs(planned, columns)
    if names is None:
        yield planned, columns
    else:
        yield from _by_output(planned, columns, *names)


# --- models under one another -----------------------------------------------------------------------------------------


def _models(columns: Columns) -> Feature | None:
    """The column that says which model each row is of, if every model has the same rows."""
    plain = {plain_name(name): name for name in reversed(list(columns.features))}
    for word in (*_MODELS, *_REPEATED):
        feature = columns.features.get(plain.get(word, ""))
        if feature is None or feature.kind not in ("category", "number", "boolean"):
            continue
        if (feature.kind == "number" and not feature.whole) or not 2 <= len(distinct(feature)) <= _MOST_MODELS:
            continue
        models = as_classes(feature)
        if models.missing == 0 and _repeats(models, columns):
            return models
    return None


def _repeats(models: Feature, columns: Columns) -> bool:
    """Whether the same rows stand there once for each: by their names, or else by the truth in the same order."""
    roles = roles_of([name for name in columns.features if name != models.name])
    counts = np.bincount(models.values.astype(np.intp), minlength=len(models.levels))
    named = columns.features.get(roles.id)
    if named is not None:
        rows = as_classes(named).values if named.texts is None else named.values
        pairs = np.unique(np.stack([rows, models.values]), axis=1)
        return bool(pairs.shape[1] == columns.length and len(np.unique(rows)) == counts.max() and (rows >= 0).all())
    truth = columns.features.get(roles.truth)
    if truth is None or len(set(counts.tolist())) != 1 or counts[0] < 2:
        return False
    values = [truth.values[models.values == place] for place in range(len(models.levels))]
    return all(np.array_equal(values[0], one, equal_nan=truth.kind == "number") for one in values[1:])


def _by_model(planned: Planned, columns: Columns, models: Feature) -> Iterator[tuple[Planned, Columns]]:
    word = "" if plain_name(models.name) in _MODELS else f"{plain_name(models.name).replace('_', ' ')} "
    for place, level in enumerate(models.levels):
        own = _copy(columns)
        del own.features[models.name]
        own.keep(np.flatnonzero(models.values == place))
        yield replace(planned, name=f"{word}{level}"), own


def _copy(columns: Columns) -> Columns:
    return replace(
        columns, features=dict(columns.features), arrays=dict(columns.arrays), problems=list(columns.problems)
    )


# --- outputs side by side ---------------------------------------------------------------------------------------------


def _outputs(planned: Planned, columns: Columns) -> tuple[str, str] | None:
    """Arrays of truth and prediction with a column for each output: several numbers a row, or a 0 or 1 a label."""
    roles = roles_of([name for name in columns.names if name not in columns.roles.values()])
    entry = planned.result or ResultEntry(path="")
    truth = columns.arrays.get(true := columns.roles.get("truth", entry.truth or roles.truth))
    said = [*(columns.roles.get(part, "") for part in ("predicted", "probabilities")), *roles.predicted]
    predicted = next((name for name in (*said, *roles.probabilities) if name in columns.arrays), "")
    if truth is None or not predicted or truth.ndim != 2 or columns.arrays[predicted].shape != truth.shape:
        return None
    if not len(truth) or _is_one_hot(truth):
        return None
    return true, predicted


def _is_one_hot(values: NDArray[Any]) -> bool:
    return bool(((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all())


def _by_output(planned: Planned, columns: Columns, truth: str, predicted: str) -> Iterator[tuple[Planned, Columns]]:
    true, said = columns.arrays[truth], columns.arrays[predicted]
    names = _output_names(true, columns)
    if len(names) > _MOST_OUTPUTS:
        columns.tell("too-many-outputs", f"holds {len(names):,} outputs; the first {_MOST_OUTPUTS} are shown",
                     "Save the outputs that matter, each as a column.")  # fmt: skip
    for place, name in enumerate(names[:_MOST_OUTPUTS]):
        own = _copy(columns)
        del own.arrays[truth], own.arrays[predicted]
        own.classes = ()
        for column, values in ((truth, true), (predicted, said)):
            own.features[column] = feature_of_array(column, np.ascontiguousarray(values[:, place]))
        own.roles = {part: column for part, column in columns.roles.items() if column not in (truth, predicted)}
        own.roles |= {"truth": truth, "predicted": predicted}
        yield replace(planned, name=name), own


def _output_names(truth: NDArray[Any], columns: Columns) -> Sequence[str]:
    if len(columns.classes) == truth.shape[1]:
        return columns.classes
    word = "label" if ((truth == 0) | (truth == 1)).all() else "output"
    return [f"{word} {number}" for number in range(1, truth.shape[1] + 1)]
