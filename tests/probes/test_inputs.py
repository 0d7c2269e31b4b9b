"""Pictures as models take them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.errors import ProbeError
from dlviz_docs.model.probes import Prepared
from dlviz_docs.probes.inputs import area_of, best_prepared, candidates, prepare, prepared_from

VIT = {
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "rescale_factor": 0.00392156862745098,
    "size": {"height": 224, "width": 224},
}
RESNET = {
    "crop_pct": 0.875,
    "crop_size": {"height": 224, "width": 224},
    "do_center_crop": True,
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
    "size": {"shortest_edge": 256},
}
OLD = {"do_center_crop": False, "do_normalize": False, "size": 384}


def test_files_of_hugging_face() -> None:
    vit = prepared_from(VIT, "preprocessor_config.json")
    assert vit is not None
    assert (vit.size, vit.mean, vit.std, vit.crop) == ((224, 224), (0.5,) * 3, (0.5,) * 3, 0.0)
    assert vit.scale == pytest.approx(255)
    resnet = prepared_from(RESNET, "x")
    assert resnet is not None
    assert (resnet.size, resnet.crop) == ((224, 224), 0.875)
    old = prepared_from(OLD, "x")
    assert old is not None
    assert (old.size, old.mean, old.crop) == ((384, 384), (), 0.0)
    assert prepared_from({"feature_size": 80, "sampling_rate": 16000}, "x") is None
    assert prepared_from({"size": "large", "image_mean": "none", "rescale_factor": 0}, "x") is not None


def test_values_are_scaled_as_it_is_told() -> None:
    picture = np.full((4, 4, 3), 51, np.uint8)
    x = prepare([picture], Prepared((4, 4), 3, 255.0, (0.1, 0.2, 0.0), (0.5, 1.0, 0.1)))
    assert torch.allclose(x[0, :, 0, 0], torch.tensor([0.2, 0.0, 2.0]), atol=1e-6)
    assert torch.equal(prepare([picture], Prepared((4, 4), 3)), torch.full((1, 3, 4, 4), 51.0))


@pytest.mark.parametrize(
    ("shape", "channels"),
    [
        ((5, 6), 3),
        ((5, 6, 1), 3),
        ((5, 6, 3), 3),
        ((5, 6, 4), 3),
        ((5, 6, 3), 1),
        ((5, 6, 4), 1),
        ((5, 6, 4), 4),
        ((5, 6, 2), 1),
        ((5, 6, 3), 0),
    ],
)
def test_channels_are_brought_to_what_is_asked(shape: tuple[int, ...], channels: int) -> None:
    picture = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
    x = prepare([picture], Prepared((5, 6), channels))
    assert x.shape == (1, channels or 3, 5, 6)
    if channels == 1 and len(shape) == 3 and shape[2] >= 3:
        assert torch.allclose(x[0, 0], torch.tensor(picture[..., :3] @ [0.299, 0.587, 0.114]).float(), atol=1e-3)


def test_channels_that_cannot_be_made_are_told() -> None:
    with pytest.raises(ProbeError, match="takes 5 channels"):
        prepare([np.zeros((4, 4, 3), np.uint8)], Prepared((4, 4), 5))


@given(st.integers(1, 400), st.integers(1, 400), st.floats(0.05, 1), st.integers(1, 64), st.integers(1, 64))
def test_what_is_kept_lies_in_the_middle_and_has_the_shape_asked_for(
    height: int, width: int, crop: float, rows: int, columns: int
) -> None:
    how = Prepared((rows, columns), 3, crop=crop)
    left, top, right, bottom = area_of(height, width, how)
    assert -1e-9 <= left <= right <= 1 + 1e-9
    assert -1e-9 <= top <= bottom <= 1 + 1e-9
    assert left + right == pytest.approx(1)
    assert top + bottom == pytest.approx(1)
    assert (right - left) * width * rows == pytest.approx((bottom - top) * height * columns)
    assert prepare([np.zeros((height, width, 3), np.uint8)], how).shape == (1, 3, rows, columns)


def test_pictures_that_fit_are_not_touched() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (8, 9, 3)).astype(np.uint8)
    x = prepare([picture], Prepared((8, 9), 3))
    assert np.array_equal(x[0].permute(1, 2, 0).numpy(), picture)


def test_the_way_that_gives_the_most_right_answers_is_taken() -> None:
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 255, (4, 4, 3)).astype(np.uint8) for _ in range(40)]
    truth = np.array([int(picture.mean() > 127) for picture in pictures])

    def expects_minus_one_to_one(x: torch.Tensor) -> torch.Tensor:
        brightness = x.mean((1, 2, 3))
        return torch.stack([-brightness, brightness], 1) * 20

    found = best_prepared(Prepared((4, 4), 3), pictures, truth, expects_minus_one_to_one)
    assert (found.scale, found.mean, found.std) == (255, (0.5,), (0.5,))
    assert found.source == "tried on 40 labelled samples"
    assert dict(found.tried)["-1 to 1"] > 0.9
    assert dict(found.tried)["0 to 255"] < 0.8


def test_larger_inputs_are_not_taken_because_they_make_answers_surer() -> None:
    def mean_of_pixels(x: torch.Tensor) -> torch.Tensor:
        """Right about dark and bright however they are scaled."""
        bright = x.mean((1, 2, 3))
        return torch.stack([-bright, bright - 1e-3], 1)

    pictures = [np.full((4, 4), 255 * (i % 2), np.uint8) for i in range(8)]
    found = best_prepared(Prepared((4, 4), 1), pictures, np.arange(8) % 2, mean_of_pixels)
    assert {accuracy for _, accuracy in found.tried} == {1.0}
    assert found.scale == 255


def test_without_labels_it_is_a_guess_and_says_so() -> None:
    pictures = [np.full((4, 4, 3), 200, np.uint8)]
    for truth in (None, np.array([-1])):
        found = best_prepared(Prepared((4, 4), 3), pictures, truth, lambda x: x)
        assert found.source == "a guess"
        assert found.mean == (0.485, 0.456, 0.406)
    grey = best_prepared(Prepared((4, 4), 1), [np.full((4, 4), 200, np.uint8)], None, lambda x: x)
    assert (grey.scale, grey.mean) == (255, ())


def test_labels_beyond_the_models_classes_are_told() -> None:
    with pytest.raises(ProbeError, match="class 7"):
        best_prepared(Prepared((4, 4), 1), [np.zeros((4, 4))], np.array([7]), lambda x: x[:, 0, 0, :2])


def test_pictures_that_are_fractions_already_are_not_divided() -> None:
    assert {prepared.scale for _, prepared in candidates(Prepared((4, 4), 3), 1.0)} == {1.0}
    assert {prepared.scale for _, prepared in candidates(Prepared((4, 4), 3), 255.0)} == {1.0, 255.0}
