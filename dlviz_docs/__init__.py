"""Turns a folder of deep-learning experiments into a documentation site that opens from disk."""

from __future__ import annotations

__version__ = "0.1.0"
