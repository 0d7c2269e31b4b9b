"""What lies in the folder: saved models, and the files every number comes from."""

from __future__ import annotations

from dlviz_docs import words
from dlviz_docs.model import Experiment
from dlviz_docs.renderers.overview.tabular import table, value
from dlviz_docs.view import Cell, Column, Figure

__all__ = ["checkpoints", "files"]


def checkpoints(experiment: Experiment) -> Figure | None:
    """Saved models, by their names."""
    found = [(run, a) for run in experiment.runs for a in run.artifacts if a.kind == "checkpoint"]
    columns = [
        (Column("Checkpoint"), [Cell(artifact.path) for _, artifact in found]),
        (Column("Run"), [Cell(run.name, color=run.color) for run, _ in found]),
        (Column("Epoch", True), [value(artifact.epoch) for _, artifact in found]),
        (Column("Step", True), [value(artifact.step) for _, artifact in found]),
        (Column("Score", True, "From the file's name"), [value(artifact.score) for _, artifact in found]),
        (Column("Size", True), [Cell(words.size(artifact.size), artifact.size) for _, artifact in found]),
    ]
    caption = "Saved models beside the logs: listed, not opened, not published."
    return table("checkpoints", "Checkpoints", caption, "Checkpoints", columns)


def files(experiment: Experiment) -> Figure | None:
    """Where every number comes from."""
    found = list({source.path: source for run in experiment.runs for source in run.sources}.values())
    columns = [
        (Column("File"), [Cell(source.path) for source in found]),
        (Column("Written by"), [Cell(source.writer or source.reader) for source in found]),
        (Column("Read as"), [Cell(source.reader) for source in found]),
        (Column("Size", True), [Cell(words.size(source.size), source.size) for source in found]),
        (Column("Modified", True), [Cell(words.date(source.modified, time=True), source.modified) for source in found]),
    ]
    return table("files", "Files", "Every number on these pages was read from these files.", "Files", columns)
