"""Episodes whose files say what cannot be: discounts, lengths, returns, pictures, names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from files import one, read_all, save, steps

from dlviz_docs.readers._rewards import may_hold_episodes


@pytest.mark.parametrize("reward", [np.inf, -np.inf, 1e308])
def test_a_return_without_end_is_not_known(tmp_path: Path, reward: float) -> None:
    rewards = np.array([reward, reward, 1.0, 1.0])
    save(tmp_path / "a.npz", {"rewards": rewards, "actions": np.zeros(4, int), "lengths": np.array([2, 2])})
    (recording,) = read_all(tmp_path).recordings
    assert np.isnan(recording.episodes[0].total)
    assert recording.episodes[1].total == 2
    (problem,) = recording.problems
    assert problem.what == "some rewards of 1 episode are no finite number; the return of these is not known"


@pytest.mark.parametrize("gamma", [7.0, -0.5, 1.0001])
def test_a_discount_that_is_none(tmp_path: Path, gamma: float) -> None:
    save(tmp_path / "a.npz", {**steps(0, 5), "gamma": np.array(gamma)})
    (recording,) = read_all(tmp_path).recordings
    assert recording.gamma is None
    (problem,) = recording.problems
    assert problem.what == f"tells a discount factor of {gamma:.6g}, which is none: nothing is discounted"


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0])
def test_a_discount(tmp_path: Path, gamma: float) -> None:
    save(tmp_path / "a.npz", {**steps(0, 5), "gamma": np.array([gamma])})
    assert one(tmp_path).gamma == gamma


def test_lengths_as_floats(tmp_path: Path) -> None:
    save(tmp_path / "a.npz", {**steps(0, 5), "lengths": np.array([3.0, 2.0])})
    assert [episode.length for episode in one(tmp_path).episodes] == [3, 2]


@pytest.mark.parametrize("lengths", [[2.5, 2.5], [np.nan, 5.0], [np.inf, 5.0]])
def test_lengths_that_are_no_whole_numbers(tmp_path: Path, lengths: list[float]) -> None:
    save(tmp_path / "a.npz", {**steps(0, 5), "lengths": np.array(lengths)})
    (recording,) = read_all(tmp_path).recordings
    assert [episode.length for episode in recording.episodes] == [5]
    assert [p.what for p in recording.problems] == ["lengths has values that are no whole numbers; it is left out"]


def test_pictures_of_steps_that_there_are_not(tmp_path: Path) -> None:
    frames = {
        "frames": np.full((6, 9, 9, 3), 7, np.uint8),
        "frame_episodes": np.array([0, 0, 0, 1, 1, 8]),
        "frame_steps": np.array([0, 2, 99, 1, 1, 0]),
    }
    save(tmp_path / "a.npz", {**steps(0, 5), "lengths": np.array([3, 2]), **frames})
    (recording,) = read_all(tmp_path).recordings
    shown = [episode.frames.steps.tolist() for episode in recording.episodes if episode.frames is not None]
    assert shown == [[0, 2], [1]]
    (problem,) = recording.problems
    assert problem.what == "frames has 3 pictures of steps that there are not; they are left out"


def test_rewards_that_are_objects_are_not_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **{**steps(0, 5), "rewards": np.array([1] * 5, object)})
    found = read_all(tmp_path)
    assert found.recordings == ()
    (problem,) = found.problems
    assert problem.path == "a.npz"
    assert "rewards holds Python objects" in problem.what


def test_names_have_no_breaks(tmp_path: Path) -> None:
    told = {"environment": np.array("a\n# b"), "action_names": np.array(["up\tor\r\nso", "down"])}
    save(tmp_path / "a.npz", {**steps(0, 5), **told})
    recording = one(tmp_path)
    assert recording.environment == "a # b"
    assert recording.actions == ("up or so", "down")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95])
@pytest.mark.parametrize(("folder", "taken"), [("episodes", True), ("train_episodes", True), ("results", False)])
def test_what_is_cut_off_among_episodes_was_one(tmp_path: Path, share: float, folder: str, taken: bool) -> None:
    path = save(tmp_path / folder / "a.npz", {"observations": np.arange(4_000.0), "actions": np.arange(4_000)})
    content = path.read_bytes()
    assert not may_hold_episodes(path)
    path.write_bytes(content[: int(share * len(content))])
    assert may_hold_episodes(path) == taken
    if taken:
        (problem,) = read_all(tmp_path).problems
        assert problem.what == "cannot be read: is no archive of arrays, or is cut off"


@pytest.mark.parametrize("flags", [{"lengths": np.zeros(0, int)}, {"terminated": np.zeros(0, bool)}, {}])
def test_a_file_without_any_step(tmp_path: Path, flags: dict[str, np.ndarray]) -> None:
    save(tmp_path / "a.npz", {**steps(0, 0), **flags})
    found = read_all(tmp_path)
    assert found.recordings == ()
    (problem,) = found.problems
    assert (problem.code, problem.path) == ("episodes-empty", "a.npz")
    assert problem.what == "holds no step of an episode"


@pytest.mark.parametrize(("folder", "name"), [("data", "episodes"), ("expert/data", "expert"), ("b/a", "b/a")])
def test_a_folder_called_data_names_nothing(tmp_path: Path, folder: str, name: str) -> None:
    for number in range(2):
        save(tmp_path / folder / f"{number}.npz", steps(number, 4))
    assert one(tmp_path).name == name
