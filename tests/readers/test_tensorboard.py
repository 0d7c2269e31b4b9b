"""Event files, made here byte by byte or by the real writers, beside what TensorBoard's own loader reads."""

from __future__ import annotations

import io
import random
import struct
from collections import defaultdict
from pathlib import Path
from typing import Any

import _events as make
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Reading, Series
from dlviz_docs.readers import _tfcontents, _tfdecode, _tfevents, _tflayout, _tfrecord, _tfrows
from dlviz_docs.readers.tensorboard import TensorBoard


def read(path: Path) -> Reading:
    return TensorBoard().read(path)


def read_events(tmp_path: Path, *events: bytes) -> Reading:
    return read(make.write(tmp_path / "events.out.tfevents.1", events))


def points(reading: Reading) -> dict[str, list[tuple[float, str]]]:
    """Step and value of each point; values as text, so that NaN equals NaN."""
    return {
        s.name: [(x, repr(y)) for x, y in zip(s.steps.tolist(), s.values.tolist(), strict=True)] for s in reading.series
    }


def oracle(path: Path) -> dict[str, list[tuple[float, str]]]:
    """The scalars as TensorBoard's event file loader has them, every point."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.util import tensor_util

    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    plugins: dict[str, str] = {}
    for event in EventFileLoader(str(path)).Load():
        for value in event.summary.value:
            plugin = plugins.setdefault(value.tag, value.metadata.plugin_data.plugin_name)
            if plugin == "scalars":
                number = float(tensor_util.make_ndarray(value.tensor).item())
                found[value.tag].append((float(event.step), repr(number)))
    return dict(found)


# --- against TensorBoard ----------------------------------------------------------------------------------------------


def test_all_that_torch_writes(tmp_path: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    rng = np.random.default_rng(0)
    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(300):
            writer.add_scalar("train/loss", 1 / (1 + step), step)
            writer.add_scalar("train/acc", step / 300, step, new_style=True)
            if step % 50 == 0:
                writer.add_scalar("val/loss", float("nan") if step == 100 else 2 / (1 + step), step)
                writer.add_histogram("weights", rng.normal(size=1000), step)
                writer.add_image("picture", rng.random((3, 8, 8)), step)
                writer.add_pr_curve("pr", rng.integers(0, 2, 100), rng.random(100), step)
        writer.add_text("notes", "**bold**", 1)
        writer.add_audio("beep", rng.random((1, 100)), 3, sample_rate=100)
    (path,) = tmp_path.iterdir()
    reading = read(path)
    assert points(reading) == oracle(path)
    assert reading.media == {"audio": 1, "histogram": 6, "image": 6, "pr_curve": 6, "text": 1}
    assert reading.texts == {"notes/text_summary": "**bold**"}
    assert not reading.problems
    assert all(series.times is not None and (np.diff(series.times) >= 0).all() for series in reading.series)


def test_what_torch_adds_as_hparams(tmp_path: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_hparams({"lr": 0.1, "batch": 32, "optimizer": "adam", "bias": True}, {"hp/acc": 0.9}, run_name=".")
    readings = [read(path) for path in tmp_path.rglob("*tfevents*")]
    (reading,) = [one for one in readings if one.hparams]
    assert reading.hparams == {"lr": 0.1, "batch": 32, "optimizer": "adam", "bias": True}
    assert reading.status == "unknown", "torch writes success when the run begins, without a time"


def test_the_end_of_a_session_is_believed_with_its_time(tmp_path: Path) -> None:
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo

    for code, expected in ((1, "finished"), (2, "failed"), (3, "running")):
        info = HParamsPluginData(session_end_info=SessionEndInfo(status=code, end_time_secs=1.7e9))
        assert read_events(tmp_path, make.event(0, make.session(info.SerializeToString()))).status == expected
    info.session_end_info.ClearField("end_time_secs")
    assert read_events(tmp_path, make.event(0, make.session(info.SerializeToString()))).status == "unknown"


def test_a_resumed_writer_supersedes(tmp_path: Path) -> None:
    """torch's `purge_step` writes a session start; TensorBoard drops what it supersedes."""
    from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
    from tensorboard.util import tensor_util

    events = [make.event(step, make.simple("loss", step)) for step in range(100)]
    first = [*events[:50], make.session_start(60)]
    again = [make.event(step, make.simple("loss", -step)) for step in range(60, 120)]
    last = [make.event(step, make.simple("loss", 1000 + step)) for step in range(110, 130)]
    path = make.write(
        tmp_path / "events.out.tfevents.1",
        [*first, *events, make.session_start(60), *again, make.session_start(110), *last],
    )
    reading = read(path)
    (loss,) = reading.series
    assert loss.superseded is not None
    kept = ~loss.superseded
    accumulator = EventAccumulator(str(path), size_guidance={}, tensor_size_guidance={"scalars": 0}).Reload()
    expected = [(one.step, tensor_util.make_ndarray(one.tensor_proto).item()) for one in accumulator.Tensors("loss")]
    assert list(zip(loss.steps[kept], loss.values[kept], strict=True)) == expected
    assert len(loss) == 230
    assert reading.restart == 60, "what earlier files of the folder lose"


