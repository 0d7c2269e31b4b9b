"""The hand-written pages against the code: every reader, option, problem, insight and key has its place in them."""

from __future__ import annotations

import ast
import re
import sys
import types
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
import yaml

from dlviz_docs import cli, report
from dlviz_docs.errors import ReadError
from dlviz_docs.insights.data_columns import FLAGS
from dlviz_docs.model import (
    Artifact,
    Checkpoint,
    Dataset,
    Experiment,
    Insight,
    Models,
    Network,
    Objective,
    Predictions,
    Problem,
    Recorded,
    Run,
    Samples,
    Series,
    SourceFile,
)
from dlviz_docs.options import About, Options, parse
from dlviz_docs.readers import READERS, Reader
from dlviz_docs.registry import load_readers, load_renderers
from dlviz_docs.renderers import RENDERERS, Renderer
from dlviz_docs.view import Figure, Table
from dlviz_docs.workers import Failure

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "site_templates/docs"
PAGES = sorted(path.name for path in DOCS.glob("*.md"))
MODULES = sorted((ROOT / "dlviz_docs").rglob("*.py"))


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def headings(name: str) -> set[str]:
    found = re.findall(r"^##+ (.*)$", page(name), re.MULTILINE)
    return {word.strip() for heading in found for word in heading.split(",")}


def rows(name: str) -> set[str]:
    """Every word in the first cell of a table row: "| `a`, `b` | text |" gives a and b."""
    first = [line.split("|")[1] for line in page(name).splitlines() if line.startswith("|")]
    return {word for cell in first for word in re.findall(r"`([^`]+)`", cell)}


# --- readers, renderers, options --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, _ in READERS])
def test_every_reader_has_its_heading(name: str) -> None:
    assert name in headings("formats.md")


def test_readers_stand_in_the_order_in_which_they_are_asked() -> None:
    found = re.findall(r"^## (.*)$", page("formats.md"), re.MULTILINE)
    ours = [name for name, _ in READERS]
    assert [heading for heading in found if heading in ours] == ours


def test_every_topic_is_named() -> None:
    assert {name for name, _ in RENDERERS} <= headings("renderers-and-readers.md")


@pytest.mark.parametrize("cls", [Options, About])
def test_every_option_has_a_row(cls: type) -> None:
    assert {field.name for field in fields(cls)} <= rows("configuration.md")


def test_every_option_of_a_reader_or_topic_has_a_row() -> None:
    readers, _ = load_readers({})
    renderers, _ = load_renderers({})
    for items, where in ((readers, "formats.md"), (renderers, "renderers-and-readers.md")):
        for name, item in items.items():
            assert is_dataclass(item)
            assert {field.name for field in fields(item)} <= rows(where), name


def test_defaults_in_the_table_are_those_of_the_code() -> None:
    defaults = parse({})
    for line in page("configuration.md").splitlines():
        if match := re.match(r"\| `(\w+)` \| `([^`]*)` \|", line):
            value = getattr(defaults, match[1])
            assert str(value).lower().removesuffix(".0") == match[2].lower(), line


def test_every_command_and_flag_is_described() -> None:
    parsers = [cli._parser()]
    commands = next(a for a in parsers[0]._actions if isinstance(a, _SubParsersAction))
    for name, parser in commands.choices.items():
        assert f"`dlviz {name} RUNS" in page("configuration.md")
        assert flags(parser) <= set(re.findall(r"--?[a-z][a-z-]*", page("configuration.md"))), name


def flags(parser: ArgumentParser) -> set[str]:
    """The long spelling of every flag, or the only one."""
    found = [action.option_strings[-1] for action in parser._actions if action.option_strings]
    return set(found) - {"--help"}


# --- problems ---------------------------------------------------------------------------------------------------------


def test_every_problem_has_its_heading_and_no_other() -> None:
    assert codes() == headings("problems.md")


def codes() -> set[str]:
    """The first argument of every `Problem(...)` in the code, however it is spelled."""
    found: set[str] = set()
    for tree in trees().values():
        for call in calls(tree, "Problem"):
            if call.args:
                found |= spelled(call.args[0], tree)
    return found


@cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == name:
            yield node


