"""How often the sentences are right: precision and recall on labelled curves, printed.

The thresholds were chosen on seed 0. What is asserted is measured on seeds that nobody looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from curves import JUDGED, Case, cases

from dlviz_docs.insights import observe

GUIDE = Path(__file__).parents[2] / "site_templates/docs/insights.md"
HELD_OUT = (101, 102, 103)
"""Floors of precision and recall on the held-out seeds."""
FLOORS = {
    "nonfinite": (1.0, 1.0),
    "divergence": (0.95, 0.95),
    "overfitting": (0.95, 0.9),
    "underfitting": (0.95, 0.95),
    "stopped-early": (0.9, 0.9),
    "plateau": (0.9, 0.9),
    "spikes": (0.95, 0.95),
    "noisy-validation": (0.95, 0.9),
}


@dataclass
class Score:
    """Counts by kind of sentence."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    mistakes: list[str] = field(default_factory=list)
    healthy: int = 0
    silent: int = 0

    def precision(self, kind: str) -> float:
        said = self.right[kind] + self.wrong[kind]
        return self.right[kind] / said if said else 1.0

    def recall(self, kind: str) -> float:
        due = self.right[kind] + self.missed[kind]
        return self.right[kind] / due if due else 1.0

    def table(self) -> str:
        rows = [f"{'kind':18}{'labelled':>9}{'said':>6}{'precision':>11}{'recall':>8}"]
        for kind in JUDGED:
            due, said = self.right[kind] + self.missed[kind], self.right[kind] + self.wrong[kind]
            rows.append(f"{kind:18}{due:>9}{said:>6}{self.precision(kind):>11.3f}{self.recall(kind):>8.3f}")
        rows.append(f"silent on {self.silent} of {self.healthy} healthy runs")
        return "\n".join(rows)

    def guide(self) -> list[str]:
        """The rows of the same table as the guide has them."""
        return [
            f"| `{kind}` | {self.right[kind] + self.missed[kind]} | {self.right[kind] + self.wrong[kind]} "
            f"| {self.precision(kind):.2f} | {self.recall(kind):.2f} |"
            for kind in JUDGED
        ]


def score(labelled: Iterable[Case]) -> Score:
    result = Score()
    for case in labelled:
        said = {insight.kind for insight in observe(case.run)} & set(JUDGED)
        result.right.update(said & case.labels)
        result.wrong.update(wrong := said - case.labels - case.allowed)
        result.missed.update(missed := case.labels - said)
        if wrong or missed:
            result.mistakes.append(f"{case.name}: said {sorted(wrong)}, missed {sorted(missed)}")
        result.healthy += not case.labels
        result.silent += not case.labels and not said - case.allowed
    return result


def test_precision_and_recall_on_unseen_curves(capsys: pytest.CaptureFixture[str]) -> None:
    result = score(case for seed in HELD_OUT for case in cases(seed))
    with capsys.disabled():
        print("\n" + result.table())
    for kind, (precision, recall) in FLOORS.items():
        assert result.precision(kind) >= precision, f"{kind} is said wrongly\n" + "\n".join(result.mistakes)
        assert result.recall(kind) >= recall, f"{kind} is missed\n" + "\n".join(result.mistakes)


def test_the_guide_tells_what_is_measured() -> None:
    result = score(case for seed in HELD_OUT for case in cases(seed))
    text = GUIDE.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("| `") and line.count("|") == 6] == result.guide()
    assert f"{result.silent} of {result.healthy} healthy runs" in text


def test_silent_on_healthy_runs() -> None:
    result = score(case for seed in HELD_OUT for case in cases(seed) if not case.labels)
    assert result.silent >= 0.97 * result.healthy, "\n".join(result.mistakes)


def test_the_set_is_large_and_mostly_not_one_kind() -> None:
    found = list(cases(0))
    assert len(found) >= 120
    assert sum(not case.labels for case in found) >= 60
    assert all(any(kind in case.labels for case in found) for kind in JUDGED)
