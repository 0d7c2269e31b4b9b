"""A model at a glance: what it is, how large, known from what, and what its file would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dlviz_docs import words
from dlviz_docs.insights import model_size as said
from dlviz_docs.insights.model_words import amount, brief, layers, multiply_adds, shape, share
from dlviz_docs.model import Checkpoint, Port, Tensor
from dlviz_docs.renderers.architecture._known import Known
from dlviz_docs.view import Cell, Column, Fact, Figure, Shown, Table

__all__ = ["fact_line", "front_facts", "sizes_by_type", "summary"]

FACTS = 60
"""Numbers and words beside the weights that are shown; the page folds what is beyond its first rows."""
LONGEST = 160
"""Letters of one of them."""
_WORDS = frozenset({"description", "domain", "example", "producer"})
"""Facts of one word that our readers name."""
_KEPT_APART = {"epoch": "epoch", "step": "step", "global_step": "step"}
"""Facts that have a row of their own, and the checkpoint's word for it."""


def front_facts(known: Known) -> Iterator[Fact]:
    """What the experiment's front page says of its only model."""
    if count := known.parameters():
        yield Fact("Parameters", amount(count, "B") if count >= 10_000 else f"{count:,}")
    yield Fact("Model on disk", words.size(known.network.last.size))
    if macs := known.costs.get(""):
        yield Fact("Multiply-adds", f"{amount(macs)}{_for_input(known)}")


def fact_line(known: Known) -> str:
    """The same in one line, for one of several."""
    parts = [f"{amount(known.parameters(), 'B')} parameters", words.size(known.network.last.size)]
    if macs := known.costs.get(""):
        parts.append(multiply_adds(macs))
    return ", ".join(parts)


def _for_input(known: Known) -> str:
    return f" for {shape(known.network.inputs[0].shape)}" if len(known.network.inputs) == 1 else ""


def summary(known: Known) -> Iterator[Shown]:
    """Sentences on size and files, then the table of facts; a fact nobody knows has no row."""
    figure = known.place.id("model-facts")
    yield from _sentences(known, figure)
    source, meaning = said.EVIDENCE[known.network.evidence]
    told = [
        ("Class", brief(known.whole.kind) if known.whole.kind and not known.whole.inferred else ""),
        ("Known from", source),
        ("Format", _format(known)),
        ("File", brief(known.network.last.path, 120)),
        ("Size on disk", words.size(known.network.last.size)),
        ("Checkpoints", _checkpoints(known)),
        ("Parameters", _parameters(known)),
        ("Buffers", _buffers(known)),
        ("Stored as", _stored(known)),
        ("Not in the files", _missing(known)),
        ("Optimizer state", _optimizer(known)),
        ("Memory to train", _to_train(known)),
        ("Layers", f"{len(known.layers):,}" if known.layers else ""),
        ("Input", _ports(known.network.inputs)),
        ("Output", _ports(known.network.outputs)),
        ("Multiply-adds", _macs(known)),
        ("Activations", _activations(known)),
        *_beside(known),
        ("Loading it", _calls(known)),
    ]
    rows = tuple((Cell(label), Cell(fact)) for label, fact in told if fact)
    name = brief(known.network.name) or "the model"
    caption = f"What {name} is, as its {_files(known)}. Its structure is known from {source}: {meaning}."
    table = Table((Column("Fact"), Column("Value")), rows)
    yield Figure(figure, "At a glance", caption, table, "At a glance")


