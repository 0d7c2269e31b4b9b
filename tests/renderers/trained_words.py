"""An embedding that was trained on text which every machine has that tests run on: docstrings of NumPy."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["trained"]

_WINDOW, _WIDTH, _MOST = 4, 48, 600


def _sentences() -> list[list[str]]:
    folder = Path(np.__file__).parent
    paths = [*sorted(folder.glob("lib/*.py")), *sorted(folder.glob("ma/*.py"))]
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    told = [ast.get_docstring(node) for node in nodes if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)]
    return [re.findall(r"[a-z]+", text.lower()) for text in told if text]


@cache
def trained() -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Words by how often they come, and their vectors: positive pointwise mutual information of words that stand near
    each other, on its first components (Levy and Goldberg, "Neural word embedding as implicit matrix factorization",
    NIPS 2014)."""
    texts = _sentences()
    counts = Counter(word for text in texts for word in text if len(word) > 1)
    words = tuple(word for word, _ in counts.most_common(_MOST))
    number = {word: place for place, word in enumerate(words)}
    together = np.zeros((len(words), len(words)))
    for text in texts:
        places = [number.get(word, -1) for word in text]
        for at, one in enumerate(places):
            for other in places[max(at - _WINDOW, 0) : at]:
                if one >= 0 and other >= 0:
                    together[one, other] += 1
                    together[other, one] += 1
    share = together / together.sum()
    expected = share.sum(0, keepdims=True) ** 0.75 * share.sum(1, keepdims=True)
    expected *= share.sum() / expected.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        information = np.nan_to_num(np.maximum(np.log(share / expected), 0), posinf=0, neginf=0)
    left, values, _ = np.linalg.svd(information)
    return words, (left[:, :_WIDTH] * np.sqrt(values[:_WIDTH])).astype(np.float32)
