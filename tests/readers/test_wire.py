"""The protocol buffer wire format, and what is no message."""

from __future__ import annotations

import pytest

from dlviz_docs.readers._wire import BYTES, FIXED32, FIXED64, VARINT, Field, WireError, fields, varint


def test_fields_of_every_wire_type() -> None:
    data = b"\x08\x96\x01" + b"\x11" + bytes(8) + b"\x1a\x03abc" + b"\x25" + bytes(4)
    assert list(fields(data, 0, len(data))) == [
        Field(1, VARINT, 150, 1, 3),
        Field(2, FIXED64, 0, 4, 12),
        Field(3, BYTES, 0, 14, 17),
        Field(4, FIXED32, 0, 18, 22),
    ]


def test_structure_is_all_but_the_contents() -> None:
    data = b"\x08\x96\x01" + b"\x1a\x03abc" + b"\x25" + bytes(4)
    structure = bytearray(len(data))
    assert len(list(fields(data, 0, len(data), structure))) == 3
    assert structure == b"\xff" * 5 + bytes(3) + b"\xff" + bytes(4)


@pytest.mark.parametrize(
    "data",
    [b"\x08", b"\x08\xff", b"\x11\x00", b"\x1a\x05abc", b"\x0b", b"\x00\x00", b"\x1a" + b"\xff" * 10 + b"\x01"],
    ids=["no value", "endless", "short double", "short string", "group", "field 0", "long length"],
)
def test_no_message(data: bytes) -> None:
    with pytest.raises(WireError):
        list(fields(data, 0, len(data)))


def test_negative_numbers_take_ten_bytes() -> None:
    assert varint(b"\xff" * 9 + b"\x01", 0, 10) == (2**64 - 1, 10)
