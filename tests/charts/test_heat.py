from __future__ import annotations

import base64
import io
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from dlviz_docs.charts.heat import (
    COOL,
    LEAST_SIDE,
    SIDE,
    WARM,
    WHOLE,
    data_uri,
    grid_of,
    painted,
    pooled,
    restored,
    side_for,
)
from dlviz_docs.model import FloatArray
from dlviz_docs.view import Heat

grids = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=30),
    elements=st.floats(width=64, allow_nan=True, allow_infinity=True),
)


def heat(values: object, **options: object) -> Heat:
    return Heat(("CAM",), np.array(values, np.float64), **options)  # type: ignore[arg-type]


def oklab(color: str) -> FloatArray:
    """Björn Ottosson, "A perceptual color space for image processing", 2020."""
    srgb = np.array(list(bytes.fromhex(color[1:]))) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return np.asarray(to_lab @ np.cbrt(to_cones @ linear), np.float64)


# --- values ---


@given(grids, st.booleans())
def test_values_come_back_as_shares_of_the_greatest(values: FloatArray, signed: bool) -> None:
    grid = grid_of(Heat((), values, signed=signed))
    finite = np.isfinite(values)
    top = np.abs(values[finite]).max(initial=0)
    back = restored(grid)
    assert back.shape == values.shape
    assert (np.isfinite(back) == finite).all()
    shares = values[finite] / top if top else np.zeros(finite.sum())
    assert np.abs(back[finite] - shares).max(initial=0) <= (0.5 / 127 if grid.signed else 0.5 / 254) + 1e-12
    assert grid.signed is (signed or bool((values[finite] < 0).any()))
    assert (back[finite] == 0)[shares == 0].all()  # nothing is nothing, exactly


def test_the_peak_is_what_was_told_and_else_the_greatest() -> None:
    assert grid_of(heat([[0, 1]], peak=3.5)).peak == 3.5
    assert grid_of(heat([[0, 7]], peak=np.nan)).peak == 7
    assert grid_of(heat([[0, 7]], peak=-1)).peak == 7
    assert grid_of(heat([[0, 0]], peak=3.5)).peak == 0
    assert grid_of(heat([[np.nan]], peak=3.5)).peak == 0


def test_what_is_no_part_of_a_picture_covers_it_whole() -> None:
    assert grid_of(heat([[1]], area=(0.1, 0, 0.9, 1))).area == (0.1, 0, 0.9, 1)
    for bad in ((0.5, 0, 0.5, 1), (0, 0, 1.5, 1), (np.nan, 0, 1, 1), (0.9, 0, 0.1, 1)):
        assert grid_of(heat([[1]], area=bad)).area == WHOLE


def test_a_fine_map_is_averaged_and_says_so() -> None:
    values = np.arange(130 * 70, dtype=np.float64).reshape(130, 70)
    means, fold = pooled(values)
    assert (means.shape, fold) == ((44, 24), 3)
    assert max(means.shape) <= SIDE
    assert means[0, 0] == pytest.approx(values[:3, :3].mean())
    assert means[-1, -1] == pytest.approx(values[129:, 69:].mean())  # fewer cells are left at the edge
    assert grid_of(Heat((), values)).fold == 3
    values[0, 0] = np.nan
    assert np.isnan(pooled(values)[0]).sum() == 1


def test_many_fine_maps_are_averaged_until_a_page_can_take_them() -> None:
    assert side_for([(56, 56)] * 100) == SIDE
    assert side_for([]) == SIDE
    many = [(7, 7), (14, 14), (56, 56)] * 400
    side = side_for(many)
    assert side == 32
    assert pooled(np.ones((56, 56)), side)[1] == 2
    assert pooled(np.ones((14, 14)), side)[1] == 1  # what is coarse stays as it is
    assert side_for([(300, 300)] * 100_000) == LEAST_SIDE


# --- colours ---


@pytest.mark.parametrize("ramp", [WARM, COOL])
def test_each_step_of_colour_is_as_visible_as_the_next(ramp: tuple[str, ...]) -> None:
    points = np.stack([oklab(color) for color in ramp])
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert np.abs(steps / steps.mean() - 1).max() < 0.1
    lightness = np.diff(points[:, 0])
    assert (lightness > 0.09).all()
    assert np.ptp(lightness) < 0.01


def test_the_two_sides_meet_at_zero_and_can_be_told_apart() -> None:
    assert WARM[0] == COOL[0]
    for warm, cool in itertools.islice(zip(WARM, COOL, strict=True), 2, None):
        assert np.linalg.norm(oklab(warm) - oklab(cool)) > 0.1


def test_what_is_strong_covers_more_than_what_is_weak() -> None:
    drawn = painted(np.array([[0, 0.5, 1, -1, np.nan]]), opacity=0.7)
    alpha = drawn[0, :, 3].tolist()
    assert alpha[0] < alpha[1] < alpha[2] == alpha[3] == round(0.7 * 255)
    assert alpha[4] == 0
    assert drawn[0, 2, :3].tolist() == list(bytes.fromhex(WARM[-1][1:]))
    assert drawn[0, 3, :3].tolist() == list(bytes.fromhex(COOL[-1][1:]))
    assert (painted(np.array([[0.0, 0.3, -1]]), opacity=1)[..., 3] == 255).all()
    assert (painted(np.array([[0.0, 0.3, -1]]), opacity=0)[..., 3] == 0).all()


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(4))))
def test_the_picture_is_a_png_of_those_pixels(pixels: np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]) -> None:
    kind, _, coded = data_uri(pixels).partition(",")
    assert kind == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(coded))) as image:
        assert image.mode == "RGBA"
        assert np.array_equal(np.asarray(image), pixels)
