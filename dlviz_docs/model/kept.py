"""What is left beside a model, so that its pages can be made where it cannot be run."""

from __future__ import annotations

from dataclasses import dataclass

from dlviz_docs.model.networks import Network
from dlviz_docs.model.probes import Probed

__all__ = ["Kept"]


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A model's structure, the statistics of its weights, and what running it on samples showed."""

    key: str
    """Of the model's content, the samples and all options: another key, another result."""
    content: str
    """Hash of the model's file."""
    network: Network
    probed: Probed
