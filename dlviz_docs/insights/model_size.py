"""How large a model is, where its parameters and its work are, and what its files would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dlviz_docs import words
from dlviz_docs.insights.model_words import amount, brief, layer, layers, multiply_adds, parameters, shape, share
from dlviz_docs.model import Evidence, Insight, Severity

__all__ = [
    "EVIDENCE",
    "Part",
    "compute_sentence",
    "dtype_sentence",
    "evidence_sentence",
    "foreign",
    "foreign_sentence",
    "large_layer_sentence",
    "optimizer_sentence",
    "size_sentence",
    "tied_sentence",
]

EVIDENCE: Mapping[Evidence, tuple[str, str]] = {
    "graph": ("a graph of operations (A)", "layers, settings and connections are as told there"),
    "modules": ("a tree of modules (B)", "kinds and settings are told, connections are not"),
    "weights": ("weights by name (C)", "kinds are inferred from names and shapes, connections are not known"),
    "header": ("a header of weights (D)", "kinds are inferred from names and shapes, connections are not known"),
}
"""What a structure is known from, the best first, and what that tells."""

MOST_OF, MOST_OF_BOTH = 0.4, 0.5
"""Share of the whole from which on a part, or the two largest together, are named as where it sits."""
LARGE = 0.5
"""Share of all parameters from which on a single layer is worth a sentence."""
LEAST_LAYERS = 4
LARGER = 1.0
"""Times the weights' bytes from which on the optimizer's state is told."""
RARE = 0.001
"""Share of the parameters below which another type is told in the facts alone."""

_GRAVE = (
    "os posix nt subprocess builtins sys socket shutil importlib runpy pty commands webbrowser ctypes pickle _pickle "
    "code codeop timeit pdb bdb cProfile profile trace multiprocessing urllib http ftplib requests asyncio tempfile "
    "nturl2path pip pydoc doctest idlelib ensurepip operator _operator functools marshal types"
)
_REACHES_OUT = frozenset(_GRAVE.split())
"""Modules through which a pickle can start processes, run code, or reach files and networks."""
_WITHIN = frozenset(
    {"os", "sys", "subprocess", "builtins", "__builtins__", "importlib", "shutil", "socket", "__globals__"}
)
"""What leads there from any other module: "torch.serialization.os.system"."""
_HARMLESS = frozenset({"set", "frozenset", "slice", "complex", "range", "bytearray", "object", "getattr"})
_HARMLESS_TOO = frozenset({"functools.partial", "types.SimpleNamespace", "operator.attrgetter", "operator.itemgetter"})


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the model, and what it holds of something."""

    path: str
    value: float


def size_sentence(count: int, octets: int, dtype: str, parts: Sequence[Part], figure: str) -> Iterator[Insight]:
    """How many parameters there are and where; `parts` are the outermost blocks."""
    if not count:
        return
    stored = f", {words.size(octets)}{f' as {dtype}' if dtype else ''}"
    text = f"{parameters(count)}{stored}{_where(parts, count)}."
    yield Insight(kind="model-size", severity="info", text=text, figure=figure, values={"parameters": float(count)})


def compute_sentence(macs: float, given: Sequence[int | str], parts: Sequence[Part], figure: str) -> Iterator[Insight]:
    """What one pass costs and where."""
    if not macs > 0:
        return
    of = f" for an input of {shape(given)}" if given else ""
    text = f"{multiply_adds(macs)}{of} ({_flop(2 * macs)}){_where(parts, macs)}."
    yield Insight(kind="model-compute", severity="info", text=text, figure=figure, values={"macs": macs})


def _flop(count: float) -> str:
    """ "3.64 GFLOP", "912 FLOP"."""
    number, _, prefix = amount(count).partition(" ")
    return f"{number} {prefix}FLOP"


def _where(parts: Sequence[Part], whole: float) -> str:
    """ "; 74 % of that is in “layer4”": the largest part, or the two that hold most together."""
    if len(parts) < 2:
        return ""
    first, second, *_ = sorted(parts, key=lambda part: -part.value)
    if first.value >= MOST_OF * whole:
        return f"; {share(first.value, whole)} of that is in {layer(first.path)}"
    if len(parts) > 2 and first.value + second.value >= MOST_OF_BOTH * whole:
        both = f"{layer(first.path)} ({share(first.value, whole)}) and {layer(second.path)}"
        return f"; most of that is in {both} ({share(second.value, whole)})"
    return ""


