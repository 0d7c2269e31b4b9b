from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlviz_docs.charts import palette
from dlviz_docs.charts.matrix import MOST, matrix_context, sentence, steps
from dlviz_docs.compose.templating import render
from dlviz_docs.view import Figure, Matrix

STYLES = (Path(__file__).parents[2] / "site_templates/dlviz_templates/assets/plots.css").read_text(encoding="utf-8")
# Oklab: Ottosson, 2020.
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
NAMES = ("cat", "dog", "fox")
CONFUSION = np.array([[90.0, 8, 2], [0, 95, 5], [1, 0, 99]])


def matrix(values: object = CONFUSION, **options: Any) -> Matrix:
    found = np.asarray(values, dtype=float)
    rows, columns = (tuple(f"c{i}" for i in range(n)) for n in found.shape)
    named = {"rows": rows, "columns": columns, **options}
    return Matrix(values=found, **named)


def drawn(one: Matrix) -> str:
    return str(render("figures/matrix.html.j2", **matrix_context(Figure("matrix-a", "A", "Seen.", one))))


def cells(html: str) -> list[tuple[str, str]]:
    return re.findall(r'<td data-v="(\w+)"[^>]*>([^<]*)</td>', html)


def linear(color: str) -> np.ndarray:
    c = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def mixed(hue: str, page: str, share: float) -> float:
    """Luminance of `color-mix(in oklab, hue share, page)`; Oklab's last step is linear and changes no mixture."""
    lms = share * np.cbrt(TO_LMS @ linear(hue)) + (1 - share) * np.cbrt(TO_LMS @ linear(page))
    return float(np.clip(np.linalg.inv(TO_LMS) @ lms**3, 0, 1) @ [0.2126, 0.7152, 0.0722])


