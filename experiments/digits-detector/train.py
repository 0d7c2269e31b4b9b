"""Train two small detectors to find handwritten digits that were pasted into photographs.

Digits and photographs are scikit-learn's own. Writes `data/val/` (pictures and annotations) and `runs/<name>/`: the log,
the settings, and what was found in each picture of the validation part. Of the wide one it leaves the model, which is
not kept, and what running it showed, which is. Some five minutes on one CPU.
"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from detector import Detector, detect, loss_of, targets
from PIL import Image
from scenes import CLASSES, SIDE, Scene, scenes
from torch import Tensor

from dlviz_docs import record

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Config:
    """One run's settings, as they land in config.json."""

    width: int
    seed: int = 0
    learning_rate: float = 5e-3
    batch_size: int = 16
    steps: int = 2400
    train_scenes: int = 4000


def tensor(found: list[Scene]) -> Tensor:
    return torch.tensor(np.stack([scene.picture for scene in found])).permute(0, 3, 1, 2) / 255.0


def train(config: Config, folder: Path, training: list[Scene], validation: list[Scene]) -> Detector:
    torch.manual_seed(config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    model = Detector(config.width)
    optimizer = torch.optim.AdamW(model.parameters(), config.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, config.steps)
    x_train, wanted, x_val, wanted_val = tensor(training), targets(training), tensor(validation), targets(validation)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(asdict(config), indent=2) + "\n")
    with (folder / "history.csv").open("w", newline="") as file:
        history = csv.writer(file)
        history.writerow(["step", "train_loss", "val_loss", "lr"])
        recent = []
        for step in range(1, config.steps + 1):
            model.train()
            chosen = torch.randint(len(training), (config.batch_size,), generator=generator)
            loss = loss_of(model, x_train[chosen], tuple(one[chosen] for one in wanted))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            recent.append(loss.item())
            if step % 50 == 0:
                model.eval()
                with torch.no_grad():
                    held_out = loss_of(model, x_val, wanted_val).item()
                row = [sum(recent) / len(recent), held_out, schedule.get_last_lr()[0]]
                history.writerow([step, *(f"{value:.5g}" for value in row)])
                recent = []
    record.detections(folder, objects=detect(model, x_val))
    return model


def main() -> None:
    torch.set_num_threads(1)
    for name in ("runs", "data"):
        shutil.rmtree(HERE / name, ignore_errors=True)
    training, validation = scenes(Config(0).train_scenes, part="train"), scenes(48, part="val")
    (HERE / "data/val").mkdir(parents=True)
    for i, scene in enumerate(validation):
        Image.fromarray(scene.picture).save(HERE / f"data/val/{i:02d}.jpg", quality=88)
        # What the detector sees is what everybody can see: the picture as it was stored.
        validation[i] = Scene(np.asarray(Image.open(HERE / f"data/val/{i:02d}.jpg")), scene.boxes, scene.labels)
    record.ground_truth(
        HERE / "data/val",
        pictures=[f"{i:02d}.jpg" for i in range(len(validation))],
        sizes=[(SIDE, SIDE)] * len(validation),
        objects=[record.Objects(scene.boxes, scene.labels) for scene in validation],
        classes=CLASSES,
    )
    for word, width in {"narrow": 6, "wide": 20}.items():
        model = train(Config(width), HERE / "runs" / word, training, validation)
    record.model(HERE / "runs/wide", model, tensor(validation[:2]))
    subprocess.run([sys.executable, "-m", "dlviz_docs.cli", "probe", str(HERE)], check=True)


if __name__ == "__main__":
    main()
