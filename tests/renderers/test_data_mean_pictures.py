"""The mean picture of each class, as a figure and as a file."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_pictures import dataset, measured
from PIL import Image

from dlviz_docs.cache import Cache
from dlviz_docs.model import Dataset, Pictures, Samples
from dlviz_docs.readers.samples.mean_pictures import mean_picture
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data.mean_pictures import mean_pictures
from dlviz_docs.study.pictures import PicturesOfSamples
from dlviz_docs.view import Figure, Gallery

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (60, 12, 8), dtype=np.uint8)
LABELS = [row % 3 for row in range(60)]


def shown(made: Dataset, *, samples: bool = True) -> list[Figure]:
    return [one for one in mean_pictures(made, Place(), samples) if isinstance(one, Figure)]


def gallery(made: Dataset) -> Gallery:
    (figure,) = shown(made)
    assert isinstance(figure.spec, Gallery)
    return figure.spec


def pixels(content: bytes | None, width: int, height: int) -> np.ndarray:
    """Of squares back to dots."""
    assert content is not None
    image = Image.open(io.BytesIO(content)).convert("RGB")
    assert image.width % width == image.height % height == 0
    return np.asarray(image.resize((width, height), Image.Resampling.NEAREST)).astype(float)


def test_every_class_has_its_mean() -> None:
    spec = gallery(dataset(measured(GREY), LABELS))
    assert [item.title for item in spec.items] == ["cat", "dog", "owl"]
    assert [dict(item.facts)["pictures"] for item in spec.items] == ["20", "20", "20"]
    assert [(thumb.width, thumb.height) for item in spec.items for thumb in item.pictures] == [(8, 12)] * 3


def test_the_file_is_the_mean_of_its_rows(tmp_path: Path) -> None:
    made = dataset(measured(GREY), LABELS)
    figures = shown(made)
    maker = PicturesOfSamples(tmp_path, Samples(datasets=(made,)), cache := Cache(tmp_path / "cache"))
    files = [Path(cache.path(name, ".webp")).read_bytes() for _, name in maker.thumbs(figures)]
    assert len(files) == 3
    for code, content in enumerate(files):
        expected = GREY[np.equal(LABELS, code)].mean(axis=0)
        assert np.abs(pixels(content, 8, 12) - expected[:, :, None]).max() <= 1


def test_colours_scales_and_holes() -> None:
    values = RNG.random((40, 5, 6, 3))
    values[0, 0, 0] = np.nan
    pictures = Pictures(tuple(map(str, range(40))), array=values, scale=(0.0, 1.0))
    found = pixels(mean_picture(pictures, np.arange(20), 192), 6, 5)
    assert np.abs(found - 255 * np.nanmean(values[:20], axis=0)).max() <= 1
    assert mean_picture(pictures, np.zeros(0, np.intp), 192) is None


def test_files_are_told_in_grey() -> None:
    made = dataset(measured(GREY, [f"{row}.png" for row in range(60)]), LABELS)
    (figure,) = shown(made)
    assert "In grey, at 32 × 32 px." in figure.caption
    assert made.pictures is not None
    found = pixels(mean_picture(made.pictures, np.flatnonzero(np.equal(LABELS, 1)), 192), 32, 32)
    expected = made.pictures.small[np.equal(LABELS, 1)].mean(axis=0)
    assert np.abs(found - expected[:, :, None]).max() <= 1


def test_nothing_where_it_would_not_tell() -> None:
    pictures = measured(GREY, [f"{row}.png" for row in range(60)])
    sizes = pictures.sizes.copy()
    sizes[7] = 9, 9
    assert shown(dataset(replace(pictures, sizes=sizes), LABELS)) == []
    assert shown(dataset(pictures)) == []
    assert shown(dataset(pictures, LABELS), samples=False) == []
    assert shown(dataset(measured(GREY[:27]), LABELS[:27])) == []
    assert shown(dataset(replace(pictures, measured=np.zeros(0, np.intp)), LABELS)) == []


def test_a_class_of_few_has_none_and_another_key_no_file(tmp_path: Path) -> None:
    labels = [2 if row < 5 else row % 2 for row in range(60)]
    made = dataset(measured(GREY), labels)
    assert [item.title for item in gallery(made).items] == ["cat", "dog"]
    maker = PicturesOfSamples(tmp_path, Samples(datasets=(made,)), Cache(tmp_path / "cache"))
    assert maker._content("mean:of nothing:1", 192) is None


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float16])
def test_of_very_many_pictures_each_counts(dtype: type[np.generic]) -> None:
    """The figure says that it is the mean of all; in several blocks."""
    values = np.where(np.arange(601) < 450, 0, 200).astype(dtype)
    pictures = Pictures(("a",), array=np.broadcast_to(values[:, None, None, None], (601, 224, 224, 3)))
    found = pixels(mean_picture(pictures, np.arange(601), 8), 8, 8)
    assert np.abs(found - 200 * 151 / 601).max() <= 1
