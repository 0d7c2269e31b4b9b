"""Styles and scripts: ours, and Plotly out of its installed wheel."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from dlviz_docs.errors import MissingExtra
from dlviz_docs.view import Asset

__all__ = ["TEMPLATES", "assets"]

TEMPLATES = Path(str(files("dlviz_templates")))
_FOR_AUTHORS = re.compile(r"^[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*\n|^[ \t]*//[^\n]*\n|^[ \t]+", re.DOTALL | re.MULTILINE)
"""Comments on lines of their own, and indentation: an eighth of what a browser loads. Our scripts have no text that
goes on over several lines, which a test makes sure of."""


def assets() -> tuple[Asset, ...]:
    """Everything the pages ask for, once per site."""
    ours = (Asset(f"assets/{path.name}", _sent(path)) for path in sorted((TEMPLATES / "assets").iterdir()))
    return *ours, Asset("assets/plotly.min.js", _plotly())


def _sent(path: Path) -> bytes | Path:
    """A script without what is only for those who read it here; all else as it is."""
    return _FOR_AUTHORS.sub("", path.read_text(encoding="utf-8")).encode() if path.suffix == ".js" else path


def _plotly() -> Path:
    """Found without importing Plotly, which takes a second."""
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("plotly", "all")
    return Path(spec.submodule_search_locations[0]) / "package_data" / "plotly.min.js"
