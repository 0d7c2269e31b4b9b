"""Files that break off anywhere, or have a byte wrong: never an exception but ReadError, and never a wrong number."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Reading, Series
from dlviz_docs.readers import Reader
from dlviz_docs.readers.keras_csv import KerasCSV
from dlviz_docs.readers.lightning_csv import LightningCSV
from dlviz_docs.readers.table import MetricsTable
from dlviz_docs.readers.yolo_results import YOLOResults
from dlviz_docs.registry import load_readers

FORMATS = Path(__file__).parent / "formats"
READERS = load_readers({})[0]

# One small file of each text format.
FILES = (
    "hf_trainer/finetuning/input/trainer_state.json",
    "lightning_csv/sparse/input/version_0/metrics.csv",
    "keras_csv/csv_logger/input/training.csv",
    "json_metrics/detectron2/input/metrics.json",
    "json_metrics/keras_history/input/history.json",
    "json_metrics/rows/input/log_history.json",
    "json_metrics/sacred/input/metrics.json",
    "json_metrics/odd_numbers/input/log.jsonl",
    "table/wandb_export/input/export.csv",
    "table/seeds/input/cheetah-run.csv",
    "table/baselines/input/progress.csv",
    "monitor/sb3/input/0.monitor.csv",
    "table/decimal_comma/input/verlauf.csv",
    "table/utf16_tabs/input/powershell.tsv",
    "yolo_results/yolov7/input/results.txt",
)
SETTINGS = (
    "hparams/typed_yaml/input/hparams.yaml",
    "hparams/python_tags/input/hparams.yaml",
    "hparams/merge_keys/input/config.yml",
    "hparams/toml/input/config.toml",
    "hparams/json/input/config.json",
    "sacred/completed/input/run.json",
)
TABLES = (KerasCSV, LightningCSV, MetricsTable, YOLOResults)
MOST_CUTS = 400
"""Longer files are cut at so many places, evenly."""


def reader_of(place: str) -> Reader:
    return READERS[place.partition("/")[0]]


def read(reader: Reader, path: Path) -> Reading:
    """What can be read, whether or not the file is said to be damaged as a whole."""
    try:
        return reader.read(path)
    except ReadError as error:
        damage = error
    assert damage.what
    assert damage.remedy
    assert damage.partial is not None
    return damage.partial


def cuts(size: int) -> list[int]:
    return sorted({round(at) for at in np.linspace(0, size - 1, min(size, MOST_CUTS))})


def by_raw_name(reading: Reading) -> Mapping[str, list[Series]]:
    found: dict[str, list[Series]] = {}
    for series in reading.series:
        found.setdefault(series.raw_name, []).append(series)
    return found


def points(pieces: list[Series]) -> set[tuple[float, float]]:
    """Every point of a column, with NaN equal to itself."""
    return {
        (step, value if np.isfinite(value) else np.inf)
        for piece in pieces
        for step, value in zip(piece.steps.tolist(), piece.values.tolist(), strict=True)
    }


@pytest.mark.parametrize("place", FILES)
def test_a_cut_file_gives_only_points_of_the_whole(place: str, tmp_path: Path) -> None:
    whole_path = FORMATS / place
    data = whole_path.read_bytes()
    whole = by_raw_name(reader_of(place).read(whole_path))
    path = tmp_path / whole_path.name
    for at in cuts(len(data)):
        path.write_bytes(data[:at])
        # A last cell may be cut and be as long as others: nothing tells that from a writer that ends no last line.
        open_row = isinstance(reader_of(place), TABLES) and not data[:at].endswith((b"\n", b"\n\0"))
        for raw, pieces in by_raw_name(read(reader_of(place), path)).items():
            assert raw in whole, (at, raw)
            sure = [piece.take(np.arange(len(piece) - open_row)) for piece in pieces]
            assert points(sure) <= points(whole[raw]), (at, raw)


@pytest.mark.parametrize("place", [place for place in FILES if place.endswith((".csv", ".jsonl", "metrics.json"))])
def test_complete_lines_before_a_cut_are_kept(place: str, tmp_path: Path) -> None:
    whole_path = FORMATS / place
    lines = whole_path.read_bytes().splitlines(keepends=True)
    if lines[0].strip() in (b"{", b"["):
        pytest.skip("one document, not lines")
    path = tmp_path / whole_path.name
    for count in range(2, len(lines)):
        path.write_bytes(b"".join(lines[:count]))
        complete = by_raw_name(read(reader_of(place), path))
        path.write_bytes(b"".join(lines[:count]) + lines[count][: len(lines[count]) // 2])
        cut = by_raw_name(read(reader_of(place), path))
        for raw, pieces in complete.items():
            assert points(pieces) <= points(cut[raw])


@pytest.mark.parametrize("place", [*FILES, *SETTINGS])
def test_wrong_bytes_never_raise_anything_else(place: str, tmp_path: Path) -> None:
    random.seed(place)
    data = (FORMATS / place).read_bytes()
    path = tmp_path / Path(place).name
    for _ in range(150):
        broken = bytearray(data)
        for _ in range(random.randint(1, 4)):
            broken[random.randrange(len(broken))] = random.choice((0, 10, 34, 44, 91, 123, 128, 195, 255))
        path.write_bytes(bytes(broken))
        if reader_of(place).matches(path):
            read(reader_of(place), path)


@pytest.mark.parametrize("place", SETTINGS)
def test_cut_settings_never_raise_anything_else(place: str, tmp_path: Path) -> None:
    data = (FORMATS / place).read_bytes()
    whole = reader_of(place).read(FORMATS / place).hparams
    path = tmp_path / Path(place).name
    for at in cuts(len(data)):
        path.write_bytes(data[:at])
        found = read(reader_of(place), path).hparams
        # Complete lines give complete settings; the value of a line that is cut may be shorter than it was.
        if data[:at].endswith(b"\n") and path.suffix != ".json":
            wrong = {key for key, value in found.items() if repr(value) != repr(whole.get(key))}
            # An object or a merge that is cut is told as far as it goes.
            assert not wrong or place.startswith(("hparams/python_tags", "hparams/merge_keys")), (at, wrong)


@pytest.mark.parametrize("content", [b"", b"\n", b"\0" * 64, b"\xff\xfe", b"\xef\xbb\xbf", b"{", b"[", b'"', b","])
@pytest.mark.parametrize("place", [*FILES, *SETTINGS])
def test_next_to_nothing_is_said_to_be_so(place: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / Path(place).name
    path.write_bytes(content)
    reader_of(place).matches(path)
    reading = read(reader_of(place), path)
    assert not reading.series
    assert not reading.hparams
