"""What the models of texts are run on: tokens that a data set holds, or its texts, by a tokenizer that lies beside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import MissingExtra, ReadError
from dlviz_docs.model import MISSING, Dataset, Feature, FloatArray, Network, Samples
from dlviz_docs.model.texts import tokens_port
from dlviz_docs.readers.tokens import Tokenized, marks_of, named, put_together, tokenizer_of, vocabulary_of
from dlviz_docs.study.shown import held_out, spread

__all__ = ["Lacking", "Sentences", "texts_for"]

MOST = 1000
"""Texts a model is run on."""
LONGEST = 512
"""Tokens of a text, where the model takes any number."""
_TRIED = 50
"""Texts that a list of words is tried on."""
_SPELLED = (
    "text",
    "sentence",
    "review",
    "content",
    "document",
    "body",
    "message",
    "tweet",
    "comment",
    "title",
    "input",
)
_LEAST = 2
"""Words that texts have on average."""


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """Texts as a model takes them."""

    ids: NDArray[np.int64]
    """Shape (n, tokens), padded."""
    words: tuple[tuple[str, ...], ...]
    places: NDArray[np.int32]
    """Shape (n, tokens): of each token the place of its word; `MISSING` for padding."""
    special: tuple[frozenset[int], ...]
    """Of each text the places of words that only frame it."""
    pad: int | None
    hidden: int | None
    keys: tuple[str, ...]
    truth: FloatArray | None
    classes: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lacking:
    """Why a model of texts has nothing to be run on, and what would help: a sentence."""

    why: str


_Told: TypeAlias = "tuple[list[Tokenized], int | None, int | None, list[str]]"
"""Texts, the token of padding, the one for words that are taken away, and notes."""


def texts_for(
    network: Network, samples: Samples, folders: Sequence[Path], named_classes: tuple[str, ...], *, built: bool = False
) -> Sentences | Lacking | None:
    """What the model is shown; None where it takes no texts, or the experiment has none.

    Files about tokens are looked for in `folders`, the nearest first. `built` models come from a factory, which does
    not tell what they take: with an embedding, and no pictures beside, it is tokens.
    """
    port = tokens_port(network.inputs)
    if port is None and not (built and not network.inputs and _reads(network, samples)):
        return None
    width = port.shape[1] if port is not None and isinstance(port.shape[1], int) else None
    for data in samples.datasets:
        if data.tokens is not None and (rows := _chosen(data, (data.tokens != MISSING).any(axis=1))):
            return _sentences(data, rows, _of_tokens(data, rows, width or LONGEST, folders), width, named_classes)
    for data in samples.datasets:
        feature = _text_of(data)
        if feature is None or feature.texts is None:
            continue
        strings = feature.texts.strings
        there = np.array([bool(text and text.strip()) for text in strings])
        rows = _chosen(data, np.concatenate([there, np.zeros(data.length - len(there), bool)]))
        if not rows:
            continue
        told = _of_texts(data, feature, [strings[row] or "" for row in rows], width or LONGEST, folders)
        return told if isinstance(told, Lacking) else _sentences(data, rows, told, width, named_classes)
    return None


def _reads(network: Network, samples: Samples) -> bool:
    embeds = any(module.kind.endswith("Embedding") for module in network.modules)
    return embeds and not any(data.pictures is not None for data in samples.datasets)


def _chosen(data: Dataset, there: NDArray[np.bool_]) -> list[int]:
    """Of the split that the model was not trained on, those that have a text."""
    among = held_out(data)
    return spread(among[there[among]], MOST)


def _text_of(data: Dataset) -> Feature | None:
    """The column of prose: one that is called so, or the longest."""
    found = [one for one in data.features if one.texts is not None and one.name != data.target and _is_prose(one)]
    called = [one for word in _SPELLED for one in found if one.name.lower() == word]
    return next(iter(called), None) or max(found, key=lambda one: float(one.texts.lengths.mean()), default=None)  # type: ignore[union-attr]


def _is_prose(feature: Feature) -> bool:
    strings = feature.texts.strings[:_TRIED] if feature.texts else ()
    counts = [len(text.split()) for text in strings if text]
    return bool(counts) and float(np.mean(counts)) >= _LEAST


# --- tokens of a file ---


def _of_tokens(data: Dataset, rows: Sequence[int], longest: int, folders: Sequence[Path]) -> _Told:
    """Their words, by the file that holds them or a list that lies beside."""
    vocabulary = None if data.words else vocabulary_of(folders)
    words = data.words or (vocabulary.words if vocabulary else ())
    numbers = {word: number for number, word in enumerate(words)}
    marks = marks_of(words)
    texts = []
    tokens = data.tokens if data.tokens is not None else np.zeros((data.length, 0), np.int32)
    for row in rows:
        ids = tuple(int(one) for one in tokens[row] if one != MISSING)[:longest]
        pieces = put_together([_name(one, words) for one in ids], marks)
        texts.append(Tokenized(ids, pieces.places, pieces.words, pieces.special))
    told = "the same file" if data.words else vocabulary.file if vocabulary else ""
    named_by = f"; their words are told by {told}" if told else "; nothing tells their words, so they are numbers"
    pad = data.pad if data.pad is not None else named(numbers, "pad")
    hidden = named(numbers, "mask")
    hidden = named(numbers, "unknown") if hidden is None else hidden
    return texts, pad, hidden, [f"Tokens are those of {data.name}{named_by}."]


def _name(number: int, words: Sequence[str]) -> str:
    return (words[number] if number < len(words) else "") or f"#{number}"


# --- texts by a tokenizer ---


def _of_texts(
    data: Dataset, feature: Feature, texts: Sequence[str], longest: int, folders: Sequence[Path]
) -> _Told | Lacking:
    where = f"the texts of {data.name} were not shown to the model"
    try:
        tokenizer = tokenizer_of(folders, texts[:_TRIED])
        if tokenizer is None:
            help_ = "put its tokenizer.json or vocab.txt beside it, or save the tokens with record.dataset"
            return Lacking(f"{where}: nothing tells how it reads them; {help_}")
        found = list(tokenizer(texts, longest))
    except ReadError as error:
        return Lacking(f"{where}: its tokenizer {error.what}. {error.remedy}")
    except MissingExtra as error:
        return Lacking(f"{where}: {error}")
    note = f"Texts are the column {feature.name} of {data.name}, read by {tokenizer.name}."
    return found, tokenizer.pad, tokenizer.hidden, [note]


# --- one array ---


def _sentences(
    data: Dataset, rows: Sequence[int], told: _Told, width: int | None, named_classes: tuple[str, ...]
) -> Sentences:
    texts, pad, hidden, notes = told
    longest = width or max((len(one.ids) for one in texts), default=1)
    fill = 0 if pad is None else pad
    ids = np.full((len(texts), max(longest, 1)), fill, np.int64)
    places = np.full(ids.shape, MISSING, np.int32)
    for row, one in enumerate(texts):
        ids[row, : len(one.ids)] = one.ids
        places[row, : len(one.ids)] = one.places
    truth, classes = _truth(data, rows, named_classes)
    return Sentences(
        ids,
        tuple(one.words[: max(one.places, default=-1) + 1] for one in texts),
        places,
        tuple(one.special for one in texts),
        pad,
        hidden,
        tuple(data.ids[row] for row in rows) if data.ids else (),
        truth,
        classes,
        (*notes, *_filled(texts, longest, pad)),
    )


def _filled(texts: Sequence[Tokenized], longest: int, pad: int | None) -> Iterator[str]:
    cut = sum(len(one.ids) >= longest for one in texts)
    if cut and min(len(one.ids) for one in texts) < longest:
        yield f"The model is handed {longest:,} tokens; {cut:,} of {len(texts):,} texts fill them and may be cut."
    if pad is None and any(len(one.ids) < longest for one in texts):
        yield "Nothing tells which token fills up short texts: 0 was taken."


def _truth(
    data: Dataset, rows: Sequence[int], named_classes: tuple[str, ...]
) -> tuple[FloatArray | None, tuple[str, ...]]:
    """By the model's numbers of classes, where a file names these; else by the data's own."""
    target = data.get(data.target)
    if target is None or target.kind not in ("number", "category", "boolean"):
        return None, named_classes
    values = target.values[list(rows)].astype(np.float64)
    if target.kind == "number":
        return values, named_classes
    values[values == MISSING] = np.nan
    numbers = [_number(level, place, named_classes) for place, level in enumerate(target.levels)]
    if target.levels and all(number is not None for number in numbers):
        lookup = np.array([*numbers, np.nan], np.float64)
        values = lookup[np.where(np.isnan(values), len(numbers), values).astype(np.intp)]
        counted = numbers == list(range(len(numbers)))
        return values, named_classes or (target.levels if counted else ())
    return values, target.levels


def _number(level: str, place: int, names: tuple[str, ...]) -> int | None:
    """The model's number of a class: as a file names it, or as it is written; None where names are others."""
    alike = [number for number, name in enumerate(names) if name.lower() == level.lower()]
    if alike:
        return alike[0]
    if level.isdecimal() and len(level) < 9:
        return int(level)
    return None if names else place
