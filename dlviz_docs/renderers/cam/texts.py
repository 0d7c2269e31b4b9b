"""What the answers of models of texts rest on: words in colour, words over all texts, and how far to believe them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dlviz_docs.insights import probe_texts as say
from dlviz_docs.insights.probe_words import NOISE, layer_name
from dlviz_docs.insights.results_words import brief, score
from dlviz_docs.model import FloatArray
from dlviz_docs.model.probes import Faithfulness, Sanity, Tokens
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.cam._read import Reading
from dlviz_docs.stats.lexicon import Word, lexicon
from dlviz_docs.view import Cell, Column, Figure, Gallery, Item, Layer, Passage, Plot, PlotAxis, Shown, Table
from dlviz_docs.words import number

__all__ = ["texts"]

GROUP = "What the answers rest on"
TRUST = "How far to believe the words"
WORDS = 5
"""Of a text, that speak for its answer, and against it."""
TOP = 12
"""Of an answer, on each side."""
NAMED = 4
ANSWERS = 20
"""Answers that words are listed of."""
LEAST = 3
"""Texts that a word has to stand in."""
LONGEST = 4_000
"""Characters of a text that are shown."""


def texts(one: Reading, place: Place, samples: bool) -> Iterator[Shown]:
    """Of a model of texts; nothing of any other."""
    told = one.probed.texts
    if not told:
        return
    shown = told[: one.probed.shown or len(told)]
    yield from filter(None, (say.framed(_apart(told), len(told)),))
    if samples:
        yield _coloured(one, shown, place)
    yield from _over_all(one, told, place)
    yield from _trust(one, place)


# --- single texts ---


def _coloured(one: Reading, shown: Sequence[Tokens], place: Place) -> Figure:
    items = tuple(_item(one, text) for text in shown)
    caption = (
        "Each word by what it adds to the answer (integrated gradients, Sundararajan et al. 2017): blue with a solid "
        "line speaks for it, orange with a dotted one against it. The strongest word of a text has full colour; the "
        "numbers are in the units of the output."
    )
    chosen = "of each class the surest right and wrong answers, and unsure ones" if one.of_classes else ""
    gallery = Gallery(items, len(items), chosen, first=24)
    return Figure(place.id("words"), "Words the answers rest on", caption, gallery, GROUP)


def _item(one: Reading, text: Tokens) -> Item:
    values = np.nan_to_num(np.asarray(text.values, np.float64))
    peak = float(np.abs(values).max(initial=0.0))
    weights = values / peak if peak > 0 else values * 0
    pieces: list[tuple[str, float]] = []
    length = 0
    for i, (word, weight) in enumerate(zip(text.words, weights.tolist(), strict=True)):
        if length > LONGEST:
            pieces.append(("…", 0.0))
            break
        length += len(word)
        before = i - 1 in text.special or i in text.special
        pieces += [(" ", 0.0)] if i and (word[:1].isspace() or before) else []
        pieces.append((word.strip(), weight))
    passage = Passage("", tuple((word, "") for word, _ in pieces), tuple(weight for _, weight in pieces))
    wrong = None if text.truth is None else text.target != text.truth
    return Item(one.title(text.sample), passages=(passage,), facts=tuple(_facts(one, text, values)), wrong=wrong)


def _facts(one: Reading, text: Tokens, values: FloatArray) -> Iterator[tuple[str, str]]:
    if not one.of_classes:
        yield "output", score(text.output)
    else:
        if text.truth is not None:
            yield "truth", brief(one.said(text.truth))
        yield "predicted", brief(one.said(text.target))
        if text.share is not None:
            yield "confidence", score(text.share)
    for label, sign in (("for", 1), ("against", -1)):
        if told := _words(text, sign * values, values):
            yield label, told
    yield "misses", score(text.gap)


def _words(text: Tokens, signed: FloatArray, values: FloatArray) -> str:
    """The strongest of one sign, with their values."""
    order = [int(i) for i in np.argsort(-signed, kind="stable")[:WORDS] if signed[i] > 0]
    return ", ".join(f"{brief(text.words[i].strip())} ({number(float(f'{values[i]:.2g}'))})" for i in order)


def _apart(told: Sequence[Tokens]) -> float:
    """Share of the evidence that lies on words without a letter; mean over texts."""
    shares = []
    for text in told:
        sizes = np.abs(np.nan_to_num(np.asarray(text.values, np.float64)))
        own = [i for i in range(len(text.words)) if i not in text.special]
        without = [i for i in own if not any(letter.isalpha() for letter in text.words[i])]
        if own and sizes[own].sum() > 0 and not all(text.words[i].strip().startswith("#") for i in own):
            shares.append(float(sizes[without].sum() / sizes[own].sum()))
    return float(np.mean(shares)) if shares else float("nan")


# --- words over all texts ---


def _over_all(one: Reading, told: Sequence[Tokens], place: Place) -> Iterator[Shown]:
    """Of each answer the words that move it most, as a mean over the texts it was given to."""
    answers = sorted({text.target for text in told}, key=lambda target: -sum(t.target == target for t in told))
    rows: list[tuple[Cell, ...]] = []
    for target in answers[:ANSWERS]:
        own = [text for text in told if text.target == target]
        found = lexicon(map(_plain, own), LEAST)
        best = [word for word in found if word.mean > 0][:TOP]
        worst = [word for word in reversed(found) if word.mean < 0][:TOP]
        clear = [word for word in best if word.mean > 2 * word.error][:NAMED]
        yield from filter(None, (say.strongest(one.said(target), [(w.text, w.mean) for w in clear], len(own)),))
        rows += [_row(one.said(target), "for", word) for word in best]
        rows += [_row(one.said(target), "against", word) for word in worst]
    if rows:
        columns = (
            Column("Answer"),
            Column("Side"),
            Column("Word"),
            Column("Adds", True, "Mean of what the word adds to the output of this answer, over texts it stands in"),
            Column("Texts", True),
        )
        caption = (
            f"Over {len(told):,} texts: the {TOP} words that speak most for each answer and against it, as a mean over "
            f"the texts with that answer that they stand in, at least {LEAST}; with the standard error."
        )
        spec = Table(columns, tuple(rows), searchable=len(rows) > 10)
        yield Figure(place.id("words-of-answers"), "Words over all texts", caption, spec, GROUP)


def _plain(text: Tokens) -> tuple[list[str], FloatArray]:
    """Without what only frames it."""
    own = [i for i in range(len(text.words)) if i not in text.special]
    return [text.words[i] for i in own], np.nan_to_num(np.asarray(text.values, np.float64))[own]


def _row(answer: str, side: str, word: Word) -> tuple[Cell, ...]:
    wide = f" ± {score(word.error)}" if np.isfinite(word.error) else ""
    told = f"{score(word.mean)}{wide}"
    return (
        Cell(brief(answer)),
        Cell(side),
        Cell(brief(word.text)),
        Cell(told, word.mean),
        Cell(f"{word.texts:,}", word.texts),
    )


# --- trust ---


def _trust(one: Reading, place: Place) -> Iterator[Shown]:
    found = one.probed.faithfulness
    ours = next((row for row in found if row.method != NOISE), None)
    chance = next((row for row in found if row.method == NOISE), None)
    checked = next(iter(one.probed.sanity), None)
    if ours is not None and ours.road is not None:
        base = chance.road if chance is not None else None
        yield from filter(None, (say.believed(ours.road, ours.road_error, base, ours.samples),))
    if checked is not None and len(checked.similarity):
        yield from filter(None, (say.insane(float(checked.similarity[-1]), checked.chance),))
    if ours is not None and ours.shares is not None:
        yield _removed(ours, chance, place)
    if checked is not None and len(checked.stages):
        yield _random(checked, place)


def _removed(ours: Faithfulness, chance: Faithfulness | None, place: Place) -> Figure:
    layers: list[Layer] = []
    for row, color, dash in ((ours, 0, "solid"), (chance, 1, "dotted")):
        if row is None or row.shares is None:
            continue
        who = "by value" if row is ours else "by chance"
        pairs = (
            (f"{who}, taken away", row.deleted, row.deletion),
            (f"{who}, brought back", row.inserted, row.insertion),
        )
        for turn, (label, values, area) in enumerate(pairs):
            if values is not None:
                told = label if area is None else f"{label}: area {score(area)}"
                layers.append(Layer("line", row.shares, values, label=told, color=2 * turn + color, dash=dash))  # type: ignore[arg-type]
    caption = (
        "Words that speak most for an answer are taken away first, or brought back first into a text without any: "
        "where values are faithful the answer falls soon, and rises soon. Dotted: the same in orders of chance. "
        f"Means over {ours.samples:,} texts."
    )
    axes = PlotAxis("share of words", low=0.0, high=1.0), PlotAxis("probability of the answer", low=0.0)
    return Figure(
        place.id("words-removed"), "Words taken away and brought back", caption, Plot(tuple(layers), *axes), TRUST
    )


def _random(checked: Sanity, place: Place) -> Figure:
    places: FloatArray = np.arange(len(checked.stages), dtype=np.float64)
    verdict = "passes" if checked.passes else "fails"
    line = Layer("line", places, np.asarray(checked.similarity, np.float64), label=f"values of words: {verdict}")
    rule = Layer("rule", places[[0, -1]], np.full(2, checked.chance), label=f"by chance: {score(checked.chance)}")
    caption = (
        "Rank correlation of the values of a text's words with those of the same model as its weights are made random, "
        f"from the last layer to the first (Adebayo et al. 2018; n = {checked.samples:,}). Values that show what was "
        "learnt fall."
    )
    low = min(0.0, float(np.nan_to_num(checked.similarity).min(initial=0.0)))
    x = PlotAxis("made random so far", "category", tuple(map(layer_name, checked.stages)))
    spec = Plot((line, rule) if len(places) > 1 else (line,), x, PlotAxis("rank correlation", low=low, high=1.0))
    return Figure(place.id("words-random"), "Do the words show what was learnt?", caption, spec, TRUST)
