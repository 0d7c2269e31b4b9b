"""What must run a model: its answers, maps of what they rest on, and how far these can be believed.

    found = probe(Job(PictureInput(pictures), model=path, root=folder, truth=labels))

A model runs from a file whose graph our own executors understand (`.pt2`, ONNX: allowed operators, called one by one),
or from a factory that the user named. The only room that imports torch, and only when something runs.
"""

from __future__ import annotations

from dlviz_docs.probes.inputs import prepared_from
from dlviz_docs.probes.job import METHODS, Factory, Job, PictureInput, TableInput, TextInput, content_key
from dlviz_docs.probes.probe import probe
from dlviz_docs.probes.runnable import Limits

__all__ = [
    "METHODS",
    "Factory",
    "Job",
    "Limits",
    "PictureInput",
    "TableInput",
    "TextInput",
    "content_key",
    "prepared_from",
    "probe",
]
