"""Episodes from the folder to the pages: what they are found as, what is published, what is made again."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from dlviz_docs.build import build, find
from dlviz_docs.cache import Cache
from dlviz_docs.cli import main
from dlviz_docs.model import Episode, Episodes, Frames, Recording, Video
from dlviz_docs.options import Options, parse
from dlviz_docs.readers.episodes.sheets import sheets
from dlviz_docs.study import planned, planned_episodes
from dlviz_docs.study.episodes import read_episodes
from dlviz_docs.study.reels import Reels
from dlviz_docs.view import Figure, Site, reel_key

Image = pytest.importorskip("PIL.Image")

HERE = parse({"workers": 0, "path": ""})
METRICS = "step,train_loss\n0,3\n1,2\n2,1.5\n"
MP4 = b"\0\0\0\x18ftypmp42" + bytes(1000)
MINARI = Path(__file__).parent / "readers/episodes/minari"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two runs with episodes of two moments each, and a film of one."""
    rng = np.random.default_rng(0)
    for name in ("one", "two"):
        folder = tmp_path / "runs" / name
        (folder / "episodes").mkdir(parents=True)
        (folder / "metrics.csv").write_text(METRICS)
        for step in (100, 2000):
            np.savez_compressed(
                folder / "episodes" / f"step-{step}.npz",
                observations=rng.normal(size=(30, 4)),
                actions=rng.integers(0, 2, 30),
                rewards=np.ones(30),
                lengths=[10, 20],
                action_values=rng.normal(size=(30, 2)),
                frames=rng.integers(0, 256, (30, 20, 24, 3), np.uint8),
                environment="Walk-v0",
            )
    (tmp_path / "runs" / "videos" / "one").mkdir(parents=True)
    (tmp_path / "runs" / "videos" / "one" / "rl-video-episode-0.mp4").write_bytes(MP4)
    return tmp_path / "runs"


def make(runs: Path, options: Options = HERE) -> tuple[Site, dict[str, int]]:
    todo: dict[str, int] = {}
    site = build(runs, options, runs.parent / "cache", lambda step, done, total: todo.update({step: total}))
    return site, todo


def body(site: Site, path: str) -> str:
    (page,) = (page for page in site.pages if page.path == path)
    return Path(page.file).read_text(encoding="utf-8") if page.file else page.body


def test_agents_of_which_nothing_else_is_left_are_one_experiment(runs: Path) -> None:
    for log in runs.glob("*/metrics.csv"):
        log.unlink()
    shutil.rmtree(runs / "videos")
    (found,) = find(runs.parent, HERE)[0].experiments
    assert found.name == "runs"
    recordings = read_episodes(found).recordings
    assert {one.name for one in recordings} == {f"{a}, {s} steps" for a in ("one", "two") for s in ("100", "2,000")}
    shutil.rmtree(runs / "two")
    (found,) = find(runs.parent, HERE)[0].experiments
    assert found.relative == "runs/one", "a folder called for episodes names no experiment"


def test_agents_that_are_described_are_experiments(runs: Path) -> None:
    for name in ("one", "two"):
        (runs / name / "metrics.csv").unlink()
        (runs / name / "README.md").write_text(f"Agent {name}.")
    assert {one.name for one in find(runs, HERE)[0].experiments} == {"one", "two"}


def test_what_was_recorded_is_listed_by_run_and_moment(runs: Path) -> None:
    site, _ = make(runs)
    assert site.problems == ()
    shown = body(site, "runs/episodes/index.html")
    for name in ("one, 100 steps", "one, 2,000 steps", "two, 100 steps", "Walk-v0"):
        assert name in shown
    assert not any(page.topic == "data" for page in site.pages)


