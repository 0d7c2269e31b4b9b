"""Colours against the pages behind them, against each other, and against the style sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from dlviz_docs import gather
from dlviz_docs.charts import palette

STYLES = (Path(__file__).parents[2] / "site_templates/dlviz_templates/assets/figures.css").read_text(encoding="utf-8")
LIVE = (Path(__file__).parents[2] / "site_templates/dlviz_templates/assets/live.js").read_text(encoding="utf-8")
# Deuteranopia at full strength on linear RGB: Machado, Oliveira and Fernandes, 2009.
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
)
# Oklab: Ottosson, 2020.
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
SCHEMES = pytest.mark.parametrize(
    ("colors", "page"),
    [(palette.LIGHT, palette.LIGHT_PAGE), (palette.DARK, palette.DARK_PAGE)],
    ids=["light", "dark"],
)


def linear(color: str) -> np.ndarray:
    c = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2."""
    dark, light = sorted(float(linear(color) @ [0.2126, 0.7152, 0.0722]) for color in (one, other))
    return (light + 0.05) / (dark + 0.05)


def closest(colors: Sequence[str], sight: np.ndarray) -> float:
    """Smallest distance of two colours in Oklab, where 0.02 is just noticeable."""
    seen = [TO_LAB @ np.cbrt(TO_LMS @ np.clip(sight @ linear(color), 0, 1)) for color in colors]
    return min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2))


@SCHEMES
def test_every_color_stands_out_from_the_page(colors: Sequence[str], page: str) -> None:
    assert min(contrast(color, page) for color in colors) >= 3


@SCHEMES
def test_colors_are_told_apart_by_every_reader(colors: Sequence[str], page: str) -> None:
    assert closest(colors, np.eye(3)) > 0.08
    assert closest(colors, DEUTERANOPIA) > 0.055


@pytest.mark.parametrize("text", ["fg", "muted"])
def test_text_is_read_on_both_pages(text: str) -> None:
    light, dark = re.findall(rf"--dlviz-{text}: (#[0-9a-f]+);", STYLES)
    assert contrast(light, palette.LIGHT_PAGE) >= 4.5
    assert contrast(dark, palette.DARK_PAGE) >= 4.5


def test_the_style_sheet_has_the_same_colors() -> None:
    found = [re.findall(rf"--dlviz-c{i}: (#[0-9a-f]{{6}});", STYLES) for i in range(10)]
    assert [list(pair) for pair in zip(palette.LIGHT, palette.DARK, strict=True)] == found


def test_the_browser_draws_the_same_markers() -> None:
    start = LIVE.index("MARKERS = [")
    assert re.findall(r'"(M[^"]+)"', LIVE[start : LIVE.index("];", start)]) == list(palette.MARKERS)


def test_colors_and_markers_repeat_together_only_after_seventy() -> None:
    pairs = {(palette.color_class(i), palette.marker(i)) for i in range(70)}
    assert len(pairs) == 70


def test_as_many_runs_are_told_apart_as_there_are_colours() -> None:
    assert len(palette.LIGHT) == len(palette.DARK) == gather.COLORS
