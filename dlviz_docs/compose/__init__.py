"""Sections to pages: the only room that knows Jinja.

Templates see plain values. Whatever they print passes through `html.text`, so none can forget to encode.
"""

from __future__ import annotations

from dlviz_docs.compose.experiment import compose_experiment
from dlviz_docs.compose.index import compose_index, index_entry
from dlviz_docs.compose.outline import outline

__all__ = ["compose_experiment", "compose_index", "index_entry", "outline"]
