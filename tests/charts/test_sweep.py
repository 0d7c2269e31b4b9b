from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from dlviz_docs.charts.sweep import as_plot, sweep_context
from dlviz_docs.compose.templating import render
from dlviz_docs.view import Figure, Sweep

AT = np.linspace(0, 1, 101)
PRECISION = np.where(AT < 1, 0.5 + AT / 2, np.nan)


def sweep(**options: Any) -> Sweep:
    told: dict[str, Any] = {
        "label": "confidence",
        "thresholds": AT,
        "curves": {"precision": PRECISION, "recall": 1 - AT},
        "counts": {"true positives": np.rint(1000 * (1 - AT))},
        "start": 25,
        "marks": (("best F1", 40), ("lost", 999)),
    }
    return Sweep(**{**told, **options})


def drawn(one: Sweep) -> str:
    return str(render("figures/sweep.html.j2", **sweep_context(Figure("sweep-a", "A", "Seen.", one))))


def test_without_a_script_the_numbers_are_those_of_the_start() -> None:
    html = drawn(sweep())
    assert re.findall(r"</i>(\w+)</th><td>([^<]+)", html) == [("precision", "0.625"), ("recall", "0.750")]
    assert re.search(r"true positives</th><td>750<", html)
    assert re.search(r"<output[^>]*>0.25</output>", html)
    assert 'value="25"' in html
    assert 'max="100"' in html


def test_a_cursor_stands_on_every_curve() -> None:
    root = ElementTree.fromstring(str(sweep_context(Figure("a", "A", "", sweep()))["svg"]))
    (cursor,) = [node for node in root.iter("g") if node.get("class") == "dlviz-cursor"]
    assert cursor[0].attrib["x1"] == "25%"
    assert [(dot.get("cx"), dot.get("cy")) for dot in cursor[1:]] == [("25%", "37.5%"), ("25%", "25%")]


def test_a_value_that_is_not_defined_is_no_zero() -> None:
    html = drawn(sweep(start=100))
    assert re.findall(r"</i>(\w+)</th><td>([^<]+)", html) == [("precision", "–"), ("recall", "0.000")]
    assert html.count('visibility="hidden"') == 1


def test_only_thresholds_that_there_are_get_a_button() -> None:
    assert re.findall(r'data-place="(\d+)" disabled>([\w ]+) <b>([^<]+)', drawn(sweep())) == [("40", "best F1", "0.40")]


def test_the_script_has_every_threshold() -> None:
    told = json.loads(str(sweep_context(Figure("a", "A", "", sweep()))["spec"]))
    assert told["thresholds"]["n"] == 101
    assert [name for name, _ in told["curves"]] == ["precision", "recall"]
    assert told["counts"][0][1] == [1000 - 10 * i for i in range(101)]
    assert told["decimals"] == 2


def test_curves_run_over_the_whole_axis() -> None:
    plot = as_plot(sweep())
    assert (plot.x.low, plot.x.high, plot.y.low, plot.y.high) == (0, 1, 0, 1)
    assert [layer.color for layer in plot.layers] == [0, 1]


@pytest.mark.parametrize("n", [0, 1, 2])
@pytest.mark.parametrize("start", [-5, 0, 999])
def test_few_thresholds_and_a_start_outside_break_nothing(n: int, start: int) -> None:
    html = drawn(sweep(thresholds=AT[:n], curves={"a": AT[:n]}, counts={"b": AT[:n]}, start=start, marks=()))
    assert ("–" in html) == (n == 0)


def test_what_strangers_wrote_is_only_text() -> None:
    evil = '<img src=x onerror="fire()">'
    html = drawn(sweep(label=evil, curves={evil: PRECISION}, counts={evil: AT}, marks=((evil, 3),)))
    assert "<img" not in html
    assert 'onerror="' not in html