def _sentences(known: Known, figure: str) -> Iterator[Shown]:
    learnt = [tensor for tensor in known.learnt() if not tensor.tied]
    count = known.parameters()
    types = Counter[str]()
    for tensor in learnt:
        types[tensor.dtype] += tensor.size
    blocks = known.blocks()
    parts = [said.Part(path, known.parameters(path)) for path in blocks]
    dtype = next(iter(types)) if len(types) == 1 else ""
    yield from said.size_sentence(count, sum(one.octets for one in learnt), dtype, parts, known.place.id("where"))
    yield from said.large_layer_sentence(_layers(known), count, known.place.id("where"))
    costs = [said.Part(path, known.costs[path]) for path in blocks if path in known.costs]
    given = known.network.inputs[0].shape if len(known.network.inputs) == 1 else ()
    yield from said.compute_sentence(known.costs.get("", 0.0), given, costs, known.place.id("where"))
    yield from said.dtype_sentence(types, known.place.id("types"))
    yield from said.optimizer_sentence(_state(known), known.octets(), figure)
    tied = [(t.name, t.tied, t.size) for t in known.learnt() if t.tied]
    yield from said.tied_sentence(tied, figure)
    inferred = sum(known.nodes[path].inferred for path in known.layers)
    yield from said.evidence_sentence(known.network.evidence, inferred, figure)
    if (calling := _calling(known)) is not None:
        yield from said.foreign_sentence(calling.path, calling.calls, figure)


def _calling(known: Known) -> Checkpoint | None:
    """The first checkpoint that would call what is foreign, one of grave calls before others."""
    found = [one for one in known.network.checkpoints if one.calls]
    return max(found, key=lambda one: bool(said.foreign(one.calls)[0]), default=None)


def _layers(known: Known) -> list[said.Part]:
    """Those with parameters of their own."""
    found = ((path, known.own_parameters(path)) for path in known.layers)
    return [said.Part(path, size) for path, size in found if size]


# --- rows -------------------------------------------------------------------------------------------------------------


def _files(known: Known) -> str:
    return "file tells" if len(known.network.checkpoints) == 1 else "files tell"


def _format(known: Known) -> str:
    return ", ".join(dict.fromkeys(one.format for one in known.network.checkpoints))


def _checkpoints(known: Known) -> str:
    found = known.network.checkpoints
    if len(found) == 1:
        return ""
    span = ""
    for unit, told in (("step", [one.step for one in found]), ("epoch", [one.epoch for one in found])):
        moments = [one for one in told if one is not None]
        if len(moments) > 1:
            span = f", from {unit} {words.number(moments[0])} to {words.number(moments[-1])}"
    runs = len({one.run for one in found if one.run})
    return f"{len(found):,}{span}{f', of {runs:,} runs' if runs > 1 else ''}"


def _parameters(known: Known) -> str:
    count = known.parameters()
    text = f"{count:,} ({amount(count, 'B')})" if count >= 10_000 else f"{count:,}"
    learnt = [tensor for tensor in known.learnt() if not tensor.tied]
    frozen = sum(tensor.size for tensor in learnt if tensor.trainable is False)
    if any(tensor.trainable is not None for tensor in learnt):
        text += f": {count - frozen:,} trainable, {frozen:,} frozen" if frozen else ", all trainable"
    return f"{text}, in {words.count(len(learnt), 'tensor')}" if learnt else "none"


def _buffers(known: Known) -> str:
    found = [tensor for tensor in known.tensors.values() if tensor.role == "buffer" and not tensor.tied]
    if not found:
        return ""
    return f"{sum(tensor.size for tensor in found):,} in {words.count(len(found), 'tensor')}"


def _by_type(tensors: Sequence[Tensor]) -> Counter[str]:
    octets = Counter[str]()
    for tensor in tensors:
        if not tensor.tied:
            octets[tensor.dtype] += tensor.octets
    return octets


def _stored(known: Known) -> str:
    found = _by_type(list(known.tensors.values())).most_common()
    return ", ".join(f"{dtype} {words.size(octets)}" for dtype, octets in found if octets)


def _missing(known: Known) -> str:
    found = [tensor for tensor in known.tensors.values() if tensor.missing]
    if not found:
        return ""
    names = layers([tensor.name for tensor in found])
    return f"{words.count(len(found), 'tensor')}, {words.size(sum(one.octets for one in found))}: {names}"


def _state(known: Known) -> int:
    return sum(tensor.octets for tensor in known.network.last.tensors if tensor.role == "optimizer" and not tensor.tied)


def _optimizer(known: Known) -> str:
    state, own = _state(known), known.octets()
    if not state:
        return ""
    count = sum(tensor.role == "optimizer" for tensor in known.network.last.tensors)
    times = f", {words.number(round(state / own, 1))} times the weights" if own else ""
    return f"{words.size(state)} in {words.count(count, 'tensor')}{times}"


