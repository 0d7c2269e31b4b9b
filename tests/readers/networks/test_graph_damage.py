"""Graphs that are cut, flipped, far too large, or nested without end: a notice, in bounded time and memory."""

from __future__ import annotations

import contextlib
import json
import random
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from graphs import exported, onnx_file
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._wire import Field, WireError
from dlviz_docs.readers.networks._dims import UNKNOWN, broadcast, fitted
from dlviz_docs.readers.networks._pages import Pages, signed
from dlviz_docs.readers.networks.exported import read_exported
from dlviz_docs.readers.networks.onnx import read_onnx
from dlviz_docs.readers.networks.structure import Structure, network_of

MOST_MEMORY = 400 << 20
"""Bytes over what the process takes anyway."""


def read(path: Path) -> Structure:
    return network_of((read_onnx if path.suffix == ".onnx" else read_exported)(path, path.parent))


def outcome(path: Path) -> Structure | None:
    """None where the file says what is wrong; any other error fails the test."""
    with contextlib.suppress(ReadError):
        return read(path)
    return None


def spread(size: int, count: int) -> list[int]:
    return sorted({*range(0, size, max(1, size // count)), size - 1})


def test_a_cut_onnx_file_gives_what_stands_before(tmp_path: Path) -> None:
    whole = onnx_file("resnet", dynamo=False).read_bytes()
    path = tmp_path / "a.onnx"
    counts = []
    for size in spread(len(whole), 120):
        path.write_bytes(whole[:size])
        found = outcome(path)
        counts.append(len(found.operations) + len(found.tensors) if found else 0)
        if found:
            assert found.problems
    assert counts == sorted(counts)
    assert counts[-1] > 50


@pytest.mark.parametrize("kind", ["pt2", "onnx"])
def test_flipped_bytes_never_end_in_an_error_of_ours(tmp_path: Path, kind: str) -> None:
    whole = exported("policy").read_bytes() if kind == "pt2" else onnx_file("policy", dynamo=False).read_bytes()
    path = tmp_path / f"a.{kind}"
    chance = random.Random(7)
    for place in spread(len(whole), 250):
        data = bytearray(whole)
        data[place] = chance.randrange(256)
        path.write_bytes(bytes(data))
        outcome(path)


def test_cut_archives_never_end_in_an_error_of_ours(tmp_path: Path) -> None:
    whole = exported("policy").read_bytes()
    path = tmp_path / "a.pt2"
    for size in spread(len(whole), 60):
        path.write_bytes(whole[:size])
        outcome(path)


@pytest.mark.parametrize("dynamo", [False, True], ids=["torchscript", "dynamo"])
def test_a_cut_file_of_onnx_gives_what_stands_before(tmp_path: Path, dynamo: bool) -> None:
    whole = onnx_file("policy", dynamo=dynamo).read_bytes()
    path = tmp_path / "a.onnx"
    path.write_bytes(whole)
    kinds = [operation.kind for operation in read(path).operations]
    most, refused = 0, []
    for size in (*spread(len(whole), 40), len(whole) // 2):
        path.write_bytes(whole[:size])
        try:
            found = read(path)
        except ReadError as error:
            refused.append(error.what)
            continue
        assert [operation.kind for operation in found.operations] == kinds[: len(found.operations)]
        most = max(most, len(found.operations))
        told = [(one.code, one.what.partition(" at byte ")[0]) for one in found.problems]
        assert told == [("damaged", "breaks off")]
        assert "Copy the file again" in found.problems[0].remedy
    assert f"breaks off at byte {len(whole) // 2:,} of at least" in found.problems[0].what
    assert most == len(kinds)
    assert refused
    assert all(what.startswith(("breaks off at byte ", "is empty", "holds no ONNX model")) for what in refused)


def test_damage_within_a_file_of_onnx_is_told_from_a_cut(tmp_path: Path) -> None:
    whole = onnx_file("policy", dynamo=False).read_bytes()
    place = whole.rindex(b"\x22\x04Gemm") + 1
    path = tmp_path / "a.onnx"
    path.write_bytes(whole[:place] + b"\x7f" + whole[place + 1 :])  # the operator's name is as long as the rest
    (problem,) = read(path).problems
    assert problem.what.startswith("is damaged: a field leaves its message at byte ")
    path.write_bytes(b"\x3a" + varint(1 << 40) + whole)
    with pytest.raises(ReadError, match="is damaged: a field leaves its message at byte"):
        read(path)


def test_parts_of_a_program_that_are_not_what_they_should_be(tmp_path: Path) -> None:
    """Every value in the JSON in turn is replaced by ones of other types."""
    with zipfile.ZipFile(exported("policy")) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    name = next(entry for entry in entries if entry.endswith("models/model.json"))
    program = json.loads(entries[name])
    places = [place for place in walked(program) if len(place) < 8][::7]
    path = tmp_path / "a.pt2"
    for number, place in enumerate(places[:150]):
        copy = json.loads(entries[name])
        inner = copy
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = [None, -1, "x", [], {}, 1e300, [{}], {"as_int": "x"}][number % 8]
        with zipfile.ZipFile(path, "w") as archive:
            for entry, data in entries.items():
                archive.writestr(entry, json.dumps(copy) if entry == name else data)
        outcome(path)


def walked(value: object, place: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [inner for key, one in items for inner in [(*place, key), *walked(one, (*place, key))]]


BOUNDED = """
import sys, time
from pathlib import Path
def most(): return next(int(x.split()[1]) for x in open("/proc/self/status") if x.startswith("VmHWM")) * 1024
from dlviz_docs.errors import ReadError
from dlviz_docs.readers.networks.exported import read_exported
from dlviz_docs.readers.networks.onnx import read_onnx
from dlviz_docs.readers.networks.structure import network_of
path = Path(sys.argv[1])
before = most()
began = time.process_time()
try:
    found = network_of((read_onnx if path.suffix == ".onnx" else read_exported)(path, path.parent))
    print("problems", [one.what for one in found.problems])
except ReadError as error:
    print("refused", error.what)
print(most() - before, time.process_time() - began)
"""


def bounded(path: Path) -> str:
    """Read in a process of its own; what it said. It takes less than a minute of CPU, and little memory."""
    limit = 60
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, str(path)],
        capture_output=True,
        text=True,
        timeout=600,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit)),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said, numbers = done.stdout.strip().rsplit("\n", 1)
    assert float(numbers.split()[0]) < MOST_MEMORY, done.stdout
    return said


def test_many_empty_messages(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    graph = b"\x0a\x00" * 25_000_000
    path.write_bytes(b"\x3a" + varint(len(graph)) + graph)
    assert "100,000 nodes" in bounded(path)
    graph = b"\x2a\x00" * 25_000_000
    path.write_bytes(b"\x3a" + varint(len(graph)) + graph)
    assert "more than" in bounded(path)
    path.write_bytes(b"\x72\x00" * 25_000_000)
    bounded(path)


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def test_long_lists(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    node = helper.make_node("A", ["x"], ["y"], many=[1])
    raw = node.SerializeToString()
    ints = b"\x42" + varint(40_000_000) + b"\x01" * 40_000_000
    attribute = b"\x0a\x04many\xa0\x01\x07" + ints
    node_bytes = raw[: raw.index(b"\x2a")] + b"\x2a" + varint(len(attribute)) + attribute
    graph = b"\x0a" + varint(len(node_bytes)) + node_bytes
    path.write_bytes(b"\x3a" + varint(len(graph)) + graph)
    assert "MB beside the weights" in bounded(path)


def test_graphs_within_graphs(tmp_path: Path) -> None:
    value = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    data = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [], [value]).SerializeToString()
    for _ in range(300):
        attribute = b"\x0a\x01g\x32" + varint(len(data)) + data + b"\xa0\x01\x05"
        node = b"\x22\x02If\x2a" + varint(len(attribute)) + attribute
        data = b"\x0a" + varint(len(node)) + node
    path = tmp_path / "a.onnx"
    path.write_bytes(b"\x3a" + varint(len(data)) + data)
    with pytest.raises(ReadError):
        read(path)


def test_shapes_that_claim_too_much(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 40, 1 << 40], raw_data=b"1234")
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1 << 40, 1 << 40])
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"]), helper.make_node("Expand", ["x", "w"], ["z"])]
    path.write_bytes(
        helper.make_model(helper.make_graph(nodes, "g", [value], [value], initializer=[tensor])).SerializeToString()
    )
    found = read(path)
    assert found.tensors[0].missing
    told = " ".join(problem.what for problem in found.problems)
    assert "claims more weights than there can be" in told
    assert "more elements than there can be, such as 'x'" in told
    assert [operation.kind for operation in found.operations] == ["MatMul", "Expand"]


def test_a_chain_of_constants_does_not_grow(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    value = helper.make_tensor_value_info("x0", TensorProto.FLOAT, ["n", 4])
    nodes = [helper.make_node("Shape", ["x0"], ["s0"])]
    nodes += [helper.make_node("Concat", [f"s{i}", f"s{i}"], [f"s{i + 1}"], axis=0) for i in range(60)]
    nodes += [helper.make_node("Mul", ["s3", "s3"], ["t0"])]
    nodes += [helper.make_node("Mul", [f"t{i}", f"t{i}"], [f"t{i + 1}"]) for i in range(60)]
    path.write_bytes(helper.make_model(helper.make_graph(nodes, "g", [value], [value])).SerializeToString())
    assert len(read(path).operations) == len(nodes)


def test_functions_that_double(tmp_path: Path) -> None:
    """Each calls the next twice: written out there would be 2^40 nodes."""
    opset = [helper.make_opsetid("f", 1), helper.make_opsetid("", 18)]
    functions = [
        helper.make_function(
            "f",
            f"F{i}",
            ["a"],
            ["c"],
            [
                helper.make_node(f"F{i + 1}", ["a"], ["b"], domain="f"),
                helper.make_node(f"F{i + 1}", ["b"], ["c"], domain="f"),
            ],
            opset,
        )
        for i in range(40)
    ]
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("F0", ["x"], ["y"], domain="f")], "g", [value], [value])
    path = tmp_path / "a.onnx"
    path.write_bytes(helper.make_model(graph, functions=functions, opset_imports=opset).SerializeToString())
    bounded(path)


