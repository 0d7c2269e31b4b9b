"""Whatever classes, pictures, models and data sets are called: each has its address, and every picture is there."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, normpath
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from PIL import Image

from dlviz_docs.build import build
from dlviz_docs.options import parse
from dlviz_docs.view import Site

NAMES = (
    *("Cat", "cat", "CAT", "café", "cafe\u0301", "straße", "STRASSE", "ſ", "\u212a", "İ", "ı"),
    *("CON", "con", "nul.txt", "aux", "COM1", "a.", "a ", " a", "a ...", "-rf", "~", "$HOME"),
    *("%00", "%2e%2e", "a%2Fb", "#top", "?q=1", "a#b?c=d&e", "a:b", "a|b", "a*b", "a<b>", "a\"b'c", "a\\b"),
    *("a\nb", "a\tb", "a\rb", "\u202egnp.exe", "\u2066x\u2069", "\ufeffbom", "\u200b", "zero\u200dwidth"),
    *("👩\u200d👩\u200d👧", "日本語", "العربية", "x" * 200, "x" * 199 + "y", "index.html", "search", "404"),
    *("__proto__", "constructor", "{{ x }}", "{% raw %}", "[x](y)", "`a`"),
    *(os.fsdecode(name) for name in (b"\xff\xfe", b"caf\xe9", b"caf\xe8")),  # no UTF-8
)
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))}


def png(seed: int) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def write(path: Path, content: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Experiments whose parts bear every name."""
    root = tmp_path_factory.mktemp("names") / "experiments"
    for experiment in ("classes", "files", "models", "sets"):
        write(root / experiment / "experiment.yml", f"title: {experiment}\n")
    for i, name in enumerate(NAMES):
        table = f"a,b{i},label\n" + "".join(f"{k},{k % 7},{k % 2}\n" for k in range(12))
        answers = "id,y_true,y_pred\n" + "".join(f"{k},{'ab'[k % 2]},{'abb'[(k + i) % 3]}\n" for k in range(12))
        write(root / "classes/images" / name / "1.png", png(2 * i))
        write(root / "classes/images" / name / "2.png", png(2 * i + 1))
        write(root / "files/data/images" / f"{name}.png", png(1000 + i))
        write(root / "models/runs" / name / "metrics.csv", "step,train_loss\n0,2\n1,1\n")
        write(root / "models/runs" / name / "predictions.csv", answers)
        write(root / "sets/data" / name / "train.csv", table)
    return build(root, parse({"workers": 0, "path": ""}), root.parent / "cache")


class Words(HTMLParser):
    """Addresses, and the data of galleries."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.galleries: list[str] = []
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name in ("href", "src") and value]
        self.galleries += [value for name, value in attrs if name == "data-gallery" and value]

    def pictures(self) -> Iterator[str]:
        for gallery in map(json.loads, self.galleries):
            for item in gallery["items"]:
                yield from (
                    gallery["base"] + picture[0] for picture in (item[7] if len(item) > 7 else []) if picture[0]
                )


def bodies(site: Site) -> Iterator[tuple[str, Words]]:
    yield from ((page.path, Words(Path(page.file).read_text() if page.file else page.body)) for page in site.pages)


def test_addresses_are_distinct_on_every_disk(site: Site) -> None:
    paths = [page.path for page in site.pages] + [asset.path for asset in site.assets]
    assert len({path.casefold() for path in paths}) == len(paths)
    parts = {part for path in paths for part in path.split("/")}
    assert [part for part in parts if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", part)] == []
    assert [part for part in parts if part.partition(".")[0].lower() in DEVICES or part.endswith(".")] == []


def test_every_link_leads_somewhere(site: Site) -> None:
    known = {page.path for page in site.pages} | {asset.path for asset in site.assets}
    missing = []
    for path, words in bodies(site):
        for link in (*words.links, *words.pictures()):
            address = urlsplit(link)
            target = normpath(f"{dirname(path)}/{unquote(address.path)}").lstrip("/") if address.path else path
            if address.scheme or target not in known:
                missing.append((path, link))
    assert missing == []


def test_nothing_is_lost(site: Site) -> None:
    told = json.loads(next(bytes(a.content) for a in site.assets if a.path == "experiments.json"))  # type: ignore[arg-type]
    assert site.problems == ()
    found = {experiment["slug"]: experiment for experiment in told["experiments"]}
    assert sum(data["rows"] for data in found["classes"]["data"]) == 2 * len(NAMES)
    assert sum(data["rows"] for data in found["files"]["data"]) == len(NAMES)
    assert len({one["run"] for one in found["models"]["predictions"]}) == len(NAMES)
    assert len({one["name"] for one in found["models"]["predictions"]}) == len(NAMES)
    assert len({data["name"] for data in found["sets"]["data"]}) == len(NAMES)


def test_every_picture_appears(site: Site) -> None:
    published = {asset.path for asset in site.assets if asset.path.endswith(".webp")}
    shown = {
        normpath(f"{dirname(path)}/{link}")
        for path, words in bodies(site)
        if path.startswith("files/")
        for link in words.links
        if link.endswith(".webp")
    }
    assert len(shown) == len(NAMES)
    assert shown <= published
