"""Data and predictions from the folder to the pages: what is read again, what a fault costs, what is published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from dlviz_docs import record
from dlviz_docs.build import build
from dlviz_docs.model import Problem
from dlviz_docs.options import Options, parse
from dlviz_docs.study import planned
from dlviz_docs.view import Site

pytest.importorskip("polars")
Image = pytest.importorskip("PIL.Image")

HERE = parse({"workers": 0, "path": ""})
METRICS = "step,train_loss\n0,3\n1,2\n2,1.5\n"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """One experiment of two runs with predictions for 60 pictures of its data."""
    random = np.random.default_rng(0)
    label = random.integers(0, 3, 60)
    images = (random.random((60, 9, 9)) * 200 + 18 * label[:, None, None]).astype(np.uint8)
    for split, rows in (("train", slice(0, 30)), ("test", slice(30, 60))):
        record.dataset(tmp_path / "runs/data", split, images=images[rows], label=label[rows], classes=["a", "b", "c"])
    for name in ("one", "two"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "metrics.csv").write_text(METRICS)
        logits = random.normal(size=(30, 3)) + 2 * np.eye(3)[label[30:]]
        record.predictions(tmp_path / "runs" / name, truth=label[30:], logits=logits, classes=["a", "b", "c"])
    return tmp_path / "runs"


class Told:
    """Progress that remembers how much was to do."""

    def __init__(self) -> None:
        self.todo: dict[str, int] = {}

    def __call__(self, step: str, done: int, total: int) -> None:
        self.todo[step] = total


def make(runs: Path, options: Options = HERE) -> tuple[Site, dict[str, int]]:
    told = Told()
    return build(runs, options, runs.parent / "cache", told), told.todo


def pages(site: Site) -> dict[str, str]:
    return {page.path: Path(page.file).read_text(encoding="utf-8") if page.file else page.body for page in site.pages}


def pictures(site: Site) -> Iterator[bytes]:
    for asset in site.assets:
        if asset.path.endswith(".webp"):
            yield asset.content.read_bytes() if isinstance(asset.content, Path) else asset.content


def codes(problems: tuple[Problem, ...]) -> set[str]:
    return {problem.code for problem in problems}


def test_topics_stand_in_their_order(runs: Path) -> None:
    site, _ = make(runs)
    paths = [page.path for page in site.pages]
    assert site.problems == ()
    assert paths[:5] == [
        "index.html",
        "runs/index.html",
        "runs/data/index.html",
        "runs/training/index.html",
        "runs/results/index.html",
    ]
    assert sorted(paths[5:]) == ["runs/results/one/index.html", "runs/results/two/index.html"]
    overview = pages(site)["runs/index.html"]
    assert "Best accuracy" in overview
    assert "60 pictures" in overview


def test_every_page_of_an_experiment_leads_to_every_other(runs: Path) -> None:
    site, _ = make(runs)
    body = pages(site)["runs/results/two/index.html"]
    assert 'href="../../index.html"' in body
    assert "probabilities are their softmax" in body
    assert 'href="../one/index.html"' in body
    assert '<a href="../two/index.html" aria-current="page">two</a>' in body or 'href="index.html"' in body


def test_pictures_are_made_anew_as_webp(runs: Path) -> None:
    site, _ = make(runs)
    found = list(pictures(site))
    assert found
    for content in found:
        picture = Image.open(BytesIO(content))
        assert picture.format == "WEBP"
        assert not picture.getexif()
    shown = pages(site)["runs/data/index.html"]
    assert any(asset.path.removeprefix("runs/") in shown for asset in site.assets if asset.path.endswith(".webp"))


def test_nothing_changed_reads_nothing(runs: Path) -> None:
    first, todo = make(runs)
    assert todo == {"Looking at data and predictions": 1, "Reading": 2, "Drawing": 1}
    again, todo = make(runs)
    assert todo == {"Reading": 0, "Drawing": 0}
    assert pages(again) == pages(first)


def test_a_changed_run_does_not_read_the_data_again(runs: Path) -> None:
    make(runs)
    (runs / "one" / "metrics.csv").write_text(METRICS + "3,1.25\n")
    _, todo = make(runs)
    assert todo == {"Reading": 1, "Drawing": 1}


def test_changed_predictions_are_read_and_no_run(runs: Path) -> None:
    make(runs)
    record.predictions(runs / "one", truth=[0, 1, 2] * 10, predicted=[0, 1, 1] * 10, classes=["a", "b", "c"])
    site, todo = make(runs)
    assert todo == {"Looking at data and predictions": 1, "Reading": 0, "Drawing": 1}
    assert "0.67" in pages(site)["runs/results/index.html"]


def test_a_picture_that_is_gone_from_the_cache_is_made_again(runs: Path) -> None:
    first, _ = make(runs)
    kept = [a.content for a in first.assets if a.path.endswith(".webp") and isinstance(a.content, Path)]
    kept[0].unlink()
    again, todo = make(runs)
    assert todo["Looking at data and predictions"] == 1
    assert sorted(pictures(again)) == sorted(pictures(first)) or kept[0].exists()


@pytest.mark.parametrize("suffix", [".webp", ".html", ".js"])
@pytest.mark.parametrize("damage", ["cut", "one bit", "zeros"])
def test_a_damaged_file_of_the_cache_is_not_published(runs: Path, suffix: str, damage: str) -> None:
    first, _ = make(runs)
    sources = [*(a.content for a in first.assets), *(Path(page.file) for page in first.pages if page.file)]
    ours = [path for path in sources if isinstance(path, Path) and path.is_relative_to(runs.parent / "cache")]
    kept = [path for path in ours if path.suffix == suffix]
    whole = {path: path.read_bytes() for path in kept}
    hurt = max(whole, key=lambda path: len(whole[path]))
    content = whole[hurt]
    cut, flipped = content[: len(content) // 2], bytes([*content[:-1], content[-1] ^ 1])
    hurt.write_bytes({"cut": cut, "one bit": flipped, "zeros": bytes(len(content))}[damage])
    again, todo = make(runs)
    assert any(todo.values())
    assert {path: path.read_bytes() for path in kept} == whole
    assert [page.file for page in again.pages] == [page.file for page in first.pages]
    _, todo = make(runs)
    assert not any(todo.values())


def test_predictions_alone_are_an_experiment(tmp_path: Path) -> None:
    record.predictions(tmp_path / "exp", truth=["x", "y"] * 40, predicted=["x", "x"] * 40)
    site, _ = make(tmp_path / "exp")
    assert [page.path for page in site.pages] == ["index.html", "exp/index.html", "exp/results/index.html"]
    assert "No run could be read" not in pages(site)["exp/index.html"]


def test_a_folder_of_neither_is_no_experiment(tmp_path: Path) -> None:
    (tmp_path / "exp").mkdir()
    (tmp_path / "exp" / "notes.txt").write_text("nothing")
    site, _ = make(tmp_path / "exp")
    assert [page.path for page in site.pages] == ["index.html"]


def test_experiment_yml_names_what_stands_elsewhere(runs: Path) -> None:
    (runs / "odd").mkdir()
    (runs / "odd" / "guesses.csv").write_text("wanted,told\n" + "x,x\ny,x\n" * 30)
    (runs / "experiment.yml").write_text(
        "results: {path: odd/guesses.csv, truth: wanted, prediction: told, name: by hand}\n"
    )
    site, _ = make(runs)
    assert site.problems == ()
    assert any("by-hand" in path for path in pages(site))


def test_a_file_that_is_named_and_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "runs" / "a" / "metrics.csv").write_text(METRICS)
    (tmp_path / "runs" / "experiment.yml").write_text("data: missing.csv\n")
    site, _ = make(tmp_path / "runs")
    assert codes(site.problems) == {"missing-file"}
    assert "missing.csv" in pages(site)["a/index.html"]


def test_one_that_takes_too_long_costs_only_its_own_pages(runs: Path) -> None:
    site, _ = make(runs, parse({"workers": 1, "path": "", "samples_timeout": 1e-4}))
    assert codes(site.problems) == {"samples-timeout"}
    assert "runs/training/index.html" in pages(site)
    assert "samples_timeout" in pages(site)["runs/index.html"]


def test_a_renderer_that_fails_costs_only_its_topic(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlviz_docs.renderers.data import Data

    def fail(self: Data, experiment: object) -> Iterator[object]:
        raise RuntimeError("no")
        yield

    monkeypatch.setattr(Data, "__call__", fail)
    site, _ = make(runs)
    assert codes(site.problems) == {"renderer-failed"}
    assert "runs/results/index.html" in pages(site)


def test_rows_are_not_shown_where_they_may_not_be(runs: Path) -> None:
    hidden = {"data": {"samples": "none"}, "results": {"samples": "none"}}
    site, _ = make(runs, parse({"workers": 0, "path": "", "renderers": hidden}))
    assert list(pictures(site)) == []
    assert not any("dlviz-gallery" in body for body in pages(site).values())


def test_a_topic_can_be_left_out(runs: Path) -> None:
    site, _ = make(runs, parse({"workers": 0, "path": "", "renderers": {"data": False}}))
    assert "runs/data/index.html" not in pages(site)
    assert "runs/results/index.html" in pages(site)


def test_workers_and_none_make_the_same(runs: Path) -> None:
    alone = pages(make(runs)[0])
    for path in (runs.parent / "cache").rglob("*"):
        if path.is_file():
            path.unlink()
    assert pages(make(runs, parse({"workers": 2, "path": ""}))[0]) == alone


def test_the_plan_is_made_of_names(runs: Path) -> None:
    from dlviz_docs.build import find

    (experiment,) = find(runs, HERE)[0].experiments
    plan = planned(experiment)
    assert [files for one in plan.datasets for files in one.files] == [
        ("data/train.npz", "table"),
        ("data/test.npz", "table"),
    ]
    assert [one.run for one in plan.predictions] == ["one", "two"]


def test_the_report_tells_of_data_and_predictions(runs: Path) -> None:
    site, _ = make(runs)
    (document,) = [asset.content for asset in site.assets if asset.path == "experiments.json"]
    assert isinstance(document, bytes)
    (experiment,) = json.loads(document)["experiments"]
    assert experiment["data"] == [
        {"name": "data", "format": "NPZ", "rows": 60, "splits": {"train": 30, "test": 30}, "target": "label"}
    ]
    assert [one["task"] for one in experiment["predictions"]] == ["classification", "classification"]


def test_without_the_extra_one_notice_says_what_to_install(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlviz_docs.study.samples.EXTRA", ("polars", "no_such_package"))
    site, _ = make(runs)
    assert [(problem.code, problem.path) for problem in site.problems] == [("missing-extra", ".")]
    assert "no_such_package" in site.problems[0].what
    assert "runs/data/index.html" not in pages(site)
    assert "runs/training/index.html" in pages(site)


def test_nothing_is_looked_at_that_nobody_shows(runs: Path) -> None:
    site, todo = make(runs, parse({"workers": 0, "path": "", "renderers": {"data": False, "results": False}}))
    assert "Looking at data and predictions" not in todo
    assert [page.path for page in site.pages] == ["index.html", "runs/index.html", "runs/training/index.html"]


def test_files_named_by_experiment_yml_are_relative_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "top" / "exp"
    folder.mkdir(parents=True)
    (folder / "truth.csv").write_text("id,label\n" + "".join(f"{i},{'xy'[i % 2]}\n" for i in range(60)))
    (folder / "told.csv").write_text("id,prediction\n" + "".join(f"{i},x\n" for i in range(60)))
    (folder / "experiment.yml").write_text("results: {path: told.csv, truth: truth.csv}\n")
    (folder / "run").mkdir()
    (folder / "run" / "metrics.csv").write_text(METRICS)
    site, _ = make(tmp_path / "top")
    assert site.problems == ()
    assert any("0.500" in body for path, body in pages(site).items() if "results" in path)