def test_no_restart(tmp_path: Path) -> None:
    reading = read_events(tmp_path, make.event(1, make.simple("loss", 1)))
    assert reading.restart is None
    assert reading.series[0].superseded is None


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
@pytest.mark.parametrize(
    "dtype",
    ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "bool"],
)
@pytest.mark.parametrize("count", [3, 200])
def test_tensor_scalars(tmp_path: Path, dtype: str, shape: tuple[int, ...], count: int) -> None:
    from tensorboard.util import tensor_util

    values = [np.full(shape, (-1) ** step * step % 101, "int64").astype(dtype) for step in range(count)]
    protos = [tensor_util.make_tensor_proto(value).SerializeToString() for value in values]
    # As arrays of bytes, too: TensorFlow packs them, its Python helper lists them one by one.
    for value in values:
        proto = tensor_util.make_tensor_proto(value)
        for listed in (
            "half_val",
            "float_val",
            "double_val",
            "int_val",
            "int64_val",
            "bool_val",
            "uint32_val",
            "uint64_val",
        ):
            proto.ClearField(listed)
        proto.tensor_content = value.tobytes()
        protos.append(proto.SerializeToString())
    events = [make.event(step, make.tensor("loss", proto)) for step, proto in enumerate(protos)]
    path = make.write(tmp_path / "events.out.tfevents.1", events)
    assert points(read(path)) == oracle(path)
    assert len(read(path).series[0]) == 2 * count


def test_a_tensor_that_is_no_scalar(tmp_path: Path) -> None:
    pair = make.tensor("pair", b"\x08\x01\x12\x04\x12\x02\x08\x02" + make.message(4, bytes(8)))
    bfloat = make.tensor("bf16", b"\x08\x0e\x12\x00" + make.message(13, make.varint(0x3FC0)))
    unknown = make.tensor_float("mystery", 1.0, plugin="")
    reading = read_events(tmp_path, *[make.event(step, pair, bfloat, unknown) for step in range(100)])
    assert [series.name for series in reading.series] == ["bf16"]
    assert reading.series[0].values.tolist() == [1.5] * 100
    assert reading.media == {"tensor": 200}


@pytest.mark.parametrize(("dtype", "field"), [(22, 16), (23, 17)])
def test_unsigned_tensors(tmp_path: Path, dtype: int, field: int) -> None:
    """TensorBoard's own helper writes these, and cannot read them."""
    largest = 2 ** (32 if dtype == 22 else 53)
    values = [largest - step for step in range(1, 100)]
    protos = [b"\x08" + make.varint(dtype) + b"\x12\x00" + make.message(field, make.varint(value)) for value in values]
    (series,) = read_events(tmp_path, *[make.event(1, make.tensor("x", proto)) for proto in protos]).series
    assert series.values.tolist() == values


def test_metadata_on_the_first_value_only(tmp_path: Path) -> None:
    values = [make.tensor_float("loss", step, plugin="scalars" if not step else "") for step in range(100)]
    (loss,) = read_events(tmp_path, *[make.event(step, value) for step, value in enumerate(values)]).series
    assert loss.values.tolist() == list(range(100))


TAGS = st.sampled_from(["loss", "acc", "train/loss", "été", "a" * 40, ""])
STEPS = st.one_of(st.integers(0, 300), st.integers(-(2**63), 2**63 - 1))
FLOATS = st.floats(width=32)


