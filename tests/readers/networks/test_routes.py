"""No checkpoint runs anything, by any route: every kind of crafted file is read in a process that is watched."""

from __future__ import annotations

import ast
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import crafted
import pytest

WATCHED = """
import json, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
folder, canary = Path(sys.argv[2]), Path(sys.argv[3])
os.chdir(canary)
from dlviz_docs.readers.networks.statistics import read_statistics
from dlviz_docs.readers.networks.weights import read_weights

def read(path):
    weights = read_weights(path, folder)
    statistics, problems = read_statistics(weights)
    return {
        "calls": weights.calls, "tensors": [tensor.name for tensor in weights.tensors],
        "statistics": sorted(statistics), "problems": [one.code for one in (*weights.problems, *problems)],
    }

for path in sorted((folder / "good").iterdir()):
    read(path)  # what is imported on the way is there from now on
watching, events = True, []
BAD = ("import", "exec", "compile", "os.", "subprocess.", "socket.", "ctypes.", "pickle.", "shutil.", "webbrowser.",
       "pty.", "marshal.", "code.", "sys._getframe", "builtins.input", "tempfile.", "urllib.", "mmap.")
HARMLESS = ("os.listdir", "os.scandir")

def hook(event, arguments):
    if not watching:
        return
    write = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if write or (event.startswith(BAD) and event not in HARMLESS):
        events.append(f"{event} {arguments!r}"[:300])

sys.addaudithook(hook)
told = {}
for path in sorted(folder.glob("*.pt")):
    watching = False
    name = path.name
    watching = True
    try:
        found = read(path)
    except BaseException as error:
        found = {"raised": repr(error)}
    watching = False
    told[name] = found | {"events": events[:]}
    events.clear()
assert not list(canary.iterdir())
if len(sys.argv) > 4:  # the control: the same hook does see what a real unpickler does
    import pickle
    watching = True
    try:
        pickle.loads(Path(sys.argv[4]).read_bytes())
    except BaseException:
        pass
    watching = False
    told["control"] = {"events": events[:]}
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, tuple[str, ...]], Path]:
    folder = tmp_path_factory.mktemp("routes")
    canary = tmp_path_factory.mktemp("canary")
    (folder / "good").mkdir()
    good = crafted.state_dict(crafted.GOOD)
    for name, data in {
        "zip": crafted.zipped(good),
        "legacy": crafted.legacy(good),
        "pickle": pickle.dumps({"a": 1}),
        "cut": crafted.zipped(good)[:-9],
        "deflated": crafted.zipped(good, kind=8),
        "within": crafted.within(crafted.zipped(good, kind=8)),
    }.items():
        (folder / "good" / f"{name}.pt").write_bytes(data)
    expected = {path.name: names for path, names in crafted.files(folder)}
    control = folder / "control.pkl"
    control.write_bytes(b"\x80\x02" + crafted.called("os", "system") + b".")
    package = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, package, str(folder), str(canary), str(control)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), expected, canary


def test_the_watch_sees_a_real_unpickler(told: tuple[dict[str, Any], dict[str, tuple[str, ...]], Path]) -> None:
    events = told[0]["control"]["events"]
    assert any(event.startswith("pickle.find_class") for event in events)
    assert any(event.startswith("os.system") for event in events)
    assert (told[2] / "CANARY").exists()  # by the control alone, since it was not there before


def test_nothing_is_imported_run_opened_or_written(
    told: tuple[dict[str, Any], dict[str, tuple[str, ...]], Path],
) -> None:
    read = {name: found for name, found in told[0].items() if name != "control"}
    assert len(read) == len(told[1]) >= 300
    assert {name: found["events"] for name, found in read.items() if found.get("events")} == {}


def test_nothing_raises(told: tuple[dict[str, Any], dict[str, tuple[str, ...]], Path]) -> None:
    assert {name: found["raised"] for name, found in told[0].items() if "raised" in found} == {}


def test_what_each_would_call_is_told(told: tuple[dict[str, Any], dict[str, tuple[str, ...]], Path]) -> None:
    for name, expected in told[1].items():
        if " cut" not in name:  # may be cut before
            assert set(told[0][name]["calls"]) == {one[:200] for one in expected}, name


def test_the_tensor_beside_is_listed_and_measured(
    told: tuple[dict[str, Any], dict[str, tuple[str, ...]], Path],
) -> None:
    for name, found in told[0].items():
        if name.endswith((" zip.pt", " legacy.pt", " deflated.pt", " within.pt")):
            assert "layer.weight" in found["tensors"], name
            assert "layer.weight" in found["statistics"], name


def test_functions_of_python_are_a_problem(told: tuple[dict[str, Any], dict[str, tuple[str, ...]], Path]) -> None:
    for name, expected in told[1].items():
        outside = [one for one in expected if one.startswith(("os.", "posix.", "builtins.", "subprocess.", "socket."))]
        if outside and " cut" not in name:
            assert "weights-calls" in told[0][name]["problems"], name


# --- what the readers themselves could run ----------------------------------------------------------------------------

READERS = Path(__file__).parents[3] / "dlviz_docs" / "readers"
RUNNING = {"pickle", "marshal", "shelve", "importlib", "runpy", "subprocess", "ctypes", "mmap", "code", "pty", "dill"}
RUNNING |= {"torch", "joblib", "keras", "tensorflow", "onnx", "onnxruntime", "safetensors", "cloudpickle"}
FINDING = {"python_source.py:importlib.util"}
"""Where a package lies, by a name without dots; nothing of it is imported."""


def test_no_reader_imports_what_runs_code_or_maps_files() -> None:
    breaches = []
    for path in sorted(READERS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            breaches += [f"{path.name}:{name}" for name in names if name.partition(".")[0] in RUNNING]
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                banned = node.func.id in ("eval", "exec", "compile", "__import__")
                breaches += [f"{path.name}:{node.lineno}: {node.func.id}"] if banned else []
    assert set(breaches) == FINDING


def test_reading_imports_no_framework(tmp_path: Path) -> None:
    for path, _ in crafted.files(tmp_path):
        assert path.exists()
    code = (
        "import sys; from pathlib import Path\n"
        "from dlviz_docs.readers.networks.statistics import read_statistics\n"
        "from dlviz_docs.readers.networks.weights import read_weights\n"
        "folder = Path(sys.argv[1])\n"
        "for path in folder.iterdir(): read_statistics(read_weights(path, folder))\n"
        "print(sorted(set(sys.modules) & set(sys.argv[2].split())))\n"
    )
    frameworks = "torch safetensors onnx onnxruntime h5py keras tensorflow joblib dill cloudpickle PIL polars pandas"
    command = [sys.executable, "-c", code, str(tmp_path), frameworks]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
