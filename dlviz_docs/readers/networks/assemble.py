"""Checkpoints to models: opened one after the other, put together by their structure, and measured."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from dlviz_docs.model import Checkpoint, Evidence, Models, Module, Network, Problem
from dlviz_docs.readers._text import counted
from dlviz_docs.readers.networks._grouping import Group, grouped, moment
from dlviz_docs.readers.networks._measured import Budget, Measured, filters_of, measured, same_weights
from dlviz_docs.readers.networks._opened import Opened, opened
from dlviz_docs.readers.networks._types import Found, Limits, Plan, Planned
from dlviz_docs.readers.networks.kinds import modules_of
from dlviz_docs.readers.networks.plan import missing
from dlviz_docs.readers.networks.repeats import folded

__all__ = ["read"]

_SAID_OF_EACH = 3
"""Files of which the same is said one by one; of more, it is said once."""
_NO_NAME = frozenset({"", "model", "functional", "sequential", "module", "main_graph", "torch_jit", "graphmodule"})
_NOT_OF_THE_NAME = re.compile(
    r"(?<![a-z0-9])(?=\d*[a-f])[0-9a-f]{7,}(?![a-z0-9])"
    r"|(?<![a-z])(epochs?|ep|steps?|iter(ation)?s?|acc(uracy)?|(val_?)?loss|score)[-_=. ]*\d[\d.]*"
    r"|(?<![a-z])(epochs?|steps?|best|last|final|initial|latest|check_?points?|ckpts?|ema|state_?dict|weights?|"
    r"fp16|fp32|bf16|trained|pretrained)(?![a-z])|[-_.]\d{4,}(?!\d)|\.\d+-\d+(\.\d+)?$",
    re.IGNORECASE,
)
"""Hashes, moments and scores, words for kinds of files, long numbers, and Keras' ".03-0.47"."""

_ENDING = re.compile(r"(\.(pth|pt|ckpt))?\.[a-z]\w*(\.json)?$|(\.weights)\.h5$", re.IGNORECASE)
_OF_CHECKPOINTS = re.compile(r"^(check_?points?([-_]\d+)?|ckpts?|weights|saved_?models?|models?)$", re.IGNORECASE)


def read(found: Found, plan: Plan, limits: Limits | None = None) -> Models:
    """All models of the plan; a file that cannot be read costs itself and says why."""
    bounds = limits or Limits()
    problems = [_absent(path) for path in missing(found.named, found.root)]
    files, problem = _listed(plan, bounds)
    problems += problem
    there: list[Opened] = []
    for planned in files:
        one = opened(found.root, planned)
        if isinstance(one, Problem):
            problems.append(one)
        elif one.weights.tensors or one.operations:
            there.append(one)
        else:
            problems += one.weights.problems
    budget = Budget(bounds.most_octets)
    groups = sorted(grouped(there), key=lambda group: -max(one.size for one in group.members))
    networks = [_network(group, bounds, budget) for group in groups[: bounds.most_networks]]
    networks += [_network(group, replace(bounds, largest=-1), budget) for group in groups[bounds.most_networks :]]
    return Models(tuple(_distinct(networks, found)), tuple(_once(problems)))


def _listed(plan: Plan, limits: Limits) -> tuple[Sequence[Planned], list[Problem]]:
    if len(plan.files) <= limits.most_files:
        return plan.files, []
    step = (len(plan.files) - 1) / (limits.most_files - 1)
    kept = [plan.files[round(place * step)] for place in range(limits.most_files)]
    what = f"holds {counted(len(plan.files), 'checkpoint')}; {limits.most_files:,} of them, evenly chosen, are shown"
    return kept, [Problem("too-many-checkpoints", ".", what, "Name those that matter under `checkpoints:`.")]


def _absent(path: str) -> Problem:
    what = "is named in experiment.yml and is not there"
    return Problem("missing-file", path, what, "Correct the path, which is relative to experiment.yml.")


# --- one model ---


def _network(group: Group, limits: Limits, budget: Budget) -> Network:
    copies = same_weights(group.members) if limits.largest > 0 else {}
    repeated = {path for paths in copies.values() for path in paths}
    source, by_path = group.structure, {one.planned.path: one for one in group.members}
    group.members = [one for path, one in by_path.items() if path not in repeated]
    found = measured(group, limits, budget)
    modules = _modules(source)
    told = [problem for one in by_path.values() for problem in one.weights.problems]
    last = next((one for one in reversed(group.members) if one.planned.path in found.statistics), None)
    return Network(
        _name(source),
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
        filters_of(modules, last) if last else {},
        problems=tuple(_once([*told, *found.problems])),
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


# --- names ---


def _name(source: Opened) -> str:
    """What the model is called: its class, or what is left of the file's name without step, epoch and score."""
    if source.hub.architecture:
        return source.hub.architecture
    root = source.modules[0].kind if source.modules and not source.modules[0].inferred else ""
    if root.lower() not in _NO_NAME:
        return root
    stem = _ENDING.sub("", PurePosixPath(source.planned.path).name)
    plain = re.sub(r"[-_. =]+", " ", _NOT_OF_THE_NAME.sub(" ", stem)).strip()
    return "" if plain.lower() in _NO_NAME else plain.replace(" ", "-")


def _distinct(networks: Sequence[Network], found: Found) -> Iterator[Network]:
    """Each with a name of its own: that of its run, its format or its file beside it where two are called alike."""
    taken: set[str] = set()
    for network in networks:
        last, folder = network.last, _folder(network, found)
        name = network.name or folder
        options = [name, f"{name} ({folder})", f"{name} ({last.path})"]
        free = next((one for one in options if one not in taken), f"{last.path} ({len(taken)})")
        taken.add(free)
        yield replace(network, name=free)


def _folder(network: Network, found: Found) -> str:
    """The run that a model is of, or the experiment, if it is of several or of none."""
    runs = {slug: folder for folder, slug in found.runs.items()}
    if len({one.run for one in network.checkpoints}) > 1:
        return found.root.name
    if network.last.run in runs:
        return PurePosixPath(runs[network.last.run]).name or found.root.name
    above = (folder.name for folder in PurePosixPath(network.last.path).parents)
    return next((name for name in above if name and not _OF_CHECKPOINTS.match(name)), found.root.name)


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
