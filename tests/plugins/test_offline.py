from __future__ import annotations

import json
from pathlib import Path

import pytest
from mkdocs_dlviz.offline import add_search, insert_shim


def material(site: Path, *languages: str) -> None:
    """What Material leaves behind, with made-up sources."""
    (site / "search").mkdir(parents=True)
    (site / "search/search_index.json").write_text(json.dumps({"config": {"lang": languages}, "docs": []}))
    scripts = site / "assets/javascripts"
    for name in (
        "workers/search.abc.min.js",
        *(f"lunr/min/lunr.{x}.min.js" for x in ("de", "ja", "multi")),
        "lunr/tinyseg.js",
    ):
        (scripts / name).parent.mkdir(parents=True, exist_ok=True)
        (scripts / name).write_text(f"/* {name} </script> */")


def worker_of(site: Path) -> dict[str, object]:
    text = (site / "x/assets/search-worker.js").read_text()
    parts: dict[str, object] = json.loads(text.removeprefix("window.__dlviz_worker = ").removesuffix(";"))
    return parts


@pytest.mark.parametrize(
    ("languages", "scripts"),
    [
        (["en"], []),
        (["de", "en"], ["lunr.de.min.js", "lunr.multi.min.js"]),
        (["ja"], ["lunr.ja.min.js", "lunr.multi.min.js", "tinyseg.js"]),
    ],
)
def test_index_and_worker_become_scripts(tmp_path: Path, languages: list[str], scripts: list[str]) -> None:
    material(tmp_path, *languages)
    add_search(tmp_path, tmp_path / "x")
    assert (tmp_path / "search/search_index.js").read_text().startswith('var __index = {"config"')
    parts = worker_of(tmp_path)
    assert parts["source"] == "/* workers/search.abc.min.js </script> */"
    assert sorted(parts["scripts"]) == scripts  # type: ignore[call-overload]


def test_nothing_without_materials_search(tmp_path: Path) -> None:
    (tmp_path / "search").mkdir()
    (tmp_path / "search/search_index.json").write_text("{}")
    add_search(tmp_path, tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["search_index.json"]


def test_the_shim_comes_between_configuration_and_script() -> None:
    page = (
        '<body><script id="__config" type="application/json">{"a": 1}</script><script src="bundle.js"></script></body>'
    )
    assert insert_shim(page, "../o.js") == page.replace(
        '<script src="b', '<script src="../o.js"></script><script src="b'
    )
    assert insert_shim("<body></body>", "../o.js") == "<body></body>"
