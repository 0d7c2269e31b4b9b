"""What models are called: by their class, or by their files without what changes from one checkpoint to the next."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from dlviz_docs.model import Network
from dlviz_docs.readers.networks._opened import Opened
from dlviz_docs.readers.networks._types import Found

__all__ = ["name_of", "with_names"]

_NO_NAME = frozenset({"", "model", "functional", "sequential", "module", "main_graph", "torch_jit", "graphmodule"})
_NOT_OF_THE_NAME = re.compile(
    r"(?<![a-z0-9])(?=\d*[a-f])[0-9a-f]{7,}(?![a-z0-9])"
    r"|[-_.]\d{5}-of-\d{5}"
    r"|(?<![a-z])(epochs?|ep|steps?|iter(ation)?s?|acc(uracy)?|(val_?)?loss|score)[-_=. ]*\d[\d.]*"
    r"|(?<![a-z])(epochs?|steps?|best|last|final|initial|latest|check_?points?|ckpts?|ema|state_?dict|weights?|"
    r"fp16|fp32|bf16|trained|pretrained)(?![a-z])|[-_.]\d{4,}(?!\d)|\.\d+-\d+(\.\d+)?$",
    re.IGNORECASE,
)
"""Hashes, numbers of shards, moments and scores, words for kinds of files, long numbers, and Keras' ".03-0.47"."""

_ENDING = re.compile(
    r"\.(safetensors|bin|pth?)\.index\.json$|(\.(pth|pt|ckpt))?\.[a-z]\w*(\.json)?$|(\.weights)\.h5$", re.IGNORECASE
)
_OF_CHECKPOINTS = re.compile(r"^(check_?points?([-_]\d+)?|ckpts?|weights|saved_?models?|models?)$", re.IGNORECASE)


def name_of(source: Opened) -> str:
    """What the model is called: its class, or what is left of the file's name without step, epoch and score."""
    if source.hub.architecture:
        return source.hub.architecture
    root = source.modules[0].kind if source.modules and not source.modules[0].inferred else ""
    if root.lower() not in _NO_NAME:
        return root
    stem = _ENDING.sub("", PurePosixPath(source.planned.path).name)
    plain = re.sub(r"[-_. =]+", " ", _NOT_OF_THE_NAME.sub(" ", stem)).strip()
    return "" if plain.lower() in _NO_NAME else plain.replace(" ", "-")


def with_names(networks: Sequence[Network], found: Found) -> Iterator[Network]:
    """Each with a name of its own: that of its run, its format or its file beside it where two are called alike."""
    taken: set[str] = set()
    for network in networks:
        last, folder = network.last, _folder(network, found)
        name = network.name or folder
        options = [name, f"{name} ({folder})", f"{name} ({last.path})"]
        free = next((one for one in options if one not in taken), f"{last.path} ({len(taken)})")
        taken.add(free)
        yield replace(network, name=free)


def _folder(network: Network, found: Found) -> str:
    """The run that a model is of, or the experiment, if it is of several or of none."""
    runs = {slug: folder for folder, slug in found.runs.items()}
    if len({one.run for one in network.checkpoints}) > 1:
        return found.root.name
    if network.last.run in runs:
        return PurePosixPath(runs[network.last.run]).name or found.root.name
    above = (folder.name for folder in PurePosixPath(network.last.path).parents)
    return next((name for name in above if name and not _OF_CHECKPOINTS.match(name)), found.root.name)
