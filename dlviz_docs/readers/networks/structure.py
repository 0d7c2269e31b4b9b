"""The structure of a model out of its graph: operations, the modules they stand in, what each costs and sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dlviz_docs.model import Evidence, Field, Module, Operation, Port, Problem, Shape, Tensor
from dlviz_docs.readers._text import counted
from dlviz_docs.readers.networks._exported_trace import trace_of_exported
from dlviz_docs.readers.networks._exported_types import ExportedGraph
from dlviz_docs.readers.networks._onnx_paths import owner
from dlviz_docs.readers.networks._onnx_trace import trace_of_onnx
from dlviz_docs.readers.networks._onnx_types import OnnxModel
from dlviz_docs.readers.networks._stored import Stored, can_be
from dlviz_docs.readers.networks._trace import Step, Trace, ordered
from dlviz_docs.readers.networks._traced_modules import modules_of
from dlviz_docs.readers.networks.repeats import folded
from dlviz_docs.stats.calls import Constant
from dlviz_docs.stats.cost import multiply_adds
from dlviz_docs.stats.receptive import Seen, beginning, field_of, through

__all__ = ["Structure", "network_of", "structure_of"]

_MOST_PORTS = 4
"""Inputs whose fields are followed; the first of them along which a window slides is the one that is told."""
_MOST_NAMES = 16
"""Names of what an operation takes, or makes, that are told."""


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """What a file says of a model, beside its weights' elements."""

    format: str
    """As `Checkpoint.format` has it."""
    evidence: Evidence
    modules: tuple[Module, ...] = ()
    """A block before what is in it; the first is the whole model."""
    operations: tuple[Operation, ...] = ()
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    tensors: tuple[Tensor, ...] = ()
    stored: Mapping[str, Stored] = field(default_factory=dict)
    """Where each tensor lies, by its name."""
    facts: Mapping[str, str] = field(default_factory=dict)
    calls: tuple[str, ...] = ()
    """What the framework's own loader would run of the file."""
    problems: tuple[Problem, ...] = ()


def network_of(raw: OnnxModel | ExportedGraph, lengths: Mapping[str, int] | None = None) -> Structure:
    """The structure of a graph that was read. `lengths` gives numbers to an ONNX model's lengths that vary."""
    trace = trace_of_onnx(raw, lengths) if isinstance(raw, OnnxModel) else trace_of_exported(raw)
    return structure_of(trace, raw.path)


def structure_of(trace: Trace, path: str) -> Structure:
    """Operations and modules of a trace; what does not fit together is told as a problem of the file `path`."""
    trace, endless = _without_endless(trace)
    steps, waiting = ordered(trace.steps)
    if waiting:
        what = f"{len(waiting)} operations wait for each other, such as {waiting[0].name[:80]!r}"
        problems = [Problem("cycle", path, what, "Export the model again.")]
    else:
        problems = []
    steps = [_placed(step) for step in (*steps, *waiting)]
    names = _unique(steps, trace.inputs)
    if not any(problem.code == "damaged" for problem in trace.problems):  # which leaves ends loose, and is told
        problems += _loose(steps, trace, path)
    problems += _told_endless(endless, path)
    fields = _fields(steps, trace)
    macs = [None if endless & {*step.reads, *step.writes} else multiply_adds(step.call) for step in steps]
    bookkeeping = _bookkeeping(steps)
    operations = tuple(_operations(steps, names, trace, macs, fields, bookkeeping))
    modules = modules_of(trace, steps, operations, bookkeeping)
    facts = {**trace.facts, **_example(trace)}
    if uncounted := _uncounted(operations):
        facts["not counted"] = uncounted
    return Structure(
        trace.format,
        "graph",
        folded(modules, trace.tensors, operations),
        operations,
        trace.inputs,
        tuple(port for port, _ in trace.outputs),
        trace.tensors,
        trace.stored,
        facts,
        trace.calls,
        (*trace.problems, *problems),
    )


def _without_endless(trace: Trace) -> tuple[Trace, frozenset[str]]:
    """The trace without the shapes that no array can have, and the values that have such."""
    endless = frozenset(
        name for name, value in trace.values.items() if not (can_be(value.shape or ()) and can_be(value.sizes or ()))
    )
    if not endless:
        return trace, endless
    values = {name: replace(v, shape=None, sizes=None) if name in endless else v for name, v in trace.values.items()}
    inputs = tuple(port if can_be(port.shape) else replace(port, shape=()) for port in trace.inputs)
    outputs = tuple((port if can_be(port.shape) else replace(port, shape=()), value) for port, value in trace.outputs)
    return replace(trace, values=values, inputs=inputs, outputs=outputs), endless


def _told_endless(endless: Collection[str], path: str) -> Iterator[Problem]:
    if endless:
        what = f"gives {counted(len(endless), 'value')} more elements than there can be, such as {min(endless)[:80]!r}"
        yield Problem("graph", path, f"{what}; their shapes are not shown", "Export the model again.")


