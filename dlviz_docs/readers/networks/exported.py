"""Programs of `torch.export` (`.pt2`): a zip of JSON and raw bytes, read as such.

`torch.export.load` runs code of a crafted file in at least four ways: pickled sample inputs, weights marked as pickles,
and Python expressions among symbolic lengths and guards. None of the four is looked at here. Weights that are pickled,
as before PyTorch 2.9, are not read: such a file gives its structure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Problem, Role
from dlviz_docs.readers._text import clean
from dlviz_docs.readers.networks._archive import read_archive
from dlviz_docs.readers.networks._exported_arguments import argument, argument_of, names_in, stack_of
from dlviz_docs.readers.networks._exported_schema import Node, Program, plain, value_of
from dlviz_docs.readers.networks._exported_types import (
    Argument,
    ExportedGraph,
    ExportedNode,
    ExportedValue,
    Ref,
    Refused,
    Word,
)
from dlviz_docs.readers.networks._exported_weights import AGAIN, PICKLED, Zipped, listed
from dlviz_docs.readers.networks._private import public
from dlviz_docs.readers.networks._stored import Stored, can_be, strides_of

__all__ = [
    "Argument",
    "ExportedGraph",
    "ExportedNode",
    "ExportedValue",
    "Ref",
    "Refused",
    "Word",
    "names_in",
    "read_exported",
]

_MOST_NODES = 100_000
_OLD = "serialized_exported_program.json"
_KNOWN = ("torch.ops.", "_operator.", "math.", "torch.sym_", "torch._sym_")
"""Beginnings of targets that PyTorch itself writes."""


def _is_model(name: str) -> bool:
    parts = name.split("/")
    return len(parts) > 1 and parts[-2] == "models" and name.endswith(".json")


def read_exported(path: Path, root: Path) -> ExportedGraph:
    """The program; the first in the order of names, where an archive holds several. ReadError where there is none."""
    relative = path.relative_to(root).as_posix()
    with path.open("rb") as file:
        archive = read_archive(file, 0, path.stat().st_size)
        names = sorted(archive.members)
        models = [name for name in names if _is_model(name)] or [name for name in names if name == _OLD]
        if not models:
            raise ReadError(archive.damage or "holds no exported program", AGAIN)
        zipped = Zipped(file, path, archive, models[0])
        program = zipped.decoded(models[0], Program)
        if program is None:
            raise ReadError("holds no exported program", AGAIN)
        return _Builder(relative, zipped, program).built(models)


class _Builder:
    """A program as it is put together."""

    def __init__(self, relative: str, zipped: Zipped, program: Program) -> None:
        self._relative = relative
        self._zipped = zipped
        self._listed = listed(zipped)
        self._module = program.graph_module
        self._program = program
        self._problems: list[Problem] = []
        self._calls: list[str] = []
        self._bound: dict[str, str] = {}
        self._roles: dict[str, Role] = {}
        self._inputs: list[str] = []
        self._constants: dict[str, Argument] = {}

    def built(self, models: list[str]) -> ExportedGraph:
        """All of it."""
        graph = self._module.graph
        if len(graph.nodes) > _MOST_NODES or len(graph.tensor_values) > 4 * _MOST_NODES:
            raise ReadError(f"holds a graph of {len(graph.nodes):,} operations, more than are read", AGAIN)
        values = {clean(name): value_of(meta) for name, meta in graph.tensor_values.items()}
        values |= {clean(name): ExportedValue() for name in graph.sym_int_values}
        self._bind()
        nodes = tuple(_node(node) for node in graph.nodes)
        weights = self._weights(values)
        self._judge(nodes)
        return ExportedGraph(
            self._relative,
            nodes,
            tuple(self._inputs),
            self._outputs(),
            values,
            weights,
            self._roles,
            frozenset(self._listed.trainable),
            self._bound,
            self._constants,
            self._facts(models),
            tuple(dict.fromkeys(self._calls)),
            tuple(self._problems),
        )

    def _bind(self) -> None:
        """Which inputs are weights, and which the user's."""
        for spec in self._module.signature.input_specs:
            for kind, raw in spec.items():
                told = plain(raw)
                if not isinstance(told, dict):
                    continue
                self._bind_one(kind, told)

    def _bind_one(self, kind: str, told: dict[str, object]) -> None:
        value = next(names_in(argument_of(told.get("arg"))), "")
        if kind == "user_input":
            self._inputs.append(value)
        elif kind in ("parameter", "buffer", "tensor_constant"):
            name = clean(str(told.get(f"{kind}_name", "")))
            self._bound[_argument_name(told)] = name
            self._roles[name] = "parameter" if kind == "parameter" else "buffer" if kind == "buffer" else "other"
        elif kind == "constant_input":
            self._constants[clean(str(told.get("name", "")))] = argument_of(told.get("value"))
        elif kind == "custom_obj":
            self._calls.append(f"a class of its own: {str(told.get('custom_obj_name', ''))[:80]}")

    def _outputs(self) -> tuple[tuple[str, Argument], ...]:
        given: list[Argument] = []
        for spec in self._module.signature.output_specs:
            for kind, raw in spec.items():
                told = plain(raw)
                if kind in ("user_output", "loss_output") and isinstance(told, dict):
                    given.append(argument_of(told.get("arg")))
        keys = self._keys(len(given))
        values = [next(names_in(value), "") for value in given]
        return tuple(zip(keys or values, given, strict=True))

    def _keys(self, count: int) -> list[str]:
        """Names of a dict that the model returns; none where it returns something else."""
        entry = next((entry for entry in self._module.module_call_graph if entry.fqn == ""), None)
        try:
            spec = json.loads(entry.signature.out_spec)[1] if entry and entry.signature else {}
            keys = json.loads(spec["context"]) if spec.get("type") == "builtins.dict" else []
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
            return []
        fits = isinstance(keys, list) and len(keys) == count and all(isinstance(key, str) for key in keys)
        return [clean(key) for key in keys] if fits else []

    def _weights(self, values: Mapping[str, ExportedValue]) -> dict[str, Stored]:
        """Those that the archive lists; and those that only the program names, with what it says of them."""
        weights = dict(self._listed.stored)
        told_of = bool(self._listed.stored or self._listed.damaged)
        self._problems += [Problem("damaged", self._relative, what, AGAIN) for what in self._listed.damaged]
        for value, name in self._bound.items():
            if name not in weights:
                told = values.get(value, ExportedValue())
                why_not = "has no entry for some weights" if told_of else PICKLED
                shape = told.sizes if told.sizes and can_be(told.sizes) else ()
                weights[name] = Stored(name, shape, told.dtype, strides=strides_of(shape), why_not=why_not)
        if weights and not told_of:
            self._calls.append("pickled weights")
        self._calls += [f"a pickle for {name[:80]}" for name in self._listed.pickled]
        self._tell_unread(weights)
        return weights

    def _tell_unread(self, weights: Mapping[str, Stored]) -> None:
        reasons: dict[str, list[str]] = {}
        for stored in weights.values():
            if stored.why_not:
                reasons.setdefault(stored.why_not, []).append(stored.name)
        for why, names in reasons.items():
            what = f"{why} ({len(names)} of {len(weights)}, such as {names[0][:80]!r})"
            self._problems.append(Problem("weights", self._relative, what, AGAIN))

    def _judge(self, nodes: tuple[ExportedNode, ...]) -> None:
        """Targets that PyTorch's exporter does not write."""
        for node, raw in zip(nodes, self._module.graph.nodes, strict=True):
            if not raw.target.startswith(_KNOWN):
                self._calls.append(node.target[:80])

    def _facts(self, models: list[str]) -> dict[str, str]:
        version = self._program.schema_version
        if isinstance(version, dict):
            version = ".".join(str(version.get(part, "?")) for part in ("major", "minor"))
        names = self._zipped.archive.members
        facts = {"producer": f"PyTorch {self._program.torch_version}" if self._program.torch_version else ""}
        facts["schema version"] = "" if version is None else str(version)
        facts |= {f"opset {name}": str(number) for name, number in self._program.opset_version.items()}
        if guards := self._program.guards_code:
            facts["guards"] = f"{len(guards)} Python expressions, which were not evaluated"
        if any("/sample_inputs/" in name or name.endswith("example_inputs.pt") for name in names):
            facts["sample inputs"] = "a pickle, which was not opened"
        if compiled := [name for name in names if "/aotinductor/" in name or name.endswith((".so", ".dll", ".dylib"))]:
            facts["compiled code"] = f"{len(compiled)} files, which were not opened"
        if len(models) > 1:
            facts["other programs"] = ", ".join(name.rsplit("/", 1)[-1].removesuffix(".json") for name in models[1:])
        return public({name: clean(text) for name, text in facts.items() if text})


def _node(node: Node) -> ExportedNode:
    positional, named = [], {}
    for one in node.inputs:
        if one.kind == 2:
            named[clean(one.name)] = argument(one.arg)
        else:
            positional.append((clean(one.name), argument(one.arg)))
    outputs = tuple(_made(argument(raw)) for raw in node.outputs)
    name = node.name or next((one for made in outputs for one in (made if isinstance(made, tuple) else (made,))), "")
    target = clean(node.target).removeprefix("torch.ops.")
    stack = stack_of(node.metadata.nn_module_stack)
    return ExportedNode(clean(name), target, tuple(positional), named, outputs, stack)


def _made(value: Argument) -> tuple[str, ...] | str:
    if isinstance(value, tuple):
        return tuple(next(names_in(one), "") for one in value)
    return next(names_in(value), "")


def _argument_name(told: dict[str, object]) -> str:
    arg = told.get("arg")
    return clean(str(arg.get("name", ""))) if isinstance(arg, dict) else ""
