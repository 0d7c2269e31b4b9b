"""What several runs have in common is said once."""

from __future__ import annotations

from collections.abc import Sequence

from dlviz_docs.insights.merging import merge
from dlviz_docs.model import Insight, Run


def insight(kind: str, text: str, **rest: object) -> Insight:
    return Insight(**{"kind": kind, "severity": "warning", "text": text, "metric": "val/loss", **rest})  # type: ignore[arg-type]


def runs(found: Sequence[Sequence[Insight]]) -> list[Run]:
    return [Run(f"seed-{i}", f"seed-{i}", insights=tuple(one)) for i, one in enumerate(found)]


def test_one_run_is_not_named() -> None:
    (told,) = merge(runs([[insight("overfitting", "Overfits.")]]))
    assert told.text == "Overfits."


def test_one_of_several_is_named() -> None:
    (told,) = merge(runs([[], [insight("overfitting", "Overfits.")]]))
    assert told.text == "seed-1: Overfits."


def test_several_become_one_sentence_with_the_earliest() -> None:
    found = [
        [insight("overfitting", f"Overfits from {s}.", step=float(s), run=f"seed-{i}")] for i, s in enumerate((9, 4))
    ]
    (told,) = merge(runs([*found, []]))
    assert told.text == "2 of 3 runs overfit (val/loss). Earliest, seed-1: Overfits from 4."
    assert told.run == "seed-1"
    assert told.values["runs"] == 2


def test_the_same_sentence_is_said_once() -> None:
    (told,) = merge(runs([[insight("schedule", "Learning rate: stays at 1.", severity="info")]] * 2))
    assert told.text == "Both runs: Learning rate: stays at 1."


def test_the_best_of_all_runs_is_named_with_the_range() -> None:
    found = [[insight("best", f"Best is {b}.", values={"best": b}, severity="info")] for b in (0.3, 0.1, 0.2)]
    (told,) = merge(runs(found))
    assert told.text == "seed-1: Best is 0.1. The best values of 3 runs lie between 0.1 and 0.3."


def test_serious_first_then_what_holds_for_most() -> None:
    found = [
        [insight("plateau", "a", severity="info"), insight("nonfinite", "b", severity="serious")],
        [insight("plateau", "a", severity="info"), insight("resumed", "c", severity="info")],
    ]
    assert [told.kind for told in merge(runs(found))] == ["nonfinite", "plateau", "resumed"]
