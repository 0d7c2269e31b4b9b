"""Blocks that repeat, found in trees of modules without any operations."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.model import Module, Operation, Tensor
from dlviz_docs.readers.networks.repeats import folded


def tree(paths: dict[str, dict[str, tuple[int, ...]]]) -> tuple[list[Module], list[Tensor]]:
    """Modules with the tensors of each, by name in it."""
    modules = [Module(path, "", tensors=tuple(f"{path}.{key}" for key in own)) for path, own in paths.items()]
    tensors = [
        Tensor(f"{path}.{key}", shape, "float32", 0) for path, own in paths.items() for key, shape in own.items()
    ]
    return modules, tensors


def stand_ins(modules: list[Module], tensors: list[Tensor], operations: tuple[Operation, ...] = ()) -> dict[str, str]:
    return {module.path: module.stand_in for module in folded(modules, tensors, operations) if module.stand_in}


@given(st.integers(2, 6), st.integers(0, 6), st.integers(1, 9))
def test_a_run_ends_where_a_shape_differs(count: int, different: int, width: int) -> None:
    paths: dict[str, dict[str, tuple[int, ...]]] = {"": {}, "layers": {}}
    for number in range(count):
        paths[f"layers.{number}"] = {}
        shape = (width + (number == different), width)
        paths[f"layers.{number}.fc"] = {"weight": shape, "bias": (width,)}
    found = stand_ins(*tree(paths))
    expected, first = {}, 0
    for number in range(1, count):
        if number in (different, different + 1):
            first = number
        else:
            expected[f"layers.{number}"] = f"layers.{first}"
    assert found == expected


def test_names_must_differ_by_a_number_alone() -> None:
    same: dict[str, tuple[int, ...]] = {"weight": (4, 4)}
    assert stand_ins(*tree({"": {}, "query": same, "key": same, "value": same})) == {}
    assert stand_ins(*tree({"": {}, "conv1": same, "conv2": same})) == {"conv2": "conv1"}


def test_siblings_that_stand_apart_are_no_run() -> None:
    same: dict[str, tuple[int, ...]] = {"weight": (4, 4)}
    assert stand_ins(*tree({"": {}, "a.0": same, "a.1": {"weight": (2,)}, "a.2": same})) == {}
    assert stand_ins(*tree({"": {}, "a": {}, "a.0": same, "b": {}, "b.0": same})) == {}


def test_kinds_settings_types_and_names_within_count() -> None:
    modules, tensors = tree({"": {}, "a.0": {"w": (4,)}, "a.1": {"w": (4,)}})
    assert stand_ins(modules, tensors) == {"a.1": "a.0"}
    assert stand_ins([*modules[:2], replace(modules[2], kind="Linear")], tensors) == {}
    assert stand_ins([*modules[:2], replace(modules[2], settings={"stride": 2})], tensors) == {}
    assert stand_ins(modules, [tensors[0], replace(tensors[1], dtype="int8")]) == {}
    assert stand_ins(*tree({"": {}, "a.0": {"w": (4,)}, "a.1": {"v": (4,)}})) == {}


def test_how_operations_are_connected_counts() -> None:
    modules, tensors = tree({"": {}, "a.0": {}, "a.1": {}})

    def operations(shortcut: bool) -> tuple[Operation, ...]:
        return (
            Operation("p", "Relu", "a.0", ("x",)),
            Operation("q", "Add", "a.0", ("p", "x")),
            Operation("r", "Relu", "a.1", ("q",)),
            Operation("s", "Add", "a.1", ("r", "q" if shortcut else "r")),
        )

    assert stand_ins(modules, tensors, operations(True)) == {"a.1": "a.0"}
    assert stand_ins(modules, tensors, operations(False)) == {}


def test_operations_that_count_lengths_do_not_tell_blocks_apart() -> None:
    modules, tensors = tree({"": {}, "a.0": {}, "a.1": {}})
    operations = (
        Operation("n", "sym_size", "a.0", ("x",), bookkeeping=True),
        Operation("p", "view", "a.0", ("x", "n")),
        Operation("q", "view", "a.1", ("p", "n")),
    )
    assert stand_ins(modules, tensors, operations) == {"a.1": "a.0"}


def test_nothing_comes_of_nothing() -> None:
    assert folded(()) == ()
    assert folded([Module("", "")])[0].stand_in == ""
