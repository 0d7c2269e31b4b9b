"""What a layer, an operation or a block does, in a sentence."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from dlviz_docs import words
from dlviz_docs.insights.layers import describe, describe_operation
from dlviz_docs.insights.model_words import brief
from dlviz_docs.renderers.architecture._known import Known

__all__ = ["contents", "says"]

KINDS = 3
"""Kinds of layers of a block that are counted by name."""


def contents(known: Known) -> dict[str, Counter[str]]:
    """How many layers of each kind are in each block."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for path in known.layers:
        if not known.children.get(path):
            above = known.parents[path]
            while above:
                found[above][known.kind(path) or "layer"] += 1
                above = known.parents[above]
    return dict(found)


def says(
    known: Known, path: str, inside: Mapping[str, Counter[str]] | None = None, shortcuts: Collection[str] = ()
) -> str:
    """With a capital, without a full stop; "" where nothing is known. `shortcuts` end at the nodes so called."""
    node = known.nodes[path]
    held = _held(inside.get(path, Counter())) if inside and known.children.get(path) else ""
    if known.children.get(path) and known.family(path) == "block":
        return held
    step = known.steps.get(path)
    if step is not None and step.settings == node.settings:
        text = describe_operation(step, known.own(path), shortcut=path in shortcuts)
    else:
        text = describe(node, known.own(path))
    return f"{text[:1].upper()}{text[1:]}" or held


def _held(kinds: Counter[str]) -> str:
    """ "9 layers: 4 Conv2d, 4 BatchNorm2d, 1 Linear"."""
    total = sum(kinds.values())
    told = [f"{count:,} {brief(kind, 30)}" for kind, count in kinds.most_common(KINDS)]
    if more := total - sum(count for _, count in kinds.most_common(KINDS)):
        told.append(f"{more:,} more")
    return f"{words.count(total, 'layer')}: {', '.join(told)}" if total else ""
