"""Tensors of the parts of a file, named, tied to one another, and listed with what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dlviz_docs.model import Problem, Tensor
from dlviz_docs.readers._text import counted
from dlviz_docs.readers.networks._facts import facts_of
from dlviz_docs.readers.networks._foreign import foreign, reaching_out
from dlviz_docs.readers.networks._groups import Named, named
from dlviz_docs.readers.networks._nodes import Global, Value
from dlviz_docs.readers.networks._pickled_modules import modules_of
from dlviz_docs.readers.networks._places import AGAIN
from dlviz_docs.readers.networks._rebuilt import Storages
from dlviz_docs.readers.networks._stored import Stored
from dlviz_docs.readers.networks._tree import Leaf, Owner, Path, tree_of
from dlviz_docs.readers.networks._weights import WeightsFile

__all__ = ["Part", "damage", "listed", "reaching", "tensors_of", "undecoded", "unread"]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One pickle, and where its storages lie."""

    value: Value
    storages: Storages
    globals: tuple[Global, ...] = ()
    path: Path = ()
    """Where it stands among the parts of a file that has several: ("policy",)."""
    model: bool = False
    """Whether the value is a model by itself, of whatever class."""


def listed(path: str, kind: str, size: int, parts: Sequence[Part], problems: Sequence[Problem] = ()) -> WeightsFile:
    """All that the parts of a file hold."""
    leaves: list[Leaf] = []
    owners: list[Owner] = []
    optimizers: list[Path] = []
    whole = True
    for part in parts:
        tree = tree_of(part.value, part.storages, model=part.model)
        leaves += [replace(leaf, path=part.path + leaf.path, module=_moved(leaf.module, part)) for leaf in tree.leaves]
        owners += [replace(one, path=part.path + one.path, module=_moved(one.module, part)) for one in tree.owners]
        optimizers += [part.path + way for way in tree.optimizers]
        whole = whole and tree.whole
    leaves, names = _without_single_values(leaves), [one for part in parts for one in part.globals]
    chosen = named(leaves, optimizers)
    tensors, stored = tensors_of(chosen)
    found = [*problems, *_claims(path, chosen), *reaching(path, names), *unread(path, chosen)]
    if not whole:
        found.append(damage(path, "holds more values than are looked at; the first are listed"))
    return WeightsFile(
        path,
        kind,
        size,
        tensors,
        stored,
        modules_of(owners, chosen),
        _facts(parts, chosen),
        foreign(names),
        tuple(found),
    )


def _moved(module: int, part: Part) -> int:
    return module + len(part.path) if module else 0


def _without_single_values(leaves: list[Leaf]) -> list[Leaf]:
    """Tensors of one value in the outermost dict, if that holds state dicts and no weights, are facts: "best_prec1"."""
    nested = any(len(leaf.path) > 1 for leaf in leaves)
    weights = any(len(leaf.path) == 1 and leaf.found.stored.shape for leaf in leaves)
    if weights or not nested:
        return leaves
    return [leaf for leaf in leaves if len(leaf.path) > 1]


def _facts(parts: Sequence[Part], chosen: Sequence[Named]) -> dict[str, str]:
    weights = {one.leaf.path[0] for one in chosen if one.role != "other" and one.leaf.path}
    facts: dict[str, str] = {}
    for part in parts:
        if not part.path:
            facts |= facts_of(part.value, part.storages, weights.__contains__)
    return facts


def tensors_of(chosen: Iterable[Named]) -> tuple[tuple[Tensor, ...], dict[str, Stored]]:
    """Tensors and where they lie; one in the same memory as another before it is tied to that."""
    tensors = []
    stored: dict[str, Stored] = {}
    first: dict[object, str] = {}
    for one in chosen:
        found = one.leaf.found
        own = replace(found.stored, name=one.name)
        place = (own.place, own.offset, own.shape, own.strides, own.dtype) if own.place and own.size else one.name
        tied = first.setdefault(place, one.name)
        stored[one.name] = own
        tensors.append(
            Tensor(
                one.name,
                own.shape,
                own.dtype,
                0 if found.wrong else own.octets,
                one.role,
                found.trainable,
                tied if tied != one.name else "",
                missing=found.wrong or (own.size > 0 and own.place is None and not found.unread),
            )
        )
    return tuple(tensors), stored


def _claims(path: str, chosen: Sequence[Named]) -> list[Problem]:
    """One problem for all tensors that cannot be what they say they are."""
    wrong = [one for one in chosen if one.leaf.found.wrong]
    if not wrong:
        return []
    first = wrong[0]
    beyond = f", and {counted(len(wrong) - 1, 'tensor')} more are wrong" if len(wrong) > 1 else ""
    what = f"{first.name!r} {first.leaf.found.stored.why_not}{beyond}"
    return [Problem("weights-claims", path, what, AGAIN)]


def reaching(path: str, names: Iterable[Global]) -> list[Problem]:
    """One problem for all that a file names of Python's own library and that is no data."""
    out = reaching_out(names)
    if not out:
        return []
    called = ", ".join(out[:5]) + (f" and {len(out) - 5} more" if len(out) > 5 else "")
    what = f"would import {called} if it were loaded with pickle; it was read as data, and nothing of it was run"
    remedy = "Load it nowhere unless you know who made it; keep weights as safetensors."
    return [Problem("weights-calls", path, what, remedy)]


def unread(path: str, chosen: Iterable[Named]) -> Iterator[Problem]:
    """One problem for all tensors of the model that are there in one form that is not read."""
    by_reason: dict[str, list[str]] = {}
    for one in chosen:
        if one.leaf.found.unread and one.role in ("parameter", "buffer"):
            by_reason.setdefault(one.leaf.found.stored.why_not, []).append(one.name)
    return undecoded(path, by_reason)


def undecoded(path: str, by_reason: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """Of tensors of which only the form is shown, a problem for each reason, which is read after a name."""
    remedy = "Nothing has to be done: only their form is shown."
    for why, names in by_reason.items():
        more = f"; the same is said of {counted(len(names) - 1, 'more tensor')}" if len(names) > 1 else ""
        what = f"{names[0]!r} {why}; no statistics are shown of it{more}"
        yield Problem("weights-undecoded", path, what, remedy)


def damage(path: str, what: str) -> Problem:
    """A file that is damaged, of which the readable part is shown."""
    return Problem("weights-damaged", path, what, AGAIN)