@st.composite
def values(draw: st.DrawFn) -> bytes:
    tag, kind = draw(TAGS), draw(st.integers(0, 9))
    if kind < 5:
        return make.simple(tag, draw(FLOATS))
    if kind < 8:
        return make.tensor_float(f"{tag}/tensor", draw(FLOATS))
    if kind == 8:
        return make.histogram(f"{tag}/histogram", draw(st.integers(0, 60)))
    return make.tensor_strings(f"{tag}/text", [draw(st.text(max_size=20))])


@st.composite
def logs(draw: st.DrawFn) -> list[bytes]:
    """Stretches of a training loop that logs the same values over and over, of all sizes, in any order."""
    events: list[bytes] = []
    for _ in range(draw(st.integers(1, 4))):
        cycle = draw(st.lists(st.lists(values(), min_size=1, max_size=3), min_size=1, max_size=6))
        first, walls = draw(STEPS), draw(st.booleans())
        for repeat in range(draw(st.sampled_from([1, 2, 45, 90]))):
            step = min(first + repeat, 2**63 - 1)
            events += [make.event(step, *group, wall=1.7e9 + repeat if walls else None) for group in cycle]
    return events


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(logs())
def test_any_log(tmp_path: Path, events: list[bytes]) -> None:
    path = make.write(tmp_path / "events.out.tfevents.1", events)
    reading = read(path)
    assert points(reading) == oracle(path)
    assert {p.code for p in reading.problems} <= {"tensorboard-step"}


# --- damage -----------------------------------------------------------------------------------------------------------


def small() -> bytes:
    values = [make.simple("loss", 0.5), make.tensor_float("acc", 0.25), make.histogram("h", 2)]
    events = [make.version(), *(make.event(step, value) for step in range(1, 2) for value in values)]
    return b"".join(make.record(event) for event in events)


def regular() -> bytes:
    """Records of one kind, decoded as columns where `few` is small."""
    events = [make.version(), *(make.event(step, make.simple("loss", step)) for step in range(1, 5))]
    return b"".join(make.record(event) for event in events)


def read_bytes(tmp_path: Path, data: bytes) -> Reading | ReadError:
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(data)
    try:
        return read(path)
    except ReadError as error:
        return error


def count(reading: Reading | ReadError) -> int:
    partial = reading.partial if isinstance(reading, ReadError) else reading
    return sum(map(len, partial.series)) + sum(partial.media.values()) if partial else 0


@pytest.mark.parametrize(("data", "few"), [(small(), 99), (regular(), 2)], ids=["one by one", "columns"])
def test_every_flipped_bit_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, few: int) -> None:
    monkeypatch.setattr(_tflayout, "FEW", few)
    monkeypatch.setattr(_tfdecode, "FEW", few)
    monkeypatch.setattr(_tfrows, "FEWEST", few)
    whole = count(read_bytes(tmp_path, data))
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        reading = read_bytes(tmp_path, bytes(flipped))
        partial = reading.partial if isinstance(reading, ReadError) else reading
        assert isinstance(reading, ReadError) or reading.problems, f"bit {bit}"
        if partial is not None:
            assert {p.code for p in partial.problems} <= {"tensorboard-crc", "tensorboard-length"}
            assert count(reading) <= whole


@pytest.mark.parametrize(("data", "few"), [(small(), 99), (regular(), 2)], ids=["one by one", "columns"])
def test_every_cut_keeps_all_complete_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, few: int
) -> None:
    monkeypatch.setattr(_tflayout, "FEW", few)
    monkeypatch.setattr(_tfdecode, "FEW", few)
    ends, at = [0], 0
    while at < len(data):
        at += int.from_bytes(data[at : at + 8], "little") + 16
        ends.append(at)
    for cut in range(len(data)):
        complete = sum(end <= cut for end in ends) - 1
        reading = read_bytes(tmp_path, data[:cut])
        assert count(reading) == max(0, complete - 1), f"cut at {cut}"
        assert isinstance(reading, Reading)
        expected = [] if cut in ends else [f"the last {cut - ends[complete]:,} bytes, from byte {ends[complete]:,} on"]
        assert [p.code for p in reading.problems] == ["tensorboard-truncated"] * len(expected)
        assert all(text in p.what for text, p in zip(expected, reading.problems, strict=True))


