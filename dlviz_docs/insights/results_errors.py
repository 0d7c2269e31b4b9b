"""What the mistakes of a classifier have in common."""

from __future__ import annotations

from collections.abc import Sequence

from dlviz_docs.insights.results_words import brief, interval, listed, percent, score
from dlviz_docs.model import Insight

__all__ = [
    "confident_and_wrong",
    "confused_pair",
    "label_errors",
    "never_predicted",
    "one_sided",
    "slices",
    "weak_class",
]

LEAST_ERRORS = 20
"""Mistakes from which on shares of them are told."""
PAIR_SHARE = 0.15
"""Lower end of the interval of a pair's share of all mistakes."""
ONE_SIDED = 0.6
"""Lower end of the interval of the share of one kind of mistake, of two."""
WEAK_GAP = 0.1
"""Between a class's recall and that of all rows, beyond both intervals."""
SURE = 0.9
"""Confidence above which a mistake is called confident."""
MORE_THAN_SAID = 1.5
"""Times as many confident mistakes as the probabilities allow for."""
LEAST_SURE = 5
LEAST_OF_CLASS = 10
LABELS_SHARE = 0.01


def confused_pair(truth: str, predicted: str, count: int, errors: int, low: float) -> Insight | None:
    """One cell of the confusion matrix holds much of all mistakes."""
    if errors < LEAST_ERRORS or low < PAIR_SHARE:
        return None
    return Insight(
        "confused-pair",
        "warning",
        f"{percent(count / errors)} of all {errors:,} mistakes are {brief(truth)} → {brief(predicted)}.",
        figure="confusion",
        values={"count": count, "errors": errors, "share": count / errors, "low": low, "low_threshold": PAIR_SHARE},
    )


def mixed_up(first: str, second: str, count: int, errors: int, low: float) -> Insight | None:
    """Two classes that are taken for each other hold much of all mistakes."""
    if errors < LEAST_ERRORS or low < PAIR_SHARE:
        return None
    return Insight(
        "confused-pair",
        "warning",
        f"{percent(count / errors)} of all {errors:,} mistakes are {brief(first)} and {brief(second)} taken for each "
        "other.",
        figure="confusion",
        values={"count": count, "errors": errors, "share": count / errors, "low": low, "low_threshold": PAIR_SHARE},
    )


def one_sided(truth: str, predicted: str, count: int, errors: int, low: float) -> Insight | None:
    """Of two classes, one is taken for the other far more often than the reverse."""
    if errors < LEAST_ERRORS or low < ONE_SIDED:
        return None
    return Insight(
        "one-sided",
        "info",
        f"{percent(count / errors)} of the {errors:,} mistakes are {brief(truth)} taken for {brief(predicted)}; "
        "another threshold would trade them for the other kind.",
        figure="confusion",
        values={"count": count, "errors": errors, "share": count / errors, "low": low, "low_threshold": ONE_SIDED},
    )


def never_predicted(names: Sequence[tuple[str, int]]) -> Insight | None:
    """Classes with rows that are never the answer."""
    found = [(name, n) for name, n in names if n >= LEAST_OF_CLASS]
    if not found:
        return None
    rows = sum(n for _, n in found)
    return Insight(
        "never-predicted",
        "warning",
        f"Never predicted: {listed([name for name, _ in found])}, the truth of {rows:,} rows.",
        figure="classes",
        values={"classes": len(found), "rows": rows, "least_rows": LEAST_OF_CLASS},
    )


def weak_class(
    name: str, recall: tuple[float, float, float], n: int, overall: tuple[float, float, float], often: str
) -> Insight | None:
    """The class that is found least often, where that is clearly below the others."""
    if n < LEAST_ERRORS or recall[2] >= overall[1] or overall[0] - recall[0] < WEAK_GAP:
        return None
    taken = f"; most often taken for {brief(often)}" if often else ""
    return Insight(
        "weak-class",
        "warning",
        f"{brief(name)} is found least: recall {interval(*recall)} (n = {n:,}), {score(overall[0])} over all "
        f"rows{taken}.",
        figure="recall",
        metric="recall",
        values={"recall": recall[0], "high": recall[2], "n": n, "accuracy": overall[0], "gap_threshold": WEAK_GAP},
    )


def confident_and_wrong(count: int, errors: int, sure: int, expected: float, shown: bool) -> Insight | None:
    """Mistakes the model is sure of. `expected` is how many its probabilities allow for."""
    if count < LEAST_SURE or not sure:
        return None
    much = count >= LEAST_ERRORS and count >= MORE_THAN_SAID * expected
    where = "the surest are shown first" if shown else "they are the ones to look at first"
    return Insight(
        "confident-and-wrong",
        "warning" if much else "info",
        f"Confident and wrong: {count:,} of {errors:,} mistakes were made with a probability above {SURE}. That is "
        f"{percent(count / sure)} of all such answers, where the probabilities allow for {percent(expected / sure)}; "
        f"{where}.",
        figure="mistakes" if shown else "confidence",
        values={
            "count": count,
            "errors": errors,
            "sure": sure,
            "expected": expected,
            "confidence": SURE,
            "ratio_threshold": MORE_THAN_SAID,
        },
    )


def label_errors(count: int, n: int, top: tuple[str, str, int]) -> Insight | None:
    """Labels that a model which has not seen them contradicts with confidence."""
    if not count:
        return None
    given, suggested, amount = top
    most = f" Most are {brief(given)} that look like {brief(suggested)} ({amount:,})." if 2 * amount > count else ""
    return Insight(
        "label-errors",
        "warning" if count >= LABELS_SHARE * n else "info",
        f"{count:,} of {n:,} labels may be wrong ({percent(count / n)}).{most} The model may be what is wrong: look "
        "before a label is changed, and do not change those of a test set to suit a model.",
        figure="labels",
        values={"count": count, "n": n, "share_threshold": LABELS_SHARE},
    )


def slices(
    condition: str, inside: float, outside: float, n: int, q: float, others: int, tested: int, effect: float
) -> Insight:
    """Rows that have something in common and fail more often than the rest."""
    more = f" {others:,} more such {'slice is' if others == 1 else 'slices are'} listed." if others else ""
    chance = "q < 0.001" if q < 0.001 else f"q = {q:.2g}"
    return Insight(
        "weak-slice",
        "warning",
        f"{brief(condition, 90)}: accuracy {score(inside)} against {score(outside)} elsewhere (n = {n:,}, {chance} "
        f"over {tested:,} tests).{more}",
        figure="slices",
        metric="accuracy",
        values={"inside": inside, "outside": outside, "n": n, "q": q, "q_threshold": 0.05, "effect_threshold": effect},
    )
