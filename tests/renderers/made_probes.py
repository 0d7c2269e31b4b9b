"""A model that was run, made up: maps whose evidence lies where a test wants it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dlviz_docs.model import Checkpoint, Dataset, Experiment, Models, Network, Pictures, Samples
from dlviz_docs.model.probes import (
    Agreement,
    Channels,
    Explanation,
    Faithfulness,
    Map,
    Prepared,
    Probed,
    Reach,
    Sanity,
    Small,
)

__all__ = ["CLASSES", "blob", "experiment", "explained", "faithful", "made", "over_training", "sane", "seen"]

CLASSES = ("cat", "dog", "fox")
METHODS = ("hirescam", "gradcam", "eigencam")
LAYERS = {"layer3": 14, "layer4": 7}


def blob(side: int, x: float, y: float, width: float = 0.15) -> Small:
    """One spot of evidence."""
    rows, columns = (np.mgrid[:side, :side] + 0.5) / side
    return np.asarray(np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * width * width)), np.float32)


def explained(
    row: int, truth: int | None, predicted: int, sure: float = 0.9, at: tuple[float, float] = (0.5, 0.5)
) -> Explanation:
    """Maps of the answer, and of the truth where it is another, by every method at every layer."""
    targets = dict.fromkeys((predicted, predicted if truth is None else truth))
    maps = [
        Map(method, layer, target, blob(side, *at) * (1 + target))
        for method in METHODS
        for layer, side in LAYERS.items()
        for target in targets
    ]
    if len(targets) > 1 and truth is not None:
        contrast = blob(7, *at) - blob(7, 0.9, 0.9)
        maps.append(Map("hirescam", "layer4", truth, contrast, against=predicted, signed=True))
    maps.append(Map("integrated gradients", "", predicted, blob(56, *at), gap=0.01))
    other = (predicted + 1) % len(CLASSES)
    top = ((predicted, sure), (other, 1 - sure))
    return Explanation(row, f"photos/{row}.jpg", truth, predicted, 3.0, top, tuple(maps))


def faithful(method: str, layer: str, road: float, **options: float) -> Faithfulness:
    shares = np.linspace(0, 1, 21)
    curves = {"shares": shares, "deleted": np.exp(-shares * (1 + 9 * max(road, 0))), "inserted": shares ** (1 - road)}
    measures = {"road": road, "road_error": 0.02, "early": road / 2, "deletion": 0.3, "insertion": 0.7}
    return Faithfulness(method, layer, 16, **measures, **curves, **options)  # type: ignore[arg-type]


def sane(method: str, first: float, last: float) -> Sanity:
    similarity = np.linspace(first, last, 3)
    return Sanity(method, "layer4", 8, ("fc", "layer4", "layer3"), similarity, 0.12, last < 0.5, first < 0.95)


def made(explanations: Sequence[Explanation] | None = None) -> Probed:
    """Six samples of three classes, two of them wrong, and every measure."""
    if explanations is None:
        pairs = [(0, 0), (0, 1), (1, 1), (1, 1), (2, 2), (2, 0)]
        explanations = [explained(row, *pair, sure=0.95 - row / 20) for row, pair in enumerate(pairs)]
    rows = max((one.sample for one in explanations), default=-1) + 1
    methods = ("hirescam", "gradcam", "random")
    channels = Channels(
        "layer4",
        (17, 3),
        np.array([0.4, 0.1]),
        64,
        np.array([[0, 1, 2], [3, 4, 5]]) % max(rows, 1),
        np.array([[9.0, 8, 7], [3, 2, 1]]),
        np.full((2, 3, 2), 0.5),
        np.stack([[blob(7, 0.3, 0.3), blob(7, 0.7, 0.7)] for _ in explanations])
        if explanations
        else np.zeros((0, 2, 7, 7), np.float32),
        20,
    )
    return Probed(
        model="model.pt2",
        prepared=Prepared((224, 224), 3, 255.0, (0.5,), (0.25,), crop=1.0, source="preprocessor_config.json"),
        classes=CLASSES,
        samples=40,
        accuracy=0.9,
        layer="layer4",
        method="hirescam",
        why="The best of 6 by ROAD.",
        explanations=tuple(explanations),
        faithfulness=(
            faithful("hirescam", "layer4", 0.4),
            faithful("gradcam", "layer4", 0.38),
            faithful("hirescam", "layer3", 0.1),
            faithful("random", "", 0.01),
        ),
        sanity=(sane("hirescam", 0.8, 0.1), sane("eigencam", 1.0, 0.9)),
        agreement=Agreement(methods, np.array([[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1.0]]), 16),
        channels=(channels,),
        reaches=(Reach("layer4", blob(32, 0.5, 0.5), 0.3, (5.0, 6.0)),),
        sources=tuple(f"photos/{row}.jpg" for row in range(rows)),
    )


def seen(probed: Probed) -> Samples:
    """The pictures that it was run on."""
    n = len(probed.sources)
    sizes = np.tile(np.array([[300, 200]], np.int32), (n, 1))
    pictures = Pictures(probed.sources, probed.sources, sizes=sizes)
    return Samples(datasets=(Dataset("photos", ("photos",), "pictures", n, pictures=pictures),)) if n else Samples()


def experiment(*probed: Probed, checkpoints: Sequence[Checkpoint] = ()) -> Experiment:
    """One whose models were run; with `checkpoints`, they are those of one model."""
    samples = seen(probed[0]) if probed else Samples()
    models = Models((Network("net", "D", tuple(checkpoints)),)) if checkpoints else Models()
    return Experiment("photos", "Photos", "photos", samples=samples, models=models, probes=probed)


def over_training(epochs: Sequence[float | None]) -> Experiment:
    """A model at several moments, of which all but the last say something else, in any order."""
    checkpoints = [Checkpoint(f"net-{i}.pt2", "ExportedProgram", 1, epoch=epoch) for i, epoch in enumerate(epochs)]
    last = replace(made(), model=checkpoints[-1].path)
    early = tuple(replace(one, predicted=2, top=((2, 0.4),)) for one in last.explanations)
    earlier = [Probed(c.path, explanations=early, method="hirescam", layer="layer4") for c in checkpoints[:-1]]
    return experiment(last, *reversed(earlier), checkpoints=checkpoints)