def _placed(step: Step) -> Step:
    """An operation whose weights all belong to one module within its own stands in that: it is called for it."""
    path = step.stack[-1][0] if step.stack else ""
    owners = {owner(name) for name in step.tensors}
    inner = owners.pop() if len(owners) == 1 else ""
    if inner != path and inner.startswith(f"{path}." if path else ""):
        return replace(step, stack=(*step.stack, (inner, "")))
    return step


def _example(trace: Trace) -> dict[str, str]:
    """The input for which costs are counted, where every length of it has a number."""
    sizes = [(port.name, trace.values[port.name].sizes) for port in trace.inputs if port.name in trace.values]
    told = [f"{name}: {' x '.join(map(str, shape))}" for name, shape in sizes if shape and _numeric(shape)]
    return {"example": "; ".join(told)} if told and len(told) == len(trace.inputs) else {}


def _numeric(shape: Shape) -> bool:
    return all(isinstance(length, int) for length in shape)


def _unique(steps: Sequence[Step], inputs: Sequence[Port]) -> list[str]:
    """A name for each operation that no other and no input has."""
    taken = {port.name for port in inputs}
    counts: Counter[str] = Counter()
    names = []
    for step in steps:
        name = wanted = step.name or step.kind
        while name in taken:
            counts[wanted] += 1
            name = f"{wanted}:{counts[wanted] + 1}"
        taken.add(name)
        names.append(name)
    return names


def _loose(steps: Sequence[Step], trace: Trace, path: str) -> Iterator[Problem]:
    """Values that nothing makes, and values that are made twice."""
    made = Counter(name for step in steps for name in step.writes if name)
    known = {port.name for port in trace.inputs} | set(trace.stored) | set(made)
    missing = list(dict.fromkeys(name for step in steps for name in step.reads if name not in known))
    missing += [name for _, name in trace.outputs if name and name not in known]
    if missing:
        what = f"{len(missing)} values are used and made by nothing, such as {missing[0][:80]!r}"
        yield Problem("graph", path, what, "Export the model again.")
    if twice := [name for name, count in made.items() if count > 1]:
        what = f"{len(twice)} values are made twice, such as {twice[0][:80]!r}"
        yield Problem("graph", path, what, "Export the model again.")


def _bookkeeping(steps: Sequence[Step]) -> list[bool]:
    """Which operations depend on lengths and constants alone."""
    lengths: set[str] = set()
    found = []
    for step in steps:
        only = step.measures or (bool(step.reads) and not step.tensors and all(name in lengths for name in step.reads))
        if only:
            lengths.update(step.writes)
        found.append(only)
    return found


def _fields(steps: Sequence[Step], trace: Trace) -> list[Field | None]:
    """What each operation's first output sees of the first input along which a window slides."""
    nothing: list[Field | None] = [None] * len(steps)
    for port in trace.inputs[:_MOST_PORTS]:
        value = trace.values.get(port.name)
        shape = value.sizes if value is not None else None
        if shape is None or len(shape) < 2:
            continue
        found = [field_of(seen) for seen in _seen(steps, port.name, shape)]
        if any(found):
            return found
    return nothing


def _seen(steps: Sequence[Step], name: str, shape: Shape) -> Iterator[Seen | None]:
    known: dict[str, Seen | None] = {name: beginning(shape)}
    for step in steps:
        seen = through(step.call, [known.get(value) for value in step.read_by_call])
        if (
            seen is None
            and not isinstance(step.call.does, Constant)
            and any(known.get(value) is not None for value in step.reads)
        ):
            inner = next(one for value in step.reads if (one := known.get(value)) is not None)
            seen = replace(inner, lost=True)
        for value in step.writes:
            known.setdefault(value, seen)
        yield seen


def _operations(
    steps: Sequence[Step],
    names: Sequence[str],
    trace: Trace,
    macs: Sequence[float | None],
    fields: Sequence[Field | None],
    bookkeeping: Sequence[bool],
) -> Iterator[Operation]:
    maker = {port.name: port.name for port in trace.inputs}
    for step, name in zip(steps, names, strict=True):
        for value in step.writes:
            maker.setdefault(value, name)
    each = zip(steps, names, macs, fields, bookkeeping, strict=True)
    for step, name, cost, seen, only in each:
        values = [trace.values[value] for value in step.writes if value in trace.values]
        yield Operation(
            name,
            step.kind,
            step.stack[-1][0] if step.stack else "",
            tuple(dict.fromkeys(maker[value] for value in step.reads if value in maker)),
            step.tensors,
            step.settings,
            tuple(value.shape for value in values if value.shape is not None),
            next((value.dtype for value in values if value.dtype), ""),
            cost,
            seen,
            only,
            step.takes[:_MOST_NAMES],
            step.writes[:_MOST_NAMES] if step.takes else (),
        )


def _uncounted(operations: Sequence[Operation]) -> str:
    """Operations whose cost is not known: "2 x Loop, 1 x com.acme.Fast"."""
    kinds = Counter(operation.kind for operation in operations if operation.macs is None)
    return ", ".join(f"{count} x {kind[:60]}" for kind, count in kinds.most_common(8))
