"""No graph runs anything, by any route: crafted files are read in a process that is watched."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from graphs import exported, onnx_file, script_file
from onnx import TensorProto, helper

COMMAND = "touch fired"


class Payload:
    """What unpickling would run."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, (COMMAND,)


PICKLE = pickle.dumps(Payload())
CODE = f"__import__('os').system('{COMMAND}')"

WATCHED = """
import json, os, sys
from pathlib import Path
folder, canary = Path(sys.argv[1]), Path(sys.argv[2])
os.chdir(canary)
from dlviz_docs.readers.networks.exported import read_exported
from dlviz_docs.readers.networks.onnx import read_onnx
from dlviz_docs.readers.networks.structure import network_of
from dlviz_docs.readers.networks.torchscript import read_torchscript

def read(path):
    if path.suffix == ".pt":
        return read_torchscript(path, folder)
    raw = (read_onnx if path.suffix == ".onnx" else read_exported)(path, folder)
    return network_of(raw)

for path in sorted((folder / "good").iterdir()):
    read(path)  # what is imported on the way is there from now on
b"a".decode("cp437")  # names in old archives
watching, events = False, []
BAD = ("import", "exec", "compile", "os.", "subprocess.", "socket.", "ctypes.", "pickle.", "shutil.", "mmap.", "code.")
HARMLESS = ("os.listdir", "os.scandir")

def hook(event, arguments):
    if watching and (event.startswith(BAD) and event not in HARMLESS):
        events.append(f"{event} {arguments!r}"[:300])
    elif watching and event == "open":
        name, mode = str(arguments[0]), str(arguments[1] or "")
        if not name.startswith(str(folder)) or set(mode) & set("wax+"):
            events.append(f"open {name} {mode}")

sys.addaudithook(hook)
told = {}
for path in sorted(one for one in folder.iterdir() if one.is_file() and one.suffix in (".pt2", ".pt", ".onnx")):
    watching = True
    try:
        found = read(path)
        entry = {"calls": found.calls, "facts": dict(found.facts), "problems": [one.what for one in found.problems],
                 "kinds": [one.kind for one in found.operations], "modules": len(found.modules)}
    except BaseException as error:
        entry = {"raised": f"{type(error).__name__}: {error}"}
    watching = False
    told[path.name] = entry | {"events": events[:]}
    events.clear()
if len(sys.argv) > 3:  # the control: the same hook sees what a real loader does
    import torch
    watching = True
    try:
        torch.export.load(sys.argv[3])
    except BaseException:
        pass
    watching = False
    told["control"] = {"events": events[:], "fired": [one.name for one in canary.iterdir()]}
    for one in canary.iterdir():
        one.unlink()
assert not list(canary.iterdir()), list(canary.iterdir())
assert "torch" not in sys.modules or len(sys.argv) > 3
print(json.dumps(told))
"""


def changed(path: Path, target: Path, change: Any) -> None:
    """A copy of an archive, each entry through `change(name, bytes) -> bytes`."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))


def in_program(change: Any) -> Any:
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
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="/etc/hostname")
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])
    node = helper.make_node("PyFunc", ["x", "w"], ["y"], domain="os.system", code=CODE)
    model = helper.make_model(helper.make_graph([node], "g", [value], [value], initializer=[tensor]))
    helper.set_model_props(model, {"pkg.torch.onnx.name_scopes": f"[{CODE}]"})
    return bytes(model.SerializeToString())


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder, canary = tmp_path_factory.mktemp("routes"), tmp_path_factory.mktemp("canary")
    (folder / "good").mkdir()
    for path in (exported("policy"), onnx_file("policy"), script_file("policy")):
        (folder / "good" / path.name).write_bytes(path.read_bytes())
    still, moving = exported("policy"), exported("words", dynamic=True)
    changed(still, folder / "inputs.pt2", sample_inputs)
    changed(still, folder / "weights.pt2", pickled_weights)
    changed(moving, folder / "symbols.pt2", in_program(symbols))
    changed(moving, folder / "guards.pt2", in_program(guards))
    changed(still, folder / "targets.pt2", in_program(targets))
    changed(script_file("policy"), folder / "pickle.pt", script_pickle)
    changed(script_file("policy"), folder / "code.pt", script_code)
    (folder / "foreign.onnx").write_bytes(foreign_graph())
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(folder), str(canary), str(folder / "inputs.pt2")],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_real_loader_runs_what_ours_does_not(told: dict[str, Any]) -> None:
    assert told["control"]["fired"] == ["fired"]
    assert any("os.system" in event for event in told["control"]["events"])


@pytest.mark.parametrize(
    "name",
    ["inputs.pt2", "weights.pt2", "symbols.pt2", "guards.pt2", "targets.pt2", "pickle.pt", "code.pt", "foreign.onnx"],
)
def test_nothing_is_run_imported_written_or_opened_elsewhere(told: dict[str, Any], name: str) -> None:
    assert told[name]["events"] == []


def test_what_was_refused_is_told(told: dict[str, Any]) -> None:
    assert told["inputs.pt2"]["facts"]["sample inputs"] == "a pickle, which was not opened"
    assert told["inputs.pt2"]["modules"] > 1
    assert told["weights.pt2"]["calls"][0].startswith("a pickle for ")
    assert "pickle" in told["weights.pt2"]["problems"][0]
    assert told["guards.pt2"]["facts"]["guards"] == "1 Python expressions, which were not evaluated"
    assert told["targets.pt2"]["calls"] == ["torch.os.system", "builtins.eval"]
    assert told["targets.pt2"]["kinds"][0] == "torch.os.system"
    assert told["symbols.pt2"]["modules"] > 1
    assert told["code.pt"]["modules"] > 1
    assert told["foreign.onnx"]["kinds"] == ["os.system.PyFunc"]
    assert "may not be looked at" in told["foreign.onnx"]["problems"][0]
