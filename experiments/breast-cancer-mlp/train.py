"""Train a small MLP on scikit-learn's breast cancer data: three learning rates, three seeds each.

Writes `data/train.csv` and `val.csv`, and `runs/<name>/`: `history.csv`, `config.json`, and `predictions.csv` with the
probabilities after the last epoch. Some ten seconds on one CPU.
"""

from __future__ import annotations

import csv
import json
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

HERE = Path(__file__).parent
RUNS = HERE / "runs"
CLASSES = ("malignant", "benign")


@dataclass(frozen=True)
class Config:
    """One run's settings, as they land in config.json."""

    learning_rate: float
    seed: int
    hidden: int = 32
    momentum: float = 0.9
    weight_decay: float = 0.03
    batch_size: int = 32
    epochs: int = 40


@dataclass(frozen=True)
class Part:
    """Measurements as they stand in the data, shape (n, 30); labels; and the place of each in scikit-learn's table."""

    raw: np.ndarray
    labels: Tensor
    places: np.ndarray


def split() -> tuple[Part, Part]:
    """398 samples to train, 171 to validate."""
    features, labels = load_breast_cancer(return_X_y=True)
    parts = train_test_split(np.arange(len(labels)), test_size=0.3, random_state=0, stratify=labels)
    train, val = (Part(features[places], torch.tensor(labels[places]), places) for places in parts)
    return train, val


def load() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training features, shape (398, 30), and labels; validation features, shape (171, 30), and labels.

    Scaled by the mean and deviation of the training part alone.
    """
    train, val = split()
    scaler = StandardScaler().fit(train.raw)
    x_train, x_val = (torch.tensor(scaler.transform(part.raw), dtype=torch.float32) for part in (train, val))
    return x_train, train.labels, x_val, val.labels


def write_data() -> None:
    """The measurements as a table, a row a sample."""
    names = [name.replace(" ", "_") for name in load_breast_cancer().feature_names]
    (HERE / "data").mkdir(exist_ok=True)
    for name, part in zip(("train", "val"), split(), strict=True):
        with (HERE / f"data/{name}.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["id", *names, "diagnosis"])
            for place, row, label in zip(part.places, part.raw, part.labels, strict=True):
                table.writerow([place, *(f"{value:.6g}" for value in row), CLASSES[label]])


@torch.no_grad()
def write_predictions(model: nn.Module, features: Tensor, labels: Tensor, folder: Path) -> None:
    """What the trained network says of each validation sample; nothing where its weights are no numbers any more."""
    probabilities = model(features).softmax(1)
    if probabilities.isnan().any():
        return
    with (folder / "predictions.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "label", *(f"prob_{name}" for name in CLASSES)])
        for place, label, row in zip(split()[1].places, labels, probabilities, strict=True):
            table.writerow([place, CLASSES[label], *(f"{value:.6f}" for value in row)])


@torch.no_grad()
def evaluate(model: nn.Module, features: Tensor, labels: Tensor) -> tuple[float, float]:
    """Mean cross-entropy and accuracy."""
    logits = model(features)
    loss = nn.functional.cross_entropy(logits, labels)
    return loss.item(), (logits.argmax(1) == labels).float().mean().item()


def train(config: Config, folder: Path) -> None:
    torch.manual_seed(config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    x_train, y_train, x_val, y_val = load()
    model = nn.Sequential(
        nn.Linear(30, config.hidden),
        nn.ReLU(),
        nn.Linear(config.hidden, config.hidden),
        nn.ReLU(),
        nn.Linear(config.hidden, 2),
    )
    optimizer = torch.optim.SGD(
        model.parameters(), config.learning_rate, momentum=config.momentum, weight_decay=config.weight_decay
    )
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(asdict(config), indent=2) + "\n")
    with (folder / "history.csv").open("w", newline="") as file:
        history = csv.writer(file)
        history.writerow(
            ["step", "epoch", "train_loss", "val_loss", "train_accuracy", "val_accuracy", "lr", "timestamp"]
        )
        step = 0
        for epoch in range(1, config.epochs + 1):
            for chosen in torch.randperm(len(y_train), generator=generator).split(config.batch_size):
                loss = nn.functional.cross_entropy(model(x_train[chosen]), y_train[chosen])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                step += 1
            (train_loss, train_accuracy), (val_loss, val_accuracy) = (
                evaluate(model, x_train, y_train),
                evaluate(model, x_val, y_val),
            )
            row = [train_loss, val_loss, train_accuracy, val_accuracy, config.learning_rate]
            history.writerow([step, epoch, *(f"{value:.6g}" for value in row), f"{time.time():.3f}"])
    write_predictions(model, x_val, y_val, folder)


def main() -> None:
    torch.set_num_threads(1)
    shutil.rmtree(RUNS, ignore_errors=True)
    write_data()
    for rate in (3e-4, 3e-3, 0.5):
        for seed in range(3):
            train(Config(rate, seed), RUNS / f"lr{rate:g}-seed{seed}")


if __name__ == "__main__":
    main()
