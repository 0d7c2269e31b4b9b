from __future__ import annotations

import errno
import itertools
import logging
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mkdocs import utils
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, ConfigurationError

from dlviz_docs.model import Problem
from dlviz_docs.view import Site

if TYPE_CHECKING:
    from tests.plugins.conftest import Project

PROBLEM = Problem("bad-file", "run-1/log.csv", "the last line is cut.", "Nothing to do.")


def test_every_page_and_asset_is_there(project: Project) -> None:
    out = project.build()
    for path in ("index.html", "experiments/index.html", "experiments/e0/index.html"):
        assert (out / path).is_file(), path
    assert "Overfits from epoch 12 on." in (out / "experiments/e2/index.html").read_text()
    assert (out / "experiments/assets/dlviz.css").read_text() == "/* ours */"


@pytest.mark.parametrize("directories", [True, False])
def test_pages_of_ours_are_addressed_as_files(project: Project, directories: bool) -> None:
    out = project.build(use_directory_urls=directories)
    page = (out / "experiments/e1/index.html").read_text()
    assert 'href="../e0/index.html"' in page
    assert 'href="training/index.html"' in page
    guide = "guide/index.html" if directories else "guide.html"
    assert 'experiments/index.html">the experiments</a>' in (out / guide).read_text()


def test_a_page_the_user_wrote_wins(project: Project) -> None:
    project.write("docs/guide.md", "# Guide\n")
    project.write("docs/experiments/README.md", "# My own index\n")
    project.write("docs/experiments/e1/index.md", "# My own words\n")
    out = project.build(strict=True)
    assert "My own index" in (out / "experiments/index.html").read_text()
    assert "My own words" in (out / "experiments/e1/index.html").read_text()
    assert "metric-flumox" in (out / "experiments/e1/training/index.html").read_text()


def test_sources_are_left_alone(project: Project) -> None:
    before = sorted(path for path in project.root.rglob("*") if "site" not in path.parts)
    project.build()
    after = sorted(path for path in project.root.rglob("*") if "site" not in path.parts)
    assert [path.name for path in after if path not in before] == ["mkdocs.yml"]


def test_table_of_contents_and_description(project: Project) -> None:
    page = (project.build() / "experiments/e1/index.html").read_text()
    assert '<meta name="description" content="What Experiment 1 shows.">' in page
    assert 'href="#metric-flumox" class="md-nav__link"' in page
    assert "<title>Experiment 1 - Test</title>" in page


def test_an_anchor_of_ours_can_be_linked_to(project: Project) -> None:
    project.write("docs/guide.md", "# Guide\n\n[loss](experiments/e1/index.md#metric-loss)\n")
    project.build(strict=True, validation={"anchors": "warn"})
    project.write("docs/guide.md", "# Guide\n\n[loss](experiments/e1/index.md#metric-los)\n")
    with pytest.raises(Abort):
        project.build(strict=True, validation={"anchors": "warn"})


def test_one_warning_for_each_problem(
    project: Project, site_of: Callable[..., Site], caplog: pytest.LogCaptureFixture
) -> None:
    project.shows(site_of(problems=(PROBLEM, PROBLEM)))
    project.build()
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert warnings == ["dlviz: run-1/log.csv: the last line is cut. Nothing to do."] * 2


@pytest.mark.parametrize("settings", [{"strict": True}, {"dlviz": {"strict": True}}])
def test_strict_keeps_the_old_site(project: Project, site_of: Callable[..., Site], settings: dict[str, object]) -> None:
    out = project.build()
    project.shows(site_of(1, problems=(PROBLEM,)))
    with pytest.raises(Abort):
        project.build(**settings)  # type: ignore[arg-type]
    assert (out / "experiments/e2/index.html").exists()
    assert not list(project.root.glob(".dlviz*"))


def test_unknown_option_names_the_near_miss(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Abort):
        project.build(dlviz={"experiment_dir": "runs"})
    assert "unknown key 'experiment_dir'" in caplog.text
    assert "Did you mean 'experiments_dir'?" in caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"experiments_dir": "nowhere"}, "there is no folder"),
        ({"cache_dir": "experiments/cache"}, "which is never written"),
        ({"experiments_dir": "site/runs"}, "would replace the runs"),
    ],
)
def test_folders_are_checked_before_anything_is_written(
    project: Project, options: dict[str, str], message: str
) -> None:
    (project.root / "site/runs").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match=message):
        project.build(dlviz=options)


