"""Films that a browser plays, without a film encoder: a lossy WebP is one VP8 key frame, and WebM holds VP8."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["webm"]


def webm(pictures: Iterable[NDArray[np.uint8]], rate: int) -> bytes:
    """So many pictures a second, each of shape (height, width, 3) with even sides."""
    shown = list(pictures)
    height, width = shown[0].shape[:2]
    ms = 1000 / rate
    video = _element(0xE0, _number(0xB0, width), _number(0xBA, height))
    track = _element(0xAE, _number(0xD7, 1), _number(0x73C5, 1), _number(0x83, 1), _element(0x86, b"V_VP8"), video)
    info = _element(0x1549A966, _number(0x2AD7B1, 1_000_000), _element(0x4489, _double(len(shown) * ms)))
    clusters, cues = [], []
    head = [info, _element(0x1654AE6B, track)]
    for i, picture in enumerate(shown):
        time = round(i * ms)
        block = b"\x81\x00\x00\x80" + _key_frame(picture)
        clusters.append(_element(0x1F43B675, _number(0xE7, time), _element(0xA3, block)))
    place = sum(map(len, head))
    for i, cluster in enumerate(clusters):
        where = _element(0xB7, _number(0xF7, 1), _number(0xF1, place))
        cues.append(_element(0xBB, _number(0xB3, round(i * ms)), where))
        place += len(cluster)
    segment = _element(0x18538067, *head, *clusters, _element(0x1C53BB6B, *cues))
    kind = _element(0x4282, b"webm")
    ebml = _element(
        0x1A45DFA3,
        _number(0x4286, 1),
        _number(0x42F7, 1),
        _number(0x42F2, 4),
        _number(0x42F3, 8),
        kind,
        _number(0x4287, 2),
        _number(0x4285, 2),
    )
    return ebml + segment


def _key_frame(picture: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "WEBP", quality=80, method=0)
    data = out.getvalue()
    start = data.index(b"VP8 ") + 4
    return data[start + 4 : start + 4 + int.from_bytes(data[start : start + 4], "little")]


def _element(name: int, *content: bytes) -> bytes:
    body = b"".join(content)
    size = (len(body) | 1 << 56).to_bytes(8, "big")  # of eight bytes, whatever it is
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + size + body


def _number(name: int, value: int) -> bytes:
    return _element(name, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _double(value: float) -> bytes:
    return np.array(value, ">f8").tobytes()
