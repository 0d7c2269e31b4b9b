"""Data sets and predictions: which files of an experiment hold them, and what is in them.

`plan` goes by names and first bytes, `read` opens the files. Nothing is unpickled, and no file of an array is mapped.
"""

from __future__ import annotations

from dlviz_docs.readers.samples._limits import Limits
from dlviz_docs.readers.samples._types import DataEntry, Found, PictureFolder, Plan, Planned, ResultEntry
from dlviz_docs.readers.samples.assemble import read
from dlviz_docs.readers.samples.plan import plan

__all__ = ["DataEntry", "Found", "Limits", "PictureFolder", "Plan", "Planned", "ResultEntry", "plan", "read"]
