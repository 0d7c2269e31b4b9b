"""Settings: flat, typed and bounded."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._flatten import hparams, leaves
from dlviz_docs.readers.hparams import Hparams


@pytest.mark.parametrize(
    ("value", "flat"),
    [
        ({"a": {"b": {"c": 1}}}, {"a.b.c": 1}),
        ({"a": [1, 2.5, "x", None, True]}, {"a": "1, 2.5, x, null, true"}),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a.0.b": 1, "a.1.b": 2}),
        ({"a": [[0.9, 0.99], [1, 2]]}, {"a": "[0.9, 0.99], [1, 2]"}),
        ({"a": [], "b": {}}, {"a": ""}),
        ({"a": list(range(100))}, {"a": ", ".join(map(str, range(64))) + ", … (100 values)"}),
        ({"a": "x" * 3000}, {"a": "x" * 2000 + "…"}),
        ({"k\ud800": "v\udfff"}, {"k\ufffd": "v\ufffd"}),
        (3, {}),
        (None, {}),
    ],
)
def test_flat(value: object, flat: dict[str, object]) -> None:
    assert hparams(value) == flat


def test_no_more_keys_than_a_page_can_show(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({f"k{i}": i for i in range(6_000)}))
    reading = Hparams().read(path)
    assert len(reading.hparams) == 5_000
    assert [problem.code for problem in reading.problems] == ["too-large"]


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("a: 1\n" * 100)
    with pytest.raises(ReadError, match="larger than 100 bytes") as caught:
        Hparams(max_bytes=100).read(path)
    assert "max_bytes" in caught.value.remedy


def test_deep_json_is_said_and_does_not_crash(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text("[" * 100_000)
    began = time.perf_counter()
    reading = Hparams().read(path)
    assert time.perf_counter() - began < 5
    assert reading.problems
    assert not reading.hparams


def test_leaves_end_at_a_depth() -> None:
    nested: object = 1
    for _ in range(500):
        nested = {"a": nested}
    assert list(leaves(nested, "/")) == []
