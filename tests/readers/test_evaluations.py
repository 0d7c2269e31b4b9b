"""Files of evaluations: against NumPy's own reading, and damaged in every way."""

from __future__ import annotations

import random
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Reading
from dlviz_docs.readers.evaluations import Evaluations


def saved(path: Path, **arrays: object) -> Path:
    np.savez(path, **{name: np.asarray(values) for name, values in arrays.items()})  # type: ignore[arg-type]
    return path


def read(path: Path) -> Reading:
    try:
        return Evaluations().read(path)
    except ReadError as error:
        return error.partial or Reading("")


def codes(reading: Reading) -> list[str]:
    return [problem.code for problem in reading.problems]


@pytest.mark.parametrize(("evaluations", "episodes"), [(1, 1), (5, 10), (50, 3)])
def test_means_and_members_are_numpys(evaluations: int, episodes: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(evaluations)
    results, lengths = rng.normal(size=(evaluations, episodes)), rng.integers(1, 500, (evaluations, episodes))
    steps = 1000 * np.arange(1, evaluations + 1)
    path = saved(tmp_path / "evaluations.npz", timesteps=steps, results=results, ep_lengths=lengths)
    with np.load(path) as loaded:
        told = {series.name: series for series in Evaluations().read(path).series}
        np.testing.assert_array_equal(told["val/return"].steps, loaded["timesteps"])
        np.testing.assert_allclose(told["val/return"].values, loaded["results"].mean(axis=1), rtol=1e-12)
        np.testing.assert_array_equal(told["val/return"].members, loaded["results"])
        np.testing.assert_allclose(told["val/length"].values, loaded["ep_lengths"].mean(axis=1), rtol=1e-12)
    assert ("val/return_std" in told) == (episodes > 1)


def test_what_is_no_table_of_numbers(tmp_path: Path) -> None:
    path = tmp_path / "evaluations.npz"
    ragged = np.empty(2, object)
    ragged[:] = [[1.0], [1.0, 2.0]]
    np.savez(path, timesteps=[1, 2], results=ragged, ep_lengths=[[1], [2]])  # early versions, with early stops
    reading = read(path)
    assert [series.name for series in reading.series] == ["val/length"]
    assert codes(reading) == ["array"]
    assert codes(read(saved(path, timesteps=[1], results=[["a"]]))) == ["array"]
    assert codes(read(saved(path, timesteps=np.zeros(0), results=np.zeros((0, 5))))) == ["no-evaluations"]
    assert codes(read(saved(path, results=1.5))) == ["no-steps"]
    assert codes(read(saved(path, timesteps=[[1], [2]], results=[[1.0], [2.0]]))) == ["no-steps"]


def test_one_result_an_evaluation(tmp_path: Path) -> None:
    reading = read(saved(tmp_path / "evaluations.npz", timesteps=[10, 20], results=[1.0, 2.0]))
    assert [series.values.tolist() for series in reading.series] == [[1.0, 2.0]]
    assert reading.problems == ()


def test_an_array_that_claims_to_be_huge_takes_no_memory(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (100000000, 1000), }".ljust(117) + b"\n"
    path = tmp_path / "evaluations.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("results.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    assert codes(read(path)) == ["array"]


def test_a_damaged_file_never_fails_otherwise(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "evaluations.npz", timesteps=[1, 2], results=[[1.0, 2.0], [3.0, 4.0]], ep_lengths=[[5, 6], [7, 8]]
    )
    whole = path.read_bytes()
    rng = random.Random(0)
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        assert read(path).series == ()
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        for series in read(path).series:
            assert len(series.steps) == len(series.values) <= 2


def test_other_archives_are_left_alone(tmp_path: Path) -> None:
    assert not Evaluations().matches(saved(tmp_path / "features.npz", results=[[1.0]]))
    assert not Evaluations().matches(saved(tmp_path / "evaluations.npz", features=[[1.0]]))
    assert Evaluations().matches(saved(tmp_path / "evaluations.npz", results=[[1.0]]))


def test_evaluations_without_results_say_so(tmp_path: Path) -> None:
    path = saved(tmp_path / "evaluations.npz", timesteps=[1, 2, 3])
    assert Evaluations().matches(path)
    assert codes(Evaluations().read(path)) == ["no-evaluations"]