def large_layer_sentence(found: Sequence[Part], count: int, figure: str) -> Iterator[Insight]:
    """One layer that outweighs all others; `found` are all layers with parameters."""
    if len(found) < LEAST_LAYERS:
        return
    largest = max(found, key=lambda part: part.value)
    if largest.value < LARGE * count:
        return
    text = (
        f"One layer, {layer(largest.path)}, holds {share(largest.value, count)} of all parameters "
        f"({amount(largest.value, 'B')}); the other {len(found) - 1:,} layers share the rest."
    )
    values = {"share": largest.value / count, "threshold": LARGE}
    yield Insight(kind="large-layer", severity="info", text=text, figure=figure, values=values)


def dtype_sentence(counts: Mapping[str, int], figure: str) -> Iterator[Insight]:
    """Parameters of several types; `counts` are elements by type."""
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    if len(ordered) < 2 or ordered[1][1] < RARE * total:
        return
    told = ", ".join(f"{share(count, total)} {dtype}" for dtype, count in ordered)
    text = f"Parameters are of {len(ordered)} types: {told}."
    yield Insight(kind="mixed-types", severity="info", text=text, figure=figure, values={"types": float(len(ordered))})


def optimizer_sentence(state: int, octets: int, figure: str) -> Iterator[Insight]:
    """State of the optimizer that takes more of the file than the model; both in bytes."""
    if not octets or state <= LARGER * octets:
        return
    text = (
        f"The optimizer's state takes {words.size(state)}, {words.number(round(state / octets, 1))} times the weights "
        f"({words.size(octets)}): a file for use alone would be {share(octets, state + octets)} as large."
    )
    values = {"times": state / octets, "threshold": LARGER}
    yield Insight(kind="optimizer-larger", severity="info", text=text, figure=figure, values=values)


def tied_sentence(pairs: Sequence[tuple[str, str, int]], figure: str) -> Iterator[Insight]:
    """Tensors that are one in memory: each with the one before it, and its elements."""
    if not pairs:
        return
    name, first, _ = max(pairs, key=lambda pair: pair[2])
    saved = sum(size for _, _, size in pairs)
    more = f"; {len(pairs) - 1:,} more pairs are shared too" if len(pairs) > 2 else ""
    more = "; one more pair is shared too" if len(pairs) == 2 else more
    text = f"{layer(name)} and {layer(first)} are the same weights{more}: {parameters(saved)} counted once."
    yield Insight(kind="tied-weights", severity="info", text=text, figure=figure, values={"pairs": float(len(pairs))})


def evidence_sentence(evidence: Evidence, inferred: int, figure: str) -> Iterator[Insight]:
    """How far the structure can be trusted; `inferred` is how many layers' kinds are our reading."""
    if evidence not in ("weights", "header") or not inferred:
        return
    which = "The kind of the only layer is" if inferred == 1 else f"Kinds of {inferred:,} layers are"
    text = (
        f"{which} inferred from names and shapes: the files hold weights alone. "
        "How layers connect, their strides and activations are not known; an exported model would tell."
    )
    yield Insight(kind="kinds-inferred", severity="info", text=text, figure=figure, values={"layers": float(inferred)})


def foreign(calls: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those through which a pickle could reach out, and those that are only classes of somebody's own."""
    grave = [call for call in calls if _is_grave(call)]
    return grave, [call for call in calls if call not in grave]


def _is_grave(call: str) -> bool:
    first, *others = call.replace("__builtin__.", "builtins.").replace(" ", ".").split(".")
    if first == "builtins":
        return others[:1] != [] and others[0] not in _HARMLESS
    harmless = f"{first}.{others[0]}" in _HARMLESS_TOO if others else False
    return not harmless and (first in _REACHES_OUT or bool(_WITHIN.intersection(others)))


def foreign_sentence(path: str, calls: Sequence[str], figure: str) -> Iterator[Insight]:
    """What loading a checkpoint with pickle would do."""
    grave, own = foreign(calls)
    if grave:
        text = f"{layer(path)} would call {_called(grave)} if it were loaded; it was read without doing so."
    elif own:
        text = (
            f"{layer(path)} needs {_called(own)} to be loaded, and would run that code; it was read without doing so."
        )
    else:
        return
    severity: Severity = "serious" if grave else "info"
    values = {"calls": float(len(calls))}
    yield Insight(kind="foreign-code", severity=severity, text=text, figure=figure, values=values)


def _called(calls: Sequence[str]) -> str:
    return layers([brief(call) for call in calls])
