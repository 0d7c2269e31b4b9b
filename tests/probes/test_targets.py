"""Values and regions: where their evidence has to lie is known, and measures tell true maps from noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from made import exported, from_pt2
from made_squares import Region, Value, squares
from torch import nn

from dlviz_docs.errors import ProbeError
from dlviz_docs.model.probes import Prepared, Probed
from dlviz_docs.probes import Job, PictureInput, probe
from dlviz_docs.probes.measures import curves, noise_maps, road
from dlviz_docs.probes.targets import OfRegions, OfValues, filling, head_of, score, worth

HOW = Prepared(scale=255.0, source="experiment.yml")


def looked(model: nn.Module, folder: Path, pictures: tuple[np.ndarray, ...]) -> Probed:
    path = exported(model.eval(), torch.rand(2, 1, 32, 32), folder / "m.pt2")
    return probe(Job(PictureInput(pictures, prepared=HOW), path, folder, methods=("hirescam", "layercam", "occlusion")))


def inside(values: np.ndarray, box: tuple[float, float, float, float]) -> float:
    """Share of a map of 32 x 32 cells in a box."""
    left, top, right, bottom = (round(32 * side) for side in box)
    return float(values[top:bottom, left:right].sum() / values.sum())


def test_what_moves_a_value_up_or_down_is_what_maps_show(tmp_path: Path) -> None:
    pictures, labels, boxes = squares(12)
    found = looked(Value(), tmp_path, pictures)
    assert found.head == "value"
    assert found.explanations[0].blank is not None
    for one in found.explanations:
        assert (one.output < (one.blank or 0)) == bool(labels[one.sample]), "dark squares lower it"
        drawn = one.get("hirescam", found.layer)
        assert drawn is not None
        assert inside(drawn.values, boxes[one.sample][0]) > 0.95
    judged = {one.method: one for one in found.faithfulness if one.layer in ("", found.layer)}
    assert judged["hirescam"].road == pytest.approx(1, abs=0.25)
    assert abs(judged["random"].road or 9) < 0.35
    assert judged["hirescam"].deleted is not None
    assert judged["hirescam"].deleted[[0, -1]] == pytest.approx([1, 0], abs=1e-4), (
        "of the difference to a blank picture"
    )
    assert found.sanity
    assert found.agreement is not None
    assert found.method in found.why
    assert any("blank picture" in note for note in found.notes)


def test_values_of_which_a_picture_changes_nothing_are_not_measured(tmp_path: Path) -> None:
    pictures, _, _ = squares(8)
    grey = tuple(np.full((32, 32), 128, np.uint8) for _ in range(4))
    found = looked(Value(), tmp_path, (*grey, *pictures))
    assert {one.samples for one in found.faithfulness} == {8}
    assert {one.sample for one in found.explanations[-4:]} == {0, 1, 2, 3}
    assert any("On 4 of the explained samples" in note for note in found.notes)
    flat = looked(Value(), tmp_path, grey)
    assert flat.faithfulness == ()
    assert all(one.maps for one in flat.explanations)


@pytest.mark.parametrize("probable", [False, True])
def test_a_region_is_explained_where_it_was_predicted(probable: bool, tmp_path: Path) -> None:
    pictures, labels, boxes = squares(12)
    found = looked(Region(probable), tmp_path, pictures)
    assert found.head == "regions"
    for one in found.explanations:
        assert one.predicted == 1 + labels[one.sample], "not the background, which fills more"
        assert dict(one.top)[one.predicted] == pytest.approx(64 / 1024)
        assert one.mask is not None
        assert one.mask.sum() == 64
        assert inside(one.mask, boxes[one.sample][0]) == 1
        drawn = one.get("hirescam", found.layer)
        assert drawn is not None
        assert inside(drawn.values, boxes[one.sample][0]) > 0.95
    judged = {one.method: one for one in found.faithfulness if one.layer in ("", found.layer)}
    assert (judged["hirescam"].inside or 0) > 0.9, "of the predicted mask"
    assert (judged["random"].inside or 1) < 0.2
    assert (judged["hirescam"].road or 0) > 0.7
    assert abs(judged["random"].road or 9) < 0.35


@pytest.mark.parametrize("kind", ["value", "regions"])
def test_true_maps_are_told_from_noise_and_their_inverse(kind: str, tmp_path: Path) -> None:
    pictures, labels, boxes = squares(16, seed=2)
    model = from_pt2(
        exported((Value() if kind == "value" else Region()).eval(), torch.rand(2, 1, 32, 32), tmp_path / "m.pt2")
    )
    x = torch.from_numpy(np.stack(pictures)).float()[:, None] / 255
    output = model.forward(x)
    where = torch.zeros(16, 32, 32)
    for i, ((left, top, right, bottom),) in enumerate(boxes):
        where[i, round(top * 32) : round(bottom * 32), round(left * 32) : round(right * 32)] = 1
    classes = torch.from_numpy(1 + labels)
    blank = model.forward(x.mean((2, 3), keepdim=True).expand_as(x))
    target = OfValues(output[:, 0], blank[:, 0]) if kind == "value" else OfRegions(classes, where.bool())
    assert road(model, x, target, where, 8)[0].mean() > 0.7
    assert road(model, x, target, -where, 8)[0].mean() < -0.7
    true, noise = (curves(model, x, target, maps, 8, steps=10) for maps in (where, noise_maps(16, 8, 8)))
    assert true.deletion < noise.deletion - 0.2
    assert true.insertion > noise.insertion + 0.1


def test_the_mean_logit_in_the_mask_is_seg_grad_cams() -> None:
    output, masks = torch.randn(3, 4, 5, 6), torch.rand(3, 5, 6) > 0.5
    masks[2] = False
    target = OfRegions(torch.tensor([0, 3, 1]), masks)
    wanted = [output[0, 0][masks[0]].mean(), output[1, 3][masks[1]].mean(), output[2, 1].mean()]
    torch.testing.assert_close(score(output, target), torch.stack(wanted))
    likely = output.softmax(1)
    torch.testing.assert_close(worth(output, target)[0], likely[0, 0][masks[0]].mean())
    torch.testing.assert_close(worth(likely, target), worth(output, target))


def test_the_background_is_the_class_of_most_pixels_of_all() -> None:
    output = torch.zeros(3, 3, 10, 10)
    output[:, 0] = 1
    output[0, 1, :2] = 2
    output[1, 2, 0, 0] = 2
    output[2, 2, :9] = 2
    assert filling(output).tolist() == [1, 2, 2]
    output[1, 2, 0, 0] = 0
    assert filling(output).tolist() == [1, 0, 2], "there is nothing else"


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 1, 8, 8), (2, 3, 4, 5, 6)])
def test_odd_answers_are_refused_by_their_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ProbeError, match=str(list(shape)).replace("[", r"\[")):
        head_of(torch.zeros(shape))


def test_regions_of_a_model_with_channels_last_come_back_as_those_of_others(tmp_path: Path) -> None:
    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Region()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)

    pictures, labels, boxes = squares(8)
    path = exported(Last().eval(), torch.rand(2, 32, 32, 1), tmp_path / "m.pt2")
    found = probe(Job(PictureInput(pictures, prepared=HOW), path, tmp_path, methods=("hirescam",)))
    assert found.head == "regions"
    for one in found.explanations:
        assert one.predicted == 1 + labels[one.sample]
        assert one.mask is not None
        assert inside(one.mask, boxes[one.sample][0]) == 1
