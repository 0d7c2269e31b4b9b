"""Receptive fields, held to where gradients of real networks are not zero."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from dlviz_docs.model import Field
from dlviz_docs.stats.calls import (
    Attention,
    Call,
    Contraction,
    Convolution,
    Deed,
    Joining,
    Mixing,
    Padding,
    Permutation,
    Pointwise,
    Pooling,
    Recurrence,
    Resampling,
    Reshaping,
    Slicing,
    Unknown,
    Window,
)
from dlviz_docs.stats.receptive import Seen, beginning, field_of, through

LENGTH = 240


def window(size: int, stride: int = 1, dilation: int = 1, padding: int = 0) -> Window:
    return Window((size,), (stride,), (dilation,), (padding,))


def step(seen: Seen | None, does: Deed, before: tuple[int, ...], after: tuple[int, ...]) -> Seen:
    found = through(Call(does, (before,), (after,)), [seen])
    assert found is not None
    return found


def support(layers: nn.Module, unit: int) -> tuple[int, int] | None:
    """First and last place of the input that a unit depends on; None for one between those that do."""
    x = torch.randn(1, 1, LENGTH, dtype=torch.float64, requires_grad=True)
    y = layers(x)
    y[0, :, unit].sum().backward()
    assert x.grad is not None
    places = x.grad[0, 0].nonzero().flatten()
    return (int(places.min()), int(places.max())) if len(places) else None


kernels = st.tuples(
    st.sampled_from(["conv", "pool", "mean", "up", "turned", "shifted"]),
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 2),
)


@settings(max_examples=40)
@given(st.lists(kernels, min_size=1, max_size=4))
def test_fields_are_where_gradients_are(layers: list[tuple[str, int, int, int, int]]) -> None:
    """For windows both ends are the same; for what is interpolated or transposed, gradients lie within."""
    modules: list[nn.Module] = []
    seen, shape, exact = beginning((1, 1, LENGTH)), (1, 1, LENGTH), True
    for kind, size, stride, dilation, padding in layers:
        does, module = made(kind, size, stride, dilation, min(padding, size // 2))
        with torch.no_grad():
            after = tuple(module(torch.zeros(shape, dtype=torch.float64)).shape)
        seen, shape = step(seen, does, shape, after), after
        modules.append(module)
        exact = exact and kind in ("conv", "mean", "shifted")
        if not 24 <= shape[-1] <= 600:
            return
    found = field_of(seen)
    if found is None:
        return
    centre = shape[-1] // 2
    ends = support(nn.Sequential(*modules), centre)
    middle = found.start[0] + centre * found.jump[0]
    low, high = middle - (found.size[0] - 1) / 2, middle + (found.size[0] - 1) / 2
    if low < 0 or high > LENGTH - 1 or ends is None:
        return
    if exact:
        assert (low, high) == pytest.approx(ends)
    else:
        assert low - 1e-6 <= ends[0]
        assert ends[1] <= high + 1e-6


def made(kind: str, size: int, stride: int, dilation: int, padding: int) -> tuple[Deed, nn.Module]:
    """A deed, and a module that does it."""
    if kind == "conv":
        conv = nn.Conv1d(1, 1, size, stride, padding, dilation).double()
        nn.init.constant_(conv.weight, 0.5)
        return Convolution((1, 1, size), window(size, stride, dilation, padding)), conv
    if kind == "turned":
        turned = nn.ConvTranspose1d(1, 1, size, stride, padding, dilation=dilation).double()
        nn.init.constant_(turned.weight, 0.5)
        return Convolution((1, 1, size), window(size, stride, dilation, padding), transposed=True), turned
    if kind == "pool":
        return Pooling(window(size, stride, 1, padding)), nn.MaxPool1d(size, stride, padding)
    if kind == "mean":
        return Pooling(window(size, stride, 1, padding)), nn.AvgPool1d(size, stride, padding)
    if kind == "shifted":
        return Padding((padding + 1,)), nn.ConstantPad1d((padding + 1, 0), 0.0)
    mode = "linear" if size % 2 else "nearest"
    return Resampling(mode), nn.Upsample(scale_factor=float(stride), mode=mode)  # type: ignore[arg-type]


def image() -> Seen:
    """A picture behind a convolution: both its axes are spatial from then on."""
    shape = (1, 3, 32, 32)
    return step(
        beginning(shape), Convolution((8, 3, 3, 3), Window((3, 3), (2, 2), (1, 1), (1, 1))), shape, (1, 8, 16, 16)
    )


def test_a_convolution_sees_its_window() -> None:
    assert field_of(image()) == Field((3.0, 3.0), (2.0, 2.0), (0.0, 0.0))


def test_without_a_window_there_is_no_field() -> None:
    assert field_of(beginning((1, 3, 32, 32))) is None
    assert field_of(step(beginning((2, 10)), Contraction(10), (2, 10), (2, 5))) is None
    assert field_of(None) is None


@pytest.mark.parametrize("does", [Mixing((-2, -1)), Mixing(None), Recurrence(4, 1, 1, 1)])
def test_what_takes_all_sees_everywhere(does: Deed) -> None:
    found = field_of(step(image(), does, (1, 8, 16, 16), (1, 8, 1, 1)))
    assert found is not None
    assert found.size == (inf, inf)


def test_one_axis_may_be_summed_alone() -> None:
    found = field_of(step(image(), Mixing((-1,), dropped=True), (1, 8, 16, 16), (1, 8, 16)))
    assert found is not None
    assert found.size == (3, inf)


def test_branches_see_the_hull_of_both() -> None:
    wide = step(
        image(), Convolution((8, 8, 5, 5), Window((5, 5), (1, 1), (1, 1), (2, 2))), (1, 8, 16, 16), (1, 8, 16, 16)
    )
    for does in (Pointwise(), Joining(1)):
        found = through(Call(does, ((1, 8, 16, 16),) * 2, ((1, 8, 16, 16),)), [image(), wide])
        assert field_of(found) == field_of(wide) == Field((11.0, 11.0), (2.0, 2.0), (0.0, 0.0))


def test_tokens_keep_the_field_of_their_patch_until_attention() -> None:
    tokens = step(image(), Reshaping(), (1, 8, 16, 16), (1, 8, 256))
    tokens = step(tokens, Permutation((0, 2, 1)), (1, 8, 256), (1, 256, 8))
    tokens = step(tokens, Contraction(8), (1, 256, 8), (1, 256, 24))
    assert field_of(tokens) == Field((3.0, 3.0), (2.0, 2.0), (0.0, 0.0))
    mixed = through(Call(Attention(), ((1, 256, 24),) * 3, ((1, 256, 24),)), [tokens] * 3)
    found = field_of(mixed)
    assert found is not None
    assert found.size == (inf, inf)


def test_what_was_put_together_is_taken_apart_again() -> None:
    """Tokens back to a map, and with the batch in one axis, as products of matrices have them."""
    tokens = step(image(), Reshaping(), (2, 8, 16, 16), (2, 8, 256))
    rows = step(step(tokens, Permutation((0, 2, 1)), (2, 8, 256), (2, 256, 8)), Reshaping(), (2, 256, 8), (512, 8))
    back = step(step(rows, Contraction(8), (512, 8), (512, 24)), Reshaping(), (512, 24), (2, 256, 4, 6))
    flat = step(back, Reshaping(), (2, 256, 4, 6), (2, 256, 24))
    picture = step(
        step(flat, Permutation((0, 2, 1)), (2, 256, 24), (2, 24, 256)), Reshaping(), (2, 24, 256), (2, 24, 16, 16)
    )
    for seen in (rows, back, flat, picture):
        assert field_of(seen) == Field((3.0, 3.0), (2.0, 2.0), (0.0, 0.0))
    one = step(picture, Mixing((-1,)), (2, 24, 16, 16), (2, 24, 16, 1))
    found = field_of(one)
    assert found is not None
    assert found.size == (3, inf)


def test_what_was_cut_cannot_be_taken_apart() -> None:
    tokens = step(image(), Reshaping(), (1, 8, 16, 16), (1, 8, 256))
    fewer = step(tokens, Slicing(2, 1), (1, 8, 256), (1, 8, 255))
    assert field_of(fewer) is not None
    assert field_of(step(fewer, Reshaping(), (1, 8, 255), (1, 8, 15, 17))) is None
    assert field_of(step(tokens, Reshaping(), (1, 8, 256), (1, 8, 8, 32))) is None


def test_attention_in_steps_is_the_same() -> None:
    tokens = step(image(), Reshaping(), (1, 8, 16, 16), (1, 8, 256))
    turned = step(tokens, Permutation((0, 2, 1)), (1, 8, 256), (1, 256, 8))
    scores = through(Call(Contraction(8), ((1, 256, 8), (1, 8, 256)), ((1, 256, 256),)), [turned, tokens])
    assert scores is not None
    weights = step(scores, Mixing((-1,)), (1, 256, 256), (1, 256, 256))
    values = through(Call(Contraction(256), ((1, 256, 256), (1, 256, 8)), ((1, 256, 8),)), [weights, turned])
    found = field_of(values)
    assert found is not None
    assert found.size == (inf, inf)


def test_axes_are_followed_through_transpositions() -> None:
    last = step(beginning((1, 32, 32, 3)), Permutation((0, 3, 1, 2)), (1, 32, 32, 3), (1, 3, 32, 32))
    seen = step(last, Convolution((8, 3, 3, 5), Window((3, 5), (1, 1), (1, 1), (1, 2))), (1, 3, 32, 32), (1, 8, 32, 32))
    found = field_of(seen)
    assert found is not None
    assert found.size == (3, 5)


def test_parts_begin_later() -> None:
    found = field_of(step(image(), Slicing(2, 3, 2), (1, 8, 16, 16), (1, 8, 7, 16)))
    assert found == Field((3.0, 3.0), (4.0, 2.0), (6.0, 0.0))


@pytest.mark.parametrize(
    ("does", "after"),
    [
        (Reshaping(), (1, 8, 4, 4, 16)),  # an axis cut in two: neighbours are no longer neighbours
        (Slicing(2, None), (1, 8, 3, 16)),
        (Slicing(2, 15, -1), (1, 8, 16, 16)),
        (Unknown(), (1, 8, 16, 16)),
        (Permutation((0, 1)), (1, 8)),
    ],
)
def test_what_is_not_followed_is_unknown_from_then_on(does: Deed, after: tuple[int, ...]) -> None:
    seen = step(image(), does, (1, 8, 16, 16), after)
    assert field_of(seen) is None
    assert field_of(step(seen, Pointwise(), after, after)) is None


def test_a_network_with_shortcuts_sees_what_its_gradient_says(tmp_path: Path) -> None:
    """Through the reader: a small residual network, unit by unit along a row."""
    from dlviz_docs.readers.networks.exported import read_exported
    from dlviz_docs.readers.networks.structure import network_of

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(1, 4, 5, 2, 2)
            self.second = nn.Conv2d(4, 4, 3, 1, 2, dilation=2)
            self.third = nn.Conv2d(4, 4, 3, 2, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.first(x)
            return self.third(functional.softplus(self.second(y)) + y)

    model = Residual().eval()
    x = torch.randn(1, 1, 96, 96, requires_grad=True)
    path = tmp_path / "a.pt2"
    torch.export.save(torch.export.export(model, (x.detach(),)), path)
    found = network_of(read_exported(path, tmp_path)).modules[0].field
    assert found is not None
    model(x)[0, :, 12, 12].sum().backward()
    assert x.grad is not None
    rows = x.grad[0, 0].abs().sum(1).nonzero().flatten()
    middle = found.start[0] + 12 * found.jump[0]
    reach = (found.size[0] - 1) / 2
    assert (middle - reach, middle + reach) == (int(rows.min()), int(rows.max()))
