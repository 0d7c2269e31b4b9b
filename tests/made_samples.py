"""A folder of experiments with data and predictions of every kind, small."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms

__all__ = ["PRIVATE", "photograph", "write_files", "write_samples"]

PRIVATE = b"SN-4711-private"
"""What stands in EXIF, XMP, comments and colour profiles of the photographs."""


def write_files(root: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def photograph(seed: int, form: str = "JPEG", size: tuple[int, int] = (90, 60)) -> bytes:
    """Pixels with all that a camera and an editor tell beside."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1] // 6, size[0] // 6, 3), dtype=np.uint8)
    image = Image.fromarray(pixels).resize(size)
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0xA431] = PRIVATE.decode(), 1, PRIVATE.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 29: PRIVATE.decode()})  # GPS
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile[:24] + bytes(12) + profile[36:] + PRIVATE  # without the time it was made at
    also: dict[str, Any] = {"comment": PRIVATE} if form == "JPEG" else {}
    file = io.BytesIO()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + PRIVATE + b"</x:xmpmeta>"
    image.save(file, form, exif=exif, xmp=xmp, icc_profile=profile, **also)
    return file.getvalue()


def _table(rows: int, seed: int = 0) -> str:
    rng = np.random.default_rng(seed)
    words = ("alpha", "beta", "gamma")
    lines = [
        f"r{i},{('train', 'train', 'test')[i % 3]},{rng.normal():.4f},{rng.exponential():.4f},{words[i % 3]},"
        f"{' '.join(words[j] for j in rng.integers(0, 3, 8))} {i},{words[int(rng.integers(0, 3))]}\n"
        for i in range(rows)
    ]
    return "id,split,a,b,kind,words,label\n" + "".join(lines)


def _answers(ids: list[str], classes: tuple[str, ...], seed: int) -> str:
    rng = np.random.default_rng(seed)
    lines = ["id,y_true,y_pred," + ",".join(f"prob_{name}" for name in classes)]
    for i, name in enumerate(ids):
        shares = rng.dirichlet([4.0 if k == i % len(classes) else 1.0 for k in range(len(classes))])
        said = classes[int(shares.argmax())]
        lines.append(f"{name},{classes[i % len(classes)]},{said}," + ",".join(f"{share:.4f}" for share in shares))
    return "\n".join(lines) + "\n"


def write_samples(root: Path) -> None:
    """Tables and predictions of them, photographs by class and predictions of those, boxes, texts, embeddings."""
    curve = "step,train_loss,val_loss\n" + "".join(f"{i},{2 / (1 + i):.3f},{2.2 / (1 + i):.3f}\n" for i in range(9))
    ids, classes = [f"r{i}" for i in range(90)], ("alpha", "beta", "gamma")
    rng = np.random.default_rng(0)
    files: dict[str, str | bytes] = {"tables/data/all.csv": _table(90)}
    for run in ("one", "two"):
        files[f"tables/runs/{run}/metrics.csv"] = curve
        files[f"tables/runs/{run}/predictions.csv"] = _answers(ids, classes, len(run))
    shown = []
    for i in range(24):
        split, name, form = ("train", "test")[i % 2], classes[i % 3], ("JPEG", "PNG", "WEBP")[i % 3]
        shown.append(f"data/{split}/{name}/{i}.{form.lower()}")
        files[f"pictures/{shown[-1]}"] = photograph(i, form)
    files["pictures/predictions.csv"] = _answers(shown, classes, 5).replace("id,", "image,", 1)
    pictures = [{"id": i, "file_name": f"{i}.jpg", "width": 90, "height": 60} for i in range(8)]
    boxes = [{"image_id": i % 8, "category_id": 1 + i % 2, "bbox": [5 + i, 6, 20, 15 + i]} for i in range(24)]
    told = {"images": pictures, "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]}
    files |= {f"boxes/data/images/{i}.jpg": photograph(100 + i) for i in range(8)}
    files["boxes/data/annotations.json"] = json.dumps(
        {**told, "annotations": [{"id": i, "iscrowd": 0, "area": 300, **box} for i, box in enumerate(boxes)]}
    )
    files["boxes/coco_instances_results.json"] = json.dumps(
        [{**box, "score": 0.2 + 0.03 * i} for i, box in enumerate(boxes)]
    )
    rows = [{"prompt": f"say {i}", "reference": f"it is {i}", "generated": f"it was {i % 7}"} for i in range(40)]
    files["texts/predictions.jsonl"] = "".join(json.dumps(row) + "\n" for row in rows)
    arrays = io.BytesIO()
    np.savez(arrays, embeddings=rng.normal(size=(80, 12)).astype(np.float32), y=np.arange(80) % 4)
    files["embeddings/data/train.npz"] = arrays.getvalue()
    files |= {f"{name}/experiment.yml": f"title: {name}\n" for name in {path.partition("/")[0] for path in files}}
    write_files(root, files)