def _to_train(known: Known) -> str:
    """Weights, a gradient for each, and what the optimizer keeps: as far as the file tells what that is."""
    state = _state(known)
    if not state:
        return ""
    gradients = sum(tensor.octets for tensor in known.learnt() if not tensor.tied and tensor.trainable is not False)
    total = known.octets() + gradients + state
    return f"{words.size(total)} without activations"


def _ports(ports: Sequence[Port]) -> str:
    told = [f"{brief(port.name, 30)}: {shape(port.shape)} {port.dtype}".rstrip() for port in ports[:4]]
    return "; ".join(told) + (f" and {len(ports) - 4:,} more" if len(ports) > 4 else "")


def _macs(known: Known) -> str:
    macs = known.costs.get("")
    return f"{amount(macs)}{_for_input(known)}" if macs else ""


def _activations(known: Known) -> str:
    leaves = (node for path, node in known.nodes.items() if not known.children.get(path))
    found = [node.activations for node in leaves if node.activations]
    return f"{amount(sum(found))} elements" if found else ""


def _beside(known: Known) -> Iterator[tuple[str, str]]:
    """What else the last checkpoint tells of itself."""
    last = known.network.last
    for label, value in (("Epoch", last.epoch), ("Step", last.step), ("Score", last.score)):
        if value is not None:
            yield label, words.number(value)
    told = [(name, text) for name, text in last.facts.items() if getattr(last, _KEPT_APART.get(name, ""), None) is None]
    for name, text in told[:FACTS]:
        plain = " ".join(text.split())
        yield _titled(brief(name, 40)), plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"
    if len(told) > FACTS:
        yield "And more", words.count(len(told) - FACTS, "further fact")


def _titled(name: str) -> str:
    """Words begin as those of the other rows do; what a script called its number is left as it is."""
    return f"{name[:1].upper()}{name[1:]}" if " " in name or name in _WORDS else name


def _calls(known: Known) -> str:
    calling = _calling(known)
    if calling is None:
        return ""
    file = "This file" if calling is known.network.last else brief(calling.path.rpartition("/")[2])
    grave, own = said.foreign(calling.calls)
    if grave:
        return f"{file} would call {layers(grave, 6)} if it were loaded; it was read without doing so."
    return f"{file} asks for {layers(own, 6)}; it was read without importing any of that."


# --- sizes by type ----------------------------------------------------------------------------------------------------


def sizes_by_type(known: Known) -> Iterator[Figure]:
    """Bytes by role and type, where there is more than one of them."""
    groups: dict[tuple[str, str], list[Tensor]] = {}
    for tensor in known.network.last.tensors:
        if not tensor.tied:
            groups.setdefault((tensor.role, tensor.dtype), []).append(tensor)
    if len(groups) < 2:
        return
    total = sum(tensor.octets for found in groups.values() for tensor in found)
    ordered = sorted(groups.items(), key=lambda item: -sum(tensor.octets for tensor in item[1]))
    columns = (
        Column("Type"),
        Column("Role"),
        Column("Tensors", True),
        Column("Elements", True),
        Column("Size", True),
        Column("Share", True, "Of all bytes of tensors in the file"),
    )
    rows = tuple(_type_row(role, dtype, found, total) for (role, dtype), found in ordered)
    (role, dtype), first = ordered[0]
    most = share(sum(tensor.octets for tensor in first), total)
    caption = f"{words.size(total)} of tensors; {most} of that is {dtype} ({role})."
    yield Figure(known.place.id("types"), "Sizes by type", caption, Table(columns, rows), "Files")


def _type_row(role: str, dtype: str, found: Sequence[Tensor], total: int) -> tuple[Cell, ...]:
    elements, octets = sum(tensor.size for tensor in found), sum(tensor.octets for tensor in found)
    return (
        Cell(dtype),
        Cell(role),
        Cell(f"{len(found):,}", len(found)),
        Cell(f"{elements:,}", elements),
        Cell(words.size(octets), octets),
        Cell(share(octets, total), octets),
    )
