"""Train small CNNs on scikit-learn's 8x8 digits: two widths, three seeds each, and one that must overfit.

Writes `data/`: the images and labels of both parts; `runs/<name>/`: TensorBoard events, hparams.yaml, the predictions
at the best step on the validation part; and, of the best run, its best weights and the model at six moments of its
training. About two minutes on one CPU.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
import yaml
from digits import CLASSES, Data, load, network
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from dlviz_docs import record

HERE = Path(__file__).parent
RUNS = HERE / "runs"
MOMENTS = (1, 2, 4, 8, 16, 40)
"""Epochs after which the model is kept."""


@dataclass(frozen=True)
class Config:
    """One run's settings, as they land in hparams.yaml."""

    width: int
    seed: int = 0
    dropout: float = 0.3
    weight_decay: float = 1e-2
    learning_rate: float = 3e-3
    batch_size: int = 32
    epochs: int = 40
    train_size: int = 1_000
    model: str = "Conv-Conv-Pool-Conv-Pool-Linear"


@torch.no_grad()
def evaluate(model: nn.Module, data: Data) -> tuple[float, float]:
    """Mean cross-entropy and accuracy, dropout off."""
    model.eval()
    logits = model(data.images)
    loss = nn.functional.cross_entropy(logits, data.labels)
    return loss.item(), (logits.argmax(1) == data.labels).float().mean().item()


@dataclass(frozen=True)
class Best:
    """Where a run was at its best."""

    loss: float
    step: int
    weights: dict[str, Tensor]


@dataclass(frozen=True)
class Trained:
    """What a run came to, and its weights by epoch on the way."""

    best: Best
    moments: dict[int, dict[str, Tensor]]


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """A copy that further training does not change."""
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


@torch.no_grad()
def predict(model: nn.Module, best: Best, data: Data, folder: Path) -> None:
    """Leave the best weights' probabilities beside the truth."""
    model.load_state_dict(best.weights)
    probabilities = model.eval()(data.images).softmax(1)
    record.predictions(folder, truth=data.labels, probabilities=probabilities, classes=CLASSES)


def train(config: Config, folder: Path) -> Trained:
    """One run, with the step of its lowest validation loss and the weights it had then."""
    torch.manual_seed(config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    train_data, val_data = load(config.train_size)
    model = network(config.width, config.dropout)
    optimizer = torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    steps_per_epoch = -(-config.train_size // config.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.epochs * steps_per_epoch)
    writer = SummaryWriter(str(folder))
    (folder / "hparams.yaml").write_text(yaml.safe_dump(asdict(config), sort_keys=False))
    best, step = Best(float("inf"), 0, {}), 0
    moments: dict[int, dict[str, Tensor]] = {}
    for epoch in range(1, config.epochs + 1):
        for images, labels in train_data.batches(config.batch_size, generator):
            model.train()
            loss = nn.functional.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            writer.add_scalar("lr", schedule.get_last_lr()[0], step)
            schedule.step()
            step += 1
        train_loss, train_accuracy = evaluate(model, train_data)
        val_loss, val_accuracy = evaluate(model, val_data)
        scalars = {"train/loss": train_loss, "train/accuracy": train_accuracy, "val/loss": val_loss}
        for tag, value in (scalars | {"val/accuracy": val_accuracy, "epoch": epoch}).items():
            writer.add_scalar(tag, value, step)
        if val_loss < best.loss:
            best = Best(val_loss, step, weights_of(model))
        if epoch in MOMENTS:
            moments[epoch] = weights_of(model)
    writer.close()
    predict(model, best, val_data, folder)
    return Trained(best, moments)


def keep(config: Config, trained: Trained, folder: Path) -> None:
    """Leave the best weights, and the model as it was on the way."""
    best, model = trained.best, network(config.width, config.dropout)
    torch.save(best.weights, folder / f"best-step={best.step}-val_loss={best.loss:.4f}.pt")
    example = load(config.train_size)[1].images[:2]
    for epoch, weights in trained.moments.items():
        model.load_state_dict(weights)
        record.model(folder, model, example, epoch=epoch)


def main() -> None:
    torch.set_num_threads(1)
    shutil.rmtree(RUNS, ignore_errors=True)
    for split, data in zip(("train", "val"), load(Config(0).train_size), strict=True):
        pixels = (data.images[:, 0] * 16).to(torch.uint8)
        record.dataset(HERE / "data", split, images=pixels, label=data.labels, classes=CLASSES)
    widths = {"narrow": 8, "wide": 24}
    configs = {f"{word}-seed{seed}": Config(width, seed) for word, width in widths.items() for seed in range(3)}
    results = {name: train(config, RUNS / name) for name, config in configs.items()}
    # 60 images, nothing that holds the network back, ten times as long: it learns them by heart.
    free = replace(configs["wide-seed0"], dropout=0.0, weight_decay=0.0)
    train(replace(free, train_size=60, epochs=400), RUNS / "overfit")
    name = min(results, key=lambda name: results[name].best.loss)
    keep(configs[name], results[name], RUNS / name)
    # The writer puts this machine's name into file names; a published folder does not need it.
    for number, events in enumerate(sorted(RUNS.glob("*/events.out.tfevents.*"))):
        events.rename(events.with_name(f"{'.'.join(events.name.split('.')[:4])}.dlviz.{number}"))


if __name__ == "__main__":
    main()
