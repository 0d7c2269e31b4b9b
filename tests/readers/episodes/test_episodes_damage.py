"""Files of episodes that are cut, lie, or hold what nobody may open."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from files import codes, one, read_all, save, steps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlviz_docs.readers.episodes import Limits


def test_empty_episodes_are_left_out_and_counted(tmp_path: Path) -> None:
    save(tmp_path / "a.npz", {**steps(0, 5), "lengths": np.array([0, 3, 0, 2])})
    found = read_all(tmp_path)
    (recording,) = found.recordings
    assert [episode.length for episode in recording.episodes] == [3, 2]
    assert [(p.code, p.what) for p in recording.problems] == [
        ("episodes-empty", "holds 2 episodes without a step, which are left out")
    ]


def test_a_file_of_no_steps_says_so(tmp_path: Path) -> None:
    save(tmp_path / "a.npz", {**steps(0, 0), "lengths": np.zeros(3, int)})
    found = read_all(tmp_path)
    assert found.recordings == ()
    assert codes(found) == {"episodes-empty"}


@pytest.mark.parametrize(("lengths", "kept"), [([3, 4], [3, 2]), ([2, 1], [2, 1]), ([-3, 5], [5]), ([9, 9], [5])])
def test_lengths_that_disagree_with_the_steps(tmp_path: Path, lengths: list[int], kept: list[int]) -> None:
    save(tmp_path / "a.npz", {**steps(0, 5), "lengths": np.array(lengths)})
    (recording,) = read_all(tmp_path).recordings
    assert [episode.length for episode in recording.episodes] == kept
    wrong = sum(max(length, 0) for length in lengths) != 5
    assert ("episodes-damaged" in {problem.code for problem in recording.problems}) == wrong


def test_an_array_of_another_length_is_left_out(tmp_path: Path) -> None:
    save(tmp_path / "a.npz", {**steps(0, 5), "values": np.zeros(3), "lengths": np.array([2, 3])})
    (recording,) = read_all(tmp_path).recordings
    assert all(episode.values is None for episode in recording.episodes)
    assert "values has 3 rows where there are 5 rewards" in recording.problems[0].what


def test_rewards_that_are_no_numbers(tmp_path: Path) -> None:
    rewards = np.array([1.0, np.nan, 1.0, 1.0])
    save(tmp_path / "a.npz", {"rewards": rewards, "actions": np.zeros(4, int), "lengths": np.array([2, 2])})
    (recording,) = read_all(tmp_path).recordings
    assert np.isnan(recording.episodes[0].total)
    assert recording.episodes[1].total == 2
    assert {problem.code for problem in recording.problems} == {"episodes-nan"}


@pytest.mark.parametrize(
    "pictures",
    [
        np.full((4, 16, 16, 3), 300.0),
        np.full((4, 16, 16, 3), -1, np.int16),
        np.full((4, 16, 16), np.nan),
        np.zeros((4, 16, 16, 3), complex),
    ],
    ids=["too-bright", "negative", "nan", "complex"],
)
def test_pictures_of_odd_types_cost_themselves(tmp_path: Path, pictures: np.ndarray) -> None:
    save(tmp_path / "a.npz", {**steps(0, 4), "frames": pictures})
    (recording,) = read_all(tmp_path).recordings
    assert recording.episodes[0].frames is None
    assert {problem.code for problem in recording.problems} == {"episodes-damaged"}


@pytest.mark.parametrize(
    ("pictures", "colour"),
    [
        (np.full((4, 16, 16, 3), 0.5), 128),
        (np.full((4, 3, 16, 16), 7, np.uint8), 7),
        (np.full((4, 16, 16, 1), 9, np.int64), 9),
        (np.ones((4, 16, 16), bool), 255),
        (np.concatenate([np.zeros((4, 3, 16, 16), np.uint8), np.full((4, 1, 16, 16), 5, np.uint8)], 1), 5),
    ],
    ids=["floats", "channels-first", "one-channel", "booleans", "stack-of-four"],
)
def test_pictures_of_all_usual_types(tmp_path: Path, pictures: np.ndarray, colour: int) -> None:
    save(tmp_path / "a.npz", {**steps(0, 4), "frames": pictures})
    frames = one(tmp_path).episodes[0].frames
    assert frames is not None
    assert frames.pixels.shape == (4, 16, 16, 3)
    assert (frames.pixels == colour).all()


def test_objects_are_not_opened(tmp_path: Path) -> None:
    arrays = {**steps(0, 4), "infos/thing": np.array([{"a": 1}] * 4, object)}
    save(tmp_path / "a.npz", arrays)
    found = read_all(tmp_path)
    assert found.recordings == () or "thing" not in found.recordings[0].episodes[0].infos


def test_a_cut_archive_says_so(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", steps(0, 500))
    whole = path.read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:size])
        found = read_all(tmp_path)
        assert found.recordings == ()
        assert codes(found) == {"episodes-unreadable"}


def test_a_damaged_array_costs_itself(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", {**steps(0, 400), "values": np.random.default_rng(0).normal(size=400)})
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        member = archive.getinfo("values.npy")
    middle = member.header_offset + 60 + member.compress_size // 2
    content[middle : middle + 20] = bytes(20)
    path.write_bytes(bytes(content))
    (recording,) = read_all(tmp_path).recordings
    assert recording.episodes[0].length == 400
    assert recording.episodes[0].values is None
    assert "values" in recording.problems[0].what


def test_a_damaged_group_costs_itself(tmp_path: Path) -> None:
    save(tmp_path / "a.npz", {"0/rewards": np.ones(3), "0/actions": np.ones(3), "1/rewards": np.array(["a", "b"])})
    save(tmp_path / "b.npz", {"0/rewards": np.ones(3), "0/actions": np.ones(3), "1/rewards": np.ones((3, 3))})
    for recording in read_all(tmp_path).recordings:
        assert [episode.name for episode in recording.episodes] == ["0"]
        assert "1 has rewards" in recording.problems[0].what


def test_what_claims_to_be_huge_is_not_unpacked(tmp_path: Path) -> None:
    """A header of a million million rows before few bytes."""
    header = io.BytesIO()
    np.lib.format.write_array_header_2_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("rewards", "actions"):
            archive.writestr(f"{name}.npy", header.getvalue() + bytes(100))
    found = read_all(tmp_path)
    assert found.recordings == ()
    assert codes(found) == {"episodes-unreadable"}


def test_a_bomb_is_stopped(tmp_path: Path) -> None:
    save(
        tmp_path / "a.npz",
        {"rewards": np.zeros(100), "actions": np.zeros(100, int), "frames": np.zeros((100, 500, 500, 3), np.uint8)},
    )
    (recording,) = read_all(tmp_path, limits=Limits(most_bytes=1_000_000)).recordings
    assert recording.episodes[0].frames is None
    assert "unpacks to" in recording.problems[0].what


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage_gives_words(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever byte is changed, what is read is a recording or a problem."""
    frames = np.zeros((20, 16, 16, 3), np.uint8)
    path = save(
        tmp_path / "a.npz", {**steps(0, 20), "lengths": np.array([8, 12]), "frames": frames, "values": np.ones(20)}
    )
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    for recording in read_all(tmp_path).recordings:
        for episode in recording.episodes:
            assert len(episode.rewards) > 0
            assert episode.actions is None or len(episode.actions) == len(episode.rewards)
