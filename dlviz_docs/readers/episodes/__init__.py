"""What agents did: which files of an experiment hold episodes, and what is in them.

`plan` goes by names and headers, `read` opens the files. Nothing is unpickled, no film is decoded, and of many episodes
some are read: chosen at random with a fixed seed, so that what they say of all is not biased.
"""

from __future__ import annotations

from dlviz_docs.readers.episodes._types import Found, Limits, Plan, Planned
from dlviz_docs.readers.episodes.assemble import read
from dlviz_docs.readers.episodes.plan import plan

__all__ = ["Found", "Limits", "Plan", "Planned", "plan", "read"]