def test_a_wrong_length_ends_the_file_and_keeps_what_was_before(tmp_path: Path) -> None:
    first, wrong, last = (make.record(make.event(step, make.simple("loss", step))) for step in (1, 2, 3))
    data = make.record(make.version()) + first + bytes([wrong[0] ^ 1]) + wrong[1:] + last
    error = read_bytes(tmp_path, data)
    assert isinstance(error, ReadError)
    assert error.partial is not None
    assert error.partial.series[0].steps.tolist() == [1]
    assert [p.code for p in error.partial.problems] == ["tensorboard-length"]
    assert error.remedy


def test_damage_among_many_costs_only_itself(tmp_path: Path) -> None:
    records = [make.record(make.event(step, make.simple(f"tag{step % 7}", step))) for step in range(1, 1001)]
    for index in (100, 500, 501):
        flipped = bytearray(records[index])
        flipped[12 + index % 20] ^= 0x10
        records[index] = bytes(flipped)
    reading = read_bytes(tmp_path, make.record(make.version()) + b"".join(records))
    assert isinstance(reading, Reading)
    steps = sorted(step for series in reading.series for step in series.steps.tolist())
    assert steps == [step for step in range(1, 1001) if step not in (101, 501, 502)]
    first = len(make.record(make.version())) + sum(map(len, records[:100]))
    assert [p.what for p in reading.problems] == [f"3 records are left out: wrong checksum (first at byte {first:,})"]


def test_a_record_that_is_no_event_is_left_out(tmp_path: Path) -> None:
    good = [make.event(step, make.simple("loss", step)) for step in range(100)]
    reading = read_events(tmp_path, *good[:50], b"\x0f\xff\xff", *good[50:], *[b"\xff" * len(good[-1])] * 40)
    assert reading.series[0].steps.tolist() == list(range(100))
    (problem,) = reading.problems
    assert problem.code == "tensorboard-event"
    assert problem.what.startswith("41 records are left out")


def mutated(seed: int) -> list[bytes]:
    """Events of many kinds of which two in five have bytes changed, lost or put in, under good checksums."""
    choose = random.Random(seed)
    kinds = (
        make.event(3, make.simple("loss", 1)),
        make.event(300, make.tensor_float("acc", 1)),
        make.event(1, make.simple("a", 1), make.simple("b", 2)),
        make.event(2, make.histogram("h", 30)),
        make.event(2, make.tensor_strings("notes", ["text"])),
        make.session_start(4),
    )
    events = []
    for _ in range(100):
        event = bytearray(choose.choice(kinds))
        at, change = choose.randrange(len(event)), choose.random()
        if change < 0.3:
            event[at] = choose.randrange(256)
        elif change < 0.35:
            del event[at:]
        elif change < 0.4:
            event[at:at] = choose.randbytes(choose.randrange(1, 12))
        events.append(bytes(event))
    return events


@pytest.mark.parametrize("seed", range(20))
def test_columns_say_what_single_events_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    path = make.write(tmp_path / "events.out.tfevents.1", mutated(seed))
    found = []
    for few in (2, 1000):
        monkeypatch.setattr(_tflayout, "FEW", few)
        monkeypatch.setattr(_tfdecode, "FEW", few)
        reading = read(path)
        found.append((points(reading), reading.texts, reading.restart))
    assert found[0] == found[1]
    assert found[0][0]


def looped(seed: int) -> list[bytes]:
    """A training loop of some tags, now and then with one event that is like the others in size alone."""
    choose = random.Random(seed)
    tags = [f"{'x' * choose.randrange(9)}{index}" for index in range(choose.randrange(1, 6))]
    kind = choose.choice([make.simple, make.tensor_float])
    events = [
        make.event(step * 10 ** choose.choice([0, 0, 1]), kind(tag, choose.choice([step, float("nan")])), wall=step)
        for step in range(400)
        for tag in tags
    ]
    for _ in range(choose.choice([0, 1, 3])):
        at = choose.randrange(len(events))
        changed = bytearray(events[at])
        changed[choose.randrange(len(changed))] ^= 1 << choose.randrange(8)
        events[at] = bytes(changed)
    return events


@pytest.mark.parametrize("seed", range(40))
def test_rows_say_what_columns_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    path = make.write(tmp_path / "events.out.tfevents.1", looped(seed))
    found = []
    for fewest in (2, 64, 10_000):
        monkeypatch.setattr(_tfrows, "FEWEST", fewest)
        reading = read(path)
        found.append((points(reading), [s.times.tolist() for s in reading.series if s.times is not None]))
    assert found[0] == found[1] == found[2]
    assert found[0][0]


