"""Numbers in, numbers out: one method a module, each with its source. Knows NumPy and nothing of ours."""

from __future__ import annotations

__all__: list[str] = []
