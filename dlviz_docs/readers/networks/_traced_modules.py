"""The tree of modules around the operations of a graph, with what goes in and out of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dlviz_docs.model import Field, Module, Operation, Setting, Shape
from dlviz_docs.readers.networks._onnx_paths import owner
from dlviz_docs.readers.networks._trace import Step, Trace
from dlviz_docs.stats.calls import Permutation, Reshaping
from dlviz_docs.stats.cost import elements

__all__ = ["modules_of"]

_DEEPEST = 40
_MOST_ENDS = 8
"""Inputs or outputs of a module that are told."""


_TOGETHER: dict[frozenset[str], str] = {
    frozenset({"Sigmoid", "Mul"}): "SiLU",
    frozenset({"Softplus", "Tanh", "Mul"}): "Mish",
    frozenset({"Div", "Erf", "Add", "Mul"}): "GELU",
    frozenset({"HardSigmoid", "Mul"}): "Hardswish",
    frozenset({"ReduceMean", "Sub", "Pow", "Add", "Sqrt", "Div", "Mul"}): "LayerNorm",
    frozenset({"Reshape", "InstanceNormalization", "Mul", "Add"}): "GroupNorm",
}
"""Layers that older sets of ONNX's operators have no word for, by the operators that they are written in."""


@dataclass(slots=True)
class _Block:
    """A module as it is filled."""

    path: str
    kind: str = ""
    children: dict[str, None] = field(default_factory=dict)
    own: list[int] = field(default_factory=list)
    """Operations that stand in it, and in no module in it."""
    all: list[int] = field(default_factory=list)
    tensors: list[str] = field(default_factory=list)


def modules_of(
    trace: Trace, steps: Sequence[Step], operations: Sequence[Operation], bookkeeping: Sequence[bool]
) -> tuple[Module, ...]:
    """The whole model and all in it, each block before what is in it, in the order in which they are first used."""
    blocks = {"": _Block("")}
    for number, step in enumerate(steps):
        if not step.stack and not step.tensors and bookkeeping[number]:
            continue
        path = step.stack[-1][0] if step.stack else ""
        for inner, kind in step.stack:
            block = _block(blocks, inner)
            block.kind = block.kind or kind
        _block(blocks, path).own.append(number)
        for around in _around(path):
            blocks[around].all.append(number)
    _share_out(trace, steps, blocks)
    maker = {value: number for number, step in enumerate(steps) for value in step.writes if value}
    users: dict[str, list[int]] = {}
    for number, step in enumerate(steps):
        for value in step.reads:
            users.setdefault(value, []).append(number)
    ends = {value for _, value in trace.outputs}
    told = any(block.kind for block in blocks.values())
    make = _Maker(trace, steps, operations, maker, users, ends, told)
    return tuple(make.module(block, blocks) for block in _walked(blocks))


def _around(path: str) -> list[str]:
    """Itself and the blocks around it, from the outermost; the depth is bounded, whatever a name claims."""
    if not path:
        return [""]
    parts = path.split(".", _DEEPEST)
    return ["", *(".".join(parts[: end + 1]) for end in range(len(parts)))]


def _block(blocks: dict[str, _Block], path: str) -> _Block:
    """The block of that path, with those around it."""
    if path not in blocks:
        before = ""
        for around in _around(path):
            if around not in blocks:
                blocks[around] = _Block(around)
                blocks[before].children[around] = None
            before = around
    return blocks[path]


def _share_out(trace: Trace, steps: Sequence[Step], blocks: dict[str, _Block]) -> None:
    """Each tensor to the module that it is named after, or else to the first that uses it."""
    user: dict[str, str] = {}
    for step in steps:
        for name in step.tensors:
            user.setdefault(name, step.stack[-1][0] if step.stack else "")
    for tensor in trace.tensors:
        if tensor.role == "other" and tensor.name not in user:
            continue
        path = owner(tensor.name)
        if not path or (path not in blocks and tensor.role == "other"):
            path = user.get(tensor.name, "")
        _block(blocks, path).tensors.append(tensor.name)


def _walked(blocks: dict[str, _Block]) -> Iterator[_Block]:
    waiting = [""]
    while waiting:
        block = blocks[waiting.pop()]
        yield block
        waiting.extend(reversed(block.children))


