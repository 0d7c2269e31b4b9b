"""Styles and scripts: ours, and Plotly out of its installed wheel."""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from dlviz_docs.errors import MissingExtra
from dlviz_docs.view import Asset

__all__ = ["TEMPLATES", "assets"]

TEMPLATES = Path(str(files("dlviz_templates")))


def assets() -> tuple[Asset, ...]:
    """Everything the pages ask for, once per site."""
    ours = sorted((TEMPLATES / "assets").iterdir())
    return *(Asset(f"assets/{path.name}", path) for path in ours), Asset("assets/plotly.min.js", _plotly())


def _plotly() -> Path:
    """Found without importing Plotly, which takes a second."""
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("plotly", "all")
    return Path(spec.submodule_search_locations[0]) / "package_data" / "plotly.min.js"
