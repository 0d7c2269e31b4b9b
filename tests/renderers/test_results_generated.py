from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlviz_docs.model import Insight, Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results.generated import generated
from dlviz_docs.view import Figure, Gallery, Shown, Table


def predictions(outputs: Any, references: Any = (), inputs: Any = (), **more: Any) -> Predictions:
    texts = {"generated": tuple(outputs), "references": tuple(references), "inputs": tuple(inputs)}
    return Predictions("model", "", ("p.csv",), "text", len(texts["generated"]), **texts, **more)


def render(given: Predictions, *, samples: bool = True) -> list[Shown]:
    return list(generated(given, Place(), samples))


def figures(shown: list[Shown]) -> dict[str, Figure]:
    return {figure.id: figure for figure in shown if isinstance(figure, Figure)}


def insights(shown: list[Shown]) -> dict[str, Insight]:
    return {insight.kind: insight for insight in shown if isinstance(insight, Insight)}


def values(figure: Figure) -> dict[str, str]:
    assert isinstance(figure.spec, Table)
    return {row[0].text: row[1].text for row in figure.spec.rows}


REFERENCES = [f"the answer to question {k} is {k * k}" for k in range(40)]
OUTPUTS = [text if k % 2 else text.replace("answer", "reply") for k, text in enumerate(REFERENCES)]


def test_scores_and_differences_of_texts_with_references() -> None:
    shown = render(predictions(OUTPUTS, REFERENCES, [f"what is {k} squared?" for k in range(40)]))
    said = insights(shown)["text-quality"]
    assert said.values["exact"] == 0.5
    assert said.text.startswith("Exact match 0.500 [0.352, 0.648], chrF ")
    assert values(figures(shown)["text-scores"])["Exact match"] == "0.500"
    gallery = figures(shown)["outputs"].spec
    assert isinstance(gallery, Gallery)
    worst = gallery.items[0]
    assert [passage.label for passage in worst.passages] == ["input", "reference", "output"]
    assert [text.strip() for text, kind in worst.passages[1].pieces if kind == "only"] == ["answer"]
    assert [text.strip() for text, kind in worst.passages[2].pieces if kind == "only"] == ["reply"]
    assert [item.wrong for item in gallery.items] == [True] * 20 + [False] * 20
    alike = [float(dict(item.facts)["edit similarity"]) for item in gallery.items]
    assert alike == sorted(alike)


def test_case_and_punctuation_are_no_exact_match_but_the_same_words() -> None:
    found = values(figures(render(predictions(["Yes!", "no"] * 10, ["yes", " no "] * 10)))["text-scores"])
    assert (found["Exact match"], found["Match of words"]) == ("0.500", "1.000")


def test_without_references_no_score_is_made_up() -> None:
    shown = render(predictions(OUTPUTS))
    said = insights(shown)
    assert "a column “reference” or “target”" in said["text-unscored"].text.lower()
    assert not {"Exact match", "chrF", "Edit similarity"} & set(values(figures(shown)["text-scores"]))
    assert "similarity" not in figures(shown)
    assert insights(shown)["text-unscored"].figure in figures(shown)


def test_degenerate_empty_and_identical_outputs_are_said() -> None:
    outputs = (
        ["over and over again " * 20] * 6 + ["", None, "   "] + ["same thing"] * 8 + [f"text {k}" for k in range(30)]
    )
    said = insights(render(predictions(outputs, inputs=[f"in {k}" for k in range(len(outputs))])))
    assert said["degenerate-outputs"].text.startswith("6 of 6 outputs with ten words or more (100 %) repeat")
    assert said["empty-outputs"].text == "3 of 47 outputs (6.4 %) are empty."
    assert said["identical-outputs"].text.startswith("8 of 47 outputs (17 %) are the very same text")


def test_the_same_output_for_the_same_input_is_no_finding() -> None:
    assert "identical-outputs" not in insights(render(predictions(["same"] * 40, inputs=["question"] * 40)))


def test_outputs_that_repeat_their_input_or_are_too_long_are_said() -> None:
    inputs = [f"question number {k}" for k in range(20)]
    said = insights(render(predictions(inputs, ["yes"] * 20, inputs)))
    assert said["echoes"].values["share"] == 1
    assert "times as long as their references" in said["output-length"].text


def test_texts_are_only_shown_where_they_may_be() -> None:
    shown = render(predictions(["secret"] * 30, ["hidden"] * 30, ["private"] * 30), samples=False)
    assert "outputs" not in figures(shown)
    told = repr(shown)
    assert not any(word in told for word in ("secret", "hidden", "private"))
    there = {""} | set(figures(shown))
    assert {insight.figure for insight in insights(shown).values()} <= there


def test_only_one_split_is_judged() -> None:
    split = np.repeat(np.array([0, 1], np.int32), 20)
    shown = render(predictions(OUTPUTS, REFERENCES, split=split, splits=("train", "test")))
    assert "(n = 20 texts)" in insights(shown)["text-quality"].text
    assert "test split" in figures(shown)["text-scores"].caption


ODD: list[tuple[list[str | None], list[str | None]]] = [
    ([], []),
    ([None], []),
    ([""], [""]),
    (["a"], [None]),
    (["a"] * 20, [None] * 19 + ["a"]),
    (["\ud800 \x00 \u202e <script>"] * 12, ["\U0001f600"] * 12),
    (["x" * 50_000], ["y" * 50_000]),
    (["short"], []),
    (["a b"] * 15, ["a b"] * 3),
]


@pytest.mark.parametrize("case", range(len(ODD)))
def test_odd_texts_break_nothing(case: int) -> None:
    outputs, references = ODD[case]
    shown = render(predictions(outputs, references))
    assert bool(figures(shown)) == bool(outputs)


def test_many_long_texts_are_sampled_and_that_is_said() -> None:
    rng = np.random.default_rng(0)
    words = np.array([f"word{k}" for k in range(500)])
    outputs = [" ".join(rng.choice(words, 60)) for _ in range(20_000)]
    before = time.process_time()
    shown = render(predictions(outputs, outputs[::-1]))
    assert time.process_time() - before < 15
    assert "chosen at random (seed 0)" in figures(shown)["text-scores"].caption
    assert "(n = 20,000 texts)" in insights(shown)["text-quality"].text


def test_real_answers_of_a_finetuned_model_degenerate(corpora: Path) -> None:
    path = corpora / "dvclive_falcon/data/sanity_check_result/result.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    shown = render(predictions([row["results_finetuned"] for row in rows], inputs=[row["prompt"] for row in rows]))
    assert "degenerate-outputs" in insights(shown)
    assert "text-unscored" in insights(shown)
    gallery = figures(shown)["outputs"].spec
    assert isinstance(gallery, Gallery)
    assert len(gallery.items) == len(rows) == 6
