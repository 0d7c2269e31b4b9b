"""The site as plain Markdown, assets and a navigation, for any other generator.

Every page is one Markdown file: front matter, then finished HTML, which Markdown passes through untouched as long as
it holds no blank line.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from dlviz_docs.compose import compose_markdown
from dlviz_docs.errors import DlvizError
from dlviz_docs.html import text
from dlviz_docs.view import NavItem, Site

__all__ = ["export"]

MARKER = ".dlviz-export"
"""Stands in every folder we wrote, so that only such a folder is written again."""


def export(site: Site, folder: Path, title: str) -> None:
    """Write `site` into `folder`, which must be empty or ours from an earlier time."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise DlvizError(f"{folder} holds other files. Name an empty folder, or one that an earlier export wrote.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("Written by dlviz build --to; written again at the next one.\n", encoding="utf-8")
    for page in site.pages:
        _write(folder / page.path.removesuffix(".html"), ".md", compose_markdown(page, site.assets).encode())
    for asset in site.assets:
        if isinstance(asset.content, Path):
            (folder / asset.path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(asset.content, folder / asset.path)
        else:
            _write(folder / asset.path, "", asset.content)
    _write(folder / "nav", ".yml", _nav(site, title).encode())


def _write(path: Path, suffix: str, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(path.name + suffix).write_bytes(content)


def _nav(site: Site, title: str) -> str:
    """The navigation as MkDocs' `nav:` would have it; JSON strings are YAML strings."""

    def entry(item: NavItem, indent: str) -> str:
        path, name = json.dumps(item.path.removesuffix(".html") + ".md"), json.dumps(str(text(item.title)))
        if not item.children:
            return f"{indent}- {name}: {path}\n"
        children = "".join(entry(child, indent + "    ") for child in item.children)
        return f"{indent}- {name}:\n{indent}    - {path}\n{children}"

    lines = "".join(entry(item, "    ") for item in site.nav)
    return f'nav:\n  - {json.dumps(title)}:\n    - "index.md"\n{lines}'
