"""Columns of texts: what is shown and said, in all and of nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from dlviz_docs.model import Dataset, Feature, Insight, Texts
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data.texts import texts
from dlviz_docs.view import Figure, Gallery, Matrix, Plot, Table

WORDS = tuple(f"{a}{b}{c}" for a in "bdfgklm" for b in "aeiou" for c in "nrst")


def column(strings: Sequence[str | None], name: str = "text") -> Feature:
    folded = [None if s is None else " ".join(unicodedata.normalize("NFKC", s).casefold().split()) for s in strings]
    places: dict[str, int] = {}
    hashes = [0 if text is None else places.setdefault(text, len(places) + 1) for text in folded]
    stored = Texts(
        tuple(strings),
        np.array([-1 if s is None else len(s) for s in strings], np.int64),
        np.array(hashes, np.uint64),
    )
    return Feature(name, "text", np.zeros(len(strings), np.int32), texts=stored)


def dataset(strings: Sequence[str | None], labels: Sequence[int] = (), splits: Sequence[int] = ()) -> Dataset:
    target = Feature("label", "category", np.array(labels, np.int32), ("ham", "spam"))
    return Dataset(
        "made",
        ("made.csv",),
        "CSV",
        len(strings),
        (column(strings), *([target] if len(labels) else [])),
        "label" if len(labels) else "",
        np.array(splits, np.int32) if len(splits) else None,
        ("train", "val", "test") if len(splits) else (),
    )


def some(n: int, seed: int = 0, length: int = 20) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, int(rng.integers(length // 2, length)))) for _ in range(n)]


def parts(made: Dataset, samples: bool = True) -> tuple[dict[str, Figure], list[Insight]]:
    shown = list(texts(made, Place(), samples))
    found = {one.id: one for one in shown if isinstance(one, Figure)}
    return found, [one for one in shown if isinstance(one, Insight)]


def kinds(said: Sequence[Insight]) -> dict[str, Insight]:
    return {one.kind: one for one in said}


def test_lengths_words_and_examples() -> None:
    found, said = parts(dataset(some(200), np.arange(200) % 2, [0] * 150 + [2] * 50))
    assert list(found) == ["texts-examples", "texts-length", "texts-words", "texts-vocabulary"]
    examples = found["texts-examples"].spec
    assert isinstance(examples, Gallery)
    assert [item.row for item in examples.items] == ["ham"] * 12 + ["spam"] * 12
    plot = found["texts-words"].spec
    assert isinstance(plot, Plot)
    assert [layer.label for layer in plot.layers] == ["train", "test"]
    table = found["texts-vocabulary"].spec
    assert isinstance(table, Table)
    assert len(table.rows) == 30
    assert said == []


def test_words_that_tell_classes_apart() -> None:
    strings = some(200)
    strings[1::2] = [f"{text} winner" for text in strings[1::2]]
    table = parts(dataset(strings, np.arange(200) % 2))[0]["texts-telling"].spec
    assert isinstance(table, Table)
    spam = next(row for row in table.rows if row[0].text == "spam")
    assert spam[1].text.startswith("winner (")


def test_copies_across_splits_and_labels() -> None:
    strings = some(300, length=40)
    strings[200] = f"  {strings[0].upper()} "
    strings[201] = strings[1]
    words = strings[2].split()
    strings[202] = " ".join([*words, "added"])
    made = dataset(strings, [*(np.arange(299) % 2), 0], [0] * 200 + [2] * 100)
    found, said = parts(made)
    matrix = found["texts-copies"].spec
    assert isinstance(matrix, Matrix)
    assert matrix.values.tolist() == [[0, 0, 3], [0, 0, 0], [3, 0, 0]]
    assert kinds(said)["leakage"].text == (
        "3 of 100 test texts (3 %) have a copy in train: results on them are too good."
    )
    gallery = found["texts-pairs"].spec
    assert isinstance(gallery, Gallery)
    near = gallery.items[0]
    assert near.title == "row 2 and row 202"
    assert [kind for _, kind in near.passages[0].pieces] == ["same"]
    assert near.passages[1].pieces[-1] == ("added", "only")
    assert "label-conflict" not in kinds(said)


def test_a_copy_with_two_labels() -> None:
    strings = some(50)
    strings[7] = strings[4]
    found, said = parts(dataset(strings, np.arange(50) % 2))
    conflict = kinds(said)["label-conflict"]
    assert conflict.severity == "warning"
    gallery = found[conflict.figure].spec
    assert isinstance(gallery, Gallery)
    assert gallery.items[0].wrong
    assert ("class", "ham / spam") in gallery.items[0].facts


def test_what_is_odd() -> None:
    strings: list[str | None] = [*some(95), "", "caf\N{REPLACEMENT CHARACTER}", "Привет, как дела", None, "word " * 600]
    said = {one.kind: one.text for one in parts(dataset(strings))[1]}
    assert said["empty-texts"] == "1 of 100 texts of “text” (1 %) are empty."
    assert said["text-encoding"].startswith("1 of 99 texts of “text” (1 %) were read in a wrong encoding")
    assert said["long-texts"].startswith("1 of 99 texts of “text” (1 %) have more than 512 words")
    assert said["text-scripts"] == "The texts of “text” are mainly Latin, but 1 Cyrillic (of 99)."


def test_length_gives_the_class_away() -> None:
    strings = some(100, length=20)
    strings[1::2] = some(50, 1, length=80)
    found = kinds(parts(dataset(strings, np.arange(100) % 2))[1])["length-shortcut"]
    assert found.severity == "warning"
    assert found.text.startswith("The length of “text” alone tells classes apart: ")


def test_without_samples_no_text_is_shown() -> None:
    strings = some(50)
    strings[7] = strings[4]
    found, _ = parts(dataset(strings, np.arange(50) % 2, np.arange(50) % 3), samples=False)
    assert not any(isinstance(figure.spec, Gallery) for figure in found.values())


def test_rare_words_are_not_shown() -> None:
    strings = some(100)
    strings[3] += " secret secret secret secret secret secret"
    table = parts(dataset(strings), samples=False)[0]["texts-vocabulary"].spec
    assert isinstance(table, Table)
    assert "secret" not in {row[0].text for row in table.rows}


def test_columns_have_places_of_their_own() -> None:
    made = dataset(some(30))
    two = Dataset("made", (), "CSV", 30, (made.features[0], column(some(30, 5), "The Answer")))
    found, _ = parts(two)
    assert {figure.group for figure in found.values()} == {"Texts: text", "Texts: The Answer"}
    assert len({figure.id for figure in found.values()}) == len(found)


def little() -> Iterator[Dataset]:
    yield dataset([])
    yield dataset([None, None])
    yield dataset(["", ""])
    yield dataset(["a"], [0], [0])
    yield dataset(["!", "?", "!"], [0, 0, -1], [-1, 0, 2])
    yield Dataset("made", (), "CSV", 0)


@pytest.mark.parametrize("made", list(little()))
@pytest.mark.parametrize("samples", [True, False])
def test_little_is_no_mistake(made: Dataset, samples: bool) -> None:
    found, _ = parts(made, samples)
    assert all(figure.caption for figure in found.values())


def test_fewer_strings_than_rows() -> None:
    made = dataset(some(40), np.arange(40) % 2, np.arange(40) % 3)
    stored = made.features[0].texts
    assert stored is not None
    short = Feature(
        "text", "text", made.features[0].values, texts=Texts(stored.strings[:10], stored.lengths, stored.hashes)
    )
    found, _ = parts(Dataset("made", (), "CSV", 40, (short, made.features[1]), "label", made.split, made.splits))
    assert "10 of 40 texts" in found["texts-words"].caption
