"""What moved between two checkpoints, and what did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlviz_docs.insights.model_words import layer, layers, moved, parameters, share
from dlviz_docs.model import Insight

__all__ = ["frozen_sentence", "moved_sentence", "still_sentence", "times_word"]

TIMES = 3.0
"""How many times further than the median layer one has moved that is worth naming."""
LEAST_LAYERS = 4


def times_word(before: str, after: str) -> str:
    """ "between epoch 10 and epoch 20"."""
    return f"between {before} and {after}"


def still_sentence(before: str, after: str, figure: str) -> Iterator[Insight]:
    """Two checkpoints with the same weights."""
    text = f"No weight differs {times_word(before, after)}: nothing was learnt between them."
    yield Insight(kind="nothing-moved", severity="warning", text=text, figure=figure)


def frozen_sentence(
    paths: Sequence[str], count: int, total: int, before: str, after: str, figure: str
) -> Iterator[Insight]:
    """Blocks whose parameters are the same to the last bit, `count` of `total`."""
    if not paths or not count:
        return
    text = (
        f"{layers(paths)} did not change {times_word(before, after)} (frozen): {share(count, total)} of the "
        f"{parameters(total)}."
    )
    values = {"frozen": float(count), "of": float(total)}
    yield Insight(kind="frozen-layers", severity="info", text=text, figure=figure, values=values)


def moved_sentence(
    paths: Sequence[str], relative: Sequence[float], before: str, after: str, figure: str
) -> Iterator[Insight]:
    """The layer that moved furthest beside its size, where it stands out; only layers that moved at all."""
    if len(paths) < LEAST_LAYERS:
        return
    order = sorted(range(len(paths)), key=lambda at: -relative[at])
    first, middle = order[0], relative[order[len(order) // 2]]
    if relative[first] < TIMES * middle:
        return
    furthest, usual = (f"{moved(one)}{' of' if one < 1.995 else ''} its size" for one in (relative[first], middle))
    text = (
        f"{layer(paths[first])} moved furthest {times_word(before, after)}: by {furthest}, the median layer by {usual}."
    )
    values = {"relative": relative[first], "median": middle, "threshold": TIMES}
    yield Insight(kind="moved-most", severity="info", text=text, figure=figure, values=values)