def test_options_are_relative_to_the_configuration(project: Project) -> None:
    project.build(dlviz={"path": "/research/runs/"})
    assert (project.out / "research/runs/e0/index.html").exists()
    options = load_config(str(project.root / "mkdocs.yml")).plugins["dlviz"].config.options
    assert options.experiments_dir == str(project.root / "experiments")
    assert options.cache_dir == str(project.root / ".cache/dlviz")
    with pytest.raises(Abort):
        project.build(dlviz={"path": "../elsewhere"})


@pytest.mark.parametrize("theme", ["mkdocs", "readthedocs"])
def test_other_themes(project: Project, theme: str) -> None:
    page = (project.build(theme=theme, strict=True) / "experiments/e1/index.html").read_text()
    assert "Overfits from epoch 12 on." in page
    assert "experiments/assets/dlviz.css" in page.replace("../assets", "experiments/assets")


@pytest.mark.parametrize(
    "nav",
    [
        None,
        [{"Home": "index.md"}],
        [{"Home": "index.md"}, {"Runs": "experiments/index.md"}],
        [{"Research": [{"Deep": ["experiments/index.md", "guide.md"]}]}],
        [{"Elsewhere": "https://example.org"}, "experiments/index.md"],
    ],
)
def test_any_shape_of_navigation(project: Project, nav: list[object] | None) -> None:
    out = project.build(strict=True, **({"nav": nav} if nav else {}))
    page = (out / "experiments/e1/training/index.html").read_text()
    assert 'href="../index.html" class="md-nav__link"' in page
    assert 'href="../../e2/index.html" class="md-nav__link"' in page
    assert "../../e2/training" not in page, "pages of other experiments stay out"


def test_titles_are_text(project: Project, site_of: Callable[..., Site]) -> None:
    project.shows(site_of(titles={"bad": "</title><img src=x onerror=alert(1)>\"'&amp;"}))
    features = ["navigation.path", "navigation.footer", "navigation.tabs"]
    for theme in (
        {"name": "material", "font": False, "features": features},
        {"name": "mkdocs"},
        {"name": "readthedocs"},
    ):
        out = project.build(theme=theme)
        for path in out.rglob("*.html"):
            assert "<img src=x" not in path.read_text(), path
    assert "&lt;img src=x onerror=alert(1)&gt;" in (out / "experiments/bad/index.html").read_text()


@pytest.mark.parametrize("nth", [1, 4, 9])
def test_a_full_disk_keeps_the_old_site(project: Project, monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    out = project.build()
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    written = itertools.count(1)

    def write_file(content: bytes, path: str) -> None:
        if next(written) == nth:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        real(content, path)

    real = utils.write_file
    monkeypatch.setattr(utils, "write_file", write_file)
    with pytest.raises(OSError, match="No space left"):
        project.build()
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert not list(project.root.glob(".dlviz*"))


def _in_files(site: Site, folder: Path) -> Site:
    """The site as the engine gives it: bodies in files."""
    pages = []
    for number, page in enumerate(site.pages):
        (folder / f"{number}.html").write_text(page.body, encoding="utf-8")
        pages.append(replace(page, body="", file=str(folder / f"{number}.html")))
    return replace(site, pages=tuple(pages))


def test_bodies_in_files_make_the_same_site(
    project: Project, tmp_path_factory: pytest.TempPathFactory, site_of: Callable[..., Site]
) -> None:
    before = {path: path.read_bytes() for path in project.build().rglob("*.html")}
    project.shows(_in_files(site_of(), tmp_path_factory.mktemp("cache")))
    assert {path: path.read_bytes() for path in project.build().rglob("*.html")} == before


def test_a_body_that_is_gone_is_said_and_keeps_the_old_site(
    project: Project,
    tmp_path_factory: pytest.TempPathFactory,
    site_of: Callable[..., Site],
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = {path: path.read_bytes() for path in project.build().rglob("*.html")}
    cache = tmp_path_factory.mktemp("cache")
    project.shows(_in_files(site_of(), cache))
    (cache / "3.html").unlink()
    with pytest.raises(Abort):
        project.build()
    assert "build again" in caplog.text
    assert {path: path.read_bytes() for path in project.out.rglob("*.html")} == before


def test_a_topic_has_its_short_name_in_the_navigation(project: Project) -> None:
    page = (project.build() / "experiments/e1/training/index.html").read_text()
    assert "<title>Training – Experiment 1 - Test</title>" in page
    assert re.search(r'md-ellipsis">\s*Training\s*<', page)
