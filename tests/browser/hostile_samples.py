"""Data and predictions of strangers: payloads wherever a file, a folder or a cell can put a word on a page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

__all__ = ["KINDS", "SLOTS", "write_hostile"]

SLOTS = {
    "tables": "title data column level class id split words run attribute",
    "texts": "result input reference generated",
    "records": "key inner value",
    "pictures": "folder file",
    "boxes": "category coco absent",
    "masks": "mask",
    "broken": "broken member longer missing nowhere nothing",
    "regression": "row slice number rsplit",
    "series": "signal",
}
"""What stands behind each word of an experiment's, so that it is known to be on a page: ";Zclass3"."""
KINDS = tuple(SLOTS)
LONGEST = 180
"""Bytes of the name of a file."""


def write_hostile(root: Path, payloads: Sequence[str]) -> None:
    """One experiment of each kind."""
    for kind in KINDS:
        folder = root / kind
        folder.mkdir(parents=True)
        globals()[f"_{kind}"](folder, payloads)
        if not (folder / "experiment.yml").exists():
            _text(folder / "experiment.yml", json.dumps({"title": kind}))


def _text(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8", errors="replace")


def _table(path: Path, columns: Mapping[str, Sequence[object]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    _text(path, out.getvalue().replace("\0", "\ufffd"))


def _picture(path: Path, pixels: np.ndarray[Any, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, "PNG")


def _noise(seed: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)


def _tagged(payloads: Sequence[str], slot: str, count: int = 0) -> list[str]:
    """Payloads with the name of the place they are put, so `count` or all of them."""
    return [f"{payloads[i % len(payloads)]};Z{slot}{i}" for i in range(count or len(payloads))]


def _names(payloads: Sequence[str], slot: str, count: int) -> list[str]:
    """The same as names of files."""
    able = [payload.replace("/", "\u2215").replace("\0", "") for payload in payloads]
    cut = [name.encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore") for name in able]
    return _tagged([name for name in cut if name.strip(". ")], slot, count)


def _tables(root: Path, payloads: Sequence[str]) -> None:
    rng, n = np.random.default_rng(0), 2 * len(payloads)
    classes, levels, ids = _tagged(payloads, "class", 6), _tagged(payloads, "level"), _tagged(payloads, "id", n)
    truth = [classes[i % 6] for i in range(n)]
    words = [f"{payloads[i % len(payloads)]} and some more words ;Zwords{i}" for i in range(n)]
    columns: dict[str, Sequence[object]] = {"id": ids, "label": truth, "words": words}
    columns["split"] = [_tagged(payloads, "split", 3)[i % 3] for i in range(n)]
    for i, name in enumerate(_tagged(payloads, "column", 16)):
        kinds = [levels[(j * 7 + i) % len(levels)] for j in range(n)]
        columns[name] = kinds if i % 2 else (rng.normal(size=n) + np.arange(n) % 3).tolist()
    _table(root / "data/all.csv", columns)
    for run in _names(payloads, "run", 2):
        said = [label if rng.random() < 0.7 else classes[rng.integers(6)] for label in truth]
        attribute = {_tagged(payloads, "attribute", 1)[0]: [levels[i % 5] for i in range(n)]}
        _text(root / "runs" / run / "metrics.csv", "step,train_loss\n0,1\n1,0.5\n")
        scored = {"id": ids, "y_true": truth, "y_pred": said, "confidence": rng.random(n).tolist()}
        _table(root / "runs" / run / "predictions.csv", {**scored, **attribute})
    data = {"path": "data/all.csv", "name": f"{payloads[0]};Zdata", "target": "label", "split": "split", "id": "id"}
    _text(root / "experiment.yml", json.dumps({"title": f"{payloads[0]};Ztitle", "data": data}))


def _texts(root: Path, payloads: Sequence[str]) -> None:
    n = max(40, len(payloads))
    prompts, words = _tagged(payloads, "input", n), _tagged(payloads, "reference", n)
    results = []
    for model, name in enumerate(_tagged(payloads, "result", 2)):
        answers = _tagged(payloads[model:], "generated", n)
        rows = [
            {"prompt": a, "reference": f"the {b} was here", "generated": f"the {c} is here"}
            for a, b, c in zip(prompts, words, answers, strict=True)
        ]
        _text(root / f"model{model}/generations.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        results.append({"path": f"model{model}/generations.jsonl", "name": name})
    _text(root / "experiment.yml", json.dumps({"title": "texts", "results": results}))


def _records(root: Path, payloads: Sequence[str]) -> None:
    keys, inner = _tagged(payloads, "key", 10), _tagged(payloads, "inner", 2)
    values = _tagged(payloads, "value", 12)
    rows = [
        {"label": i % 2, **{key: values[(i + place) % 12] for place, key in enumerate(keys)}, "nest": {inner[0]: i}}
        for i in range(80)
    ]
    _text(root / "data/train.jsonl", "".join(json.dumps(row) + "\n" for row in rows))


def _pictures(root: Path, payloads: Sequence[str]) -> None:
    folders, files = _names(payloads, "folder", 3), _names(payloads, "file", 36)
    rng, paths, truth = np.random.default_rng(1), [], []
    for i, name in enumerate(files):
        split, folder = ("train", "test")[i % 2], folders[i % 3]
        _picture(root / "data" / split / folder / f"{name}.png", _noise(i))
        if split == "test":
            paths.append(f"data/test/{folder}/{name}.png")
            truth.append(folder)
    said = [label if rng.random() < 0.6 else folders[rng.integers(3)] for label in truth]
    answers = {"image": paths, "y_true": truth, "y_pred": said, "confidence": rng.random(len(truth)).tolist()}
    _table(root / "predictions.csv", answers)


def _boxes(root: Path, payloads: Sequence[str]) -> None:
    images, rows, results = [], [], []
    for i, name in enumerate(_names(payloads, "coco", 12)):
        _picture(root / f"data/images/{name}.png", _noise(i))
        images.append({"id": i, "file_name": f"{name}.png", "width": 32, "height": 24})
        for j in range(3):
            box = [float((j * 7 + i) % 20), float(j * 5 % 12), 8.0, 7.0]
            rows.append({"id": 3 * i + j, "image_id": i, "category_id": 1 + j, "bbox": box, "area": 56, "iscrowd": 0})
            said = {"image_id": i, "category_id": 1 + (j + (i % 4 == 0)) % 3, "bbox": box}
            results.append({**said, "score": 0.3 + 0.05 * ((i + j) % 12)})
    images.append({"id": 99, "file_name": f"{payloads[0]};Zabsent", "width": 32, "height": 24})
    categories = [{"id": 1 + i, "name": name} for i, name in enumerate(_tagged(payloads, "category", 3))]
    told = {"images": images, "annotations": rows, "categories": categories}
    _text(root / "data/annotations.json", json.dumps(told))
    _text(root / "coco_instances_results.json", json.dumps(results))


def _masks(root: Path, payloads: Sequence[str]) -> None:
    rng = np.random.default_rng(0)
    for name in _names(payloads, "mask", 4):
        truth = (rng.random((24, 32)) < 0.4).astype(np.uint8) * 255
        _picture(root / f"gt/{name}.png", truth)
        _picture(root / f"pred/{name}.png", np.where(rng.random((24, 32)) < 0.1, 255 - truth, truth))


def _broken(root: Path, payloads: Sequence[str]) -> None:
    """What is wrong is told with the names of what it is wrong with."""
    (root / "data").mkdir()
    (root / "data" / f"{_names(payloads, 'broken', 1)[0]}_train.csv").write_bytes(b"\0\1\2")
    arrays = {"x": np.zeros((20, 3)), "y": np.arange(20) % 2, _names(payloads, "longer", 1)[0]: np.zeros(7)}
    objects = {_names(payloads, "member", 1)[0]: np.array([None, {}], dtype=object)}
    np.savez(root / "data/train.npz", **arrays, **objects)
    data = [{"path": "data/train.npz", "target": f"{payloads[0]};Zmissing"}, f"{payloads[0]};Znowhere"]
    about = {"title": "broken", "data": data, "results": {"path": f"{payloads[0]};Znothing"}}
    _text(root / "experiment.yml", json.dumps(about))


def _regression(root: Path, payloads: Sequence[str]) -> None:
    rng, n = np.random.default_rng(0), 120
    truth = rng.normal(size=n)
    values, splits = _tagged(payloads, "number", 3), _tagged(payloads, "rsplit", 2)
    columns: dict[str, Sequence[object]] = {
        "id": _tagged(payloads, "row", n),
        "y_true": truth.tolist(),
        "y_pred": (truth + rng.normal(size=n) / 5).tolist(),
        f"{payloads[0]};Zslice": [values[i % 3] for i in range(n)],
        "split": [splits[i % 2] for i in range(n)],
    }
    _table(root / "predictions.csv", columns)


def _series(root: Path, payloads: Sequence[str]) -> None:
    n = 240
    waves = {name: (np.sin(np.arange(n) / 4) + i).tolist() for i, name in enumerate(_tagged(payloads, "signal", 4))}
    times = [f"2024-01-{1 + i // 24:02d} {i % 24:02d}:00" for i in range(n)]
    _table(root / "data/train.csv", {"timestamp": times, **waves, "target": [i % 2 for i in range(n)]})