@dataclass(frozen=True, slots=True)
class _Maker:
    trace: Trace
    steps: Sequence[Step]
    operations: Sequence[Operation]
    maker: dict[str, int]
    users: dict[str, list[int]]
    ends: set[str]
    told: bool
    """Whether the file tells classes of modules."""

    def module(self, block: _Block, blocks: dict[str, _Block]) -> Module:
        """All that is known of one."""
        within = set(block.all)
        outputs = self._outputs(block, within)
        kind, inferred = self._kind(block)
        numbers = [self.trace.values[value].sizes for value in outputs if value in self.trace.values]
        last = self.maker.get(outputs[-1]) if outputs else None
        calls = self._calls(block)
        return Module(
            block.path,
            kind,
            inferred,
            self._settings(block),
            tuple(block.tensors),
            self._shapes(self._inputs(block, within), calls),
            self._shapes(outputs, calls),
            self._macs(block),
            elements(numbers) if numbers else None,
            self._field(last),
            calls,
        )

    def _kind(self, block: _Block) -> tuple[str, bool]:
        """As the file tells; else as what it does, for one with nothing in it."""
        if block.kind:
            return block.kind.rpartition(".")[2], False
        together = frozenset(self.steps[number].kind for number in block.own if not self.operations[number].bookkeeping)
        if not block.children and together in _TOGETHER:
            return _TOGETHER[together], True
        main = self._main(block)
        if not block.children and main is not None:
            return main.layer.kind, True
        numbered = block.path and block.children and all(_name(path).isdigit() for path in block.children)
        return ("ModuleList", True) if numbered and self.told and not block.own else ("", False)

    def _main(self, block: _Block) -> Step | None:
        """The operation that a layer is there for: the one with weights of its own, or else the first.

        What holds several with different weights is no layer, but a block of some.
        """
        if block.children:
            return None
        layers = [self.steps[number] for number in block.own if self.steps[number].layer.kind]
        weighted = {step.tensors: step for step in reversed(layers) if step.tensors}
        if weighted:
            return next(iter(weighted.values())) if len(weighted) == 1 else None
        return layers[0] if layers else None

    def _settings(self, block: _Block) -> dict[str, Setting]:
        main = self._main(block)
        return dict(main.layer.settings) if main is not None else {}

    def _calls(self, block: _Block) -> int:
        """How often it runs, by the operation that it is there for."""
        main = self._main(block)
        if main is None:
            return 1 if block.all else 0
        same = (self.steps[number] for number in block.own)
        return sum(step.kind == main.kind and step.tensors == main.tensors for step in same)

    def _inputs(self, block: _Block, within: set[int]) -> list[str]:
        """Values that it takes from elsewhere."""
        if not block.path:
            return [port.name for port in self.trace.inputs]
        found: dict[str, None] = {}
        for number in block.all:
            if self.operations[number].bookkeeping:
                continue
            for value in self.steps[number].reads:
                made = self.maker.get(value)
                if made not in within and not (made is not None and self.operations[made].bookkeeping):
                    found[value] = None
        return list(found)[:_MOST_ENDS]

    def _outputs(self, block: _Block, within: set[int]) -> list[str]:
        """Values that are used elsewhere, or are the model's."""
        if not block.path:
            return [value for _, value in self.trace.outputs]
        numbers = [number for number in block.all if not self.operations[number].bookkeeping]
        made = [value for number in numbers for value in self.steps[number].writes if value]
        left = [value for value in made if value in self.ends or not within.issuperset(self.users.get(value, ()))]
        computed = [value for value in left if not self._is_there_before(value, within)]
        return (computed or left)[-_MOST_ENDS:]

    def _is_there_before(self, value: str, within: set[int]) -> bool:
        """Whether it is what came in, in another order, or follows from weights alone: exporters make an array once for
        all blocks that want it so, in the first of them."""
        for _ in range(_DEEPEST):
            made = self.maker.get(value)
            step = self.steps[made] if made is not None and made in within else None
            if step is None or not step.reads:
                return True
            if not isinstance(step.call.does, Permutation | Reshaping):
                return False
            value = step.reads[0]
        return False

    def _shapes(self, values: Sequence[str], calls: int) -> tuple[Shape, ...]:
        """Of a layer that is used several times, those of all uses, each once."""
        known = (self.trace.values.get(value) for value in values)
        shapes = tuple(value.shape for value in known if value is not None and value.shape is not None)
        return tuple(dict.fromkeys(shapes)) if calls > 1 else shapes

    def _macs(self, block: _Block) -> float | None:
        """The sum over what is known; None where nothing is, or a layer's own cost is not."""
        costs = [self.operations[number].macs for number in block.all]
        known = [cost for cost in costs if cost is not None]
        if not known or (not block.children and len(known) < len(costs)):
            return None
        return sum(known)

    def _field(self, number: int | None) -> Field | None:
        return None if number is None else self.operations[number].field


def _name(path: str) -> str:
    return path.rpartition(".")[2]
