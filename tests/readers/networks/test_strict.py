"""`mkdocs build --strict` ends well with weights that are merely unusual, and badly with every kind of fault.

Each fault lies in an experiment of its own and all of them in one site, since MkDocs fails for one warning as for many:
what is judged is that each has the notice that it must have, and that MkDocs counts them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import crafted
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from dlviz_docs import record

pytest.importorskip("polars")

MKDOCS = """
site_name: models
docs_dir: {base}/pages
site_dir: {base}/site
theme: material
plugins:
  - dlviz:
      experiments_dir: {base}/runs
      cache_dir: {base}/cache
      factories: [models_of_theirs]
      probes_timeout: {seconds}
"""
FACTORIES = """
import time
from torch import nn

def raises():
    raise RuntimeError("there is no such configuration")

def hangs():
    time.sleep(3600)

def number():
    return 7

def other():
    return nn.Linear(3, 7)

def larger():
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(1024, 2))
"""
SHAPE = b"(" + b"J\x40\x42\x0f\x00" * 4 + b"t"
"""A million along each of four axes."""

Write = Callable[[Path], object]


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(256, 2)).eval()


def cut(path: Path, write: Write, share: float = 0.5) -> None:
    write(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def saved(path: Path) -> None:
    torch.save(net().state_dict(), path)


def saved_before_archives(path: Path) -> None:
    torch.save(net().state_dict(), path, _use_new_zipfile_serialization=False)


def as_onnx(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net(), (torch.zeros(1, 1, 8, 8),), path, dynamo=False)


def as_program(model: nn.Module, *shape: int) -> Write:
    return lambda path: record.model(path.parent, model, torch.zeros(shape))


def missing_shard(folder: Path) -> None:
    tensors = {f"layer.{i}.weight": torch.ones(4, 4) for i in range(4)}
    parts = {name: f"model-0000{1 + i // 2}-of-00002.safetensors" for i, name in enumerate(tensors)}
    first = {name: tensor for name, tensor in tensors.items() if parts[name].startswith("model-00001")}
    save_file(first, folder / "model-00001-of-00002.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": parts}))


def calling(folder: Path) -> None:
    (folder / "model.pt").write_bytes(crafted.zipped(crafted.ROUTES["os"][0]))


def endless(folder: Path) -> None:
    huge = crafted.tensor(shape=SHAPE, strides=SHAPE)
    (folder / "model.pt").write_bytes(crafted.zipped(crafted.state_dict(crafted.GOOD, ("large.weight", huge))))


def not_finite(folder: Path) -> None:
    model = net()
    with torch.no_grad():
        model[0].weight[0] = torch.nan
    torch.save(model.state_dict(), folder / "model.pt")


def pictures(folder: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (8, 8, 8)).astype(np.uint8)
    record.dataset(folder / "data", "test", images=images, label=np.arange(8) % 2, classes=["a", "b"])


def built_by(name: str) -> Write:
    """Weights that a function of theirs is said to build a model for, beside pictures."""

    def write(folder: Path) -> None:
        pictures(folder)
        saved(folder / "model.pt")
        (folder / "experiment.yml").write_text(f"model: {name}\n")

    return write


def answers_that_are_not_finite(folder: Path) -> None:
    pictures(folder)
    record.model(folder, nn.Sequential(net(), Logarithm()), torch.ones(2, 1, 8, 8))


class Logarithm(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (-1 - x * x).log()


def of_rows(folder: Path) -> None:
    pictures(folder)
    record.model(folder, nn.Linear(100, 2), torch.zeros(2, 100))


FAULTS: Mapping[str, tuple[Write, str, str]] = {
    "archive cut": (lambda d: cut(d / "model.pt", saved), "model.pt", "breaks off"),
    "older file cut": (lambda d: cut(d / "model.pth", saved_before_archives, 0.9), "model.pth", "breaks off"),
    "onnx cut": (lambda d: cut(d / "model.onnx", as_onnx), "model.onnx", "breaks off at byte"),
    "program cut": (lambda d: cut(d / "model.pt2", as_program(net(), 2, 1, 8, 8)), "model.pt2", "breaks off"),
    "shard missing": (missing_shard, "model.safetensors.index.json", "model-00002-of-00002.safetensors"),
    "shape without end": (endless, "model.pt", "has no sensible shape"),
    "pickle that calls": (calling, "model.pt", "would import os.system if it were loaded with pickle"),
    "weights not finite": (not_finite, "model.pt", "holds 9 NaN"),
    "answers not finite": (answers_that_are_not_finite, "model.pt2", "values that are not finite"),
    "rows and no pictures": (of_rows, "model.pt2", "takes (n, 100), and pictures are given to it as"),
    "factory raises": (built_by("models_of_theirs:raises"), "model.pt", "RuntimeError: there is no such configuration"),
    "factory gives a number": (built_by("models_of_theirs:number"), "model.pt", "returned int"),
    "factory is not there": (built_by("models_of_theirs:absent"), "model.pt", "has no attribute 'absent'"),
    "factory of another model": (built_by("models_of_theirs:other"), "model.pt", "No weight of the file has the name"),
    "factory of another size": (built_by("models_of_theirs:larger"), "model.pt", "given pictures as (1, 1, 8, 8)"),
    "factory not trusted": (built_by("models_of_others:build"), "model.pt", "factories: [models_of_others]"),
    "factory of Python": (built_by("os:system"), "model.pt", "is of Python and was not run"),
    "factory of what is imported": (built_by("models_of_theirs:time.sleep"), "model.pt", "leads to time"),
}
"""By experiment: how it is made, the file that must have a notice, and words of it."""


def tied(folder: Path) -> None:
    table = nn.Embedding(10, 4).weight
    torch.save({"emb.weight": table, "head.weight": table}, folder / "model.pt")


def quantised(folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weight = torch.quantize_per_tensor(torch.randn(4, 4), 0.1, 0, torch.qint8)
    torch.save({"a.weight": weight}, folder / "model.pt")


def of_type(dtype: torch.dtype) -> Write:
    def write(folder: Path) -> None:
        tensor = torch.linspace(-1, 1, 16).reshape(4, 4).to(dtype)
        torch.save({"a.weight": tensor}, folder / "model.pt")
        save_file({"a.weight": tensor}, folder / "model.safetensors")

    return write


FINE: Mapping[str, Write] = {
    "float8": of_type(torch.float8_e4m3fn),
    "float8 of wide range": of_type(torch.float8_e5m2),
    "bfloat16": of_type(torch.bfloat16),
    "float16": of_type(torch.float16),
    "complex": of_type(torch.complex64),
    "quantised": quantised,
    "tied": tied,
    "older": lambda d: saved_before_archives(d / "model.pth"),
    "onnx": lambda d: as_onnx(d / "model.onnx"),
    "program": lambda d: as_program(net(), 2, 1, 8, 8)(d / "model.pt2"),
}


@dataclass
class Build:
    """One site on its way."""

    base: Path
    experiments: Mapping[str, Write]
    seconds: int = 300
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        for name, write in self.experiments.items():
            (self.base / "runs" / name).mkdir(parents=True)
            (self.base / "runs" / name / "metrics.csv").write_text("step,train/loss\n0,2\n1,1\n")
            (self.base / "runs" / name / "README.md").write_text(f"# {name}\n")  # an experiment of its own
            write(self.base / "runs" / name)
        (self.base / "pages").mkdir()
        (self.base / "pages/index.md").write_text("# Home\n")
        (self.base / "models_of_theirs.py").write_text(FACTORIES)
        (self.base / "mkdocs.yml").write_text(MKDOCS.format(base=self.base, seconds=self.seconds))
        given = {**os.environ, "PYTHONPATH": str(self.base), "NO_MKDOCS_2_WARNING": "1", "PYTHONWARNINGS": ""}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(self.base / "mkdocs.yml")],
            env=given,
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ended(self) -> tuple[int, str]:
        """Exit code, and what was said."""
        out, said = self.process.communicate(timeout=600)
        return self.process.returncode, said + out


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[int, str]]:
    """Of all faults but one, and of the one that takes time: side by side."""
    hanging = {"hangs": built_by("models_of_theirs:hangs")}
    begun = {
        "faults": Build(tmp_path_factory.mktemp("faults"), {name: write for name, (write, *_) in FAULTS.items()}),
        "hangs": Build(tmp_path_factory.mktemp("hangs"), hanging, seconds=10),
    }
    return {name: build.ended() for name, build in begun.items()}


@pytest.fixture(scope="module")
def faulty(builds: Mapping[str, tuple[int, str]]) -> tuple[int, str]:
    return builds["faults"]


def warned(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith("WARNING")]


def test_mkdocs_counts_every_fault_and_fails(faulty: tuple[int, str]) -> None:
    code, said = faulty
    assert code == 1
    counted = re.search(r"Aborted with (\d+) warnings in strict mode", said)
    assert counted, said
    assert int(counted[1]) == len(warned(said)) >= len(FAULTS)
    assert "Traceback" not in said


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_a_warning(faulty: tuple[int, str], name: str) -> None:
    _, file, words = FAULTS[name]
    assert [line for line in warned(faulty[1]) if f" {name}/{file}: " in line and words in line], faulty[1]


def test_a_factory_that_hangs_is_a_warning(builds: Mapping[str, tuple[int, str]]) -> None:
    code, said = builds["hangs"]
    assert code == 1
    (line,) = warned(said)
    assert "hangs/model.pt: could not be run as models_of_theirs:hangs builds it: took longer than 10 seconds" in line
    assert "probes_timeout" in line


def test_what_is_merely_unusual_is_fine(tmp_path: Path) -> None:
    code, said = Build(tmp_path, FINE).ended()
    assert (code, warned(said)) == (0, []), said
    site = tmp_path / "site/experiments"
    assert {path.parent.parent.name for path in site.glob("*/architecture/index.html")} == {
        name.replace(" ", "-") for name in FINE
    }
