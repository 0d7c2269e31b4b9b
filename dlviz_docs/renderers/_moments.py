"""When checkpoints were written, in words."""

from __future__ import annotations

from collections.abc import Sequence

from dlviz_docs import words
from dlviz_docs.insights.model_words import brief
from dlviz_docs.model import Checkpoint

__all__ = ["moments"]

LABEL = 40


def moments(checkpoints: Sequence[Checkpoint]) -> dict[str, str]:
    """By path: a name for each checkpoint that no other has."""
    told = {one.path: _moment(one) for one in checkpoints}
    names = list(told.values())
    return {path: name if names.count(name) == 1 else brief(path, LABEL) for path, name in told.items()}


def _moment(found: Checkpoint) -> str:
    """ "epoch 10", "step 2,000", or the file's name."""
    if found.epoch is not None:
        return f"epoch {words.number(found.epoch)}"
    if found.step is not None:
        return f"step {words.number(found.step)}"
    return brief(found.path.rpartition("/")[2], LABEL)
