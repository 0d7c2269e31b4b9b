"""What a Material site needs to be searched from file://, where a page may neither fetch nor start a worker.

The index and the worker's source become classic scripts; `assets/offline.js` starts the worker from them. Material's
own offline plugin does the same with a script from another host, and is dead without a network.
"""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["SHIM", "add_search", "insert_shim"]

SHIM = "assets/offline.js"
WORKER = "assets/search-worker.js"
_CONFIG = '<script id="__config"'
_END = "</script>"
_SEGMENTERS = {"ja": "tinyseg.js", "hi": "wordcut.js", "th": "wordcut.js"}


def insert_shim(html: str, address: str) -> str:
    """Put the shim behind Material's configuration and before its own script; other themes' pages stay as they are."""
    start = html.find(_CONFIG)
    if start < 0:
        return html
    end = html.index(_END, start) + len(_END)
    return f'{html[:end]}<script src="{address}"></script>{html[end:]}'


def add_search(site: Path, mount: Path) -> None:
    """Write the index and the worker of a built site as scripts; nothing when it has no search of Material's."""
    index = site / "search" / "search_index.json"
    worker = next((site / "assets/javascripts/workers").glob("search.*.min.js"), None)
    if worker is None or not index.exists():
        return
    text = index.read_text(encoding="utf-8")
    index.with_suffix(".js").write_text(f"var __index = {text}", encoding="utf-8")
    lunr = site / "assets/javascripts/lunr"
    parts = {
        "source": worker.read_text(encoding="utf-8"),
        "scripts": {path.name: path.read_text(encoding="utf-8") for path in _stemmers(lunr, _languages(text))},
    }
    (mount / WORKER).parent.mkdir(parents=True, exist_ok=True)
    (mount / WORKER).write_text(f"window.__dlviz_worker = {json.dumps(parts)};", encoding="utf-8")


def _languages(index: str) -> list[str]:
    languages = json.loads(index)["config"]["lang"]
    return [language for language in languages if language != "en"]


def _stemmers(lunr: Path, languages: list[str]) -> list[Path]:
    """The files Material's worker imports for these languages, in any order."""
    if not languages:
        return []
    names = ["min/lunr.stemmer.support.min.js", "min/lunr.multi.min.js"]
    names += [f"min/lunr.{language}.min.js" for language in languages]
    names += [_SEGMENTERS[language] for language in languages if language in _SEGMENTERS]
    return [path for name in names if (path := lunr / name).exists()]
