"""A page as Markdown for any generator: front matter, our styles and scripts, then the finished HTML."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from dlviz_docs import html
from dlviz_docs.compose.templating import render
from dlviz_docs.view import Asset, Page

__all__ = ["compose_markdown"]

_SCRIPTS = ("assets/dlviz.js", "assets/tables.js")
_BLANK_LINES = re.compile(r"\n[ \t]*(?=\n)")


def compose_markdown(page: Page, assets: Sequence[Asset]) -> str:
    """The page's Markdown; `assets` are those of its site."""
    body = Path(page.file).read_text(encoding="utf-8") if page.file else page.body
    paths = [asset.path for asset in assets]
    return str(
        render(
            "pages/portable.md.j2",
            title=_yaml(page.title),
            description=_yaml(page.description),
            root="../" * page.path.count("/"),
            styles=[path for path in paths if path.endswith(".css")],
            scripts=[path for path in _SCRIPTS if path in paths],
            # Markdown takes a blank line for the end of an HTML block.
            body=Markup(_BLANK_LINES.sub("", body).strip()),  # noqa: S704  (finished by our templates)
        )
    )


def _yaml(value: str) -> Markup:
    """Encoded, since hosts put titles into pages as they are; a JSON string is a YAML string."""
    return Markup(json.dumps(str(html.text(value))))  # noqa: S704  (encoded in this line)