def test_runs_have_the_slugs_that_recordings_name(runs: Path) -> None:
    found, _ = find(runs, HERE)
    (folder,) = found.experiments
    episodes = read_episodes(folder)
    told = json.loads(next(a.content for a in make(runs)[0].assets if a.path == "experiments.json"))  # type: ignore[arg-type]
    (experiment,) = told["experiments"]
    assert {run["name"] for run in experiment["runs"]} == {"one", "two"}
    assert [one.run for one in episodes.recordings] == ["one", "one", "one", "two", "two"]
    assert [one["episodes"] for one in experiment["episodes"]] == [2, 2, 1, 2, 2]
    assert experiment["episodes"][0]["mean_return"] == 15


def test_files_of_episodes_are_nothing_else(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(runs / "table.npz", rewards=np.ones(3), label=np.zeros(3, int))  # rewards alone are no episodes
    (runs / "talk.mp4").write_bytes(MP4)
    found, _ = find(runs, HERE)
    (folder,) = found.experiments
    data = {path for one in (*planned(folder).datasets, *planned(folder).predictions) for path, _ in one.files}
    assert not any("episodes/" in path for path in data)
    assert not any("episodes/" in path for path, _ in planned(folder).left)
    assert {one.form for one in planned_episodes(folder).recordings} == {"npz", "films"}
    assert main(["scan", str(runs), "--explain"]) == 0
    told = capsys.readouterr().out
    assert "episodes one/episodes/step-100.npz  of run one" in told
    assert "episodes videos/one  of run one" in told
    assert "left out  talk.mp4: a film that is not named as those of episodes are" in told
    assert "table.npz: neither its name nor its columns" in told
    assert main(["scan", str(runs), "--workers", "0", "--cache-dir", str(runs.parent / "cache")]) == 0
    assert "5 recordings of episodes" in capsys.readouterr().out


def test_a_data_set_of_minari_is_an_experiment(tmp_path: Path) -> None:
    shutil.copytree(MINARI, tmp_path / "runs" / "lake")
    site, _ = make(tmp_path / "runs")
    assert site.problems == ()
    assert "FrozenLake-v1" in "".join(body(site, page.path) for page in site.pages if page.topic == "episodes")
    assert not any(page.topic == "data" for page in site.pages)


def test_nothing_changed_reads_nothing(runs: Path) -> None:
    _, todo = make(runs)
    assert todo["Looking at episodes"] == 1
    _, todo = make(runs)
    assert "Looking at episodes" not in todo
    path = runs / "one" / "episodes" / "step-100.npz"
    np.savez(path, rewards=np.ones(5), actions=np.zeros(5, int))
    site, todo = make(runs)
    assert todo["Looking at episodes"] == 1
    assert todo["Reading"] == 0
    assert site.problems == ()


def test_runs_without_episodes_are_not_asked_for_any(tmp_path: Path) -> None:
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "runs" / "a" / "metrics.csv").write_text(METRICS)
    np.savez(tmp_path / "runs" / "a" / "evaluations.npz", timesteps=[1, 2], results=np.ones((2, 3)))
    _, todo = make(tmp_path / "runs")
    assert "Looking at episodes" not in todo


def test_what_is_wrong_stands_on_the_page(runs: Path) -> None:
    path = runs / "one" / "episodes" / "step-100.npz"
    path.write_bytes(path.read_bytes()[:-2000])
    site, _ = make(runs)
    assert [(problem.code, problem.path) for problem in site.problems] == [
        ("episodes-unreadable", "one/episodes/step-100.npz")
    ]


def test_what_takes_too_long_costs_only_its_own_pages(runs: Path) -> None:
    site, _ = make(runs, parse({"workers": 1, "path": "", "samples_timeout": 1e-4}))
    assert {problem.code for problem in site.problems} == {"episodes-timeout", "samples-timeout"}
    assert any(page.topic == "training" for page in site.pages)


# --- pictures and films ---


@dataclass(frozen=True)
class Asks:
    """A spec that wants pictures and films."""

    reels: tuple[str, ...] = ()
    films: tuple[str, ...] = ()


def asking(**wanted: tuple[str, ...]) -> list[Figure]:
    return [Figure("player", "", "", Asks(**wanted))]  # type: ignore[arg-type]


