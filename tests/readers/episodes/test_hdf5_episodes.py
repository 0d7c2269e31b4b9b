"""Episodes in HDF5 and Arrow: Minari's own files, and what h5py writes under the same names."""

from __future__ import annotations

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from files import codes, one, read_all, steps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MINARI = Path(__file__).parent / "minari"
"""Three random episodes on FrozenLake-v1, written by Minari 0.5.4; numbers below are as Minari reads them back."""
SEEN = [[0, 1, 1, 1], [0, 4], [0, 1, 1, 1, 0, 1, 0, 4, 4, 8, 8]]
LAST = [5, 5, 12]
DONE = [[3, 0, 0, 0], [0, 3], [3, 2, 0, 0, 1, 1, 2, 1, 1, 0, 2]]


@pytest.mark.parametrize("form", ["hdf5", "arrow"])
def test_minari(form: str) -> None:
    recording = one(MINARI.parent, only=f"minari/{form}")
    assert recording.problems == ()
    assert recording.name == f"minari/{form}"
    assert recording.environment == "FrozenLake-v1"
    assert recording.seen == 3
    for episode, seen, last, done in zip(recording.episodes, SEEN, LAST, DONE, strict=True):
        assert episode.observations is not None
        assert episode.observations[:, 0].tolist() == seen
        assert episode.last is not None
        assert episode.last.tolist() == [last]
        assert episode.actions is not None
        assert episode.actions.tolist() == done
        assert (episode.total, episode.ending) == (0.0, "terminated")
        assert episode.infos["prob"] == pytest.approx(1 / 3)  # 1.0 is what the reset told


def test_seeds_that_minari_tells() -> None:
    assert [episode.seed for episode in one(MINARI / "arrow").episodes] == [0, 1, 2]


def test_a_damaged_episode_of_minari_costs_itself(tmp_path: Path) -> None:
    shutil.copytree(MINARI / "arrow", tmp_path / "a")
    path = tmp_path / "a" / "data" / "1" / "part-0.arrow"
    path.write_bytes(path.read_bytes()[:500])
    found = read_all(tmp_path)
    assert [episode.name for episode in found.recordings[0].episodes] == ["0", "2"]
    assert codes(found) == {"episodes-damaged"}


def test_episodes_that_are_told_of_and_not_there(tmp_path: Path) -> None:
    shutil.copytree(MINARI / "arrow", tmp_path / "a")
    shutil.rmtree(tmp_path / "a" / "data" / "2")
    (recording,) = read_all(tmp_path).recordings
    assert recording.problems[0].what == "metadata.json tells of 3 episodes, and 2 are there"


@pytest.mark.parametrize("size", [0, 100, 20_000, 58_000])
def test_a_cut_file(tmp_path: Path, size: int) -> None:
    shutil.copytree(MINARI / "hdf5", tmp_path / "a")
    path = tmp_path / "a" / "data" / "main_data.hdf5"
    path.write_bytes(path.read_bytes()[:size])
    found = read_all(tmp_path)
    assert codes(found) <= {"episodes-unreadable", "episodes-damaged"}
    assert codes(found)


@pytest.mark.parametrize("how", [{}, {"compression": "gzip", "chunks": True}, {"compression": "gzip", "shuffle": True}])
def test_steps_end_to_end_as_in_d4rl(tmp_path: Path, how: dict[str, object]) -> None:
    told = steps(0, 60, wide=5)
    ends = {"terminals": np.zeros(60, bool), "timeouts": np.zeros(60, bool)}
    ends["terminals"][19], ends["timeouts"][49] = True, True
    with h5py.File(tmp_path / "hopper.hdf5", "w") as file:
        for name, rows in {**told, **ends}.items():
            file.create_dataset(name, data=rows, **how)
        file.create_dataset("infos/qpos", data=np.zeros((60, 3)), **how)
        file.attrs["version"] = 2
    recording = one(tmp_path)
    assert recording.shape == (5,)
    assert [(e.length, e.ending) for e in recording.episodes] == [
        (20, "terminated"),
        (30, "truncated"),
        (10, "unknown"),
    ]
    second = recording.episodes[1]
    assert np.array_equal(second.observations, told["observations"][20:50].astype(float))
    assert np.array_equal(second.rewards, told["rewards"][20:50])


def test_continuous_actions_stay_numbers(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.hdf5", "w") as file:
        file["rewards"], file["actions"] = np.ones(4), np.array([[0.5, -1]] * 4)
    recording = one(tmp_path)
    assert recording.actions == ()
    assert recording.episodes[0].actions is not None
    assert recording.episodes[0].actions.shape == (4, 2)


def test_hdf5_that_holds_no_episodes_is_left(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "table.hdf5", "w") as file:
        file["x"], file["y"] = np.ones(4), np.ones(4)
    found = read_all(tmp_path)
    assert (found.recordings, found.problems) == ((), ())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
@pytest.mark.parametrize("form", ["hdf5", "arrow"])
def test_any_damage_gives_words(tmp_path: Path, form: str, data: st.DataObject) -> None:
    shutil.rmtree(tmp_path / "a", ignore_errors=True)
    shutil.copytree(MINARI / form, tmp_path / "a")
    path = data.draw(st.sampled_from(sorted(p for p in (tmp_path / "a" / "data").rglob("*") if p.is_file())))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    for recording in read_all(tmp_path).recordings:
        for episode in recording.episodes:
            assert episode.length > 0
            assert episode.observations is None or len(episode.observations) == episode.length
