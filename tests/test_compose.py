from __future__ import annotations

import posixpath
import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from dlviz_docs.assets import TEMPLATES, assets
from dlviz_docs.compose import compose_experiment, compose_index, index_entry, outline
from dlviz_docs.model import Experiment, Insight, Objective, Problem, Run, Series, SourceFile
from dlviz_docs.view import Cell, Chart, Column, Fact, Figure, IndexEntry, Line, Page, Section, Table

PAIRS = (Column("Fact"), Column("Value"))


class Parsed(HTMLParser):
    """What a page holds, as a browser would find it."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.levels: list[int] = []
        self.tags: list[str] = []
        self.feed(body)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.ids += [name for key, name in attrs if key == "id" and name]
        self.links += [given["href"] or ""] if "href" in given else []
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag not in ("input", "br", "hr", "path", "line", "circle", "rect", "link", "meta"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def chart(name: str = "metric-loss") -> Figure:
    x = np.arange(3.0)
    line = Line("run-0", "run-0", "val/loss", 0, {"step": x}, np.array([3.0, 2.0, 1.0]))
    return Figure(name, "loss", "Loss falls.", Chart((line,)), "Loss")


def rows(name: str, amount: int, *, searchable: bool = False, group: str = "Tables") -> Figure:
    cells = tuple((Cell(f"{name}{i}"), Cell(str(i), float(i)), Cell("x")) for i in range(amount))
    columns = (Column("Name"), Column("Number", numeric=True, help="Counted"), Column("Other"))
    return Figure(name, name.capitalize(), f"All {name}.", Table(columns, cells, searchable), group)


def pairs() -> Figure:
    return Figure("facts", "At a glance", "", Table(PAIRS, ((Cell("Runs"), Cell("3")),)), "At a glance")


def experiment(**fields: object) -> Experiment:
    values = np.array([3.0, 1.0, 2.0])
    series = Series("val/loss", "val_loss", np.arange(3.0), values)
    source = SourceFile("log.csv", 10, 1_700_000_000.0, "table", "CSV")
    run = Run("run-0", "run-0", series=(series,), status="finished", sources=(source,), color=3)
    given = {"runs": (run,), "objective": Objective("val/loss", "min"), **fields}
    return Experiment("digits", "Digits & co", "digits", **given)  # type: ignore[arg-type]


def finding(kind: str, severity: str = "warning", text: str = "It overfits.", figure: str = "metric-loss") -> Insight:
    return Insight(kind, severity, text, figure, "run-0", "val/loss", 3.0, {"best_value": 0.5})  # type: ignore[arg-type]


def both_pages(**fields: object) -> tuple[Page, Page]:
    overview = Section("overview", "Overview", figures=(pairs(), chart(), rows("runs", 3, searchable=True)))
    training = Section("training", "Training", (finding("overfitting"),), (chart(), chart("metric-lr")))
    first, second = compose_experiment(experiment(**fields), [overview, training])
    return first, second


def test_pages_are_the_overview_and_one_for_each_topic() -> None:
    first, second = both_pages()
    assert (first.path, first.title, first.topic) == ("digits/index.html", "Digits & co", "overview")
    assert (second.path, second.title) == ("digits/training/index.html", "Training – Digits & co")
    assert {page.experiment for page in (first, second)} == {"digits"}


def test_the_overview_is_there_without_a_section() -> None:
    (page,) = compose_experiment(experiment(runs=()), [])
    assert page.path == "digits/index.html"
    assert "No run could be read" in page.body


@pytest.mark.parametrize("number", [0, 1])
def test_page_is_well_formed_and_its_headings_lead_somewhere(number: int) -> None:
    problem = Problem("code", "a.csv", "It is cut.", "Train on.")
    page = both_pages(story="# Why\n\nBecause.", problems=(problem,))[number]
    found = Parsed(page.body)
    assert len(found.ids) == len(set(found.ids))
    assert {heading.id for heading in page.headings} <= set(found.ids)
    assert found.levels[0] == 1
    assert found.levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(found.levels, found.levels[1:], strict=False))


@pytest.mark.parametrize("number", [0, 1])
def test_an_outline_is_the_page_without_its_pictures_and_numbers(number: int) -> None:
    long = rows("values", 30, group="Values")
    overview = Section("overview", "Overview", (finding("overfitting"),), (chart(), long))
    training = Section("training", "Training", (finding("overfitting"),), (chart(), rows("few", 3), long))
    page = compose_experiment(experiment(story="# Why\n\nBecause."), [overview, training])[number]
    whole, short = Parsed(page.body), Parsed(outline(page.body))
    assert {"svg", "table"} <= set(whole.tags)
    assert short.tags.count("svg") < whole.tags.count("svg")
    assert "dlviz-plot" not in outline(page.body)
    assert short.levels == whole.levels
    assert {heading.id for heading in page.headings} <= set(short.ids)
    assert "It overfits." in outline(page.body)
    assert "values29" in page.body
    assert "values29" not in outline(page.body)


def test_an_outline_cannot_be_cut_by_what_a_folder_holds() -> None:
    story = "# Why\n\n<div data-search-exclude>Seen\n\n</table> <svg class=dlviz-spark>"
    page, _ = both_pages(
        story=story, problems=(Problem("code", "<div data-search-exclude>", "It is cut.", "Train on."),)
    )
    short = Parsed(outline(page.body))
    assert short.levels == Parsed(page.body).levels
    assert "Seen" in outline(page.body)


def test_links_between_pages_are_relative_and_arrive() -> None:
    pages = both_pages()
    known = {page.path: set(Parsed(page.body).ids) for page in pages} | {"index.html": set()}
    for page in pages:
        for link in Parsed(page.body).links:
            path, _, fragment = link.partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(page.path), path)) if path else page.path
            assert target in known, link
            assert not fragment or fragment in known[target], link


def test_a_finding_is_told_on_both_pages_and_leads_to_the_topics_own_chart() -> None:
    first, second = both_pages()
    assert 'href="training/index.html#metric-loss"' in first.body
    assert 'href="#metric-loss"' in second.body
    for page in (first, second):
        assert "It overfits." in page.body
        assert "best value <b>0.5</b>" in page.body
        assert re.search(r"</svg>\s*Warning", page.body)


def test_findings_come_worst_first_and_the_same_is_said_once() -> None:
    told = [
        finding("note", "info", "N."),
        finding("a"),
        finding("a"),
        finding("a", text="So too."),
        finding("b", "serious"),
    ]
    _, page = compose_experiment(experiment(), [Section("overview", "Overview"), Section("t", "T", tuple(told))])
    assert page.body.count("It overfits.") == 2  # of kinds a and b
    order = [page.body.index(word) for word in ("Serious", "Warning", "Note")]
    assert order == sorted(order)
    assert "1 more like this" in page.body
    assert page.body.count('class="dlviz-card ') == 3


def test_a_finding_whose_figure_is_not_shown_has_no_link() -> None:
    _, page = compose_experiment(experiment(), [Section("o", "O", (finding("a", figure="metric-gone"),))])
    assert "metric-gone" not in page.body


def test_one_page_has_no_tabs() -> None:
    (page,) = compose_experiment(experiment(), [Section("overview", "Overview")])
    assert "All experiments" in page.body
    assert "aria-current" not in page.body


def test_what_the_author_says_is_shown() -> None:
    said = {"description": "Why?", "tags": ("cnn",), "authors": ("A", "B"), "model": "Small", "inputs": "8x8"}
    first, _ = both_pages(story="# Digits & co\n\nWe *tried*.", **said)
    for word in ("Why?", "cnn", "by A, B", "Small", "8x8", "<em>tried</em>"):
        assert word in first.body
    assert first.body.count("Digits &amp; co") == 1
    assert first.description == "Why?"


def test_nothing_said_nothing_shown() -> None:
    first, second = both_pages()
    for name in ("dlviz-lead", "dlviz-about", "dlviz-setup", "Notes", "Problems"):
        assert name not in first.body
    assert first.description == "Overview of Digits & co: At a glance, loss, Runs"
    assert second.description.startswith("Training of Digits & co")


def test_problems_say_what_and_what_to_do() -> None:
    many = tuple(Problem("cut-csv", f"{i}.csv", "It ends in the middle.", "Train on.") for i in range(12))
    first, second = both_pages(problems=many)
    assert first.body.count("It ends in the middle.") == 12
    assert "2 more problems" in first.body
    assert "12 problems</a>" in first.body
    assert "It ends in the middle." not in second.body


def test_long_tables_are_folded_unless_they_can_be_searched() -> None:
    def page(figure: Figure) -> str:
        return compose_experiment(experiment(), [Section("overview", "Overview", figures=(figure,))])[0].body

    assert "Show all 21" in page(rows("files", 21))
    assert "Show all" not in page(rows("files", 20))
    assert "Show all" not in page(rows("runs", 21, searchable=True))
    assert 'type="search"' in page(rows("runs", 21, searchable=True))


def test_tables_tell_scripts_how_to_sort() -> None:
    body = compose_experiment(experiment(), [Section("overview", "Overview", figures=(rows("runs", 2),))])[0].body
    assert '<td class="dlviz-number" data-sort="1.0">1</td>' in body
    assert '<th scope="col" class="dlviz-number" title="Counted">Number</th>' in body


# --- index ------------------------------------------------------------------------------------------------------------


def test_an_entry_tells_the_best_run() -> None:
    worse = Run("worse", "worse", series=(Series("val/loss", "l", np.arange(2.0), np.array([9.0, 8.0])),))
    whole = experiment(tags=("cnn",), problems=(Problem("c", "p", "w", "r"),))
    entry = index_entry(experiment(runs=(worse, *whole.runs), tags=("cnn",), problems=whole.problems))
    assert (entry.metric, entry.best, entry.best_run, entry.color) == ("val/loss", 1.0, "run-0", 3)
    assert entry.curve == (3.0, 1.0, 2.0)
    assert (entry.runs, entry.statuses, entry.problems, entry.tags) == (2, (("finished", 1),), 1, ("cnn",))
    assert entry.date == 1_700_000_000.0


def test_a_thumbnail_is_short_and_keeps_the_extremes() -> None:
    values = np.sin(np.arange(5000.0))
    values[1234], values[4321], values[7] = 50.0, -50.0, np.nan
    series = Series("val/loss", "l", np.arange(5000.0), values)
    curve = index_entry(experiment(runs=(Run("r", "r", series=(series,)),))).curve
    assert len(curve) <= 64
    assert (max(curve), min(curve)) == (50.0, -50.0)
    assert curve.index(50.0) < curve.index(-50.0)


def test_an_entry_without_a_metric() -> None:
    entry = index_entry(Experiment("e", "E", "e"))
    assert (entry.metric, entry.best, entry.date, entry.curve) == ("", None, None, ())


def entries() -> list[IndexEntry]:
    old = index_entry(experiment(tags=("cnn", "old")))
    new = IndexEntry("new", "New <one>", "", ("cnn",), 2, (("failed", 2),), date=1.8e9, findings=2, problems=1)
    return [old, new]


def test_the_index_lists_the_latest_first() -> None:
    page = compose_index(entries(), title="Experiments")
    found = Parsed(page.body)
    assert page.path == "index.html"
    assert page.description == "Experiments: 2 experiments, 3 runs."
    assert [link for link in found.links if link.endswith("/index.html")] == ["new/index.html", "digits/index.html"]
    assert "New &lt;one&gt;" in page.body
    assert "2 warnings" in page.body
    assert "1 problem<" in page.body


def test_the_index_offers_tags_and_statuses_that_tell_apart() -> None:
    page = compose_index(entries(), title="Experiments")
    chips = re.findall(r'data-dlviz-chip="(\d+)"[^>]*>(\S+) <small>(\d+)', page.body)
    assert chips == [("0", "cnn", "2"), ("1", "old", "1"), ("2", "failed", "1"), ("3", "finished", "1")]
    assert re.findall(r'data-dlviz-chips="([\d ]*)"', page.body) == ["0 2", "0 1 3"]
    alike = compose_index([entries()[0]], title="Experiments")
    assert "dlviz-status" not in alike.body


def test_an_empty_folder_says_what_to_do() -> None:
    page = compose_index([], title="Experiments")
    assert "dlviz scan --explain" in page.body
    assert "<table" not in page.body
    Parsed(page.body)


def test_assets_exist_and_are_ours_or_plotlys() -> None:
    found = {asset.path: asset.content for asset in assets()}
    assert {
        "assets/dlviz.css",
        "assets/figures.css",
        "assets/dlviz.js",
        "assets/tables.js",
        "assets/plotly.min.js",
    } <= set(found)
    for content in found.values():
        assert content if isinstance(content, bytes) else content.is_file()


def test_our_table_script_stays_small() -> None:
    found = {asset.path: asset.content for asset in assets()}
    script = found["assets/tables.js"]
    assert isinstance(script, bytes)
    assert len(script) <= 5_000


@pytest.mark.parametrize("path", sorted((TEMPLATES / "assets").glob("*.js")), ids=lambda path: path.stem)
def test_scripts_are_sent_without_comments_and_lose_nothing_else(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not [line for line in text.splitlines() if line.count("`") % 2], "a text over several lines"
    sent = next(asset.content for asset in assets() if asset.path == f"assets/{path.name}")
    assert isinstance(sent, bytes)
    kept, within = [], False
    for line in (line.strip() for line in text.splitlines()):
        within = within or line.startswith("/*")
        if not within and not line.startswith("//"):
            kept.append(line)
        within = within and not line.endswith("*/")
    assert [line.strip() for line in sent.decode().splitlines()] == kept
    assert len(sent) < len(text.encode())


def test_what_diagrams_and_maps_load_stays_small() -> None:
    """Compressed, as a server sends them."""
    found = {asset.path: asset.content for asset in assets()}
    for names, most in ((("boxes", "diagram", "diagramacts", "diagrampanel"), 17_000), (("overlay", "maps"), 8_000)):
        scripts = [found[f"assets/{name}.js"] for name in names]
        assert len(zlib.compress(b"".join(one for one in scripts if isinstance(one, bytes)), 9)) <= most


def results(amount: int) -> Section:
    """What several models come to."""
    return Section(
        "results", "Results", facts=tuple(Fact(f"Accuracy “{i}”", f"0.{i} [0.1, 0.9]") for i in range(amount))
    )


def told(body: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", body).split())


@pytest.mark.parametrize(("amount", "more"), [(1, 0), (5, 0), (6, 1), (9, 4)])
def test_the_front_page_has_what_every_model_comes_to_up_to_a_handful(amount: int, more: int) -> None:
    overview, *_ = compose_experiment(Experiment("e", "E", "e"), [results(amount)])
    words = told(overview.body)
    assert [f"Accuracy “{i}” 0.{i} [0.1, 0.9]" in words for i in range(amount)] == [i < 5 for i in range(amount)]
    assert (f"and {more} more on the page Results" in words) == bool(more)


@pytest.mark.parametrize(("amount", "more"), [(1, 0), (3, 0), (4, 1), (7, 4)])
def test_the_index_has_it_too(amount: int, more: int) -> None:
    data = Section("data", "Data", facts=(Fact("Data", "5 rows"),))
    model = Section("architecture", "Architecture", facts=(Fact("Parameters", "723"),))
    entry = index_entry(Experiment("e", "E", "e"), [data, results(amount), model])
    words = told(compose_index([entry], title="All").body)
    assert [f"Accuracy “{i}” 0.{i} [0.1, 0.9]" in words for i in range(amount)] == [i < 3 for i in range(amount)]
    assert (f"and {more} more" in words) == bool(more)
    assert "5 rows" not in words


def test_the_index_has_no_such_lines_where_a_curve_tells() -> None:
    entry = index_entry(experiment(), [results(2)])
    assert entry.best is not None
    assert "Accuracy “0”" not in compose_index([entry], title="All").body


def test_what_agents_come_to_stands_in_the_index_unless_there_are_results() -> None:
    agents = Section("rl", "Learning progress", facts=(Fact("Return", "187 [171, 199]"),))
    model = Section("architecture", "Architecture", facts=(Fact("Parameters", "1,000"),))
    assert index_entry(experiment(), [agents, model]).facts == agents.facts
    assert index_entry(experiment(), [results(1), agents]).facts == results(1).facts


def test_the_best_return_of_several_tasks_is_none() -> None:
    """It would be that of the task with the largest scale."""
    (run,) = experiment().runs
    one, other = replace(run, task="Pong"), replace(run, task="Seaquest")
    agents = Section("rl", "Learning progress", facts=(Fact("Pong: best of 3", "dqn, 19"),))
    entry = index_entry(experiment(runs=(one, other)), [agents])
    assert (entry.best, entry.metric) == (None, "")
    assert "Pong: best of 3" in compose_index([entry], title="All").body
    assert index_entry(experiment(runs=(one, one))).best is not None
