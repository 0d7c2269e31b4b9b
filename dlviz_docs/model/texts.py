"""What models of texts take, by the names that their inputs have nearly everywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dlviz_docs.model.networks import Port

__all__ = ["MAIN", "aside_of", "tokens_port"]

MAIN = frozenset({"input_ids", "tokens", "token_ids", "ids", "input", "inputs", "x", "text", "texts", "src"})
"""Names of the input that takes numbers of tokens."""
_ASIDE = (
    ("padding", re.compile(r"(^|_)(padding_mask|key_padding_mask|pad_mask)$")),
    ("mask", re.compile(r"(^|_)(attention_mask|input_mask|token_mask|mask)$")),
    ("zeros", re.compile(r"(^|_)(token_type_ids|segment_ids|token_types|segments)$")),
    ("places", re.compile(r"(^|_)(position_ids|positions)$")),
    ("lengths", re.compile(r"(^|_)(lengths?|seq_lens?|text_lengths?)$")),
)


def aside_of(name: str) -> str:
    """What an input beside the tokens holds: "mask", "padding", "zeros", "places" or "lengths"; "" for any other."""
    return next((what for what, pattern in _ASIDE if pattern.search(name)), "")


def tokens_port(ports: Sequence[Port]) -> Port | None:
    """The input of a model of texts that takes numbers of tokens, shape (texts, tokens); None where it has none."""
    found = [port for port in ports if not aside_of(port.name)]
    named = [port for port in found if port.name in MAIN]
    lone = named if len(named) == 1 else found
    if len(lone) != 1:
        return None
    (port,) = lone
    return port if port.dtype.startswith("int") and len(port.shape) == 2 else None
