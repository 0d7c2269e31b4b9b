"""The page of a model of texts: words in colour, words over all texts, and what speaks against them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dlviz_docs.model import Experiment, Insight
from dlviz_docs.model.probes import Faithfulness, Probed, Sanity, Tokens
from dlviz_docs.renderers.cam import Cam
from dlviz_docs.stats.lexicon import lexicon
from dlviz_docs.view import Figure, Gallery, Plot, Table

SHARES = np.linspace(0, 1, 11)


def tokens(row: int, words: str, values: list[float], target: int = 1, truth: int | None = 1) -> Tokens:
    told = tuple(word if not i else f" {word}" for i, word in enumerate(words.split()))
    return Tokens(row, told, np.array(values), target, 0.01, truth, 2.0, 0.9)


TEXTS = (
    tokens(0, "a bad film", [0.0, -2.0, 0.5]),
    tokens(1, "good good !", [1.0, 1.0, -0.1], truth=0),
    tokens(2, "Good film ?", [1.5, 0.1, -0.3]),
    tokens(3, "good bad film", [2.5, -1.0, 0.0]),
    tokens(4, "bad film", [3.0, 0.2], target=0, truth=0),
)


def removal(method: str, road: float, error: float = 0.05) -> Faithfulness:
    return Faithfulness(
        method,
        "",
        16,
        road,
        error,
        deletion=0.3,
        insertion=0.3 + road,
        shares=SHARES,
        deleted=1 - SHARES,
        inserted=SHARES,
    )


def made(**changed: object) -> Probed:
    base = Probed("m.pt2", classes=("neg", "pos"), texts=TEXTS, shown=3, samples=5, sources=("review 7",))
    return replace(base, **changed)  # type: ignore[arg-type]


def page(probed: Probed, **options: object) -> tuple[dict[str, Figure], dict[str, Insight]]:
    found = list(Cam(**options)(Experiment("e", "e", ".", probes=(probed,))))  # type: ignore[arg-type]
    return (
        {one.id: one for one in found if isinstance(one, Figure)},
        {one.kind: one for one in found if isinstance(one, Insight)},
    )


def test_words_are_coloured_and_said() -> None:
    figures, _ = page(made())
    gallery = figures["words"].spec
    assert isinstance(gallery, Gallery)
    assert len(gallery.items) == 3, "the others only tell what words come to"
    first, second, _ = gallery.items
    assert first.title == "review 7"
    assert second.title == "sample 2"
    (passage,) = first.passages
    assert "".join(words for words, _ in passage.pieces) == "a bad film"
    told = dict(zip([words for words, _ in passage.pieces], passage.weights, strict=True))
    assert (told["bad"], told["film"], told["a"]) == (-1.0, 0.25, 0.0)
    facts = dict(first.facts)
    assert (facts["truth"], facts["predicted"], facts["confidence"]) == ("pos", "pos", "0.900")
    assert (facts["for"], facts["against"]) == ("film (0.5)", "bad (−2)")
    assert (first.wrong, second.wrong) == (False, True)
    assert "words" not in page(made(), samples="none")[0]
    assert "words-of-answers" in page(made(), samples="none")[0]


def test_words_over_all_texts() -> None:
    figures, insights = page(made())
    table = figures["words-of-answers"].spec
    assert isinstance(table, Table)
    rows = [[cell.text for cell in row] for row in table.rows]
    assert ["pos", "for", "good", "2.000 ± 0.289", "3"] in rows
    assert [row[2] for row in rows] == ["good", "film"], "the others stand in fewer than three texts"
    assert "“good” (+2)" in insights["words-strongest"].text


def test_words_of_a_lexicon() -> None:
    found = {word.text: word for word in lexicon([(("A", " a"), np.array([1.0, 2.0])), (("a",), np.array([5.0]))], 1)}
    assert (found["a"].mean, found["a"].texts) == (4.0, 2)
    assert found["a"].error == 1.0
    assert lexicon([], 1) == []


def test_how_far_words_can_be_believed() -> None:
    good = made(faithfulness=(removal("integrated gradients", 0.4), removal("random", 0.01)))
    figures, insights = page(good)
    assert insights["words-faithful"].severity == "info"
    plot = figures["words-removed"].spec
    assert isinstance(plot, Plot)
    assert len(plot.layers) == 4
    _, insights = page(made(faithfulness=(removal("integrated gradients", 0.05), removal("random", 0.01))))
    assert insights["words-unfaithful"].severity == "warning"
    assert "faithfulness" not in figures, "what is said of pixels has no place here"


def test_values_that_do_not_depend_on_the_weights_are_told() -> None:
    alike = Sanity("integrated gradients", "e", 16, ("head", "tokens"), np.array([0.99, 0.9]), 0.1, False, False)
    figures, insights = page(made(sanity=(alike,)))
    assert "0.900" in insights["words-insane"].text
    assert "words-random" in figures
    _, insights = page(made(sanity=(replace(alike, similarity=np.array([0.5, 0.2]), passes=True),)))
    assert "words-insane" not in insights


def test_evidence_on_punctuation_is_told() -> None:
    marks = tuple(tokens(i, "well ! ?", [0.1, 2.0, 1.0]) for i in range(4))
    _, insights = page(made(texts=marks))
    assert insights["words-without-meaning"].severity == "warning"
    assert "words-without-meaning" not in page(made())[1]


def test_odd_values_break_nothing() -> None:
    odd = tokens(0, "a b", [float("nan"), float("inf")], truth=None)
    empty = Tokens(1, (), np.zeros(0), 0, float("nan"))
    figures, _ = page(made(texts=(odd, empty, replace(odd, words=("</script><b>", "x" * 9000)))))
    assert "words" in figures
    value = made(classes=(), texts=(replace(TEXTS[0], share=None, truth=None),), head="value")
    (item,) = page(value)[0]["words"].spec.items  # type: ignore[union-attr]
    assert dict(item.facts)["output"] == "2.000"
