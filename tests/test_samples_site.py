"""The site of data and predictions as a whole: nothing runs, nothing leaks, nothing outside is read, bytes repeat."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from made_samples import PRIVATE, photograph, write_files, write_samples
from PIL import Image

from dlviz_docs.build import build
from dlviz_docs.cli import main
from dlviz_docs.options import parse
from dlviz_docs.view import Site

HERE = parse({"workers": 0, "path": ""})
MARKER = "marker-of-what-lies-outside"


def dlviz(runs: Path, site: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dlviz_docs.cli", "build", str(runs), "-o", str(site), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **settings})


def tree(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def content(site: Site) -> dict[str, bytes]:
    """What the engine gives a host to write, by address."""
    pages = {page.path: Path(page.file).read_bytes() if page.file else page.body.encode() for page in site.pages}
    data = {a.path: a.content if isinstance(a.content, bytes) else a.content.read_bytes() for a in site.assets}
    return pages | data


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Experiments, their site, and its cache."""
    root = tmp_path_factory.mktemp("made")
    write_samples(root / "experiments")
    done = dlviz(root / "experiments", root / "site", "--cache-dir", str(root / "cache"), PYTHONHASHSEED="0", TZ="UTC")
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    """Experiments of one's own to change."""
    shutil.copytree(made / "experiments", tmp_path / "experiments")
    return tmp_path


# --- what is published ------------------------------------------------------------------------------------------------


def test_pictures_are_pixels_and_nothing_else(made: Path) -> None:
    assert PRIVATE in (made / "experiments/pictures/data/train/alpha/0.jpeg").read_bytes()
    published = sorted((made / "site").rglob("*.webp"))
    assert len(published) > 30
    for path in published:
        with Image.open(path) as image:
            assert not {"exif", "xmp", "icc_profile", "comment"} & image.info.keys(), path
            assert not image.getexif(), path
    files = [path for path in (made / "site").rglob("*") if path.is_file()]
    assert [path for path in files if PRIVATE in path.read_bytes()] == []
    kinds = {".webp", ".html", ".js", ".css", ".json", ".svg", ".png", ".xml", ".gz", ".map"}
    assert {path.suffix for path in files} <= kinds


def test_no_path_of_this_machine_is_told(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [path for path in (made / "site").rglob("*") if path.is_file()]
    assert [path for path in files if str(made).encode() in path.read_bytes()] == []
    # Nor where the system tells it: of files that cannot be opened, and a folder in the place of a file.
    known = Path.open

    def refused(path: Path, *arguments: object, **more: object) -> object:
        if path.suffix in (".csv", ".jsonl", ".json"):
            raise PermissionError(13, "Permission denied", str(path))
        return known(path, *arguments, **more)  # type: ignore[call-overload]

    shutil.copytree(made / "experiments", tmp_path / "experiments")
    (tmp_path / "experiments/tables/experiment.yml").write_text(
        "data: data/all.csv\nresults: runs/one/predictions.csv\n"
    )
    monkeypatch.setattr(Path, "open", refused)
    site = build(tmp_path / "experiments", HERE, tmp_path / "cache")
    monkeypatch.undo()
    assert any("permission denied" in problem.what.lower() for problem in site.problems)
    assert [path for path, told in content(site).items() if str(tmp_path).encode() in told] == []


# --- the same bytes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("workers", "settings"),
    [
        ("0", {"PYTHONHASHSEED": "1", "TZ": "Asia/Kolkata", "LC_ALL": "C", "POLARS_MAX_THREADS": "5"}),
        ("1", {"PYTHONHASHSEED": "2", "TZ": "America/St_Johns", "LC_ALL": "de_DE.UTF-8", "OPENBLAS_NUM_THREADS": "2"}),
    ],
)
def test_other_settings_of_the_machine(made: Path, tmp_path: Path, workers: str, settings: Mapping[str, str]) -> None:
    shutil.copytree(made / "experiments", tmp_path / "another/place/experiments")
    caches = ("--cache-dir", str(tmp_path / "cache"), "--workers", workers)
    done = dlviz(tmp_path / "another/place/experiments", tmp_path / "site", *caches, **settings)
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "site") == tree(made / "site")


