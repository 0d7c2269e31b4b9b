"""Neighbours of words: of an embedding that was really trained, by every list of words that tools leave."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from dlviz_docs.model import Experiment
from dlviz_docs.readers.networks import Found, plan, read
from dlviz_docs.renderers.architecture import Architecture
from dlviz_docs.view import Figure, Plot, Table
from tests.renderers.trained_words import trained

NEAR = {
    "minimum": "maximum",
    "true": "false",
    "row": "column",
    "rows": "columns",
    "first": "last",
    "axis": "along",
    "real": "imaginary",
    "mean": "sum",
}
"""Words of a pair that everybody would give, whose nearest neighbour is the other one."""


def figures(folder: Path, array: np.ndarray, tensor: str = "embeddings.word_embeddings.weight") -> dict[str, Figure]:
    """What the page of a model shows that has this table."""
    save_file(
        {tensor: array.astype(np.float32), "head.weight": np.ones((2, array.shape[1]), np.float32)},
        folder / "m.safetensors",
    )
    found = Found(folder, ("m.safetensors",))
    models = read(found, plan(found))
    shown = Architecture()(Experiment("e", "e", ".", models=models))
    return {one.title: one for one in shown if isinstance(one, Figure)}


def neighbours(found: dict[str, Figure]) -> dict[str, str]:
    table = found["Neighbours of words"].spec
    assert isinstance(table, Table)
    return {row[0].text: row[1].text.split()[0] for row in table.rows}


def as_text(words: tuple[str, ...], folder: Path) -> None:
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")


def as_json(words: tuple[str, ...], folder: Path) -> None:
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))


def in_a_folder(words: tuple[str, ...], folder: Path) -> None:
    (folder / "tokenizer").mkdir()
    as_json(words, folder / "tokenizer")


def by_number(words: tuple[str, ...], folder: Path) -> None:
    (folder / "vocabulary.json").write_text(json.dumps({str(number): word for number, word in enumerate(words)}))


def by_the_library(words: tuple[str, ...], folder: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    numbers = {word: number for number, word in enumerate(words)}
    tokenizers.Tokenizer(tokenizers.models.WordLevel(numbers, words[0])).save(str(folder / "tokenizer.json"))


@pytest.mark.parametrize("write", [as_text, as_json, in_a_folder, by_number, by_the_library])
def test_neighbours_make_sense(write: Callable[[tuple[str, ...], Path], None], tmp_path: Path) -> None:
    words, vectors = trained()
    write(words, tmp_path)
    padded = np.concatenate([vectors, np.zeros((40, vectors.shape[1]), np.float32)])  # to a round number
    found = figures(tmp_path, padded)
    told = neighbours(found)
    right = [word for word, other in NEAR.items() if told.get(word) == other]
    asked = [word for word in NEAR if word in told]
    assert len(asked) >= 4
    assert right == asked
    assert isinstance(found["Map of words"].spec, Plot)


def test_byte_level_words_are_spelled_as_they_are_read(tmp_path: Path) -> None:
    words, vectors = trained()
    as_json(tuple(f"Ġ{word}" for word in (*words[:-1], "cafÃ©")), tmp_path)
    told = neighbours(figures(tmp_path, vectors))
    assert told["▁true"] == "▁false"


def test_classes_that_a_model_is_told(tmp_path: Path) -> None:
    """As of a model that draws what it is told: a row for each class, and one for none."""
    names = ("tabby cat", "tiger cat", "sports car", "race car", "oak tree", "pine tree")
    labels = {str(number): name for number, name in enumerate(names)}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "dit", "id2label": labels}))
    pairs = np.repeat(np.eye(3), 2, axis=0) + 0.1 * np.random.default_rng(0).normal(size=(6, 3))
    told = neighbours(figures(tmp_path, np.concatenate([pairs, np.ones((1, 3))]), "class_embedding.weight"))
    assert told == {
        "tabby cat": "tiger", "tiger cat": "tabby", "sports car": "race", "race car": "sports",
        "oak tree": "pine", "pine tree": "oak",
    }  # fmt: skip


def test_a_list_of_others_tells_nothing(tmp_path: Path) -> None:
    words, vectors = trained()
    as_text(words[:300], tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}))
    assert "Neighbours of words" not in figures(tmp_path, vectors)