def spelled(code: ast.expr, tree: ast.AST) -> set[str]:
    """A literal; an f-string over readers or kinds of failure; a parameter or a table, and then what stands there."""
    if isinstance(code, ast.Constant):
        return {str(code.value)}
    if isinstance(code, ast.Attribute) and code.attr == "code":
        return set()  # another problem's, told of another file
    if isinstance(code, ast.IfExp):
        return spelled(code.body, tree) | spelled(code.orelse, tree)
    if isinstance(code, ast.JoinedStr):
        text = ast.unparse(code)[2:-1]
        words = ["NAME"] if "reader" in text else get_args(get_type_hints(Failure)["kind"])
        return {re.sub(r"\{.*\}", word, text) for word in words}
    assert isinstance(code, ast.Name), f"a code nobody can look up: {ast.unparse(code)}"
    sources = [*passed(code.id, tree), *tabled(code.id, tree), *looped(code.id, tree)]
    assert sources, f"nobody says what {code.id} may be"
    return {text for source in sources for text in spelled(source, tree)}


def passed(parameter: str, tree: ast.AST) -> Iterator[ast.expr]:
    """What the callers of the function with this parameter pass for it: of a private one, those of its module."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        names = [a.arg for a in function.args.args if a.arg != "self"]
        if parameter not in names:
            continue
        place, defaults = names.index(parameter), function.args.defaults
        if place >= len(names) - len(defaults):
            yield defaults[place - len(names)]
        for where in (tree,) if function.name.startswith("_") else trees().values():
            for call in calls(where, function.name):
                if isinstance(call.func, ast.Attribute) or len(names) == len(function.args.args):  # a method, or not
                    yield from call.args[place : place + 1]
                    yield from (word.value for word in call.keywords if word.arg == parameter)


def tabled(variable: str, tree: ast.AST) -> Iterator[ast.expr]:
    """What `variable, ... = TABLE[key]` may make of it: the first of each tuple in the dictionary TABLE."""
    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    for node in assigned:
        match node.targets[0], node.value:
            case ast.Tuple(elts=[ast.Name(id=name), *_]), ast.Subscript(value=ast.Name(id=table)) if name == variable:
                yield from (first for other in assigned for first in firsts(other, table))


def firsts(node: ast.Assign, table: str) -> list[ast.expr]:
    if ast.unparse(node.targets[0]) != table or not isinstance(node.value, ast.Dict):
        return []
    return [value.elts[0] for value in node.value.values if isinstance(value, ast.Tuple)]


def looped(variable: str, tree: ast.AST) -> Iterator[ast.expr]:
    """What a loop over a table of tuples, there or in a dictionary, makes of the variable."""
    tables = {ast.unparse(n.targets[0]): n.value for n in ast.walk(tree) if isinstance(n, ast.Assign)}
    for loop in ast.walk(tree):
        if isinstance(loop, ast.For):
            targets, rows = loop.target, loop.iter
            if isinstance(rows, ast.Call) and isinstance(rows.func, ast.Attribute) and rows.func.attr == "items":
                table = tables.get(ast.unparse(rows.func.value))
                values = table.values if isinstance(table, ast.Dict) else []
                targets = targets.elts[1] if isinstance(targets, ast.Tuple) else targets
            else:
                values = rows.elts if isinstance(rows, ast.Tuple) else []
            names = [ast.unparse(one) for one in targets.elts] if isinstance(targets, ast.Tuple) else []
            if variable in names:
                yield from (row.elts[names.index(variable)] for row in values if isinstance(row, ast.Tuple))


# --- insights, experiments.json ---------------------------------------------------------------------------------------


def insights(chapter: str) -> dict[str, set[str]]:
    """The severities of each kind, as the table of a chapter has them."""
    parts = re.split(r"^## ", page("insights.md"), flags=re.MULTILINE)
    (own,) = (part for part in parts if part.startswith(f"{chapter}\n"))
    rows = re.findall(r"^\| `([a-z-]+)` \| ((?:serious|warning|info|, | or )+) \|", own, re.MULTILINE)
    assert len(dict(rows)) == len(rows), "two rows of one kind"
    return {kind: set(re.split(", | or ", severities)) for kind, severities in rows}


CHAPTERS = ["Of training", "Of agents", "Of episodes", "Of data", "Of models", "Of results", "Of explanations"]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_insight_has_its_row_and_no_other(chapter: str) -> None:
    table = insights(chapter)
    said: dict[str, set[str]] = {}
    for kinds, severities in claims(chapter):
        for kind in kinds:
            said.setdefault(kind, set()).update(severities)
        # Of two kinds one may be the graver: together they have all that the call can give.
        assert severities <= {one for kind in kinds for one in table.get(kind, set())}, kinds
    assert said.keys() == table.keys()
    assert {kind: severities - said[kind] for kind, severities in table.items() if severities - said[kind]} == {}


def test_insights_of_columns_are_as_severe_as_their_flags() -> None:
    table = insights("Of data")
    told = [flag for flag in FLAGS if flag.told]
    assert [flag.kind for flag in told if flag.severity not in table[f"column-{flag.kind}"]] == []


def chapter_of(path: Path) -> str:
    room = path.relative_to(ROOT / "dlviz_docs").as_posix()
    if room.startswith(("insights/data_", "renderers/data/")):
        return "Of data"
    if room.startswith(("insights/model_", "renderers/architecture/")):
        return "Of models"
    if room.startswith(("insights/probe_", "renderers/cam/")):
        return "Of explanations"
    if room.startswith(("insights/episode_", "renderers/episodes/")):
        return "Of episodes"
    if room.startswith(("insights/rl_", "renderers/rl/")):
        return "Of agents"
    results = ("results", "detection", "segmentation", "regression", "generated")
    if room.startswith(("renderers/results/", *(f"insights/{name}" for name in results))):
        return "Of results"
    return "Of training" if room.startswith(("insights/", "renderers/")) else ""


def claims(chapter: str) -> Iterator[tuple[set[str], set[str]]]:
    """Of every `Insight(...)`, and every `context.insight(track, ...)`, the kinds and the severities it may have."""
    for path, tree in trees().items():
        if chapter_of(path) == chapter:
            for function in ast.walk(tree):
                if isinstance(function, ast.FunctionDef) and function.name != "insight":
                    for call in [*calls(function, "Insight"), *calls(function, "insight")]:
                        named = {word.arg: word.value for word in call.keywords}
                        first = 0 if ast.unparse(call.func) == "Insight" else 1
                        kind, severity = (
                            named[name] if name in named else call.args[first + at]
                            for at, name in enumerate(("kind", "severity"))
                        )
                        yield kinds_of(kind), severities_of(severity, function, tree)


def kinds_of(kind: ast.expr) -> set[str]:
    """A literal, one of two, or an f-string over the flags of columns or over what groups are."""
    if isinstance(kind, ast.Constant):
        return {str(kind.value)}
    if isinstance(kind, ast.IfExp):
        return kinds_of(kind.body) | kinds_of(kind.orelse)
    assert isinstance(kind, ast.JoinedStr), f"a kind nobody can look up: {ast.unparse(kind)}"
    ways = {"flag.kind": {flag.kind for flag in FLAGS if flag.told}, "what": groups()}
    found = {""}
    for part in kind.values:
        ends = ways[ast.unparse(part.value)] if isinstance(part, ast.FormattedValue) else kinds_of(part)
        found = {start + end for start in found for end in ends}
    return found


def groups() -> set[str]:
    """What `Groups(codes, names, what)` are of."""
    found = {call.args[2] for tree in trees().values() for call in calls(tree, "Groups") if len(call.args) == 3}
    return {str(what.value) for what in found if isinstance(what, ast.Constant)}


def severities_of(severity: ast.expr, function: ast.FunctionDef, tree: ast.AST) -> set[str]:
    """The words in it, and in what it stands for: a variable of the function, a property, the flags of columns."""
    name = ast.unparse(severity)
    ways: list[ast.AST] = [severity]
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            ways += [node.value] if ast.unparse(target) == name else []
    ways += [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and f"first.{f.name}" == name]
    inside = [node for way in ways for node in ast.walk(way)]
    found = {str(node.value) for node in inside if isinstance(node, ast.Constant)} & {"serious", "warning", "info"}
    if any(isinstance(node, ast.Attribute) and ast.unparse(node) == "flag.severity" for node in inside):
        found |= {flag.severity for flag in FLAGS if flag.told}
    assert found, f"nobody says how severe {name} may be in {function.name}"
    return found


def test_every_key_of_the_document_is_described() -> None:
    described = rows("json-schema.md") | set(re.findall(r"`(\w+)`", page("json-schema.md")))
    assert keys(document()) <= described


def document() -> dict[str, Any]:
    """One of everything that can stand in experiments.json."""
    recorded = Recorded(1, 0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0)
    problem = Problem("code", "path", "what", "remedy")
    run = Run(
        name="run",
        slug="run",
        series=(Series("val/loss", "val_loss", [0.0], [1.0], recorded=recorded),),  # type: ignore[arg-type]
        artifacts=(Artifact("a.pt", "a.pt", "checkpoint", 1),),
        sources=(SourceFile("a.csv", 1, 0.0, "table", "CSV"),),
        insights=(Insight("plateau", "info", "text"),),
        problems=(problem,),
    )
    experiment = Experiment("e", "e", "e", (run,), objective=Objective("val/loss", "min"), problems=(problem,))
    split = {"split": np.zeros(1, np.int32), "splits": ("train",)}
    data = Dataset("d", ("d.csv",), "CSV", 1, **split)  # type: ignore[arg-type]
    predictions = Predictions("p", "run", ("p.csv",), "regression", 1, **split)  # type: ignore[arg-type]
    samples = report.describe_samples(Samples((data,), (predictions,)))
    models = report.describe_models(Models((Network("n", "weights", (Checkpoint("a.pt", "safetensors", 1),)),)))
    described = report.describe(experiment, [samples, models])
    found: dict[str, Any] = yaml.safe_load(report.document([described], [problem]))  # noqa: TID251
    for one in (*found["experiments"][0]["data"], *found["experiments"][0]["predictions"]):
        assert one["splits"] == {"train": 1}
        one["splits"] = {}  # its keys are the user's
    return found


def keys(value: object) -> set[str]:
    if isinstance(value, Mapping):
        return set(value) | {key for inner in value.values() for key in keys(inner)}
    if isinstance(value, list):
        return {key for inner in value for key in keys(inner)}
    return set()


# --- code in the pages ------------------------------------------------------------------------------------------------


def code(name: str, word: str) -> dict[str, Any]:
    """What the first Python block with that word in it defines."""
    block = next(b for b in re.findall(r"```python\n(.*?)```", page(name), re.DOTALL) if word in b)
    # Dataclasses with postponed annotations look their module up.
    module = types.ModuleType(f"docs_{word.lower()}")
    sys.modules[module.__name__] = module
    exec(block, module.__dict__)
    return vars(module)


def test_the_reader_in_the_docs_reads(tmp_path: Path) -> None:
    reader: Reader = code("renderers-and-readers.md", "LossText")["LossText"](first_step=1)
    (tmp_path / "loss.txt").write_text("0.5\n0.25\n", encoding="utf-8")
    (tmp_path / "bad.txt").write_text("oops\n", encoding="utf-8")
    assert isinstance(reader, Reader)
    assert [reader.matches(path) for path in sorted(tmp_path.iterdir())] == [False, True]
    (series,) = reader.read(tmp_path / "loss.txt").series
    assert (series.name, series.steps.tolist(), series.values.tolist()) == ("train/loss", [1, 2], [0.5, 0.25])
    with pytest.raises(ReadError, match="oops"):
        reader.read(tmp_path / "bad.txt")


def test_the_renderer_in_the_docs_draws() -> None:
    renderer: Renderer = code("renderers-and-readers.md", "Sizes")["Sizes"]()
    run = Run(name="run", slug="run", sources=(SourceFile("a.csv", 1200, 0.0, "table", "CSV"),))
    (figure,) = renderer(Experiment("e", "e", "e", (run,)))
    assert isinstance(renderer, Renderer)
    assert isinstance(figure, Figure)
    assert isinstance(figure.spec, Table)
    assert [cell.text for cell in figure.spec.rows[0]] == ["run", "1,200 bytes"]


def test_files_that_the_readme_links_to_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


# --- the pages themselves ---------------------------------------------------------------------------------------------


def test_every_page_is_in_the_navigation() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [name for name in PAGES if name not in text] == []


@pytest.mark.parametrize("name", PAGES)
def test_yaml_in_the_pages_is_what_the_parsers_take(name: str) -> None:
    for block in re.findall(r"```yaml\n(.*?)```", page(name), re.DOTALL):
        content = yaml.safe_load(block)  # noqa: TID251  (our own page)
        for plugin in content.get("plugins", []):
            if isinstance(plugin, dict) and "dlviz" in plugin:
                assert parse(plugin["dlviz"])


@pytest.mark.parametrize("name", [*PAGES, "../../README.md"])
def test_no_line_names_another_host_to_load_from(name: str) -> None:
    assert not re.search(r"<(script|img|link)[^>]+https?://", page(name))
