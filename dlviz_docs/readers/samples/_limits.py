"""How much is read of one file."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may take; beyond it, the first part is read, and said to be a part."""

    max_bytes: int = 2_000_000_000
    """Of a file, and of the arrays that are unpacked from it."""
    max_json_bytes: int = 500_000_000
    """Of JSON, which takes some ten times its size while it is read."""
    max_rows: int = 5_000_000
    max_columns: int = 10_000
