"""Models: what is in their files, how their layers connect, and which files are of one model."""

from __future__ import annotations

__all__: list[str] = []
