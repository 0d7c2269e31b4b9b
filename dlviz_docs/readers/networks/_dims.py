"""Arithmetic with lengths of which some are only names: "batch", "height//2"; "?" where nothing sensible is left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

from dlviz_docs.model import Dim, Shape

__all__ = ["UNKNOWN", "added", "broadcast", "cut", "divided", "fitted", "multiplied", "product", "scaled"]

UNKNOWN = "?"
_LONGEST = 40


def cut(name: str) -> str:
    """A name of a sensible length."""
    return name if len(name) <= _LONGEST and UNKNOWN not in name else UNKNOWN


def _in_brackets(dim: Dim) -> str:
    text = str(dim)
    return f"({text})" if any(mark in text for mark in " /*") else text


def added(left: Dim, right: Dim) -> Dim:
    """The sum."""
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    if left == 0 or right == 0:
        return right if left == 0 else left
    if isinstance(right, int) and right < 0:
        return cut(f"{left} - {-right}")
    return cut(f"{left} + {right}")


def multiplied(left: Dim, right: Dim) -> Dim:
    """The product."""
    if isinstance(left, int) and isinstance(right, int):
        return left * right
    if left == 1 or right == 1:
        return right if left == 1 else left
    if left == 0 or right == 0:
        return 0
    first, second = (right, left) if isinstance(right, int) else (left, right)
    return cut(f"{_in_brackets(first)}*{_in_brackets(second)}")


def product(lengths: Iterable[Dim]) -> Dim:
    """Of all of them."""
    total: Dim = 1
    for length in lengths:
        total = multiplied(total, length)
    return total


def divided(left: Dim, right: Dim) -> Dim:
    """The quotient, rounded down."""
    if right == 1:
        return left
    if isinstance(left, int) and isinstance(right, int):
        return left // right if right else UNKNOWN
    if left == right and UNKNOWN not in (left, right):
        return 1
    return cut(f"{_in_brackets(left)}//{_in_brackets(right)}")


def scaled(dim: Dim, more: int, step: int) -> Dim:
    """(length + more) // step + 1: how many windows fit."""
    return divided(added(dim, more + step), step)


def broadcast(shapes: Sequence[Shape]) -> Shape | None:
    """Of arrays that meet element by element (NumPy's rule); None where they do not fit."""
    rank = max((len(shape) for shape in shapes), default=0)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    lengths: list[Dim] = []
    for column in zip(*padded, strict=True):
        others = [length for length in dict.fromkeys(column) if length != 1]
        numbers = [length for length in others if isinstance(length, int)]
        if len(numbers) > 1:
            return None
        lengths.append(numbers[0] if numbers else others[0] if len(others) == 1 else UNKNOWN if others else 1)
    return tuple(lengths)


def fitted(before: Shape, wanted: Sequence[Dim]) -> Shape:
    """A shape with one -1 in it, whose length follows from the others."""
    if -1 not in wanted:
        return tuple(wanted)
    rest = [length for length in wanted if length != -1]
    length = _quotient(before, rest)
    return tuple(length if one == -1 else one for one in wanted)


def _quotient(all_: Iterable[Dim], known: Iterable[Dim]) -> Dim:
    """The product of some lengths over that of others, names that stand in both left out."""
    above, below = list(all_), list(known)
    for name in [length for length in below if isinstance(length, str)]:
        if name not in above or name == UNKNOWN:
            return UNKNOWN
        above.remove(name)
        below.remove(name)
    names = [length for length in above if isinstance(length, str)]
    numbers = prod(length for length in above if isinstance(length, int))
    divisor = prod(length for length in below if isinstance(length, int))
    if not divisor or (numbers % divisor and not names):
        return UNKNOWN
    return product([numbers // divisor if numbers % divisor == 0 else UNKNOWN, *names])
