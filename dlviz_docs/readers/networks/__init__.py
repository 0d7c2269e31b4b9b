"""Models: what is in their files, how their layers connect, and which files are of one model.

`plan` goes by names, `read` opens the files. Nothing is unpickled, imported, run or mapped.
"""

from __future__ import annotations

from dlviz_docs.readers.networks._types import Found, Limits, Plan, Planned
from dlviz_docs.readers.networks.assemble import read
from dlviz_docs.readers.networks.plan import plan

__all__ = ["Found", "Limits", "Plan", "Planned", "plan", "read"]
