"""What one file of weights holds, in whatever format it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dlviz_docs.model import Module, Problem, Tensor
from dlviz_docs.readers.networks._stored import Stored

__all__ = ["WeightsFile"]


@dataclass(frozen=True, slots=True, eq=False)
class WeightsFile:
    """One file of weights, or the shards of one."""

    path: str
    """Relative to the experiment."""
    format: str
    """As `Checkpoint.format`; "" for a file that is none."""
    size: int
    """Bytes on disk, of all shards."""
    tensors: tuple[Tensor, ...] = ()
    """In the order of the file."""
    stored: Mapping[str, Stored] = field(default_factory=dict)
    """Where each tensor lies, by name."""
    modules: tuple[Module, ...] = ()
    """Of a file that holds modules and not only their state; a block before what is in it."""
    facts: Mapping[str, str] = field(default_factory=dict)
    calls: tuple[str, ...] = ()
    """What loading the file with pickle would import or call beyond PyTorch's own and plain containers."""
    problems: tuple[Problem, ...] = ()
