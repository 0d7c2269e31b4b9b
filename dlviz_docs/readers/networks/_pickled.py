"""Pickles as data: what they hold and what loading them would import, without importing or calling anything.

`read_pickle` takes one pickle out of bytes, `stream` one out of a file of any size. A pickle that breaks off gives all
that was complete before the break. The nodes that a value is made of are in `_nodes`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import IO

from dlviz_docs.readers.networks._machine import Machine, Stopped, assign
from dlviz_docs.readers.networks._nodes import Call, Global, Value

__all__ = ["MOST_BYTES", "Pickle", "read_pickle", "stream"]

MOST_BYTES = 64 << 20
"""Of one pickle; that of a checkpoint of a thousand layers has a tenth of a megabyte."""
_BUDGET = 96 << 20
"""Memory that the nodes of one pickle may take; those of a checkpoint of 30,000 tensors take half of it."""
_FIRST = 1 << 18


@dataclass(frozen=True, slots=True, eq=False)
class Pickle:
    """One pickle of a stream."""

    value: Value
    """None where nothing could be read, as for a pickle that holds None."""
    end: int
    """Where it ends in the bytes, or in the file."""
    globals: tuple[Global, ...]
    """What loading would import, each once, in the order of the stream."""
    outside: tuple[Value, ...] = ()
    """Keys of its references to something outside: storages, in PyTorch's files."""
    damage: str = ""
    """What is wrong with it, to be read after the file's name: "breaks off". Then `value` is a part."""


def read_pickle(data: bytes, start: int = 0, *, budget: int = _BUDGET) -> Pickle:
    """The pickle that begins at `start`; it never raises."""
    machine = Machine(data, start, budget)
    damage = ""
    try:
        value = machine.run()
    except Stopped as stop:
        value, damage = _folded(machine), str(stop)
    return Pickle(value, machine.place, tuple(machine.globals), tuple(machine.outside), damage)


def stream(file: IO[bytes], start: int, size: int) -> Pickle:
    """The pickle that begins at `start` of a file of `size` bytes, of which only a beginning is a pickle.

    How long it is nobody says: a beginning is read, and four times as much while that breaks off.
    """
    length = _FIRST
    while True:
        file.seek(start)
        data = file.read(min(length, MOST_BYTES))
        read = read_pickle(data)
        whole = start + len(data) >= size or len(data) < min(length, MOST_BYTES)
        if read.damage != "breaks off" or whole or length >= MOST_BYTES:
            break
        del read  # before the next one takes as much
        length *= 4
    damage = read.damage
    if damage == "breaks off" and not whole:
        damage = f"does not end within {MOST_BYTES >> 20} MB"
    return replace(read, end=start + read.end, damage=damage)


def _folded(machine: Machine) -> Value:
    """What was complete when the machine stopped: open containers, with what they had until then."""
    stack, marks = machine.stack, machine.marks
    while marks:
        start = marks.pop()
        inner = stack[start:]
        del stack[start:]
        if stack and (not marks or start > marks[-1]):
            _give(stack[-1], inner)
    _chain(stack)
    return stack[0] if stack else None


def _give(target: Value, values: list[Value]) -> None:
    """What would have gone into a container when its end was reached; a value that had not ended is left out."""
    if isinstance(target, list):
        target.extend(values[:1])
        _chain(values)
    elif isinstance(target, dict | Call):
        keys = 0
        while keys < len(values) - 1 and isinstance(values[keys], str | int):
            keys += 2
        assign(target, values[:keys])
        _chain(values[max(0, keys - 1) :])


def _chain(values: list[Value]) -> None:
    """Values of which each would have gone into the one before it: a dict, a key, its list, its element, ..."""
    place = 0
    while place < len(values) - 1:
        value, after = values[place], values[place + 1]
        if isinstance(value, Call) and isinstance(after, dict):
            value.state = value.state or after
        elif isinstance(value, list):
            value.append(after)
        elif isinstance(value, dict | Call) and isinstance(after, str | int) and place + 2 < len(values):
            assign(value, [after, values[place + 2]])
            place += 1
        else:
            break
        place += 1
