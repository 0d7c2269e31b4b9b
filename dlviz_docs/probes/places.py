"""Where a program can be cut: at what its modules give, and at operations that stand in none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from dlviz_docs.probes.program import Program, used_by

__all__ = ["Place", "Places", "places_of"]


@dataclass(frozen=True, slots=True)
class Place:
    """A layer, and the value that is its output."""

    value: str
    kind: str


Places: TypeAlias = Mapping[str, Place]


def places_of(program: Program) -> Places:
    """By path, in the order in which the outputs come to be; a module's output is what its last call gives.

    A call that is in no module, or of a file that tells none, is a layer by the name of its result. What does not
    depend on the input is no layer.
    """
    last: dict[str, tuple[int, Place]] = {}
    depends = {port.name for port in program.inputs}
    for at, call in enumerate(program.calls):
        value = next((name for name in call.outputs if name), "")
        if not value or depends.isdisjoint(used_by(call)):
            continue
        depends.update(call.outputs)
        for path, kind in call.kinds:
            if path:
                last[path] = (at, Place(value, kind.rsplit(".", 1)[-1] or call.target))
        if not any(path for path, _ in call.kinds):
            last.setdefault(value, (at, Place(value, call.target)))
    return {path: place for path, (_, place) in sorted(last.items(), key=lambda item: (item[1][0], -len(item[0])))}
