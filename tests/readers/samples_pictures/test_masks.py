from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from dlviz_docs.readers.samples.masks import Compared, compare, mask_picture, open_mask, overlaid


def blobs(seed: int, k: int = 4, shape: tuple[int, int] = (90, 120)) -> np.ndarray:
    """Labels in patches, some pixels wrong."""
    rng = np.random.default_rng(seed)
    return ndimage.zoom(rng.integers(0, k, (shape[0] // 15, shape[1] // 15)), 15, order=0).astype(np.uint8)


def written(folder: Path, truth: list[np.ndarray], predicted: list[np.ndarray]) -> Compared:
    names: list[list[str]] = [[], []]
    for kind, (part, masks) in enumerate((("gt", truth), ("pred", predicted))):
        (folder / part).mkdir()
        for number, mask in enumerate(masks):
            Image.fromarray(mask).save(folder / part / f"{number}.png")
            names[kind].append(f"{part}/{number}.png")
    return compare(folder, *names)


def boundary(mask: np.ndarray, near: int) -> np.ndarray:
    """As Cheng et al.'s code has it: the mask without its erosion, what lies outside the picture being background."""
    eroded = ndimage.binary_erosion(mask, np.ones((3, 3)), iterations=near, border_value=0)
    return mask & ~eroded


def test_pixels_and_boundaries_are_those_of_a_plain_count(tmp_path: Path) -> None:
    truth, predicted = [blobs(n) for n in range(4)], [np.roll(blobs(n), 4, axis=1) for n in range(4)]
    truth[1][:20, :30] = 255
    told = written(tmp_path, truth, predicted)
    assert told.values == (0, 1, 2, 3)
    assert told.sizes.tolist() == [[120, 90]] * 4
    for n in range(4):
        valid = truth[n] != 255
        for a in range(4):
            edge_a = boundary(truth[n] == a, 3) & valid
            edge_b = boundary(predicted[n] == a, 3) & valid
            assert told.boundaries[n, a].tolist() == [edge_a.sum(), edge_b.sum(), (edge_a & edge_b).sum()]
            for b in range(4):
                assert told.confusions[n, a, b] == ((truth[n] == a) & (predicted[n] == b) & valid).sum()
    assert told.problems == ()


@pytest.mark.parametrize(("true_one", "one"), [(255, 255), (255, 1), (1, 255), (1, 1)])
def test_a_lone_class_may_be_written_1_or_255(tmp_path: Path, true_one: int, one: int) -> None:
    truth, predicted = blobs(0, 2), np.roll(blobs(0, 2), 3, axis=0)
    told = written(tmp_path, [truth * np.uint8(true_one)], [predicted * np.uint8(one)])
    assert told.values == (0, true_one)
    assert told.confusions[0, 1, 1] == (truth & predicted).sum()
    assert told.confusions[0].sum() == truth.size
    assert told.boundaries[0, 1, 2] == (boundary(truth == 1, 3) & boundary(predicted == 1, 3)).sum()


def test_a_class_only_predicted_is_counted(tmp_path: Path) -> None:
    told = written(
        tmp_path, [np.zeros((30, 30), np.uint8), np.ones((30, 30), np.uint8)], [np.full((30, 30), 7, np.uint8)] * 2
    )
    assert told.values == (0, 1, 7)
    assert told.confusions[0].tolist() == [[0, 0, 900], [0, 0, 0], [0, 0, 0]]


def test_masks_that_cannot_be_compared_are_named(tmp_path: Path) -> None:
    told = written(
        tmp_path,
        [blobs(0), blobs(1), blobs(2)],
        [blobs(0), np.zeros((5, 5), np.uint8), blobs(2)],
    )
    assert told.rows.tolist() == [0, 2]
    assert [problem.what for problem in told.problems] == ["1 mask (1.png) is not as large as the true one"]
    (tmp_path / "gt" / "2.png").write_bytes(b"")
    told = compare(tmp_path, ["gt/0.png", "gt/2.png"], ["pred/0.png", "pred/2.png"])
    assert told.rows.tolist() == [0]
    assert [problem.code for problem in told.problems] == ["pictures-unreadable"]
    assert compare(tmp_path, [], []).confusions.shape == (0, 0, 0)


def test_photographs_are_no_masks(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    told = written(tmp_path, [noise], [noise])
    assert len(told.rows) == 0
    assert [problem.code for problem in told.problems] == ["masks-values"]


def test_of_many_a_sample_is_compared_and_told(tmp_path: Path) -> None:
    written(tmp_path, [blobs(0)], [blobs(0)])
    told = compare(tmp_path, ["gt/0.png"] * 10, ["pred/0.png"] * 10, most=4)
    assert len(told.rows) == 4
    assert told.problems[0].what.startswith("6 pairs of masks not compared: a sample (seed 0) of 4")


def test_masks_of_every_mode(tmp_path: Path) -> None:
    labels = blobs(3)
    palette = Image.new("P", (120, 90))
    palette.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0] + [0] * 756)
    palette.putdata(labels.ravel().tolist())
    palette.save(tmp_path / "p.png")
    Image.fromarray(labels.astype(np.uint16) * 1000).save(tmp_path / "i16.png")
    Image.fromarray(np.stack([labels] * 3, axis=2)).save(tmp_path / "grey.png")
    Image.fromarray(np.stack([labels, labels * 2, labels * 0], axis=2)).save(tmp_path / "colour.png")
    Image.fromarray(labels > 1).save(tmp_path / "1.png")
    assert (open_mask(tmp_path, "p.png") == labels).all()
    assert (open_mask(tmp_path, "i16.png") == labels.astype(int) * 1000).all()
    assert (open_mask(tmp_path, "grey.png") == labels).all()
    assert (open_mask(tmp_path, "colour.png") == labels.astype(int) * (1 << 16 | 2 << 8)).all()
    assert (open_mask(tmp_path, "1.png") == (labels > 1)).all()


def test_a_mask_is_shown_in_its_colours(tmp_path: Path) -> None:
    Image.fromarray(blobs(0, 2)).save(tmp_path / "m.png")
    colours = np.array([[0, 0, 0, 0], [200, 30, 30, 255]], np.uint8)
    data = mask_picture(tmp_path, "m.png", colours, [0, 1], 60)
    assert data is not None
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (60, 45)
        shown = np.asarray(image.convert("RGBA"))
    assert (shown[..., 3] == blobs(0, 2)[1::2, 1::2] * 255).all()
    assert mask_picture(tmp_path, "gone.png", colours, [0, 1], 60) is None


def test_a_mask_lies_over_its_picture_pixel_by_pixel() -> None:
    picture, mask = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (8, 8), (0, 0, 200)).save(picture, "WEBP", lossless=True)
    above = np.zeros((4, 4, 4), np.uint8)
    above[0, 0] = (200, 0, 0, 255)
    Image.fromarray(above).save(mask, "WEBP", lossless=True, exact=True)
    found = np.asarray(Image.open(io.BytesIO(overlaid(picture.getvalue(), mask.getvalue()))).convert("RGB"), int)
    assert found.shape == (8, 8, 3)
    assert found[0, 0, 0] > 120  # the corner is covered, at twice the size of the mask
    assert found[7, 7, 0] < 60
    assert found[7, 7, 2] > 150
