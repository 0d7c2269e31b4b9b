"""What is odd about weights: not finite, switched off, never trained, empty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlviz_docs import words
from dlviz_docs.insights.data_words import does
from dlviz_docs.insights.model_words import amount, layer, layers, share
from dlviz_docs.model import Insight, Severity
from dlviz_docs.stats.weights import DEAD

__all__ = [
    "Off",
    "constant_sentence",
    "dead_sentence",
    "nonfinite_sentence",
    "silent_sentence",
    "sparse_sentence",
    "untrained_sentence",
]

MANY_DEAD = 0.05
"""Share of a model's channels from which on dead ones are a warning."""
SPARSE = 0.2
"""Share of exact zeros from which on weights are called sparse."""


@dataclass(frozen=True, slots=True)
class Off:
    """Channels of one layer that do nothing."""

    path: str
    off: int
    of: int


def nonfinite_sentence(
    found: Sequence[tuple[str, int, int]], total: int, figure: str, *, of_model: bool = True
) -> Iterator[Insight]:
    """Tensors with NaN or infinite elements: name, how many of each; `total` is the number of tensors looked at. Not of
    the model are those of the optimizer's state alone.
    """
    if not found:
        return
    nan, infinite = sum(nans for _, nans, _ in found), sum(others for _, _, others in found)
    parts = (f"{nan:,} NaN" if nan else "", words.count(infinite, "infinite value") if infinite else "")
    what = " and ".join(filter(None, parts))
    among = f"{len(found):,} of {total:,} tensors" if len(found) < total else f"all {total:,} tensors"
    among = "its only tensor" if total == 1 else among
    then = "such a model answers with NaN" if of_model else "training cannot go on from there"
    text = f"{what} in {among}, {layers([name for name, _, _ in found])}: {then}."
    values = {"nan": float(nan), "infinite": float(infinite), "tensors": float(len(found))}
    yield Insight(kind="weights-not-finite", severity="serious", text=text, figure=figure, values=values)


def dead_sentence(found: Sequence[Off], what: str, looked_at: int, figure: str) -> Iterator[Insight]:
    """Channels switched off by their scale, or filters of nearly nothing; `looked_at` are all of the model."""
    off = sum(one.off for one in found)
    if not off:
        return
    worst = max(found, key=lambda one: (one.off / one.of, one.off))
    if len(found) == 1:
        text = f"{off:,} of {worst.of:,} {what}s of {layer(worst.path)} {does(off, 'are')} off"
    else:
        text = f"{off:,} of {looked_at:,} {what}s ({share(off, looked_at)}) in {len(found):,} layers are off, most in "
        text += f"{layer(worst.path)} ({worst.off:,} of {worst.of:,})"
    size = "scale of their normalisation" if what == "channel" else "norm of their weights"
    severity: Severity = "warning" if off >= MANY_DEAD * looked_at else "info"
    yield Insight(
        kind="dead-channels" if what == "channel" else "dead-filters",
        severity=severity,
        text=f"{text}: the {size} is below {DEAD:g} of their layer's median.",
        figure=figure,
        values={"off": float(off), "of": float(looked_at), "threshold": DEAD},
    )


def silent_sentence(found: Sequence[Off], looked_at: int, figure: str) -> Iterator[Insight]:
    """Channels whose input never varied while normalisation kept count."""
    off = sum(one.off for one in found)
    if not off:
        return
    worst = max(found, key=lambda one: (one.off / one.of, one.off))
    text = (
        f"{off:,} of {looked_at:,} channels ({share(off, looked_at)}) hardly varied in training: their running "
        f"variance is below {DEAD:g} of their layer's median. Most of a layer: {worst.off:,} of {worst.of:,} in "
        f"{layer(worst.path)}."
    )
    values = {"off": float(off), "of": float(looked_at), "threshold": DEAD}
    yield Insight(kind="silent-channels", severity="info", text=text, figure=figure, values=values)


def constant_sentence(
    zero: Sequence[str], equal: Sequence[str], figure: str, *, between: bool = True
) -> Iterator[Insight]:
    """Weights of two axes or more that are all zero, or all one number. `between` says whether those of zero all stand
    between what comes in and what goes out, which tables of positions do not.
    """
    if zero:
        adapters = all(".lora_b" in name.lower() or "lora_up" in name.lower() for name in zero)
        why = ": nothing that comes in reaches the output" if between else ""
        why = ": an adapter begins there: it has learnt nothing" if adapters else why
        text = f"All weights of {layers(zero)} are zero{why}."
        values = {"tensors": float(len(zero))}
        yield Insight(kind="weights-zero", severity="warning", text=text, figure=figure, values=values)
    if equal:
        text = f"All weights of {layers(equal)} are one number: every unit computes the same."
        values = {"tensors": float(len(equal))}
        yield Insight(kind="weights-constant", severity="warning", text=text, figure=figure, values=values)


def untrained_sentence(fresh: int, of: int, figure: str) -> Iterator[Insight]:
    """Layers of normalisation whose running mean is all 0 and variance all 1, as before any batch."""
    if not fresh:
        return
    of_all = f"All {of:,}" if fresh == of else f"{fresh:,} of {of:,}"
    which = "The only layer" if of == 1 else f"{of_all} layers"
    text = (
        f"{which} of batch normalisation {does(fresh, 'have')} a running mean of 0 and a variance of 1: "
        f"{'it has' if fresh == 1 else 'they have'} seen no batch in training mode."
    )
    values = {"layers": float(fresh)}
    yield Insight(kind="statistics-unused", severity="warning", text=text, figure=figure, values=values)


def sparse_sentence(zeros: int, total: int, most: Sequence[tuple[str, float]], figure: str) -> Iterator[Insight]:
    """Matrices with many exact zeros; `most` are the emptiest layers with their share."""
    if not total or zeros < SPARSE * total:
        return
    path, part = max(most, key=lambda one: one[1])
    text = (
        f"{share(zeros, total)} of the weights of matrices and filters are exactly zero ({amount(zeros, 'B')}), most "
        f"in {layer(path)} ({share(part, 1.0)}): as after pruning."
    )
    values = {"share": zeros / total, "threshold": SPARSE}
    yield Insight(kind="weights-sparse", severity="info", text=text, figure=figure, values=values)
