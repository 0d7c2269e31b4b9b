"""ONNX: the graph of operations, its attributes and shapes, and where its weights lie. Neither ONNX nor a runtime is
needed, and nothing of the file is run.
"""

from __future__ import annotations

import os
from pathlib import Path

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Problem
from dlviz_docs.readers._wire import WireError
from dlviz_docs.readers.networks._onnx_parse import Parser
from dlviz_docs.readers.networks._onnx_types import (
    Attribute,
    Long,
    OnnxFunction,
    OnnxGraph,
    OnnxModel,
    OnnxNode,
    OnnxSparse,
    OnnxValue,
    Refers,
)
from dlviz_docs.readers.networks._outside import Outside
from dlviz_docs.readers.networks._pages import CutOff, Pages, TooMuch
from dlviz_docs.readers.networks._private import public

__all__ = [
    "Attribute",
    "Long",
    "OnnxFunction",
    "OnnxGraph",
    "OnnxModel",
    "OnnxNode",
    "OnnxSparse",
    "OnnxValue",
    "Refers",
    "read_onnx",
]

_AGAIN = "Export the model again."
_COPY = "Copy the file again, or export the model again."
_FACTS = {"ir": "IR version", "version": "model version", "graph": "graph name"}
_MOST_METADATA = 60


def read_onnx(path: Path, root: Path) -> OnnxModel:
    """The model; ReadError where there is none. What stands before damage is kept, and a problem says what was lost."""
    relative = path.relative_to(root).as_posix()
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        parser = Parser(Pages(file, size), Outside(path))
        problems: list[Problem] = []
        try:
            parser.model()
        except WireError as error:
            problems.append(_damage(relative, error))
    graph = parser.graph.frozen()
    if not (graph.nodes or graph.initialisers or graph.outputs):
        what = "is empty" if not size else problems[0].what if problems else "holds no ONNX model"
        raise ReadError(what, problems[0].remedy if problems else _AGAIN)
    problems += _unread(relative, graph)
    return OnnxModel(relative, graph, parser.opsets, tuple(parser.functions), _facts(parser), tuple(problems))


def _damage(relative: str, error: WireError) -> Problem:
    """What a reader stumbled over, by who is to blame."""
    if isinstance(error, CutOff):
        return Problem("damaged", relative, f"breaks off {error}", _COPY)
    if isinstance(error, TooMuch):
        return Problem("damaged", relative, f"cannot be read to its end: {error}", _AGAIN)
    return Problem("damaged", relative, f"is damaged: {error}", _COPY)


def _facts(parser: Parser) -> dict[str, str]:
    """What the file says of itself, without what is private."""
    texts = dict(parser.texts)
    texts["producer"] = " ".join(filter(None, (texts.get("producer", ""), texts.pop("producer version", ""))))
    told = {_FACTS.get(name, name): text for name, text in texts.items() if text and text != "0"}
    sets = {f"opset {domain or 'ai.onnx'}": str(version) for domain, version in parser.opsets.items()}
    return public({**told, **sets, **dict(list(parser.metadata.items())[:_MOST_METADATA])})


def _unread(relative: str, graph: OnnxGraph) -> list[Problem]:
    """One notice for each reason why weights cannot be had."""
    reasons: dict[str, list[str]] = {}
    for stored in graph.initialisers.values():
        if stored.why_not:
            reasons.setdefault(stored.why_not, []).append(stored.name)
    return [
        Problem("weights", relative, f"{why} ({len(names)} of {len(graph.initialisers)}, such as {names[0]!r})", _AGAIN)
        for why, names in reasons.items()
    ]
