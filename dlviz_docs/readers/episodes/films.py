"""Films as they are: never decoded, copied when they are small enough and begin like films."""

from __future__ import annotations

from pathlib import Path

__all__ = ["film"]

_WEBM = b"\x1a\x45\xdf\xa3"


def film(path: Path, limit: int) -> bytes | None:
    """The file; None where it is larger than `limit` bytes, gone, or no MP4 or WebM by its first bytes."""
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError:
        return None
    is_film = content[4:8] == b"ftyp" or content.startswith(_WEBM)
    return content if is_film and len(content) <= limit else None
