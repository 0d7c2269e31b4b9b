"""A matrix as an HTML table of coloured cells: steps of colour here, the colours themselves in the style sheet.

A cell's step is two signs at most, which `assets/plots.css` turns into a colour, and one of text that is read on it:
"0" to "9" and "a" from the page's own colour to the strongest, "d" before it for the diagonal's own colour, "n" before
it for values below zero, and "x" for a cell that is not defined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from dlviz_docs.charts.coding import coded
from dlviz_docs.charts.describe import Row
from dlviz_docs.html import attr, json_script, text
from dlviz_docs.model import FloatArray
from dlviz_docs.view import Figure, Matrix
from dlviz_docs.words import count, number

__all__ = ["STEPS", "HeatRow", "Label", "Ramp", "matrix_context", "sentence", "steps"]

STEPS = 10
MOST = 100
"""Rows and columns that are drawn; more are cut off, and that is said."""
MOST_TEXTS = 30
"""Columns with room for text in their cells."""
MOST_TITLES = 2500
"""Cells without text that get it as a title; of more, the script alone tells it."""
UPRIGHT = 15
"""Columns from which their names stand upright."""
LETTERS = 80
"""Letters of all column names side by side, from which they stand upright too."""
CUT = 18
"""Letters of a name that are surely seen; a longer one has a title."""
LISTED = 20
"""Largest values in the list below a matrix without texts."""
_SIGNS = "0123456789a"
# One letter a cell on the way to the script: plain, diagonal and below zero.
_SHORT = dict(
    zip(
        (*_SIGNS, *(f"d{s}" for s in _SIGNS), *(f"n{s}" for s in _SIGNS), "x"),
        "0123456789aABCDEFGHIJKlmnopqrstuvx",
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a row or column; `title` is "" where the name is short."""

    text: str
    title: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One row of the table."""

    label: Label
    cells: Markup
    """Each with its step of colour, its text and, where it has no room for that, its title. Not made in the template:
    there are thousands."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """A scale of colour with what its ends mean."""

    label: str
    low: str
    high: str
    steps: tuple[str, ...]


@np.errstate(all="ignore")
def matrix_context(figure: Figure) -> dict[str, object]:
    """What `figures/matrix.html.j2` needs."""
    matrix = figure.spec
    if not isinstance(matrix, Matrix):
        raise TypeError(f"{figure.id} is not a matrix")
    cut = _Cut(matrix)
    values = cut.values(matrix.values)
    texts = cut.texts(matrix.texts, values)
    told = len(cut.columns) <= MOST_TEXTS
    return {
        "figure": figure,
        "matrix": matrix,
        "columns": [_label(name) for name in cut.columns],
        "rows": tuple(_rows(matrix, cut, values, texts, told=told)),
        "ramps": _ramps(matrix, values),
        "views": (matrix.view or "values", *(name for name, _, _ in matrix.views)) if matrix.views else (),
        "style": " ".join(_style(cut)),
        "description": sentence(matrix),
        "notes": cut.notes(),
        "largest": () if told else tuple(_largest(matrix, cut, values, texts)),
        "spec": json_script(_spec(matrix, cut, values, texts)),
    }


def steps(matrix: Matrix, values: FloatArray, *, own: bool = True) -> list[list[str]]:
    """The step of every cell of `values`, shape (rows, columns); `own`: by the matrix' own ends of the scale."""
    low, high = _ends(matrix, _judged(matrix, values), own=own)
    zero = 0.0 if matrix.diverging else low
    reach = max(abs(low), abs(high)) if matrix.diverging else high - low
    found = _steps(values, zero, reach, below=matrix.diverging)
    if _has_diagonal(matrix, values):
        own_low, own_high = _ends(matrix, np.diagonal(values), own=False)
        strong = _steps(np.diagonal(values)[None], own_low, own_high - own_low, below=False)[0]
        for i, step in enumerate(strong):
            found[i][i] = step if step == "x" else f"d{step}"
    return found