def test_a_warm_cache(made: Path, tmp_path: Path) -> None:
    done = dlviz(made / "experiments", tmp_path / "site", "--cache-dir", str(made / "cache"), PYTHONHASHSEED="3")
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "site") == tree(made / "site")


# --- the cache --------------------------------------------------------------------------------------------------------


def test_touched_pictures_change_nothing(own: Path) -> None:
    first = content(build(own / "experiments", HERE, own / "cache"))
    for path in (own / "experiments").rglob("*.jp*g"):
        os.utime(path, (1, 1))
    assert content(build(own / "experiments", HERE, own / "cache")) == first


def test_a_picture_that_was_replaced_is_shown(own: Path) -> None:
    build(own / "experiments", HERE, own / "cache")
    path = own / "experiments/pictures/data/train/alpha/0.jpeg"
    size = path.stat().st_size
    other = next(made for seed in range(500, 900) if len(made := photograph(seed)) <= size)
    path.write_bytes(other.ljust(size, b"\0"))
    assert path.stat().st_size == size
    shown = content(build(own / "experiments", HERE, own / "cache"))
    assert shown == content(build(own / "experiments", HERE, own / "clean"))


def test_a_picture_that_is_gone_from_the_cache_is_made_again(own: Path) -> None:
    first = content(build(own / "experiments", HERE, own / "cache"))
    gone = sorted((own / "cache").glob("??/*.webp"))[::3]
    for path in gone:
        path.unlink()
    assert content(build(own / "experiments", HERE, own / "cache")) == first
    assert all(path.exists() for path in gone)


def test_a_picture_that_is_gone_from_the_experiment_is_gone_from_the_site(own: Path) -> None:
    before = build(own / "experiments", HERE, own / "cache")
    shutil.rmtree(own / "experiments/pictures/data/test")
    after = build(own / "experiments", HERE, own / "cache")
    assert content(after) == content(build(own / "experiments", HERE, own / "clean"))
    kept = {Path(str(asset.content)).name for asset in after.assets}
    gone = {Path(str(asset.content)) for asset in before.assets if asset.path.endswith(".webp")}
    assert [path for path in gone if path.name not in kept and path.exists()] == []


