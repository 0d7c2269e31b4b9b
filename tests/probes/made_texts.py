"""Models of texts as people write them, small, whose answers rest on words that are known."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

PAD, CLS, SEP, MASK, GOOD, BAD = 0, 1, 2, 3, 4, 5
WORDS = 40


class Bag(nn.Module):
    """A text is good where word 3 stands, bad where word 5 does."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.fc = nn.Embedding(10, 2), nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.embedding.weight.zero_()
            self.embedding.weight[3, 1] = 1
            self.embedding.weight[5, 0] = 1
            self.fc.weight.copy_(torch.eye(2) * 3)

    def forward(self, ids: Tensor) -> Tensor:
        return self.fc(torch.tanh(self.embedding(ids).sum(1)))


class Reader(nn.Module):
    """An encoder of one layer with a mask, kinds and places, as BERT has it; answers stand at the first token."""

    def __init__(self, outs: int = 3, width: int = 16, longest: int = 12) -> None:
        super().__init__()
        self.words, self.kinds = nn.Embedding(WORDS, width, padding_idx=PAD), nn.Embedding(2, width)
        self.places = nn.Embedding(longest, width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, outs)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        places = torch.arange(input_ids.shape[1])
        x = self.words(input_ids) + self.kinds(token_type_ids) + self.places(places)
        q, k, v = self.qkv(x).chunk(3, -1)
        scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
        scores = scores.masked_fill(attention_mask[:, None] == 0, -1e9)
        x = self.norm(x + self.out(scores.softmax(-1) @ v))
        return self.head(x[:, 0])


class Alone(nn.Module):
    """The same, handed the tokens alone."""

    def __init__(self, inner: Reader) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, ids: Tensor) -> Tensor:
        return self.inner(ids, (ids != PAD).long(), torch.zeros_like(ids))


def texts(count: int, seed: int = 0, classes: int = 3) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Framed texts of 3 to 8 words, one of which is BAD (class 0) or GOOD (class 1) or like all others (class 2)."""
    random = np.random.default_rng(seed)
    ids, labels = np.full((count, 12), PAD), random.integers(0, classes, count)
    for row, label in zip(ids, labels, strict=True):
        words = random.integers(6, WORDS, random.integers(3, 9))
        words[random.integers(len(words))] = (BAD, GOOD, words[0])[label]
        row[0], row[1 : len(words) + 1], row[len(words) + 1] = CLS, words, SEP
    return ids, labels


def trained(outs: int = 3) -> Reader:
    """Learns to tell the classes apart, in two seconds; with one output only the first two."""
    torch.manual_seed(0)
    model = Reader(outs)
    ids, labels = texts(900, 1, 2 if outs == 1 else 3)
    x, y, whole = torch.from_numpy(ids), torch.from_numpy(labels), Alone(model)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(6):
        for start in range(0, len(x), 50):
            optimizer.zero_grad()
            out, wanted = whole(x[start : start + 50]), y[start : start + 50]
            if outs == 1:
                loss = nn.functional.binary_cross_entropy_with_logits(out[:, 0], wanted.float())
            else:
                loss = nn.functional.cross_entropy(out, wanted)
            loss.backward()
            optimizer.step()
    return model.eval().requires_grad_(False)


def example() -> tuple[Tensor, Tensor, Tensor]:
    ids = torch.from_numpy(texts(2)[0])
    return ids, (ids != PAD).long(), torch.zeros_like(ids)


def as_pt2(model: nn.Module, path: Path) -> Path:
    """With all three inputs, for any number of texts."""
    batch = torch.export.Dim("batch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own, of its own
        torch.export.save(torch.export.export(model, example(), dynamic_shapes=({0: batch},) * 3), path)
    return path


def as_onnx(model: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = ["input_ids", "attention_mask", "token_type_ids"]
        axes = {name: {0: "batch"} for name in names}
        torch.onnx.export(
            model, example(), str(path), input_names=names, dynamic_axes=axes, output_names=["logits"], dynamo=False
        )
    return path


def words_of(ids: NDArray[np.int64]) -> tuple[tuple[str, ...], ...]:
    names = {CLS: "[CLS]", SEP: "[SEP]", GOOD: "good", BAD: "bad"}
    return tuple(tuple(names.get(one, f"w{one}") for one in row if one != PAD) for row in ids.tolist())


def frames(ids: NDArray[np.int64]) -> tuple[frozenset[int], ...]:
    return tuple(frozenset((0, int((row != PAD).sum()) - 1)) for row in ids)
