"""What `dlviz probe` leaves beside a model comes back as it was, or is refused."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Checkpoint, Network, Tensor
from dlviz_docs.model.kept import Kept
from dlviz_docs.model.probes import Explanation, Faithfulness, Map, Probed
from dlviz_docs.packing import encode
from dlviz_docs.readers.kept import HEAD, packed_kept, read_kept

VALUES = np.array([[0.5, np.nan], [-np.inf, 3.0]], np.float32)
KEPT = Kept(
    "key",
    "content",
    Network("net", "weights", (Checkpoint("a.pt2", "PyTorch export", 7, (Tensor("w", (2, 2), "float32", 16),)),)),
    Probed(
        "a.pt2",
        classes=("cat", "dog"),
        explanations=(Explanation(3, "pictures/a.jpg", maps=(Map("hirescam", "layer4", 1, VALUES, signed=True),)),),
        faithfulness=(Faithfulness("random", "layer4", 8, road=0.01, deleted=np.linspace(0, 1, 3)),),
    ),
)


def test_all_of_it_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a.pt2.probe"
    path.write_bytes(packed_kept(KEPT))
    found = read_kept(path)
    assert (found.key, found.content) == ("key", "content")
    assert found.network.last == KEPT.network.last
    (map_,) = found.probed.explanations[0].maps
    assert np.array_equal(map_.values, VALUES, equal_nan=True)
    assert (map_.method, map_.signed, map_.values.dtype) == ("hirescam", True, np.float32)
    assert found.probed.faithfulness[0].deleted is not None
    assert found.probed.faithfulness[0].deleted.tolist() == [0, 0.5, 1]


def test_maps_keep_what_can_be_seen_of_them(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    values[0, :3] = np.nan, np.inf, 1e-40
    one = replace(KEPT.probed.explanations[0], maps=(Map("hirescam", "layer4", 1, values),))
    exact = replace(KEPT, probed=replace(KEPT.probed, explanations=(one,)))
    path = tmp_path / "a.pt2.probe"
    path.write_bytes(packed_kept(exact))
    found = read_kept(path).probed.explanations[0].maps[0].values
    assert np.isnan(found[0, 0])
    assert np.isinf(found[0, 1])
    assert np.allclose(found[1:], values[1:], rtol=2**-11, atol=0)
    assert len(packed_kept(exact)) < len(zlib.compress(values.tobytes(), 9))


def told(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(ReadError) as caught:
        read_kept(path)
    return caught.value.what


def test_what_is_something_else_or_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.probe"
    assert "no result" in told(path, b"")
    assert "no result" in told(path, b"dlviz-probe/2\n" + zlib.compress(encode(KEPT)))
    assert "damaged" in told(path, HEAD + b"no zlib")
    assert "damaged" in told(path, HEAD + zlib.compress(b"no msgpack"))
    assert "damaged" in told(path, HEAD + zlib.compress(encode({"key": 1})))


def test_a_bomb_costs_no_more_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlviz_docs.readers.kept.LARGEST", 1 << 20)
    assert "larger than any" in told(tmp_path / "a.probe", HEAD + zlib.compress(bytes(64 << 20)))
    assert "larger than any" in told(tmp_path / "b.probe", HEAD + bytes(2 << 20))


def test_what_is_nested_without_end_costs_itself(tmp_path: Path) -> None:
    assert "damaged" in told(tmp_path / "a.probe", HEAD + zlib.compress(b"\x81\xa1x" + b"\x91" * 1_000_000 + b"\xc0"))


@given(st.data())
def test_every_cut_and_flip_is_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("kept") / "a.probe"
    whole = bytearray(packed_kept(KEPT))
    place = data.draw(st.integers(0, len(whole) - 1))
    told(path, bytes(whole[:place]))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(bytes(whole))
    try:
        found = read_kept(path)
    except ReadError:
        return
    assert encode(found) == encode(read_kept_of(packed_kept(KEPT), path))  # bits that deflate does not use


def read_kept_of(content: bytes, path: Path) -> Kept:
    path.write_bytes(content)
    return read_kept(path)