def test_killed_builds_leave_no_wrong_page(own: Path, made: Path) -> None:
    command = [sys.executable, "-m", "dlviz_docs.cli", "build", "experiments", "-o", "site", "--cache-dir", "cache"]
    for seconds in (0.6, 1.0, 1.5):
        begun = subprocess.Popen(command, cwd=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        begun.send_signal(signal.SIGKILL)
        begun.wait()
    done = dlviz(own / "experiments", own / "site", "--cache-dir", str(own / "cache"))
    assert done.returncode == 0, done.stderr
    assert tree(own / "site") == tree(made / "site")
    assert [path.name for path in own.iterdir() if path.name not in ("experiments", "site", "cache")] == []


# --- one that is broken -----------------------------------------------------------------------------------------------


def test_broken_data_cost_the_others_nothing(own: Path) -> None:
    whole = content(build(own / "experiments", HERE, own / "cache"))
    objects = io.BytesIO()
    np.savez(objects, x=np.array([None, {}], dtype=object))
    write_files(
        own / "experiments/zz-broken",
        {
            "experiment.yml": "title: broken\ndata: [data/train.csv, data/gone.csv]\nresults: ../tables/data/all.csv\n",
            "data/train.csv": b"\0\1\2",
            "data/train.npz": objects.getvalue()[:-30],
            "data/test.parquet": b"PAR1" + bytes(90) + b"PAR1",
            "data/images/a.png": b"\x89PNG\r\n\x1a\n",
            "predictions.json": '[{"y_true": 1, "y_pred": {"a": [[[[',
        },
    )
    site = build(own / "experiments", HERE, own / "cache")
    after = content(site)
    # The index and the report tell of all of them.
    same = {path for path in whole if path not in ("index.html", "experiments.json")}
    assert {path: after[path] for path in same} == {path: whole[path] for path in same}
    assert {problem.path.partition("/")[0] for problem in site.problems} == {"zz-broken"}
    assert "zz-broken/all.csv" in {problem.path for problem in site.problems}  # and not the way to it
    assert len(site.problems) >= 5
    assert all(problem.what and problem.remedy for problem in site.problems)
    assert "data/gone.csv" in after["zz-broken/index.html"].decode()
    assert "a.png" in after["zz-broken/data/index.html"].decode()
    for strict, code in ((False, 0), (True, 1)):
        given = ["build", str(own / "experiments"), "-o", str(own / "site"), "--cache-dir", str(own / "cache"), "-q"]
        assert main([*given, "--workers", "0", *(["--strict"] if strict else [])]) == code


# --- what reading may not do ------------------------------------------------------------------------------------------

CODE = r"""
import json, os, pickle, sys
from pathlib import Path
from dlviz_docs.build import build
from dlviz_docs.options import parse
root, outside, cache = (os.path.realpath(path) for path in sys.argv[1:])
seen, on = [], [False]
NEVER = ("pickle.find_class", "os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "os.startfile",
         "socket.connect", "socket.bind", "socket.getaddrinfo", "ctypes.dlopen")
CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.link", "os.symlink", "os.truncate")

def hook(event, args):
    if not on[0]:
        return
    if event.startswith(NEVER) and args[:1] != ("libc.so.6",):  # Polars asks it for the processors
        seen.append([event, repr(args)[:200]])
    elif event == "open" and isinstance(args[0], (str, bytes)):
        path = os.path.realpath(os.fsdecode(args[0]))
        if path.startswith(outside):
            seen.append(["outside", path])
        if path.startswith(root) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
            seen.append(["written", path])
    elif event in CHANGES and os.path.realpath(os.fsdecode(args[0])).startswith(root):
        seen.append([event, repr(args)[:200]])

sys.addaudithook(hook)
on[0] = True
site = build(Path(root), parse({"path": "", "workers": 0}), Path(cache))
on[0] = False
words = [Path(page.file).read_text() if page.file else page.body for page in site.pages]
data = [a.content if isinstance(a.content, bytes) else a.content.read_bytes() for a in site.assets]
told = {
    "seen": list(seen),
    "modules": sorted(sys.modules),
    "words": "\n".join([*words, *map(str, site.problems), *(one.decode("latin-1") for one in data)]),
    "pages": [page.path for page in site.pages],
    "problems": [[problem.path, problem.what] for problem in site.problems],
}
on[0] = True
open(os.path.join(outside, "secret.csv")).close()
open(os.path.join(root, "control"), "w").close()
pickle.loads(pickle.dumps(Path))
on[0] = False
told["control"] = [event for event, _ in seen[len(told["seen"]) :]]
sys.stdout.write(json.dumps(told))
"""


class Runs:
    """A pickle that leaves a file behind when it is read."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.canary),)


class Thing(pl.BaseExtension):
    """A type of column that a reader may be told to look up."""

    def __init__(self) -> None:
        super().__init__("os.system", pl.Int64, "true")


def traps(root: Path, outside: Path, canary: Path) -> None:
    """Pickles wherever one may look for data, and ways out of the folder wherever a path may stand."""
    armed = pickle.dumps(Runs(canary))
    objects, members, pt = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.save(objects, np.array([Runs(canary)], dtype=object), allow_pickle=True)
    np.savez(members, x=np.zeros((9, 2)), y=np.arange(9) % 2, z=np.array([Runs(canary)] * 9, dtype=object))
    with zipfile.ZipFile(pt, "w") as archive:
        archive.writestr("archive/data.pkl", armed)
    write_files(
        root / "pickles",
        {
            "experiment.yml": "title: pickles\ndata: [data/train.npz, data/test.npy, data/model.pkl]\n",
            **{
                f"data/train.{ending}": armed
                for ending in ("pkl", "pickle", "joblib", "csv", "npy", "parquet", "arrow")
            },
            **{f"data/{name}": pt.getvalue() for name in ("model.pt", "model.ckpt", "val.npz")},
            "data/model.pkl": armed,
            "data/test.npy": objects.getvalue(),
            "data/train.npz": members.getvalue(),
            "predictions.pkl": armed,
        },
    )
    write_files(outside, {"secret.csv": f"a,b,label\n{MARKER},2,3\n" * 30, "train/a/1.png": photograph(7, "PNG")})
    up = "../" * 40 + str(outside).lstrip("/")
    places = [f"{outside}/secret.csv", f"{up}/secret.csv", "link.csv", "linked/secret.csv", "data/../../secret.csv"]
    data = json.dumps([{"path": path, "name": f"n{i}"} for i, path in enumerate(places)])
    results = json.dumps({"path": "predictions.csv", "truth": f"{up}/secret.csv"})
    pictures = [f"{outside}/train/a/1.png", f"{up}/train/a/1.png", "linked/train/a/1.png", "link.png", "C:\\a.png"] * 4
    rows = "".join(f"{path},{'ab'[i % 2]},{'abb'[i % 3]}\n" for i, path in enumerate(pictures))
    images = [{"id": i, "file_name": path, "width": 90, "height": 60} for i, path in enumerate(pictures[:5])]
    box = {"category_id": 1, "bbox": [1, 1, 9, 9], "iscrowd": 0}
    coco = {"images": images, "categories": [{"id": 1, "name": "c"}], "annotations": [
        {"id": i, "image_id": i, **box} for i in range(5)]}  # fmt: skip
    write_files(
        root / "ways",
        {
            "experiment.yml": f"title: ways\ndata: {data}\nresults: {results}\n",
            "predictions.csv": f"image,y_true,y_pred\n{rows}",
            "boxes/annotations.json": json.dumps(coco),
            "yolo/data.yaml": f"path: {outside}\ntrain: {outside}/train\nval: {up}/train\nnames: [a, b]\n",
            "yolo/labels/1.txt": "0 0.5 0.5 0.1 0.1\n",
            "train_ids.txt": "\n".join(pictures),
        },
    )
    (root / "ways/link.csv").symlink_to(outside / "secret.csv")
    (root / "ways/link.png").symlink_to(outside / "train/a/1.png")
    (root / "ways/linked").symlink_to(outside)
    (root / "ways/loop").symlink_to(root / "ways")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """What a build in one process did and said, of a folder full of traps that nobody may write to."""
    place = tmp_path_factory.mktemp("watched")
    root = place / "experiments"
    write_samples(root)
    traps(root, place / "outside", place / "canary")
    (root / "extension/data").mkdir(parents=True)
    things = pl.Series("thing", [1, 2] * 20).ext.to(Thing())
    for name, write in (("train.parquet", pl.DataFrame.write_parquet), ("test.arrow", pl.DataFrame.write_ipc)):
        write(pl.DataFrame({"a": range(40), "label": [0, 1] * 20, "thing": things}), root / "extension/data" / name)
    folders = [root, *(path for path in root.rglob("*") if path.is_dir() and not path.is_symlink())]
    for folder in folders:
        folder.chmod(0o555)
    command = [sys.executable, "-c", CODE, str(root), str(place / "outside"), str(place / "cache")]
    done = subprocess.run(command, capture_output=True, text=True)
    for folder in folders:
        folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    return place, json.loads(done.stdout)


def test_nothing_is_run_opened_outside_or_written(watched: tuple[Path, dict[str, list[str]]]) -> None:
    place, told = watched
    assert told["seen"] == []
    assert not (place / "canary").exists()
    assert {"outside", "written", "pickle.find_class"} <= set(told["control"])
    (place / "experiments/control").unlink()


def test_what_lies_outside_is_not_published(watched: tuple[Path, dict[str, str]]) -> None:
    place, told = watched
    assert "ways/results/index.html" in told["pages"]
    assert MARKER not in told["words"]
    assert str(place / "experiments") not in told["words"]
    assert str(place / "cache") not in told["words"]


def test_what_was_not_read_is_told(watched: tuple[Path, dict[str, list[tuple[str, str]]]]) -> None:
    _, told = watched
    of = {name: [what for path, what in told["problems"] if path.startswith(name)] for name in ("pickles", "ways")}
    assert sum("Python objects" in what for what in of["pickles"]) == 2
    assert sum("outside" in what for what in of["ways"]) >= 2
    assert any("symbolic link" in what for what in of["ways"])


def test_no_framework_is_imported(watched: tuple[Path, dict[str, list[str]]]) -> None:
    """A reader or a renderer needs none; each would cost seconds, or read what it is given in its own way."""
    heavy = (
        "torch",
        "sklearn",
        "pandas",
        "matplotlib",
        "scipy.stats",
        "pyarrow",
        "joblib",
        "dill",
        "keras",
        "tensorflow",
    )
    _, told = watched
    assert [name for name in told["modules"] if name.startswith(heavy)] == []
    assert {"polars", "PIL", "numpy"} <= set(told["modules"])