def test_deep_paths(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    name = "/" + "/".join("abcdefghij"[i % 10] for i in range(5000)) + "/Relu"
    nodes = [helper.make_node("Relu", ["x"], [f"y{i}"], name=name) for i in range(100)]
    path.write_bytes(helper.make_model(helper.make_graph(nodes, "g", [value], [value])).SerializeToString())
    assert max(module.path.count(".") for module in read(path).modules) < 60


def archive(path: Path, program: bytes, kind: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as out:
        out.writestr("a/models/model.json", program)
    return path


def test_a_program_that_is_packed_to_almost_nothing(tmp_path: Path) -> None:
    assert "more than is read" in bounded(archive(tmp_path / "a.pt2", b" " * (600 << 20), zipfile.ZIP_DEFLATED))
    nodes = b'{"graph_module": {"graph": {"nodes": [' + b"{}," * 20_000_000
    assert "packed to less" in bounded(archive(tmp_path / "b.pt2", nodes, zipfile.ZIP_DEFLATED))


@pytest.mark.parametrize(
    "many",
    [
        b'{"graph_module":{"graph":{"nodes":[' + b",".join([b'{"target":""}'] * 4_000_000) + b"]}}}",
        b'{"graph_module":{"graph":{"nodes":[],"outputs":[' + b"1," * 30_000_000 + b"1]}}}",
        b'{"graph_module":{"graph":{"nodes":[]}},"guards_code":[' + b'"",' * 20_000_000 + b'""]}',
        b'{"graph_module":{"graph":{"nodes":[]}},"schema_version":[' + b"[]," * 20_000_000 + b"[]]}",
    ],
    ids=["nodes", "outputs", "guards", "versions"],
)
def test_a_program_of_very_many_parts(tmp_path: Path, many: bytes) -> None:
    assert "parts, which are not read" in bounded(archive(tmp_path / "a.pt2", many))


def test_a_program_that_is_nested_without_end(tmp_path: Path) -> None:
    for inner in (
        b"[",
        b'{"a":',
        b'{"graph_module":',
        b'{"graph_module":{"graph":{"nodes":[{"target":"a","inputs":[{"arg":' + b"[",
    ):
        bounded(archive(tmp_path / "a.pt2", inner * 200_000))
    deep = b'{"as_string_to_argument":{"a":' * 400 + b"{}" + b"}}" * 400
    node = b'{"target":"torch.ops.aten.relu.default","inputs":[{"name":"x","arg":' + deep + b"}]}"
    path = archive(tmp_path / "b.pt2", b'{"graph_module":{"graph":{"nodes":[' + node + b"]}}}")
    assert len(read(path).operations) == 1


def test_a_program_with_very_many_operations(tmp_path: Path) -> None:
    node = b'{"target":"torch.ops.aten.relu.default"}'
    program = b'{"graph_module":{"graph":{"nodes":[' + b",".join([node] * 150_000) + b"]}}}"
    assert "150,000 operations" in bounded(archive(tmp_path / "a.pt2", program))


def test_twenty_thousand_operations_take_little(tmp_path: Path) -> None:
    nodes = [
        {
            "target": "torch.ops.aten.relu.default",
            "inputs": [{"name": "self", "arg": {"as_tensor": {"name": f"v{i}"}}, "kind": 1}],
            "outputs": [{"as_tensor": {"name": f"v{i + 1}"}}],
            "metadata": {"nn_module_stack": f"L,,M;L,layers.{i // 10},B;L,layers.{i // 10}.r{i % 10},torch.ReLU"},
        }
        for i in range(20_000)
    ]
    values = {f"v{i}": {"dtype": 7, "sizes": [{"as_int": 1}, {"as_int": 8}]} for i in range(20_001)}
    ends = [{"as_tensor": {"name": name}} for name in ("v0", "v20000")]
    signature = {"input_specs": [{"user_input": {"arg": ends[0]}}], "output_specs": [{"user_output": {"arg": ends[1]}}]}
    program = {"graph_module": {"graph": {"nodes": nodes, "tensor_values": values}, "signature": signature}}
    path = archive(tmp_path / "a.pt2", json.dumps(program).encode())
    bounded(path)
    found = read(path)
    assert len(found.operations) == 20_000
    assert sum(module.stand_in == "layers.0" for module in found.modules) == 1999


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    import io

    pages = Pages(io.BytesIO(data), len(data))
    try:
        found = list(pages.fields(0, len(data)))
    except WireError:
        return
    assert all(isinstance(one, Field) and 0 <= one.start <= one.end <= len(data) for one in found)


@given(st.lists(st.tuples(st.integers(1, 30), st.binary(max_size=60)), max_size=20))
def test_messages_are_the_same_whatever_their_size(parts: list[tuple[int, bytes]]) -> None:
    """Read whole, and header by header as a large message is."""
    import io

    data = b"".join(varint(number << 3 | 2) + varint(len(payload)) + payload for number, payload in parts)
    pages = Pages(io.BytesIO(data), len(data))
    small, large = list(pages._small(0, len(data))), list(pages._large(0, len(data)))
    assert small == large
    assert [(one.number, data[one.start : one.end]) for one in small] == parts


@given(st.integers(-(2**63), 2**63 - 1))
def test_signed_numbers(value: int) -> None:
    assert signed(value % 2**64) == value


lengths = st.one_of(st.integers(1, 6), st.sampled_from(["n", "m", UNKNOWN]))


@given(st.lists(lengths, max_size=4), st.lists(lengths, max_size=4))
def test_broadcasting_is_numpys(left: list[int | str], right: list[int | str]) -> None:
    import numpy as np

    found = broadcast([tuple(left), tuple(right)])
    if all(isinstance(length, int) for length in (*left, *right)):
        try:
            expected = np.broadcast_shapes(tuple(left), tuple(right))  # type: ignore[arg-type]
        except ValueError:
            assert found is None
        else:
            assert found == expected


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(0, 3))
def test_one_length_follows_from_the_others(shape: list[int], place: int) -> None:
    place %= len(shape)
    wanted = [-1 if number == place else length for number, length in enumerate(shape)]
    assert fitted(tuple(shape), wanted) == tuple(shape)
    named = tuple("n" if number == place else length for number, length in enumerate(shape))
    assert fitted(named, wanted) == named