def sentence(matrix: Matrix) -> str:
    """Size and largest values, off the diagonal where that is what matters."""
    rows, columns = matrix.values.shape if matrix.values.ndim == 2 else (0, 0)
    size = f"{count(rows, 'row')} by {count(columns, 'column')}"
    judged = _judged(matrix, matrix.values)
    if not np.isfinite(judged).any():
        return f"{size}, no value is defined."
    known = np.where(np.isfinite(judged), np.abs(judged) if matrix.diverging else judged, -np.inf).ravel()
    best = [int(i) for i in np.argsort(-known, kind="stable")[:3] if known[i] > -np.inf]
    named = (
        f"{matrix.rows[i // columns]}, {matrix.columns[i % columns]}: {number(float(judged.flat[i]))}" for i in best
    )
    where = " off the diagonal" if _has_diagonal(matrix, matrix.values) else ""
    return f"{size}; {'strongest' if matrix.diverging else 'largest'}{where}: {'; '.join(named)}."


class _Cut:
    """The part of a matrix that is drawn."""

    def __init__(self, matrix: Matrix) -> None:
        self.all = (len(matrix.rows), len(matrix.columns))
        self.rows, self.columns = matrix.rows[:MOST], matrix.columns[:MOST]

    def values(self, values: FloatArray) -> FloatArray:
        return values.reshape(self.all)[: len(self.rows), : len(self.columns)]

    def texts(self, texts: Sequence[Sequence[str]], values: FloatArray) -> list[list[str]]:
        """As given, or the values; "–" where there is none."""
        if texts:
            return [list(row[: len(self.columns)]) for row in texts[: len(self.rows)]]
        write = _writer(values)
        return [[write(value) for value in row] for row in values.tolist()]

    def notes(self) -> tuple[str, ...]:
        if self.all == (len(self.rows), len(self.columns)):
            return ()
        rows, columns = self.all
        shown = f"{len(self.rows):,} of {count(rows, 'row')} and {len(self.columns):,} of {count(columns, 'column')}"
        return (f"The first {shown} are shown.",)


def _writer(values: FloatArray) -> Callable[[float], str]:
    """How the cells are written, all alike: counts in full, shares and correlations with two decimals."""
    whole = np.abs(values[np.isfinite(values)])
    most = float(whole.max()) if len(whole) else 0.0
    if (whole == np.rint(whole)).all():
        return lambda value: "–" if np.isnan(value) else number(value)
    if 0.1 <= most < 1000:
        return lambda value: f"{round(value, 2) + 0.0:.2f}".replace("-", "−") if np.isfinite(value) else _odd(value)
    return lambda value: number(float(f"{value:.2g}")) if np.isfinite(value) else _odd(value)


def _odd(value: float) -> str:
    return "–" if np.isnan(value) else number(value)


# --- colours ----------------------------------------------------------------------------------------------------------


def _steps(values: FloatArray, zero: float, reach: float, *, below: bool) -> list[list[str]]:
    """From shares of `reach` to signs; only `zero` itself and what lies under it have the page's colour."""
    with np.errstate(invalid="ignore", over="ignore"):
        shares = (values - zero) / reach if reach > 0 else np.where(values > zero, 1.0, 0.0)
        scaled = np.where(np.isnan(values), 0.0, np.nan_to_num(shares, nan=0.0)).clip(-1 if below else 0, 1)
    levels = np.rint(np.abs(scaled) * STEPS).astype(int)
    levels = np.where((levels == 0) & (scaled != 0), 1, levels)
    signs = np.where(scaled < 0, levels + STEPS, levels)
    signs = np.where(np.isnan(values), -1, signs)
    names = (*_SIGNS, *(f"n{s}" for s in _SIGNS[1:]), "x")
    return [[names[i] for i in row] for row in signs.tolist()]


def _ends(matrix: Matrix, values: FloatArray, *, own: bool) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    low = min(0.0, float(known.min())) if len(known) else 0.0
    high = max(0.0, float(known.max())) if len(known) else 0.0
    if own:
        low = matrix.low if matrix.low is not None else low
        high = matrix.high if matrix.high is not None else high
    return low, high


def _has_diagonal(matrix: Matrix, values: FloatArray) -> bool:
    return matrix.off_diagonal and values.ndim == 2 and values.shape[0] == values.shape[1] > 1


def _judged(matrix: Matrix, values: FloatArray) -> FloatArray:
    """What the scale is made for: without the diagonal, where that has one of its own."""
    if not _has_diagonal(matrix, values):
        return values
    off = values.copy()
    np.fill_diagonal(off, np.nan)
    return off