def contrast(one: float, other: float) -> float:
    """WCAG 2.2."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@pytest.mark.parametrize("hue", ["heat", "heat-d", "heat-n"])
@pytest.mark.parametrize(("scheme", "page"), [(0, palette.LIGHT_PAGE), (1, palette.DARK_PAGE)], ids=["light", "dark"])
def test_text_is_read_on_every_step_of_every_color(hue: str, scheme: int, page: str) -> None:
    color = re.findall(rf"--dlviz-{hue}: (#\w+);", STYLES)[scheme]
    plain = re.findall(r"--dlviz-by-heat: (#\w+);", STYLES)[scheme]
    on = re.findall(r"--dlviz-on-heat: (#\w+);", STYLES)[scheme]
    shares = dict(re.findall(r'\[data-v\$="(\w)"\] { --dlviz-v: (\d+)%; }', STYLES))
    (strong,) = re.findall(r"\.dlviz-heat td:is\(([^{]+)\) { color", STYLES)
    assert len(shares) == 10
    for sign, share in {"0": "0", **shares}.items():
        text = on if f'"{sign}"' in strong else plain
        luminance = float(linear(text) @ [0.2126, 0.7152, 0.0722])
        assert contrast(mixed(color, page, int(share) / 100), luminance) >= 4.5, (sign, share)


def test_a_table_with_headers_a_caption_and_every_value() -> None:
    html = drawn(matrix(rows=NAMES, columns=NAMES, row_label="truth", column_label="predicted"))
    assert [text for _, text in cells(html)] == ["90", "8", "2", "0", "95", "5", "1", "0", "99"]
    assert re.findall(r'<th scope="row">(\w+)', html) == list(NAMES)
    assert re.findall(r'<th scope="col"><span>(\w+)', html) == list(NAMES)
    assert "<caption" in html
    assert ">truth<" in html
    assert ">predicted<" in html
    assert "style=" not in html


def test_only_the_least_has_the_color_of_the_page() -> None:
    assert steps(matrix(), np.array([[0, 0.001, 50, 100.0]])) == [["0", "1", "5", "a"]]
    assert steps(matrix(), np.array([[0.0, np.nan]])) == [["0", "x"]]
    assert steps(matrix(low=0, high=1), np.array([[0.25, 2.0, -1.0]])) == [["2", "a", "0"]]


def test_a_scale_around_zero_is_the_same_on_both_sides() -> None:
    one = matrix([[1, -0.5], [0.5, 0]], diverging=True)
    assert steps(one, one.values) == [["a", "n5"], ["5", "0"]]


def test_mistakes_are_told_apart_beside_a_large_diagonal() -> None:
    one = matrix(off_diagonal=True)
    assert steps(one, one.values) == [["d9", "a", "2"], ["0", "da", "6"], ["1", "0", "da"]]
    flat = steps(matrix(), one.values)
    assert flat[0][1:] == ["1", "1"]


def test_an_undefined_cell_says_so_and_is_no_zero() -> None:
    html = drawn(matrix([[np.nan, 0.0], [1.0, np.nan]]))
    assert cells(html) == [("x", "–"), ("0", "0"), ("a", "1"), ("x", "–")]


def test_shares_have_two_decimals_and_no_negative_zero() -> None:
    html = drawn(matrix([[1.0, -0.001], [0.123, -0.456]]))
    assert [text for _, text in cells(html)] == ["1.00", "0.00", "0.12", "−0.46"]


def test_long_names_have_a_title_and_many_columns_stand_upright() -> None:
    long = "a name that is longer than its room"
    assert f'title="{long}"' in drawn(matrix(rows=(long, "b", "c")))
    assert "dlviz-upright" in drawn(matrix(np.zeros((2, 16))))
    assert "dlviz-upright" not in drawn(matrix())


def test_beyond_thirty_columns_color_stands_alone_with_the_largest_in_words() -> None:
    values = np.arange(31 * 31.0).reshape(31, 31)
    html = drawn(matrix(values))
    assert not any(text for _, text in cells(html))
    assert 'title="c0 × c1: 1"' in html
    assert "Largest values" in html
    assert re.search(r'<th scope="row">c30</th><td>c30</td><td>960</td>', html)
    assert "Largest values" not in drawn(matrix(np.zeros((30, 30))))


def test_a_huge_matrix_is_cut_and_that_is_said() -> None:
    html = drawn(matrix(np.zeros((2, 10_000))))
    assert len(cells(html)) == 2 * MOST
    assert "The first 2 of 2 rows and 100 of 10,000 columns are shown." in html


def test_views_have_steps_texts_and_scales_of_their_own() -> None:
    share = CONFUSION / CONFUSION.sum(axis=1, keepdims=True)
    one = matrix(views=(("share of row", share, ()),), view="count", off_diagonal=True)
    told = json.loads(matrix_context(Figure("a", "A", "", one))["spec"])  # type: ignore[arg-type]
    (view,) = told["views"]
    assert view["name"] == "share of row"
    assert view["texts"][0] == ["0.90", "0.08", "0.02"]
    assert view["steps"] == "Ja20K610K"
    assert view["ramps"][0] == ["0", "0.08"]
    assert '<button type="button" data-view="1"' in drawn(one)


def test_the_sentence_tells_the_largest_mistakes() -> None:
    one = matrix(rows=NAMES, columns=NAMES, off_diagonal=True)
    assert sentence(one) == "3 rows by 3 columns; largest off the diagonal: cat, dog: 8; dog, fox: 5; cat, fox: 2."
    assert sentence(matrix(np.full((2, 2), np.nan))) == "2 rows by 2 columns, no value is defined."


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (1, 1), (2, 5)])
@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, -1.7e308, 5e-324])
def test_no_values_break_it(shape: tuple[int, int], value: float) -> None:
    for options in ({}, {"diverging": True}, {"off_diagonal": True}):
        assert len(cells(drawn(matrix(np.full(shape, value), **options)))) == shape[0] * shape[1]


def test_what_strangers_wrote_is_only_text() -> None:
    evil = '<img src=x onerror="fire()">'
    names = (evil, *(f"n{i}" for i in range(31)))
    html = drawn(matrix(np.zeros((32, 32)), rows=names, columns=names, row_label=evil, column_label=evil))
    assert "<img" not in html
    assert 'onerror="' not in html
