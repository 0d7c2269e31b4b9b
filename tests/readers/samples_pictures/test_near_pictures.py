"""Which real pictures are called copies: those saved again, and no two digits."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance
from sklearn.datasets import load_digits, load_sample_images

from dlviz_docs.insights.data_copies import copies_of_pictures
from dlviz_docs.model import Pictures
from dlviz_docs.readers.samples._pixels import Measured, fingerprints, look_at, measure
from dlviz_docs.readers.samples.pictures import pictures_of_array
from dlviz_docs.stats.near_copies import near_pairs

CROPS = 24


@pytest.fixture(scope="module")
def crops() -> list[Image.Image]:
    """Parts of two photographs that do not overlap."""
    photographs = [Image.fromarray(pixels) for pixels in load_sample_images().images]
    corners = [(left, top) for left in range(0, 640, 160) for top in range(0, 321, 107)]
    return [photo.crop((x, y, x + 160, y + 106)) for photo in photographs for x, y in corners][:CROPS]


def looked_at(images: list[Image.Image]) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    values, edges, small = zip(*(look_at(image) for image in images), strict=True)
    measured = Measured(np.array(values), np.array(edges, np.uint64), np.stack(small), ("",) * len(images))
    return fingerprints(measured), measured.small


def again(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


@pytest.mark.parametrize("change", ["quality 60", "half", "quarter", "brighter", "darker", "grey", "more contrast"])
def test_pictures_that_were_saved_again_are_copies_of_themselves_alone(crops: list[Image.Image], change: str) -> None:
    changes: dict[str, Callable[[Image.Image], Image.Image]] = {
        "quality 60": lambda image: again(image, 60),
        "half": lambda image: image.resize((80, 53)),
        "quarter": lambda image: image.resize((40, 27)),
        "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
        "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.8),
        "grey": lambda image: image.convert("L"),
        "more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.2),
    }
    found = near_pairs(*looked_at([*crops, *(changes[change](image) for image in crops)]))
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    true = {(row, row + len(crops)) for row in range(len(crops))}
    assert pairs <= true
    assert len(pairs) >= 0.75 * len(crops)  # of an even sky, its noise is all there is to compare


@pytest.mark.parametrize("times", [1, 3])
def test_no_two_digits_are_copies(times: int) -> None:
    digits = np.kron((load_digits().images * 15.9).astype(np.uint8), np.ones((1, times, times), np.uint8))
    pictures: Pictures = pictures_of_array("digits.npz", digits)
    assert len(copies_of_pictures(pictures)) == 0


def test_measuring_is_what_is_compared(crops: list[Image.Image], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("crops")
    for number, image in enumerate(crops[:3]):
        image.save(folder / f"{number}.png")
    prints, small = looked_at(crops[:3])
    measured = measure(folder, ["0.png", "1.png", "2.png"])
    np.testing.assert_array_equal(measured.small, small)
    np.testing.assert_array_equal(fingerprints(measured), prints)


def test_parts_of_one_sky_are_no_copies() -> None:
    sky = Image.fromarray(load_sample_images().images[0]).crop((0, 0, 640, 110))
    parts = [sky.crop((x, y, x + 48, y + 36)) for x in range(0, 590, 49) for y in (0, 37, 74)]
    assert len(near_pairs(*looked_at(parts))) == 0
