"""Event files made by hand, byte by byte: independent of TensorBoard and of the reader under test."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import google_crc32c


def varint(number: int) -> bytes:
    number &= 0xFFFF_FFFF_FFFF_FFFF
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*octets, number])


def message(number: int, payload: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def masked(data: bytes) -> bytes:
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFF_FFFF)


def record(event: bytes) -> bytes:
    size = struct.pack("<Q", len(event))
    return size + masked(size) + event + masked(event)


def metadata(plugin: str, content: bytes = b"", description: str = "") -> bytes:
    data = message(1, plugin.encode()) + (message(2, content) if content else b"")
    return message(9, message(1, data) + (message(3, description.encode()) if description else b""))


def simple(tag: str, value: float, extra: bytes = b"") -> bytes:
    return message(1, message(1, tag.encode()) + b"\x15" + struct.pack("<f", value) + extra)


def tensor(tag: str, proto: bytes, plugin: str = "scalars") -> bytes:
    return message(1, message(1, tag.encode()) + message(8, proto) + (metadata(plugin) if plugin else b""))


def tensor_float(tag: str, value: float, plugin: str = "scalars") -> bytes:
    return tensor(tag, b"\x08\x01\x12\x00" + message(4, struct.pack("<f", value)), plugin)


def tensor_strings(tag: str, texts: Iterable[str], plugin: str = "text") -> bytes:
    listed = [text.encode() for text in texts]
    shape = message(2, message(2, b"\x08" + varint(len(listed))))
    return tensor(tag, b"\x08\x07" + shape + b"".join(message(8, text) for text in listed), plugin)


def session(content: bytes) -> bytes:
    return message(1, message(1, b"_hparams_/session_end_info") + metadata("hparams", content))


def histogram(tag: str, buckets: int) -> bytes:
    """As the TensorFlow 1 API writes it, with 8 bytes a bucket."""
    return message(1, message(1, tag.encode()) + message(5, message(6, b"\0" * 8 * buckets)))


def event(step: int | None, *values: bytes, wall: float | None = 1.7e9) -> bytes:
    head = b"" if wall is None else b"\x09" + struct.pack("<d", wall)
    return head + (b"" if not step else b"\x10" + varint(step)) + (message(5, b"".join(values)) if values else b"")


def version() -> bytes:
    return b"\x09" + struct.pack("<d", 1.7e9) + message(3, b"brain.Event:2")


def session_start(step: int) -> bytes:
    return b"\x09" + struct.pack("<d", 1.7e9) + (b"\x10" + varint(step) if step else b"") + message(7, b"\x08\x01")


def write(path: Path, events: Iterable[bytes]) -> Path:
    path.write_bytes(b"".join(record(one) for one in (version(), *events)))
    return path


def _cases(formats: Path) -> None:
    """The case folders of the tensorboard reader: `python tests/readers/_events.py` writes their inputs again."""

    def case(name: str) -> Path:
        folder = formats / "tensorboard" / name / "input"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / "events.out.tfevents.1700000000.host.1.0"

    loss = [event(step, simple("train/loss", 1 / (1 + step)), wall=1.7e9 + step) for step in range(6)]
    write(case("pytorch"), [*loss, event(2, simple("val/loss", 0.5)), event(2, histogram("weights", 30))])
    write(case("tensorflow2"), [event(step, tensor_float("epoch_loss", 2.0 - step)) for step in range(3)])
    write(case("several-in-one"), [event(step, simple("a", step), simple("b", -step)) for step in range(3)])
    write(case("restart"), [session_start(0), *loss, session_start(3), *loss[3:]])
    args = tensor_strings("args/text_summary", ['{"learning_rate": 0.1, "optim": {"name": "sgd"}}'])
    note = tensor_strings("notes/text_summary", ["**Second** try."])
    write(case("texts"), [event(0, args), event(0, note)])
    write(case("lightning-placeholder"), [event(0, simple("hp_metric", -1)), *loss[:2]])
    write(case("nothing-logged"), [])
    write(
        case("not-finite"), [event(step, simple("x", value)) for step, value in enumerate((float("nan"), float("inf")))]
    )
    whole = write(case("damaged"), loss).read_bytes()
    third = 40 + sum(len(record(one)) for one in loss[:2]) + 20
    case("damaged").write_bytes(whole[:third] + bytes([whole[third] ^ 1]) + whole[third + 1 : -9])
    case("wrong-length").write_bytes(whole[: third - 19] + b"\x01" + whole[third - 18 :])


if __name__ == "__main__":
    _cases(Path(__file__).parent / "formats")