def test_a_regular_log_is_read_as_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    singly = []
    add = _tfcontents.Contents.add
    monkeypatch.setattr(_tfcontents.Contents, "add", lambda self, *event: singly.append(1) or add(self, *event))
    monkeypatch.setattr(_tfdecode, "decode_layouts", None)  # not called
    events = [make.event(step, make.simple(f"tag{i}", step + i)) for step in range(1000) for i in range(5)]
    reading = read_events(tmp_path, *events)
    assert [s.values.tolist() for s in reading.series] == [[step + i for step in range(1000)] for i in range(5)]
    assert len(singly) < 32


@pytest.mark.parametrize("data", [b"hello, this is text", bytes(100), b"\x89PNG" * 10])
def test_no_event_file(tmp_path: Path, data: bytes) -> None:
    error = read_bytes(tmp_path, data)
    assert isinstance(error, ReadError)
    assert "not an event file" in error.what


def test_nothing_yet(tmp_path: Path) -> None:
    assert read_bytes(tmp_path, b"") == Reading("TensorBoard")
    assert read_bytes(tmp_path, make.record(make.version())) == Reading("TensorBoard")


def test_names() -> None:
    matches = TensorBoard().matches
    assert matches(Path("events.out.tfevents"))
    assert matches(Path("run/events.out.tfevents.1589601849.host.profile-empty"))
    assert matches(Path("events.out.tfevents.1637681485.host.19.1.v2"))
    assert not matches(Path("tfevents_reader.py"))
    assert not matches(Path("metrics.csv"))


# --- many records -----------------------------------------------------------------------------------------------------


def irregular(steps: int) -> list[bytes]:
    """Tags that are logged at different rates, beside histograms of all sizes, with steps of all lengths."""
    rng = np.random.default_rng(1)
    events = []
    for step in range(steps):
        for index in range(20):
            if rng.random() < 1 / (1 + index % 5):
                value = make.simple(f"layer{index}/{'x' * (index % 7)}", rng.random())
                events.append(make.event(step * 10 ** (index % 4), value, wall=1.7e9 + rng.random()))
        if step % 10 == 0:
            events.append(make.event(step, make.histogram("weights", int(rng.integers(1, 100)))))
    return events


def test_python_runs_once_a_layout_not_once_an_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []
    monkeypatch.setattr(_tfcontents, "parse_event", lambda event: parsed.append(1) or _tfevents.parse_event(event))
    events = irregular(1000)
    reading = read_events(tmp_path, *events)
    assert count(reading) == len(events) > 5000
    assert len(parsed) < 150


@pytest.mark.parametrize("window", [64, 1000, 50_000])
def test_windows_of_any_size_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int) -> None:
    path = make.write(tmp_path / "events.out.tfevents.1", irregular(100))
    whole = read(path)
    monkeypatch.setattr(_tfrecord, "WINDOW", window)
    parts = read(path)
    assert points(parts) == points(whole) == oracle(path)
    assert parts.media == whole.media


def test_a_record_too_large_to_hold_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tfrecord, "WINDOW", 1 << 10)
    monkeypatch.setattr(_tfrecord, "LARGEST", 1 << 12)
    before, large, after = (
        make.event(1, make.simple("a", 1)),
        make.event(2, make.histogram("h", 6_000)),
        make.event(3, make.simple("a", 3)),
    )
    data = b"".join(map(make.record, (make.version(), before, large, after)))
    reading = read_bytes(tmp_path, data)
    assert isinstance(reading, Reading)
    assert reading.series[0].steps.tolist() == [1, 3]
    assert not reading.problems
    for position, code in ((30_000, "tensorboard-crc"), (len(data) - len(after) - 20, "tensorboard-crc")):
        flipped = bytearray(data)
        flipped[position] ^= 4
        damaged = read_bytes(tmp_path, bytes(flipped))
        assert isinstance(damaged, Reading)
        assert [p.code for p in damaged.problems] == [code]
        assert damaged.series[0].steps.tolist() == [1, 3]
    cut = read_bytes(tmp_path, data[:30_000])
    assert isinstance(cut, Reading)
    assert [p.code for p in cut.problems] == ["tensorboard-truncated"]


