from __future__ import annotations

import math
import os
from pathlib import Path

import msgspec
import numpy as np
import pytest

from dlviz_docs.cache import Cache, Ledger, content_hash, key
from dlviz_docs.model import Insight, Recorded, Run, Series
from dlviz_docs.packing import decode, encode
from dlviz_docs.scan import Signature


def a_run() -> Run:
    values = np.array([1.0, math.nan, math.inf, -0.0])
    series = Series(
        "val/loss", "val_loss", np.arange(4.0), values, times=np.arange(4.0) + 1.7e9,
        superseded=np.array([True, False, False, False]),
        recorded=Recorded(4, 2, 0.0, 3.0, 1.0, -0.0, -0.0, 3.0, 1.0, 0.0, 1),
    )  # fmt: skip
    return Run("a", "a", (series,), {"lr": 1e-3, "n": 3, "name": "x", "on": True, "none": None},
               insights=(Insight("best", "info", "text", values={"a": math.nan}),))  # fmt: skip


def test_values_come_back_to_the_bit(tmp_path: Path) -> None:
    run = a_run()
    back = decode(encode(run), Run)
    assert back.series[0].values.tobytes() == run.series[0].values.tobytes()
    assert back.series[0].steps.tobytes() == run.series[0].steps.tobytes()
    assert back.series[0].superseded is not None
    assert back.series[0].superseded.tolist() == [True, False, False, False]
    assert back.series[0].recorded == run.series[0].recorded
    assert dict(back.hparams) == dict(run.hparams)
    assert {key: type(value) for key, value in back.hparams.items()} == {k: type(v) for k, v in run.hparams.items()}
    assert not back.series[0].values.flags.writeable


def test_put_and_get(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.get("ab12", Run) is None
    cache.put("ab12", a_run())
    found = cache.get("ab12", Run)
    assert found is not None
    assert found.name == "a"


def test_every_damaged_entry_is_no_entry(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("ab12", Recorded(1, 0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0))
    path = Path(cache.path("ab12"))
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        assert cache.get("ab12", Recorded) is None
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert cache.get("ab12", Recorded) is None


def test_every_damaged_file_is_no_file(tmp_path: Path) -> None:
    name = Cache(tmp_path).put_file(b"RIFF....WEBP", ".webp")
    path = Path(Cache(tmp_path).path(name, ".webp"))
    whole = path.read_bytes()
    assert Cache(tmp_path).holds(name, ".webp")
    assert not Cache(tmp_path).holds(name, ".js")
    for place in range(len(whole)):
        for hurt in (whole[:place], whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]):
            path.write_bytes(hurt)
            assert not Cache(tmp_path).holds(name, ".webp")
    path.unlink()
    assert not Cache(tmp_path).holds(name, ".webp")


def test_an_entry_of_another_type_is_no_entry(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("ab12", ["something", "else"])
    assert cache.get("ab12", Run) is None


def test_keys_tell_what_differs() -> None:
    assert key("a", [1, 2]) == key("a", [1, 2])
    assert len({key("a", [1, 2]), key("a", [12]), key("a1", [2]), key("a", ["1", "2"])}) == 4


def test_the_ledger_knows_an_unchanged_file(tmp_path: Path) -> None:
    cache, signature = Cache(tmp_path), Signature(3, 5, 7)
    ledger = cache.load_ledger()
    assert ledger.contents == {}
    cache.save_ledger(Ledger({"/a": (signature, "content")}))
    ledger = cache.load_ledger()
    assert ledger.known("/a", signature) == "content"
    assert ledger.known("/a", Signature(3, 6, 7)) is None
    assert ledger.known("/b", signature) is None


def test_forget_keeps_what_is_used_and_the_ledger(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("aa01", 1)
    cache.put("bb02", 2)
    script = cache.put_file(b"dlviz.put()", ".js")
    cache.save_ledger(Ledger())
    assert cache.forget([cache.path("aa01"), cache.path(script, ".js")]) == 1
    assert cache.get("aa01", int) == 1
    assert cache.get("bb02", int) is None
    assert Path(cache.path(script, ".js")).read_bytes() == b"dlviz.put()"
    assert cache.get("ledger", Ledger) is not None


def test_what_is_no_folder_of_ours_is_left_alone(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("aa01", 1)
    (tmp_path / "ab").write_text("somebody's")
    assert cache.forget([]) == 1
    assert (tmp_path / "ab").exists()


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path)

    def full(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        cache.put("ab12", 1)
    assert list(tmp_path.rglob("*.*")) == []
    assert cache.get("ab12", int) is None


def test_content_hash_depends_on_content_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    (tmp_path / "b").write_bytes(b"x" * 3_000_000)
    (tmp_path / "c").write_bytes(b"x" * 2_999_999 + b"y")
    a, b, c = (content_hash(str(tmp_path / name)) for name in "abc")
    assert a == b != c


@pytest.mark.parametrize(
    ("dtype", "shape", "data"),
    [
        ("|O", (1,), b"12345678"),
        ("<f8", (2,), b"12345678"),
        ("<f8", (-1,), b"12345678"),
        ("no", (1,), b"1"),
        ("<M8[s]", (1,), b"12345678"),
    ],
)
def test_an_array_that_we_would_not_have_written_is_refused(dtype: str, shape: tuple[int, ...], data: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(msgspec.msgpack.encode([dtype, shape, data]), np.ndarray)
