"""How much of the input a unit sees."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from dlviz_docs.insights.model_words import layer
from dlviz_docs.model import Insight

__all__ = ["pixels", "sight_sentence"]


def pixels(size: Sequence[float]) -> str:
    """ "48 × 48 px"; "the whole input" where it is not bounded."""
    if not size or any(math.isinf(one) or math.isnan(one) for one in size):
        return "the whole input"
    return f"{' × '.join(f'{one:,.0f}' for one in size)} px"


def sight_sentence(
    found: Sequence[tuple[str, tuple[float, ...]]], given: Sequence[int], figure: str
) -> Iterator[Insight]:
    """Layers in order with the receptive field of their units, against the input's lengths along the same axes.

    Bounded fields are told first: that a global pooling sees everything says nothing of what the filters before it do.
    """
    bounded = [(path, size) for path, size in found if len(size) == len(given) and all(map(math.isfinite, size))]
    if not bounded or not given:
        return
    largest = max(bounded, key=lambda one: math.prod(one[1]))
    whole = next((path for path, size in bounded if all(a >= b for a, b in zip(size, given, strict=True))), "")
    picture = f"{' × '.join(map(str, given))} px"
    if whole == largest[0]:
        text = f"Units of {layer(whole)} see {pixels(largest[1])}: at least as much as the whole input of {picture}."
    elif whole:
        text = f"The first units to see an area as large as the whole input of {picture} are those of {layer(whole)}"
        text += f"; at most {pixels(largest[1])} are seen, in {layer(largest[0])}."
    else:
        text = (
            f"Units of {layer(largest[0])} see {pixels(largest[1])} of an input of {picture}: no filter sees all of it."
        )
    values = {"largest": max(largest[1]), "input": float(max(given))}
    yield Insight(kind="receptive-field", severity="info", text=text, figure=figure, values=values)
