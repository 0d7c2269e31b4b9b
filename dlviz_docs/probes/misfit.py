"""What a model was given when a pass through it failed, beside what it asks for."""

from __future__ import annotations

from collections.abc import Sequence

from dlviz_docs.errors import ProbeError
from dlviz_docs.model import Port

__all__ = ["PassFailed", "misfit_of_pictures", "misfit_of_rows"]


class PassFailed(ProbeError):
    """An operation did not take what it got; `given` is the shape of the model's input, which may be why."""

    def __init__(self, what: str, given: Sequence[int] = ()) -> None:
        super().__init__(what)
        self.given = tuple(given)


def misfit_of_pictures(error: PassFailed, port: Port | None) -> ProbeError:
    """The same in words of shapes and sizes; `port` is the model's input, where its file tells it."""
    asked = port.shape if port is not None else ()
    if asked and len(asked) != len(error.given):
        what = f"The model takes {_told(asked)}, and pictures are given to it as {_told(error.given)}."
        return ProbeError(what, "Export a module whose forward takes pictures.")
    if _differ(asked, error.given):
        what = f"The model takes {_told(asked)}, and it was given {_told(error.given)}, as experiment.yml asks."
        return ProbeError(what, "Take the size out of experiment.yml: the model tells it.")
    if asked and all(isinstance(length, int) for length in asked[1:]):
        return error
    remedy = "If it takes pictures of another size, tell it in experiment.yml: input: {size: [height, width]}."
    return ProbeError(f"{error} It was given pictures as {_told(error.given)}.", remedy)


def misfit_of_rows(error: PassFailed) -> ProbeError:
    """The same of rows of a table, and of texts."""
    return ProbeError(f"{error} It was given {_told(error.given)}.", error.remedy)


def _told(shape: Sequence[object]) -> str:
    """As (n, 3, 32, 32), whatever the file calls the number of samples."""
    first = [] if not shape else [str(shape[0]) if isinstance(shape[0], int) else "n"]
    return f"({', '.join([*first, *map(str, shape[1:])])})"


def _differ(asked: Sequence[object], given: Sequence[int]) -> bool:
    """Whether any length but the number of samples is another one."""
    return any(isinstance(a, int) and a != g for a, g in zip(asked[1:], given[1:], strict=False))
