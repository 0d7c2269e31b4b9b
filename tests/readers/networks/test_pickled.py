"""Pickles read as data: values as Python's own unpickler has them, and nothing but values from crafted ones."""

from __future__ import annotations

import argparse
import ast
import io
import pickle
import pickletools
import struct
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.readers.networks._nodes import Call, Global, Octets, Opaque, Persistent, is_global, mapping, sequence
from dlviz_docs.readers.networks._pickled import Pickle, read_pickle, stream

PROTOCOLS = pytest.mark.parametrize("protocol", range(6))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 70), 1 << 70)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)
keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.integers(-(1 << 59), 1 << 59) | st.booleans()
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5) | st.lists(inner, max_size=5).map(tuple) | st.dictionaries(keys, inner, max_size=5)
    ),
    max_leaves=30,
)


@given(value=values, protocol=st.integers(0, 5))
def test_plain_values_are_what_python_says(value: Any, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    read = read_pickle(data)
    assert read.damage == ""
    assert read.value == pickle.loads(data)  # noqa: TID251  our own bytes
    assert read.end == len(data)
    assert not read.globals


@given(data=st.binary(max_size=40), protocol=st.integers(3, 5))
def test_bytes(data: bytes, protocol: int) -> None:
    assert read_pickle(pickle.dumps(data, protocol)).value == data


@PROTOCOLS
def test_every_opcode_that_python_writes(protocol: int) -> None:
    value = [set(), {1}, frozenset({2}), bytearray(b"a"), b"b", 1 << 2000, "x" * 300, 1.5, -1, OrderedDict(a=1), ...]
    read = read_pickle(pickle.dumps(value, protocol))
    assert read.damage == ""
    assert isinstance(read.value, list)
    assert len(read.value) == len(value)
    assert mapping(read.value[9]) == {"a": 1}


def test_the_table_knows_every_opcode_of_python_and_no_other() -> None:
    known = {opcode.code.encode("latin-1")[0] for opcode in pickletools.opcodes}
    for code in range(256):
        read = read_pickle(bytes([code]) + b"\0" * 40)
        assert ("no opcode" in read.damage and "byte 0" in read.damage) == (code not in known), hex(code)


def test_what_would_be_called_is_a_node() -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return print, ("called",), {"state": 1}, iter([1, 2]), iter([("a", 3)])

    read = read_pickle(pickle.dumps(Evil(), 4))
    assert isinstance(read.value, Call)
    assert is_global(read.value.function, "builtins", "print")
    assert read.value.arguments == ("called",)
    assert read.value.state == {"state": 1}
    assert read.value.elements == [1, 2]
    assert read.value.pairs == {"a": 3}
    assert read.globals == (Global("builtins", "print"),)
    assert sequence(read.value) == [1, 2]
    assert mapping(read.value) == {"a": 3}


def test_objects_and_their_state() -> None:
    read = read_pickle(pickle.dumps(argparse.Namespace(lr=0.1), 2))
    assert isinstance(read.value, Call)
    assert read.value.state == {"lr": 0.1}
    assert str(read.globals[-1]) == "argparse.Namespace"


def test_references_to_something_outside() -> None:
    class Pickler(pickle.Pickler):
        def persistent_id(self, value: Any) -> Any:
            return ("storage", "key") if value == 7 else None

    held = io.BytesIO()
    Pickler(held, 2).dump([7, 8])
    read = read_pickle(held.getvalue())
    assert isinstance(read.value, list)
    assert isinstance(read.value[0], Persistent)
    assert read.value[0].key == ("storage", "key")
    assert read.outside == (("storage", "key"),)


def test_long_bytes_and_text_are_placed_and_not_held() -> None:
    data = pickle.dumps([b"x" * 5000, "y" * 70000], 4)
    read = read_pickle(data)
    assert isinstance(read.value, list)
    for held, letter in zip(read.value, (b"x", b"y"), strict=True):
        assert isinstance(held, Octets)
        assert data[held.start : held.start + held.size] == letter * held.size


def test_a_set_by_key_on_a_dict_that_holds_itself() -> None:
    value: dict[str, Any] = {}
    value["self"] = value
    read = read_pickle(pickle.dumps(value, 2))
    assert isinstance(read.value, dict)
    assert read.value["self"] is read.value


@pytest.mark.parametrize(
    "key",
    [(1, ("a",)), ((1,) * 20), (1 << 61, 2)],
    ids=["nested", "long", "large numbers"],
)
def test_keys_whose_hash_may_take_long_are_not_hashed(key: Any) -> None:
    read = read_pickle(pickle.dumps({key: 1}, 2))
    assert isinstance(read.value, dict)
    assert all(isinstance(one, Opaque | tuple) for one in read.value)


# --- streams ----------------------------------------------------------------------------------------------------------


def test_several_pickles_of_a_stream() -> None:
    data = pickle.dumps(1) + pickle.dumps({"a": 2}) + b"rest"
    first = stream(io.BytesIO(data), 0, len(data))
    second = stream(io.BytesIO(data), first.end, len(data))
    assert (first.value, second.value) == (1, {"a": 2})
    assert data[second.end :] == b"rest"


def test_a_pickle_longer_than_what_is_read_at_first() -> None:
    value = list(range(300_000))
    data = b"head" + pickle.dumps(value, 2) + b"weights" * 100
    read = stream(io.BytesIO(data), 4, len(data))
    assert read.value == value
    assert data[read.end :].startswith(b"weights")


# --- what breaks off --------------------------------------------------------------------------------------------------


def kept(read: Pickle) -> dict[Any, Any]:
    return dict(mapping(read.value) or {})


@PROTOCOLS
def test_a_list_that_is_cut_is_a_beginning(protocol: int) -> None:
    data = pickle.dumps(list(range(1000, 1100)), protocol)
    whole = list(range(1000, 1100))
    longest = 0
    for end in range(len(data)):
        read = read_pickle(data[:end])
        assert read.damage == "breaks off"
        found = sequence(read.value) if read.value is not None else []
        assert found is None or list(found) == whole[: len(found)]
        longest = max(longest, len(found or ()))
    assert longest >= 99


@PROTOCOLS
def test_a_dict_that_is_cut_has_only_whole_pairs(protocol: int) -> None:
    whole = {f"key{i}": [i, {"a": i}, (i, "b")] for i in range(40)}
    data = pickle.dumps(whole, protocol)
    lengths = []
    for end in range(len(data)):
        found = kept(read_pickle(data[:end]))
        closed = list(found.items())[:-1]  # the last one may be in the making
        assert all(whole[key] == value for key, value in closed)
        lengths.append(len(found))
    assert lengths == sorted(lengths)
    assert lengths[-1] >= 39


def test_dicts_in_dicts_that_are_cut() -> None:
    data = pickle.dumps({"epoch": 3, "outer": {"only": OrderedDict(a=1, b=2, c=3)}, "last": {"x": 1}}, 2)
    deepest = 0
    for end in range(len(data)):
        outer = kept(read_pickle(data[:end])).get("outer")
        inner = mapping((mapping(outer) or {}).get("only")) or {}
        assert inner == dict(list({"a": 1, "b": 2, "c": 3}.items())[: len(inner)])
        deepest = max(deepest, len(inner))
    assert deepest == 3


@given(data=st.binary(max_size=300))
def test_any_bytes_give_a_value_or_say_why_not(data: bytes) -> None:
    read = read_pickle(data)
    assert isinstance(read.damage, str)
    assert 0 <= read.end <= len(data)


@given(data=st.data())
def test_any_change_of_a_pickle_gives_a_value_or_says_why_not(data: st.DataObject) -> None:
    whole = bytearray(pickle.dumps({"a": [OrderedDict(x=np.float64(1.5)), {1, 2}], "b": argparse.Namespace(c=1)}, 2))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    read_pickle(bytes(whole))


# --- what is made to take all memory or time --------------------------------------------------------------------------

LARGE = 3_000_000


def colliding(number: int) -> bytes:
    """A pair of which the key has the hash 0."""
    return b"\x8a\x0c" + (number * ((1 << 61) - 1)).to_bytes(12, "little") + b"N"


BOMBS = {
    "marks": b"(" * LARGE,
    "nested tuples": b")" + b"\x85" * LARGE + b".",
    "nested lists": b"]" * LARGE + b"a" * (LARGE - 1) + b".",
    "nested dicts": b"}" + b"K\x01}" * LARGE + b"s" * LARGE + b".",
    "empty dicts": b"(" + b"}" * LARGE + b"l.",
    "objects": b"cos\nsystem\n" + b"q\x00" + b"(" + b"h\x00)R" * LARGE + b"l.",
    "memo": b"K\x01" + b"".join(b"r" + struct.pack("<I", i) for i in range(LARGE // 5)) + b".",
    "memoize": b"K\x01" + b"\x94" * LARGE + b".",
    "the same text": b"X" + struct.pack("<I", 60000) + b"a" * 60000 + b"2" * LARGE + b"t.",
    "a mark for each tuple": b"(t" * LARGE + b".",
    "doubled lists": b"]" + b"q\x00(h\x00h\x00l" * 60 + b".",
    "long integers": b"\x8b\xff\xff\xff\x7f" + b"\x01" * 100,
    "digits": b"I" + b"9" * LARGE + b"\n.",
    "bytes that are not there": b"\x8e" + struct.pack("<Q", 1 << 60) + b"abc",
    "negative bytes": b"\x8b\xff\xff\xff\xff",
    "colliding numbers": b"}(" + b"".join(map(colliding, range(1, 200_000))) + b"u.",
}  # fmt: skip


def test_bombs_end_within_a_budget() -> None:
    """Bounded by what opcodes may cost and not by a clock: the time-out of all tests fails what hangs."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from test_pickled import BOMBS, read_pickle\n"
        "def most(): return next(int(x.split()[1]) for x in open('/proc/self/status') if x.startswith('VmHWM'))\n"
        "before = most()\n"
        "print({name: read_pickle(bomb).damage for name, bomb in BOMBS.items()})\n"
        "print((most() - before) // 1024, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stderr) < 300, done.stderr
    damages = ast.literal_eval(done.stdout)
    whole = {"doubled lists", "memo", "colliding numbers"}
    assert {name for name, damage in damages.items() if not damage} == whole
