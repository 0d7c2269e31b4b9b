"""What names of files and folders say: the split, what stands in them, and what is left of the name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Literal, TypeAlias

from dlviz_docs.names import SPLITS

__all__ = [
    "DATA_FOLDERS",
    "DATA_STEMS",
    "RESULT_FOLDERS",
    "NameParts",
    "Role",
    "is_result_name",
    "parts_of",
    "split_of_path",
    "split_order",
    "words_of",
]

Role: TypeAlias = Literal["truth", "predicted", "probabilities", "ids", "embeddings", "features", ""]

DATA_FOLDERS = frozenset({"data", "dataset", "datasets", "raw", "processed", "interim", "splits", "input", "inputs"})
"""Folders whose tables are data sets."""
DATA_STEMS = frozenset({"data", "dataset", "full", "all", "samples"})
"""Names of a lone table that is one."""
RESULT_FOLDERS = frozenset(
    {"eval", "evaluation", "evals", "results", "result", "outputs", "output", "predictions", "preds", "inference"}
)
_RESULT_STEM = re.compile(
    r"(^|[_\-. ])(predictions?|preds?|predicted|outputs?|results?|submission|inference|generations?)($|[_\-. ])|^eval"
)

_SPLIT_WORDS = {word: split for word, split in SPLITS.items() if word not in ("eval", "evaluation", "tr")} | {
    "holdout": "holdout",
    "heldout": "holdout",
    "ood": "ood",
    "unlabeled": "unlabeled",
    "unlabelled": "unlabeled",
    "te": "test",
    "tr": "train",
    "va": "val",
}
_SHORT = frozenset({"te", "tr", "va"})
"""Splits only beside a word for what is in the file: "X_tr.npy"."""

_PREDICTED = frozenset(
    {"pred", "preds", "prediction", "predictions", "predicted", "yhat", "argmax", "hypotheses", "hyps"}
)
_LABEL = frozenset({"label", "labels", "class", "classes", "argmax"})
_PROBABILITY = frozenset(
    {"prob", "probs", "proba", "probas", "probability", "probabilities", "pyx", "psx", "scores", "softmax", "logit"}
    | {"logits", "confidences", "posterior", "posteriors"}
)
_IDS = frozenset({"id", "ids", "idx", "index", "indices", "filenames", "paths"})
_EMBEDDING = frozenset({"embedding", "embeddings", "embeds", "emb", "latents", "feats"})
_TRUTH = frozenset(
    {"label", "labels", "target", "targets", "y", "gt", "truth", "true", "groundtruth", "gold", "actual", "ytrue"}
    | {"reference", "references", "refs"}
)
_FEATURES = frozenset({"x", "images", "data", "features", "inputs", "signals", "tokens"})
_OF_TOKENS = frozenset({"input", "token"})
_FILLERS = frozenset(
    {"original", "given", "noisy", "hat", "ground", "all", "out", "score", "of", "the", "array", "set"}
)
"""Words that may stand beside a role and say nothing about what is in the file."""
_WORDS = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+|[^\W\d_]+")
_JOINED = re.compile(r"(?i)^y(true|pred|hat|test|train|val|prob|proba|score)$")


@dataclass(frozen=True, slots=True)
class NameParts:
    """One name taken apart."""

    role: Role
    split: str
    rest: tuple[str, ...]
    """Words that say neither."""


_LOOKED_AT = 1_000
"""Characters of a name; a cell of 100 MB may be called to be one."""


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """ "XTrain_v2" is x, train, v2; "cifar10" stays whole; "yTrue" is y, true."""
    words: list[str] = []
    for piece in re.split(r"[^0-9A-Za-z]+", name[:_LOOKED_AT]):
        if match := _JOINED.match(piece):
            words += ["y", match[1].lower()]
        else:
            words += [word.lower() for word in _WORDS.findall(piece)]
    return tuple(words)


@lru_cache(maxsize=4096)
def parts_of(name: str) -> NameParts:
    """Role, split and rest of a file's stem, a folder's name or a key of an archive."""
    words = words_of(name)
    if "ids" in words and not _OF_TOKENS.isdisjoint(words):  # "input_ids" name no rows
        words = tuple("tokens" if word == "ids" else word for word in words if word not in _OF_TOKENS)
    role = _role(frozenset(words))
    split, rest = "", []
    for word in words:
        if not split and word in _SPLIT_WORDS and (role or word not in _SHORT):
            split = _SPLIT_WORDS[word]
        elif not (role and _is_of_role(word)):
            rest.append(word)
    return NameParts(role, split, tuple(rest))


def _role(words: frozenset[str]) -> Role:
    predicted = bool(words & _PREDICTED) or {"y", "hat"} <= words
    if predicted and words & _LABEL:
        return "predicted"
    if words & _PROBABILITY or {"y", "score"} <= words:
        return "probabilities"
    if predicted:
        return "predicted"
    if words & _IDS:
        return "ids"
    if words & _EMBEDDING:
        return "embeddings"
    if words & _TRUTH:
        return "truth"
    return "features" if words & _FEATURES else ""


_OF_ROLES = _PREDICTED | _LABEL | _PROBABILITY | _IDS | _EMBEDDING | _TRUTH | _FEATURES | _FILLERS


def _is_of_role(word: str) -> bool:
    return word in _OF_ROLES


def split_of_path(path: str) -> str:
    """Of a file: its own name, or else the nearest folder that names one."""
    pure = PurePosixPath(path)
    for name in (pure.stem, *reversed(pure.parent.parts)):
        if split := parts_of(name).split:
            return split
    return ""


def split_order(split: str) -> tuple[int, str]:
    """Sort key: train, val, test, then others; none last."""
    known = ("train", "val", "test")
    return (known.index(split) if split in known else (3 if split else 4), split)


def is_result_name(stem: str) -> bool:
    """Whether a file of this name holds predictions, as far as a name can tell."""
    return bool(_RESULT_STEM.search(stem.lower()))
