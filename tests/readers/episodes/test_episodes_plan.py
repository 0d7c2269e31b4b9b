"""Which files are one recording, of which run, and when."""

from __future__ import annotations

from pathlib import Path

import pytest
from files import found_in, one, read_all, save, steps

from dlviz_docs.readers._rewards import may_hold_episodes
from dlviz_docs.readers.episodes import plan
from dlviz_docs.readers.episodes._moments import episode_of, is_film_of_episode, step_of

MP4 = b"\0\0\0\x18ftypmp42" + bytes(100)


@pytest.mark.parametrize(
    ("path", "step"),
    [
        ("episodes/step-20000.npz", 20_000),
        ("step_000500.npz", 500),
        ("20k_steps/0.npz", 20_000),
        ("rollouts_1.5M-steps.npz", 1.5e6),
        ("global_step=7.npz", 7),
        ("rl-video-step-3000.mp4", 3000),
        ("frames-100/a.npz", 100),
        ("footsteps-3.npz", None),
        ("episode-3.npz", None),
        ("seed1/recording.npz", None),
    ],
)
def test_the_moment_in_names(path: str, step: float | None) -> None:
    assert step_of(path) == step


@pytest.mark.parametrize(
    ("path", "number", "film"),
    [
        ("videos/rl-video-episode-8.mp4", 8, True),
        ("rl-video-step-3000.mp4", None, True),
        ("videos/final.mp4", None, True),
        ("eval_videos/run/x.webm", None, True),
        ("ep_12.mp4", 12, True),
        ("openaigym.video.0.123.video000064.mp4", 64, True),
        ("talk.mp4", None, False),
        ("deep/talk.mp4", None, False),
    ],
)
def test_films_by_their_names(path: str, number: int | None, film: bool) -> None:
    assert episode_of(path) == number
    assert is_film_of_episode(path) == film


def test_films_of_one_folder_are_one_recording(tmp_path: Path) -> None:
    for name in ("rl-video-episode-0.mp4", "rl-video-episode-100.mp4", "rl-video-episode-8.mp4", "x.txt"):
        (tmp_path / "videos" / "a").mkdir(parents=True, exist_ok=True)
        (tmp_path / "videos" / "a" / name).write_bytes(MP4)
    (tmp_path / "talk.mp4").write_bytes(MP4)
    found = read_all(tmp_path, {"runs/a": "a"})
    (recording,) = found.recordings
    assert (recording.run, recording.source, recording.seen) == ("a", "videos/a", 3)
    assert [video.episode for video in recording.videos] == [0, 8, 100]
    assert {video.size for video in recording.videos} == {len(MP4)}
    assert [path for path, _ in plan(found_in(tmp_path)).left] == ["talk.mp4"]


def test_what_gym_says_of_a_film(tmp_path: Path) -> None:
    for number in (0, 8):
        (tmp_path / f"rl-video-episode-{number}.mp4").write_bytes(MP4)
    (tmp_path / "rl-video-episode-8.meta.json").write_text('{"step_id": 800, "episode_id": 8}')
    (tmp_path / "rl-video-episode-0.meta.json").write_text('{"step_id": "many", "epis')
    found = found_in(tmp_path)
    assert {"rl-video-episode-8.meta.json", "rl-video-episode-8.mp4"} < plan(found).files
    assert [(v.episode, v.step) for v in read_all(tmp_path).recordings[0].videos] == [(0, None), (8, 800)]


def test_a_recording_belongs_to_the_run_around_it(tmp_path: Path) -> None:
    save(tmp_path / "runs" / "a" / "episodes.npz", steps(0, 3))
    save(tmp_path / "other.npz", steps(0, 3))
    found = read_all(tmp_path, {"runs/a": "sac/a", "runs/b": "b"})
    assert {one.source: one.name for one in found.recordings} == {
        "runs/a/episodes.npz": "sac/a",
        "other.npz": "other.npz",
    }
    assert len({one.run for one in found.recordings}) == 2


def test_names_are_unique(tmp_path: Path) -> None:
    for name in ("eval.npz", "train.npz"):
        save(tmp_path / "a" / name, steps(0, 3) | {"lengths": [3]})
    names = [one.name for one in read_all(tmp_path, {"a": "a"}).recordings]
    assert names == ["a, a/eval.npz", "a, a/train.npz"]


def test_the_file_tells_the_moment_before_its_name(tmp_path: Path) -> None:
    save(tmp_path / "step-5.npz", {**steps(0, 3), "step": 7, "environment": "Acrobot-v1"})
    assert (one(tmp_path).step, one(tmp_path).environment) == (7, "Acrobot-v1")


@pytest.mark.parametrize(
    ("names", "may"),
    [
        (("rewards", "actions"), True),
        (("0/rew", "0/obs"), True),
        (("q", "grid"), True),
        (("x_train", "y_train"), False),
        (("timesteps", "results", "ep_lengths"), False),
        (("forward", "acts"), False),
    ],
)
def test_an_archive_is_peeked_at(tmp_path: Path, names: tuple[str, ...], may: bool) -> None:
    path = save(tmp_path / "a.npz", {name: [1, 2] for name in names})
    assert may_hold_episodes(path) == may
    path.write_bytes(path.read_bytes()[:-40])  # cut off before its directory ends
    assert may_hold_episodes(path) == may
