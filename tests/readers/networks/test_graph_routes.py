"""No graph runs anything, by any route: crafted files are read in a process that is watched."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from crafted_graphs import write_graphs
from graphs import exported, onnx_file, script_file

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


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder, canary = tmp_path_factory.mktemp("routes"), tmp_path_factory.mktemp("canary")
    (folder / "good").mkdir()
    for path in (exported("policy"), onnx_file("policy"), script_file("policy")):
        (folder / "good" / path.name).write_bytes(path.read_bytes())
    write_graphs(folder)
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
    assert "lies outside its folder" in told["foreign.onnx"]["problems"][0]
