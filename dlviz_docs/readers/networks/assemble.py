"""Checkpoints to models: opened one after the other, put together by their structure, and measured."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from dlviz_docs.model import Checkpoint, Evidence, Models, Module, Network, Problem
from dlviz_docs.readers._text import counted
from dlviz_docs.readers.networks._called import name_of, with_names
from dlviz_docs.readers.networks._grouping import Group, grouped, moment
from dlviz_docs.readers.networks._measured import Budget, Measured, filters_of, measured, same_weights
from dlviz_docs.readers.networks._opened import Opened, opened
from dlviz_docs.readers.networks._types import Found, Limits, Plan, Planned
from dlviz_docs.readers.networks._words import vectors_of
from dlviz_docs.readers.networks.kinds import modules_of
from dlviz_docs.readers.networks.plan import inside, missing
from dlviz_docs.readers.networks.repeats import folded

__all__ = ["read"]

_SAID_OF_EACH = 3
"""Files of which the same is said one by one; of more, it is said once."""
_NAMED_FOR_IT = re.compile(
    r"(?<![a-z])(models?|weights?|check_?points?|ckpts?|net(work)?|policy|agent|actor|critic|generator|discriminator|"
    r"encoder|decoder|state_?dict|best|last|final|epoch|adapter\w*)(?![a-z])",
    re.IGNORECASE,
)


def read(found: Found, plan: Plan, limits: Limits | None = None) -> Models:
    """All models of the plan; a file that cannot be read costs itself and says why."""
    bounds = limits or Limits()
    problems = [_absent(path) for path in missing(found.named, found.root)]
    problems += [_outside(path) for path in found.named if not inside(path)]
    named = {plain for path in found.named if (plain := inside(path))}
    files, problem = _listed(plan, bounds, named)
    problems += problem
    there: list[Opened] = []
    for planned in files:
        one = opened(found.root, planned)
        if isinstance(one, Problem):
            problems.append(one)
        elif _is_model(one) or (planned.path in named and one.weights.tensors):
            there.append(one)
        else:
            problems += one.weights.problems
    budget = Budget(bounds.most_octets)
    groups = sorted(grouped(there), key=lambda group: -max(one.size for one in group.members))
    unread = replace(bounds, largest=-1)
    networks = [
        _network(group, bounds if place < bounds.most_networks else unread, budget, found.root)
        for place, group in enumerate(groups)
    ]
    return Models(tuple(with_names(networks, found)), tuple(_once(problems)))


def _listed(plan: Plan, limits: Limits, named: Container[str]) -> tuple[Sequence[Planned], list[Problem]]:
    """Those that experiment.yml names, and of the others as many as there is room for."""
    if len(plan.files) <= limits.most_files:
        return plan.files, []
    places = [place for place, one in enumerate(plan.files) if one.path in named][: limits.most_files]
    others = [place for place in range(len(plan.files)) if place not in places]
    room = limits.most_files - len(places)
    places += [others[round(place)] for place in np.linspace(0, len(others) - 1, room)]
    kept = [plan.files[place] for place in sorted(places)]
    what = f"holds {counted(len(plan.files), 'checkpoint')}; {limits.most_files:,} of them, evenly chosen, are shown"
    return kept, [Problem("too-many-checkpoints", ".", what, "Name those that matter under `checkpoints:`.")]


def _is_model(one: Opened) -> bool:
    """Whether a file holds layers: tensors of data have names, too, but not those of weights. Files that are called
    like models are believed."""
    if not one.weights.tensors or one.evidence != "weights" or one.planned.kind != "weights":
        return bool(one.weights.tensors or one.operations)
    told = any(module.kind for module in modules_of(one.weights.tensors))
    return told or bool(one.modules) or bool(_NAMED_FOR_IT.search(PurePosixPath(one.planned.path).name))


def _absent(path: str) -> Problem:
    what = "is named in experiment.yml and is not there"
    return Problem("missing-file", path, what, "Correct the path, which is relative to experiment.yml.")


def _outside(path: str) -> Problem:
    what = "is named in experiment.yml and leads out of the experiment's folder"
    return Problem("outside", path, what, "Copy the file into the experiment's folder.")


# --- one model ---


def _network(group: Group, limits: Limits, budget: Budget, root: Path) -> Network:
    placed_first = sorted(group.members, key=lambda one: one.planned.path in group.aside)
    copies = same_weights(placed_first) if limits.largest > 0 else {}
    repeated = {path for paths in copies.values() for path in paths}
    source, by_path = group.structure, {one.planned.path: one for one in group.members}
    group.members = [one for path, one in by_path.items() if path not in repeated]
    found = measured(group, limits, budget)
    modules = _modules(source)
    told = [problem for one in by_path.values() for problem in one.weights.problems]
    last = next((one for one in reversed(group.members) if one.planned.path in found.statistics), None)
    words, vectors = vectors_of(root, modules, last) if last else ({}, {})
    return Network(
        name_of(source),
        _evidence(source, found),
        tuple(
            _checkpoint(one, [by_path[path] for path in copies.get(one.planned.path, ())], found, len(group.members))
            for one in group.members
        ),
        modules,
        source.operations,
        source.inputs,
        source.outputs,
        found.changes,
        {**filters_of(modules, last), **vectors} if last else {},
        words,
        tuple(_once([*told, *found.problems])),
    )


def _modules(source: Opened) -> tuple[Module, ...]:
    """As the file has them, or as names and shapes tell; a configuration beside it names the whole."""
    told = {module.path: module.kind for module in source.modules if module.kind and not module.inferred}
    covered = source.evidence in ("graph", "modules") or (source.modules and source.planned.kind == "keras")
    modules = source.modules if covered else modules_of(source.weights.tensors, told)
    if source.hub.architecture and modules and not modules[0].path:
        modules = (replace(modules[0], kind=source.hub.architecture, inferred=False), *modules[1:])
    return folded(modules, source.weights.tensors, source.operations)


def _evidence(source: Opened, found: Measured) -> Evidence:
    """Names and shapes whose weights nobody has seen are a header alone."""
    return "header" if source.evidence == "weights" and not any(found.statistics.values()) else source.evidence


def _checkpoint(one: Opened, same: Sequence[Opened], found: Measured, total: int) -> Checkpoint:
    """`same` are further files with the same weights: what they tell is told here."""
    path, weights = one.planned.path, one.weights
    step, epoch = moment(one)
    names = [other.planned.path for other in same]
    told = {
        "kept as": ", ".join(dict.fromkeys(mark for each in (one, *same) for mark in each.planned.marks)),
        "same weights in": ", ".join(names[:4]) + (f" and {len(names) - 4:,} more" if len(names) > 4 else ""),
    }
    if path not in found.statistics:
        told["weights"] = f"not read; those of {len(found.statistics):,} of {counted(total, 'checkpoint')} are"
    facts = {name: text for name, text in told.items() if text}
    for each in (one, *same):
        facts |= {name: text for name, text in each.weights.facts.items() if name not in facts}
    return Checkpoint(
        path,
        weights.format,
        weights.size,
        weights.tensors,
        found.statistics.get(path, {}),
        facts,
        tuple(dict.fromkeys(call for each in (one, *same) for call in each.weights.calls)),
        one.planned.run,
        step,
        epoch,
        next((each.planned.score for each in (one, *same) if each.planned.score is not None), None),
    )


def _once(problems: Sequence[Problem]) -> Iterator[Problem]:
    """The same that is wrong with many files is said of the first ones, and then of all."""
    alike: dict[tuple[str, str], list[Problem]] = {}
    for problem in dict.fromkeys(problems):
        alike.setdefault((problem.code, problem.what), []).append(problem)
    for same in alike.values():
        if len(same) <= _SAID_OF_EACH:
            yield from same
        else:
            more = counted(len(same) - 1, "more file")
            yield replace(same[0], what=f"{same[0].what}; the same is said of {more}")
