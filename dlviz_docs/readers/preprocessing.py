"""How a model of pictures wants them, as Hugging Face leaves it beside the weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._json import load
from dlviz_docs.readers._text import read_text

__all__ = ["CONFIG", "read_preprocessing"]

CONFIG = "preprocessor_config.json"
LONGEST = 1 << 20
"""Bytes; a real one has some hundreds."""


def read_preprocessing(path: Path) -> Mapping[str, object] | None:
    """The file's keys; None where it is not there or holds something else, and somebody else has to say."""
    try:
        found = load(read_text(path, LONGEST)[0]) if path.is_file() else None
    except (ReadError, OSError):
        return None
    return {str(key): value for key, value in found.items()} if isinstance(found, Mapping) else None