def recorded(frames: np.ndarray, *videos: Video) -> Episodes:
    episode = Episode("0", np.ones(len(frames)), frames=Frames(np.arange(len(frames)), frames))
    return Episodes((Recording("", "a", "a.npz", (episode, Episode("1", np.ones(2))), videos=videos),))


@pytest.mark.parametrize("count", [1, 7, 300])
@pytest.mark.parametrize("size", [(12, 16), (84, 84), (133, 200), (320, 320)])
def test_every_picture_lies_where_its_reel_says(tmp_path: Path, count: int, size: tuple[int, int]) -> None:
    if count * size[0] * size[1] > 5_000_000:
        count = 5_000_000 // (size[0] * size[1])
    levels = np.arange(count) % 251
    frames = np.broadcast_to(levels[:, None, None, None], (count, *size, 3)).astype(np.uint8)
    cache = Cache(tmp_path)
    reels = Reels(tmp_path, recorded(frames), cache)
    ((key, names, width, height, columns, each, total),) = reels.sheets(asking(reels=("a#0", "a#1", "b#0")))
    assert (key, width, height, total) == (reel_key("a", "0"), size[1], size[0], count)
    opened = [Image.open(BytesIO(Path(cache.path(name, ".webp")).read_bytes())) for name in names]
    for sheet in opened:
        assert max(sheet.size) <= 4096
        assert sheet.size[0] * sheet.size[1] <= 4_200_000
    for place in range(count):
        sheet, at = place // each, place % each
        x, y = at % columns * width + width // 2, at // columns * height + height // 2
        shown = opened[sheet].convert("RGB").getpixel((x, y))
        assert max(abs(value - int(levels[place])) for value in shown) <= 3
    assert len(names) == -(-count // each)


def test_small_drawings_lose_nothing() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (5, 10, 10, 3), np.uint8)
    made = sheets(frames)
    (content,) = made.contents
    pixels = np.asarray(Image.open(BytesIO(content)).convert("RGB"))
    assert np.array_equal(pixels[:10, :10], frames[0])


def test_films_are_copied_unless_they_are_too_large_or_none(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(MP4)
    (tmp_path / "none.mp4").write_bytes(b"<html>")
    (tmp_path / "large.mp4").write_bytes(MP4 + bytes(26_000_000))
    paths = ("a.mp4", "none.mp4", "large.mp4", "gone.mp4")
    videos = [Video(path, (tmp_path / path).stat().st_size if path != "gone.mp4" else 5) for path in paths]
    cache = Cache(tmp_path / "cache")
    reels = Reels(tmp_path, recorded(np.zeros((1, 9, 9, 3), np.uint8), *videos), cache)
    ((path, name, suffix),) = reels.films(asking(films=(*paths, "../../etc/passwd.mp4")))
    assert (path, suffix) == ("a.mp4", ".mp4")
    assert Path(cache.path(name, suffix)).read_bytes() == MP4
    assert [(one.code, one.path) for one in reels.problems] == [
        ("film-unreadable", "none.mp4"),
        ("film-too-large", "large.mp4"),
        ("film-unreadable", "gone.mp4"),
    ]
    assert "26 MB" in reels.problems[1].what


def test_pictures_and_films_that_are_gone_from_the_cache_are_made_again(runs: Path) -> None:
    site, _ = make(runs)
    kinds = {".webp", ".mp4"}
    first = {
        a.path: a.content.read_bytes()
        for a in site.assets
        if isinstance(a.content, Path) and Path(a.path).suffix in kinds
    }
    assert {Path(path).suffix for path in first} == kinds
    for path in (runs.parent / "cache").rglob("*"):
        if path.suffix in kinds:
            path.unlink()
    again, _ = make(runs)
    assert {
        a.path: a.content.read_bytes() for a in again.assets if a.path in first and isinstance(a.content, Path)
    } == first
