"""What a training script may call to leave a fuller folder behind: its data, its model, what it predicts and does.

    from dlviz_docs import record

    record.dataset("runs/a/data", "train", images=x_train, label=y_train, classes=names)
    record.predictions("runs/a", truth=y_test, probabilities=p, classes=names)
    record.model("runs/a", network, x_test[:2], epoch=10)
    env = record.EpisodeRecorder(env, "runs/a/episodes", step=20_000, agent=action_values)

Plain NPZ, COCO, JSON lines and PyTorch's export, which everything else reads, too. Nothing here is needed: whoever
writes such files by other means gets the same pages.
"""

from __future__ import annotations

from dlviz_docs.record.arrays import dataset, predictions
from dlviz_docs.record.episodes import EpisodeRecorder
from dlviz_docs.record.grids import value_map
from dlviz_docs.record.network import model
from dlviz_docs.record.objects import Objects, detections, ground_truth, texts

__all__ = [
    "EpisodeRecorder",
    "Objects",
    "dataset",
    "detections",
    "ground_truth",
    "model",
    "predictions",
    "texts",
    "value_map",
]
