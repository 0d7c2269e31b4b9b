"""Several models that wrote to the same inputs."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from scipy import stats

from dlviz_docs.model import Experiment, Insight, Predictions
from dlviz_docs.model.samples import Samples
from dlviz_docs.renderers.results import Results
from dlviz_docs.renderers.results.compare import same_items
from dlviz_docs.view import Figure, Gallery, Shown, Table

N = 40
REFERENCES = tuple(f"the answer to question {k} is {k * k}" for k in range(N))
INPUTS = tuple(f"what is {k} squared?" for k in range(N))


def model(name: str, outputs: Sequence[str], *, judged: bool = True) -> Predictions:
    texts = {"generated": tuple(outputs), "inputs": INPUTS[: len(outputs)]}
    references = REFERENCES[: len(outputs)] if judged else ()
    return Predictions(name, name, ("p.csv",), "text", len(outputs), references=references, **texts)


def page(predictions: Sequence[Predictions], *, samples: str = "shown") -> tuple[Mapping[str, Figure], list[Insight]]:
    results = Results(samples="shown" if samples == "shown" else "none")
    found: list[Shown] = list(results(Experiment("e", "e", "e", samples=Samples(predictions=tuple(predictions)))))
    figures = [one for one in found if isinstance(one, Figure)]
    assert len({figure.id for figure in figures}) == len(figures)
    insights = [one for one in found if isinstance(one, Insight)]
    assert all(not one.figure or one.figure in {figure.id for figure in figures} for one in insights)
    return {figure.id: figure for figure in figures}, insights


GOOD = [text if k % 4 else text.replace("answer", "reply") for k, text in enumerate(REFERENCES)]
POOR = [text if k % 8 == 1 else "no idea" for k, text in enumerate(REFERENCES)]


def test_models_are_compared_by_what_was_wanted() -> None:
    figures, insights = page([model("poor", POOR), model("good", GOOD)])
    told = [one for one in insights if one.kind == "model-comparison"]
    assert [one.metric for one in told] == ["chrF", "exact match"]
    assert told[0].text.startswith("good is better than poor by ")
    assert told[0].text.endswith("paired over 40 texts, p < 0.001.")
    assert told[1].values["difference"] == pytest.approx(30 / 40 - 5 / 40)
    assert told[1].values["p"] == pytest.approx(stats.binomtest(0, 25).pvalue)
    table = figures["models"].spec
    assert isinstance(table, Table)
    assert [row[0].text for row in table.rows] == ["good", "poor"]
    assert [row[2].sort for row in table.rows] == [30 / 40, 5 / 40]
    own = figures["good-text-scores"].spec
    assert isinstance(own, Table)
    values = {row[0].text: row[1].sort for row in own.rows}
    assert [cell.sort for cell in table.rows[0][1:4]] == pytest.approx(
        [values["chrF"], values["Exact match"], values["Edit similarity"]]
    )


def test_the_one_with_more_exact_matches_is_named_though_the_other_has_the_higher_chrf() -> None:
    near = [text + "!" for text in REFERENCES]
    exact = [text if k % 2 else "" for k, text in enumerate(REFERENCES)]
    _, insights = page([model("near", near), model("exact", exact)])
    told = {one.metric: one.text for one in insights if one.kind == "model-comparison"}
    assert told["chrF"].startswith("near is better than exact")
    assert told["exact match"].startswith("exact is better than near by 0.50 exact match [0.3")


def test_outputs_stand_beside_each_other() -> None:
    figures, _ = page([model("good", GOOD), model("poor", POOR)])
    gallery = figures["outputs"].spec
    assert isinstance(gallery, Gallery)
    assert [passage.label for passage in gallery.items[0].passages] == ["input", "reference", "good", "poor"]
    assert "outputs" not in page([model("good", GOOD), model("poor", POOR)], samples="none")[0]


def test_without_references_nothing_is_scored() -> None:
    few = [text.replace("answer", "reply") for text in REFERENCES[:6]]
    figures, insights = page([model("b", few, judged=False), model("a", REFERENCES[:6], judged=False)])
    table, gallery = figures["models"].spec, figures["outputs"].spec
    assert isinstance(table, Table)
    assert isinstance(gallery, Gallery)
    assert [row[0].text for row in table.rows] == ["b", "a"]
    assert not {"chrF", "Exact match"} & {column.label for column in table.columns}
    assert not any(one.kind == "model-comparison" for one in insights)
    assert "b and a write the same to 0 of 6 inputs" in " ".join(one.text for one in insights)
    first = gallery.items[0]
    assert [passage.label for passage in first.passages] == ["input", "b", "a"]
    marked = [[text.strip() for text, kind in one.pieces if kind == "only"] for one in first.passages]
    assert marked == [[], ["reply"], ["answer"]]
    assert [item.title for item in gallery.items] == [f"row {k}" for k in range(6)]


def test_texts_that_share_little_are_not_marked_all_over() -> None:
    figures, _ = page([model("a", ["to be or not to be"] * 3, judged=False), model("b", ["42"] * 3, judged=False)])
    gallery = figures["outputs"].spec
    assert isinstance(gallery, Gallery)
    kinds = {kind for item in gallery.items for passage in item.passages for _, kind in passage.pieces}
    assert kinds == {""}
    assert "Marked" not in figures["outputs"].caption


def test_rows_are_tied_by_their_inputs() -> None:
    one, other = model("one", GOOD), model("other", POOR)
    turned = replace(
        other, generated=other.generated[::-1], inputs=other.inputs[::-1], references=other.references[::-1]
    )
    expected, found = (page([one, given])[0]["models"].spec for given in (other, turned))
    assert isinstance(expected, Table)
    assert isinstance(found, Table)
    assert [cell.sort for cell in found.rows[1]] == pytest.approx([cell.sort for cell in expected.rows[1]], nan_ok=True)
    figures, _ = page([one, replace(other, references=(*other.references[:-1], "another one"))])
    assert "1 row left out" in figures["models"].caption
    assert same_items([one, replace(other, inputs=tuple(f"z{k}" for k in range(N)))]) == []


def test_answers_of_two_real_models(corpora: Path) -> None:
    with (corpora / "dvclive_falcon/data/sanity_check_result/result.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    inputs = tuple(row["prompt"] for row in rows)
    both = [
        Predictions(
            name,
            "",
            ("r.csv",),
            "text",
            len(rows),
            generated=tuple(row[f"results_{name}"] for row in rows),
            inputs=inputs,
        )
        for name in ("pretrained", "finetuned")
    ]
    figures, _ = page(both)
    gallery = figures["outputs"].spec
    assert isinstance(gallery, Gallery)
    assert len(gallery.items) == len(rows) == 6
    assert all([one.label for one in item.passages] == ["input", "pretrained", "finetuned"] for item in gallery.items)
    assert figures["outputs"].page == ""


def test_odd_texts_break_nothing() -> None:
    for outputs in ((None,), ("",) * 3, ("\ud800", None, "x" * 20_000), ("same",) * 30):
        n = len(outputs)
        for references in ((), (None,) * n, ("",) * n, ("same",) * n):
            given = [
                Predictions(name, "", ("p",), "text", n, generated=outputs, references=references, ids=INPUTS[:n])
                for name in ("one", "two", "three")
            ]
            figures, _ = page(given)
            assert len(figures["models"].spec.rows) == 3  # type: ignore[union-attr]
