"""Which calls of a graph write into memory that something later reads under another name."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from dlviz_docs.probes.aten import Operator
from dlviz_docs.probes.program import Call, Program, references, used_by

__all__ = ["seen_elsewhere"]


@dataclass(slots=True)
class _Groups:
    """Names that may be one memory: a forest, each tree a group."""

    above: dict[str, str] = field(default_factory=dict)

    def root(self, name: str) -> str:
        while (above := self.above.get(name, name)) != name:
            self.above[name] = self.above.get(above, above)  # half the way is saved for the next
            name = above
        return name

    def join(self, name: str, other: str) -> None:
        self.above[self.root(other)] = self.root(name)


def seen_elsewhere(program: Program, operators: Sequence[Operator]) -> set[int]:
    """Places of calls whose writing has an effect beyond their own result; the others may as well return a new value.

    All that a view or a writing call takes first and gives is taken to be one memory. A write counts where a name of
    that memory, which was there before it, is read after it.
    """
    groups = _Groups()
    for call, operator in zip(program.calls, operators, strict=True):
        if operator.aliases or operator.writes:
            first, *others = [*_first(call), *filter(None, call.outputs)] or [""]
            for name in others:
                groups.join(first, name)
    lives = _lives(program, groups)
    found = set()
    for place, (call, operator) in enumerate(zip(program.calls, operators, strict=True)):
        arguments = (call.args[i] for i in operator.writes if i < len(call.args))
        roots = {groups.root(name) for argument in arguments for name in references(argument)}
        if any(root in lives and lives[root].any_across(place) for root in roots):
            found.add(place)
    return found


def _first(call: Call) -> Iterator[str]:
    """What it takes first."""
    yield from list(references(call.args[:1]))[:1]


@dataclass(frozen=True, slots=True)
class _Lives:
    """The names of one memory: where each comes to be, ascending, and where it or one before it is read last."""

    births: list[int]
    ends: list[int]

    def any_across(self, place: int) -> bool:
        """Whether a name that was there before a call is read after it."""
        before = bisect_left(self.births, place)
        return before > 0 and self.ends[before - 1] > place


def _lives(program: Program, groups: _Groups) -> dict[str, _Lives]:
    born = {name: place for place, call in enumerate(program.calls) for name in call.outputs}
    last = {name: place for place, call in enumerate(program.calls) for name in used_by(call)}
    last |= {name: len(program.calls) for _, value in program.outputs for name in references(value)}
    spans: dict[str, list[tuple[int, int]]] = {}
    for name, place in last.items():
        spans.setdefault(groups.root(name), []).append((born.get(name, -1), place))
    found = {}
    for root, own in spans.items():
        own.sort()
        found[root] = _Lives([birth for birth, _ in own], list(accumulate((end for _, end in own), max)))
    return found
