"""What an agent decides by, as a rule of a few words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlviz_docs import words
from dlviz_docs.insights.data_words import less_than_one, quoted
from dlviz_docs.model import Insight

__all__ = ["bounded", "rule", "rule_sentence", "sure"]


def rule(actions: Sequence[str], cases: Sequence[tuple[int, Sequence[str]]]) -> str:
    """ "push right if pole speed > 0.02 and cart position ≤ 1, or if pole angle > 0.1; otherwise push left".

    `cases` are the action and all that holds of the steps it is taken in. The action of most cases is the other one.
    """
    found: dict[int, list[str]] = {}
    for action, conditions in cases:
        found.setdefault(action, []).append(" and ".join(conditions))
    other = max(found, key=lambda action: len(found[action]))
    told = [f"{actions[action]} if {', or if '.join(ifs)}" for action, ifs in found.items() if action != other]
    return "; ".join([*told, f"otherwise {actions[other]}"]) if told else f"always {actions[other]}"


def bounded(name: str, low: float, high: float, *, whole: bool) -> str:
    """ "pole speed > 0.02", "0 < x ≤ 1"; of whole numbers, whose bounds lie midway, "column ≥ 3", "row 1 to 4"."""
    if whole:
        first, last = (words.number(end) for end in (low + 0.5, high - 0.5))
        if low == -float("inf"):
            return f"{name} ≤ {last}"
        if high == float("inf"):
            return f"{name} ≥ {first}"
        return f"{name} is {first}" if first == last else f"{name} is {first} to {last}"
    first, last = (words.number(float(f"{end:.6g}")) for end in (low, high))
    if low == -float("inf"):
        return f"{name} ≤ {last}"
    return f"{name} > {first}" if high == float("inf") else f"{first} < {name} ≤ {last}"


def sure(share: float, interval: tuple[float, float] | None) -> str:
    """ "0.93 [0.9, 0.96]", or without the interval where there is none."""
    ends = f" [{', '.join(less_than_one(end) for end in interval)}]" if interval else ""
    return f"{less_than_one(share)}{ends}"


def rule_sentence(
    who: str,
    when: str,
    told: str,
    measured: tuple[float, tuple[float, float] | None],
    same: tuple[str, float],
    unit: str,
    steps: int,
    figure: str,
) -> Iterator[Insight]:
    """The rule, and in which share of `unit` ("held-out episodes") it does what the agent did, with its interval,
    beside the share of the action that it takes most."""
    (fidelity, _), (action, share) = measured, same
    of = f" of {who}" if who else ""
    text = (
        f"Rule{of}{when} (fidelity {sure(*measured)} on {unit}; {less_than_one(share)} for always "
        f"{quoted(action)}): {told}."
    )
    values = {"fidelity": fidelity, "most_frequent": share, "steps": float(steps)}
    yield Insight(kind="decision-rule", severity="info", text=text, figure=figure, values=values)
