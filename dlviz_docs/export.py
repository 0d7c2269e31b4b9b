"""The site as plain Markdown, assets and a navigation, for any other generator.

Every page is one Markdown file: front matter, then finished HTML, which Markdown passes through untouched as long as
it holds no blank line.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from dlviz_docs.compose.portable import compose_markdown
from dlviz_docs.errors import DlvizError
from dlviz_docs.html import text
from dlviz_docs.view import NavItem, Site

__all__ = ["export"]

LIST = ".dlviz-export"
"""Names every file we wrote, one a line, so that the next export takes away what it does not write again."""


def export(site: Site, folder: Path, title: str) -> None:
    """Write `site` into `folder`, which must be empty or ours from an earlier time."""
    listed = folder / LIST
    if folder.is_dir() and any(folder.iterdir()) and not listed.exists():
        raise DlvizError(f"{folder} holds other files. Name an empty folder, or one that an earlier export wrote.")
    files = dict(_files(site, title))
    old = set(listed.read_text(encoding="utf-8").splitlines()) if listed.exists() else set()
    for path, content in files.items():
        _write(folder / path, content)
    for path in old - set(files):
        (folder / path).unlink(missing_ok=True)
    _write(listed, "".join(f"{path}\n" for path in sorted(files)).encode())


def _files(site: Site, title: str) -> Iterator[tuple[str, bytes | Path]]:
    for page in site.pages:
        yield _source(page.path), compose_markdown(page, site.assets).encode()
    for asset in site.assets:
        yield asset.path, asset.content
    yield "nav.yml", _nav(site, title).encode()


def _source(path: str) -> str:
    return f"{path.removesuffix('.html')}.md"


def _write(path: Path, content: bytes | Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        shutil.copyfile(content, path)
    else:
        path.write_bytes(content)


def _nav(site: Site, title: str) -> str:
    """The navigation as MkDocs' `nav:` would have it; JSON strings are YAML strings."""

    def entry(item: NavItem, indent: str) -> str:
        path, name = json.dumps(_source(item.path)), json.dumps(str(text(item.title)))
        if not item.children:
            return f"{indent}- {name}: {path}\n"
        children = "".join(entry(child, indent + "    ") for child in item.children)
        return f"{indent}- {name}:\n{indent}    - {path}\n{children}"

    lines = "".join(entry(item, "    ") for item in site.nav)
    return f'nav:\n  - {json.dumps(title)}:\n    - "index.md"\n{lines}'