def _ramps(matrix: Matrix, values: FloatArray, *, own: bool = True) -> tuple[Ramp, ...]:
    """The legend: one scale, or one for each side of the diagonal's difference."""
    low, high = _ends(matrix, _judged(matrix, values), own=own)
    if matrix.diverging:
        reach = max(abs(low), abs(high))
        signs = (*(f"n{s}" for s in reversed(_SIGNS[2::2])), *_SIGNS[0::2])
        return (Ramp("", number(-reach), number(reach), signs),)
    beyond = "≥ " if np.nanmax(_judged(matrix, values), initial=-np.inf) > high else ""
    label = "off the diagonal" if _has_diagonal(matrix, values) else ""
    plain = Ramp(label, number(low), beyond + number(high), tuple(_SIGNS))
    if not _has_diagonal(matrix, values):
        return (plain,)
    low, high = _ends(matrix, np.diagonal(values), own=False)
    return (plain, Ramp("diagonal", number(low), number(high), tuple(f"d{s}" for s in _SIGNS)))


# --- the table --------------------------------------------------------------------------------------------------------


def _rows(
    matrix: Matrix, cut: _Cut, values: FloatArray, texts: Sequence[Sequence[str]], *, told: bool
) -> Iterator[HeatRow]:
    titled = not told and values.size <= MOST_TITLES
    for i, (name, row) in enumerate(zip(cut.rows, steps(matrix, values), strict=True)):
        cells = "".join(
            f'<td data-v="{step}"{_title(name, column, words) if titled else ""}>{text(words) if told else ""}</td>'
            for step, column, words in zip(row, cut.columns, texts[i], strict=True)
        )
        yield HeatRow(_label(name), Markup(cells))  # noqa: S704  (every text is encoded one line above)


def _title(row: str, column: str, words: str) -> str:
    return f' title="{attr(f"{row} × {column}: {words}")}"'


def _label(name: str) -> Label:
    return Label(name, name if len(name) > CUT else "")


def _style(cut: _Cut) -> Iterator[str]:
    columns = len(cut.columns)
    if columns > MOST_TEXTS:
        yield "dlviz-tiny"
    elif columns > UPRIGHT:
        yield "dlviz-close"
    if columns > UPRIGHT or columns * min(max(map(len, cut.columns), default=0), CUT) > LETTERS:
        yield "dlviz-upright"


def _largest(matrix: Matrix, cut: _Cut, values: FloatArray, texts: Sequence[Sequence[str]]) -> Iterator[Row]:
    """The strongest cells in words, where the cells themselves have no room for any."""
    judged = _judged(matrix, values)
    strength = np.where(np.isfinite(judged), np.abs(judged) if matrix.diverging else judged, -np.inf)
    for place in np.argsort(-strength, axis=None, kind="stable")[:LISTED].tolist():
        i, j = divmod(place, len(cut.columns))
        if strength[i, j] > -np.inf:
            yield Row(cut.rows[i], (cut.columns[j], texts[i][j]))


# --- for the browser --------------------------------------------------------------------------------------------------


def _spec(matrix: Matrix, cut: _Cut, values: FloatArray, texts: Sequence[Sequence[str]]) -> dict[str, object]:
    told: dict[str, object] = {
        "rows": cut.rows,
        "columns": None if cut.columns == cut.rows else cut.columns,
        "rowLabel": matrix.row_label,
        "columnLabel": matrix.column_label,
        "picks": matrix.picks,
        "diverging": matrix.diverging,
        "diagonal": _has_diagonal(matrix, values),
        "values": coded(values.ravel()),
        "ramps": [[ramp.low, ramp.high] for ramp in _ramps(matrix, values)],
    }
    if matrix.texts and len(cut.columns) > MOST_TEXTS:
        told["texts"] = texts
    return told | {"views": [_view(matrix, cut, *view) for view in matrix.views]}


def _view(
    matrix: Matrix, cut: _Cut, name: str, values: FloatArray, texts: Sequence[Sequence[str]]
) -> dict[str, object]:
    shown = cut.values(values)
    return {
        "name": name,
        "steps": "".join(_SHORT[step] for row in steps(matrix, shown, own=matrix.one_scale) for step in row),
        "texts": cut.texts(texts, shown),
        "values": coded(shown.ravel()),
        "ramps": [[ramp.low, ramp.high] for ramp in _ramps(matrix, shown, own=matrix.one_scale)],
    }