@given(st.lists(st.integers(0, 40), max_size=400), st.integers(1, 60))
@settings(deadline=None)
def test_records_are_found_whatever_their_sizes(sizes: list[int], repeats: int) -> None:
    sizes = (sizes * repeats)[:3000]
    data = b"".join(make.record(bytes(size)) for size in sizes)
    (window,) = list(_tfrecord.read_windows(io.BytesIO(data), [])) or [None]
    if window is None:
        assert not sizes
        return
    assert window.sizes.tolist() == sizes
    assert window.starts.tolist() == [12 + sum(sizes[:i]) + 16 * i for i in range(len(sizes))]


# --- what tags mean ---------------------------------------------------------------------------------------------------


def test_lightnings_placeholder_is_dropped(tmp_path: Path) -> None:
    placeholder = make.event(0, make.simple("hp_metric", -1))
    assert not read_events(tmp_path, placeholder, placeholder).series
    (metric,) = read_events(tmp_path, placeholder, make.event(5, make.simple("hp_metric", 0.5))).series
    assert (metric.steps.tolist(), metric.values.tolist()) == ([5], [0.5])


SETTINGS = (
    ("args/text_summary", '{"lr": 0.1, "optim": {"name": "sgd"}}', {"lr": 0.1, "optim.name": "sgd"}),
    ("model_config/text_summary", '{"hidden_size": 8}', {"model_config.hidden_size": 8}),
    (
        "args",
        "Namespace(lr=0.1, shape=(4, 84), to=device('cuda'))",
        {"lr": 0.1, "shape": "4, 84", "to": "device('cuda')"},
    ),
    ("hyperparameters/text_summary", "|param|value|\n|-|-|\n|lr|0.1|\n|env|Pole-v1|", {"lr": 0.1, "env": "Pole-v1"}),
)


@pytest.mark.parametrize(("tag", "text", "hparams"), SETTINGS)
def test_settings_in_texts(tmp_path: Path, tag: str, text: str, hparams: dict[str, Any]) -> None:
    reading = read_events(tmp_path, make.event(0, make.tensor_strings(tag, [text])))
    assert reading.hparams == hparams
    assert reading.media == {"text": 1}
    assert not reading.texts


@pytest.mark.parametrize(("tag", "text"), [("sample", '{"answer": 3}'), ("args", "{broken"), ("args", "Namespace((((")])
def test_other_texts_are_notes(tmp_path: Path, tag: str, text: str) -> None:
    reading = read_events(tmp_path, make.event(0, make.tensor_strings(tag, [text])))
    assert (reading.texts, reading.hparams) == ({tag: text}, {})


def test_the_last_text_of_a_tag(tmp_path: Path) -> None:
    events = [make.event(step, make.tensor_strings("sample", [f"at {step}", "more"])) for step in range(200)]
    reading = read_events(tmp_path, *events)
    assert reading.texts == {"sample": "at 199\n\nmore"}
    assert reading.media == {"text": 200}


def test_steps_that_no_float_holds(tmp_path: Path) -> None:
    reading = read_events(tmp_path, make.event(2**53 + 3, make.simple("loss", 1)))
    assert reading.series[0].steps.tolist() == [2.0**53 + 4]
    assert [p.code for p in reading.problems] == ["tensorboard-step"]


def test_events_without_a_time(tmp_path: Path) -> None:
    for count in (3, 100):
        (loss,) = read_events(
            tmp_path, *[make.event(s, make.simple("loss", s), wall=None) for s in range(count)]
        ).series
        assert (len(loss), loss.times) == (count, None)


def test_graphs_are_counted(tmp_path: Path) -> None:
    head = b"\x09" + struct.pack("<d", 1.7e9)
    reading = read_events(tmp_path, head + make.message(4, bytes(5000)), *[head + make.message(9, b"x" * 50)] * 40)
    assert reading.media == {"graph": 41}


def test_tags_that_are_no_text(tmp_path: Path) -> None:
    bad = make.message(1, make.message(1, b"\xff\xfe") + b"\x15" + struct.pack("<f", 1))
    (series,) = read_events(tmp_path, make.event(0, bad)).series
    assert isinstance(series, Series)
    assert series.name == "\\xff\\xfe"
