"""Multiply-adds, by formulas written down once more and by PyTorch's own count."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.model import Shape
from dlviz_docs.stats.calls import (
    Attention,
    Call,
    Contraction,
    Convolution,
    Lookup,
    Pointwise,
    Recurrence,
    Summation,
    Unknown,
    Window,
    adaptive,
    summation,
)
from dlviz_docs.stats.cost import elements, multiply_adds

WINDOW = Window((3, 3), (1, 1), (1, 1), (1, 1))
small = st.integers(1, 5)


@given(small, small, small, small, st.integers(1, 9), st.integers(1, 9))
def test_a_convolution_costs_its_window_for_each_output(
    batch: int, channels: int, group: int, groups: int, height: int, width: int
) -> None:
    weight = (channels * groups, group, 3, 3)
    call = Call(
        Convolution(weight, WINDOW),
        ((batch, group * groups, height, width),),
        ((batch, channels * groups, height, width),),
    )
    by_hand = sum(group * 9 for _ in range(batch * channels * groups * height * width))
    assert multiply_adds(call) == by_hand


def test_a_transposed_convolution_costs_its_window_for_each_input() -> None:
    call = Call(Convolution((8, 4, 2, 2), WINDOW, transposed=True), ((1, 8, 5, 5),), ((1, 4, 10, 10),))
    assert multiply_adds(call) == 8 * 25 * 4 * 4


def test_products_of_matrices_cost_what_is_summed_for_each_element() -> None:
    assert multiply_adds(Call(Contraction(7), ((3, 7), (7, 5)), ((3, 5),))) == 3 * 7 * 5
    assert multiply_adds(Call(Summation(6), (), ((2, 2),))) == 24


def test_attention_costs_both_products() -> None:
    heads: tuple[Shape, ...] = ((2, 4, 10, 8), (2, 4, 12, 8), (2, 4, 12, 6))
    assert multiply_adds(Call(Attention(), heads, ((2, 4, 10, 6),))) == 2 * 4 * 10 * 12 * (8 + 6)


def test_recurrent_layers_cost_their_gates_at_each_step() -> None:
    assert multiply_adds(Call(Recurrence(4, 8, 16, 20))) == 20 * 4 * 16 * (8 + 16)
    assert multiply_adds(Call(Recurrence(3, 8, 16, 20, 2, 2))) == 20 * 2 * 3 * 16 * ((8 + 16) + (32 + 16))
    projected = 20 * (16 * 4 * (8 + 5) + 16 * 5)
    assert multiply_adds(Call(Recurrence(4, 8, 16, 20, projected=5))) == projected


@pytest.mark.parametrize("deed", [Pointwise(), Lookup(), Unknown(costs=False)])
def test_what_is_not_summed_costs_nothing(deed: Pointwise | Lookup | Unknown) -> None:
    assert multiply_adds(Call(deed, ((1, 2),), ((1, 2),))) == 0


@pytest.mark.parametrize(
    "call",
    [
        Call(),
        Call(Contraction("n"), ((3, "n"),), ((3, 5),)),
        Call(Contraction(3), ((3, 3),), (("batch", 5),)),
        Call(Contraction(3), ((3, 3),), (None,)),
        Call(Convolution((1, 1, 3, 3), WINDOW), (), ()),
        Call(Attention(), ((2, 4), None, (2, 4)), ((2, 4),)),
        Call(Attention(), ((2, 4), ("n", 4), (2, 4)), ((2, 4),)),
        Call(Attention(), ((4,), (4,), (4,)), ((4,),)),
        Call(Recurrence(4, 8, 16, "steps")),
    ],
)
def test_a_length_that_is_not_known_leaves_the_cost_unknown(call: Call) -> None:
    assert multiply_adds(call) is None


def test_elements_are_counted_together() -> None:
    assert elements([(2, 3), (4,), ()]) == 11
    assert elements([(2, "n")]) is None
    assert elements([None]) is None
    assert elements([]) is None


@given(st.integers(1, 40), st.integers(1, 40))
def test_windows_of_adaptive_pooling_cover_what_pytorch_takes(longer: int, shorter: int) -> None:
    window = adaptive((longer,), (shorter,))
    assert window is not None
    for place in range(shorter):
        start, end = place * longer // shorter, -(-(place + 1) * longer // shorter)
        centre = window.stride[0] * place + (window.size[0] - 1) / 2 - window.before[0]
        assert centre - (window.size[0] - 1) / 2 <= start + 1e-9 if longer % shorter == 0 else True
        assert end - start <= window.size[0]
    assert prod(window.stride) == longer / shorter
    assert adaptive(("n",), (shorter,)) is None


@pytest.mark.parametrize(
    ("equation", "shapes", "output", "costs"),
    [
        ("bhqd,bhkd->bhqk", ((2, 3, 4, 5), (2, 3, 6, 5)), (2, 3, 4, 6), 720),
        ("bqd,bkd->bqk", ((2, 4, 5), (1, 6, 5)), (2, 4, 6), 240),
        ("bqd,bkd->bqk", ((2, 4, 5), (2, 6, 1)), (2, 4, 6), 0),
        ("ab,c->a", ((2, 4), (6,)), (2,), 0),
        ("i,j->ij", ((2,), (6,)), (2, 6), 0),
        ("ii->i", ((2, 2),), (2,), 0),
        ("ab,bc->ac", (("?", "?"), (4, 5)), (2, 5), 40),
        ("ab,bc->ac", ((2, "?"), ("?", 5)), (2, 5), None),
        ("ab,bc", ((2, 4), (4, 5)), (2, 5), None),
        ("...b,bc->...c", ((2, 4), (4, 5)), (2, 5), None),
        ("ab,bc->ac", ((2, 4, 1), (4, 5)), (2, 5), None),
    ],
)
def test_sums_by_letters_cost_what_both_arrays_have_and_the_result_lacks(
    equation: str, shapes: tuple[Shape, ...], output: Shape, costs: float | None
) -> None:
    assert multiply_adds(Call(summation(equation, shapes, output), shapes, (output,))) == costs
