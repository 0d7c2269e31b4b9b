"""Detectors of every form whose outputs can be recognised, and what cannot be and says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from made import exported
from made_squares import Detector, Form, squares
from torch import Tensor, nn

from dlviz_docs.errors import ProbeError
from dlviz_docs.model.probes import Explanation, Prepared, Probed
from dlviz_docs.probes import Job, PictureInput, probe
from dlviz_docs.probes.detectors import Joint, Listed, Scores, readings
from dlviz_docs.probes.found import OfBoxes, count_of, overlap

HOW = Prepared(scale=255.0, source="experiment.yml")


def looked(model: nn.Module, folder: Path, *, annotated: bool = True, how: Prepared | None = HOW) -> Probed:
    pictures, _, boxes = squares(12)
    path = exported(model.eval(), torch.rand(2, 1, 32, 32), folder / "m.pt2")
    samples = PictureInput(pictures, boxes if annotated else (), how)
    return probe(Job(samples, path, folder, methods=("hirescam", "gradcam"), shown=12))


@pytest.mark.parametrize("form", get_args(Form))
def test_the_square_is_found_and_is_where_the_evidence_lies(form: Form, tmp_path: Path) -> None:
    found = looked(Detector(form), tmp_path)
    _, labels, boxes = squares(12)
    assert found.head == "boxes"
    assert found.accuracy == 1.0
    for one in found.explanations:
        assert one.box == pytest.approx(boxes[one.sample][0], abs=1e-4)
        assert one.predicted == labels[one.sample]
        assert one.output == pytest.approx(27 * 0.3 - 4, abs=0.02), "a logit, however the file has it"
        assert dict(one.top)[one.predicted] == pytest.approx(1 / (1 + np.exp(-one.output)), abs=1e-3)
        assert one.boxes >= 1
    judged = {one.method: one for one in found.faithfulness if one.layer in ("", found.layer)}
    assert (judged["hirescam"].inside or 0) > 0.9
    assert (judged["random"].inside or 1) < 0.2
    assert (judged["hirescam"].road or 0) > 0.7
    assert abs(judged["random"].road or 0) < 0.35
    assert judged["hirescam"].deleted is not None
    assert judged["hirescam"].deleted[0] == pytest.approx(0.983, abs=0.01)
    assert judged["hirescam"].deleted[-1] < 0.05


@pytest.mark.parametrize("form", ["ssd", "yolo8"])
def test_no_annotated_boxes_are_needed_where_nothing_else_fits(form: Form, tmp_path: Path) -> None:
    found = looked(Detector(form), tmp_path, annotated=False)
    assert found.head == "boxes"
    assert found.accuracy is None
    assert (max(one.inside or 0 for one in found.faithfulness)) > 0.9, "in the box that was found"


def test_maps_of_centres_need_annotated_boxes_that_confirm_them(tmp_path: Path) -> None:
    with pytest.raises(ProbeError, match="annotated boxes"):
        looked(Detector("centres"), tmp_path, annotated=False)


def test_the_scale_is_the_one_with_which_annotated_boxes_are_found(tmp_path: Path) -> None:
    found = looked(Detector("ssd"), tmp_path, how=None)
    assert found.prepared.scale == 255
    assert found.prepared.mean == ()
    assert dict(found.prepared.tried)["0 to 1"] == 1.0
    assert "annotated boxes" in found.prepared.source


def test_a_picture_without_anything_is_not_measured(tmp_path: Path) -> None:
    pictures, _, _ = squares(6)
    grey = tuple(np.full((32, 32), 128, np.uint8) for _ in range(3))
    path = exported(Detector("ssd").eval(), torch.rand(2, 1, 32, 32), tmp_path / "m.pt2")
    found = probe(Job(PictureInput((*grey, *pictures), prepared=HOW), path, tmp_path, methods=("hirescam",)))
    assert [one.sample for one in found.explanations][-3:] == [0, 1, 2]
    assert {one.boxes for one in found.explanations[-3:]} == {0}
    assert {one.samples for one in found.faithfulness} == {6}
    assert any("In 3 of the explained pictures nothing is found" in note for note in found.notes)
    nothing = probe(Job(PictureInput(grey, prepared=HOW), path, tmp_path, methods=("hirescam",)))
    assert nothing.faithfulness == ()
    assert any("was not measured" in note for note in nothing.notes)


class Odd(nn.Module):
    """Gives whatever a test asks for."""

    def __init__(self, make: Any) -> None:
        super().__init__()
        self.conv, self.make = nn.Conv2d(1, 8, 3, 1, 1), make

    def forward(self, x: Tensor) -> Any:
        return self.make(self.conv(x))


@pytest.mark.parametrize(
    "make",
    [
        lambda y: y.flatten(2)[..., :20].transpose(1, 2)[..., :4],  # (n, 20, 4) alone
        lambda y: (y.flatten(2)[:, :4, :20].transpose(1, 2), y.flatten(2)[:, :, :20].transpose(1, 2)),  # offsets
        lambda y: y.flatten(2)[:, :, :20].softmax(1),  # probabilities of tokens: no coordinates
        lambda y: y.reshape(-1, 2, 4, 32, 32),
    ],
)
def test_other_outputs_are_no_boxes(make: Any, tmp_path: Path) -> None:
    with pytest.raises(ProbeError, match=r"answer of shape \["):
        looked(Odd(make), tmp_path, annotated=False)


def test_offsets_by_the_name_of_boxes_are_refused_by_that_name() -> None:
    outputs = {"boxes": torch.randn(2, 30, 4), "scores": torch.rand(2, 30, 2)}
    with pytest.raises(ProbeError, match=r"'boxes' of shape \[2, 30, 4\].*anchors"):
        readings(outputs, (32, 32))


def test_values_that_are_not_finite_are_no_boxes() -> None:
    outputs = {"boxes": torch.full((2, 30, 4), float("nan")), "scores": torch.rand(2, 30, 2)}
    assert readings(outputs, (32, 32)) == ()


@given(st.data())
def test_whatever_comes_out_is_read_as_boxes_or_not_at_all(data: st.DataObject) -> None:
    """With no other error than one that says why."""
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 99)))
    name = st.sampled_from(["boxes", "scores", "wh", "reg", "hm", "output0", "pred_logits", "1"])
    shape = st.lists(st.sampled_from([1, 2, 4, 5, 6, 17, 20]), min_size=1, max_size=4)
    scale = st.sampled_from([0.0, 1.0, 30.0, float("nan"), float("inf")])
    drawn = data.draw(st.dictionaries(name, st.tuples(shape, scale), max_size=4))
    outputs = {one: torch.rand(2, *sides, generator=generator) * by for one, (sides, by) in drawn.items()}
    try:
        found = readings(outputs, (32, 32), data.draw(st.integers(0, 3)))
    except ProbeError:
        return
    for reading in found:
        packed = reading(outputs)
        assert (packed.dim(), len(packed)) == (3, 2)
        assert packed.shape[2] > 4
        assert reading.said


def test_names_and_known_classes_decide_what_shapes_leave_open() -> None:
    low = torch.rand(2, 30, 2)
    corners = torch.cat([low, low + 0.1], 2)
    both = {"pred_logits": torch.randn(2, 30, 4), "pred_boxes": corners}
    (reading,) = readings(both, (32, 32))
    assert isinstance(reading, Listed)
    assert (reading.boxes, reading.scores, reading.corners) == ("pred_boxes", "pred_logits", True)
    turned = {"detection_boxes": corners[..., [1, 0, 3, 2]], "detection_scores": torch.rand(2, 30)}
    (reading,) = readings(turned, (32, 32))
    torch.testing.assert_close(reading(turned)[..., :4], corners)
    whole = torch.cat([16 + 8 * low, 8 + low, torch.rand(2, 30, 6)], 2)
    (five,), (four,) = readings({"a": whole}, (32, 32), 5), readings({"a": whole}, (32, 32), 6)
    assert isinstance(five, Joint)
    assert isinstance(four, Joint)
    assert (five.objects, four.objects) == (True, False)


def test_logits_are_against_nothing_being_there() -> None:
    values = 4 * torch.randn(2, 30, 5, dtype=torch.float64)
    p = values.softmax(2)
    torch.testing.assert_close(Scores("logits", 4).logits(values), torch.logit(p[..., :4]), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(Scores("probabilities", 0).logits(p), torch.logit(p[..., 1:], eps=1e-6))
    torch.testing.assert_close(Scores("logits").logits(values), values)


def test_overlap_and_what_is_kept() -> None:
    one, half, none = torch.tensor([[0.0, 0, 1, 1], [0, 0, 1, 0.5], [2, 2, 3, 3]])
    assert overlap(one, torch.stack([one, half, none])).tolist() == [1, 0.5, 0]
    assert float(overlap(one * 0, one * 0)) == 0
    answer = torch.tensor([[0.0, 0, 1, 1, 3, -9], [0, 0, 1, 0.9, 2, -9], [0, 0, 1, 0.9, -9, 1], [2, 2, 3, 3, -3, -3]])
    assert count_of(answer) == 2, "another class is another object, and one is not sure"


def test_worth_follows_the_object_to_another_candidate() -> None:
    before = torch.tensor([[[0.0, 0, 1, 1, 3], [0, 0, 1, 0.9, 1], [2, 2, 3, 3, 2]]])
    target = OfBoxes.surest(before)
    after = before.clone()
    after[0, 0, 4] = -5
    assert float(target.worth(after)) == pytest.approx(1 / (1 + np.exp(-1)))
    after[0, 1, 4] = -6
    assert float(target.worth(after)) == pytest.approx(1 / (1 + np.exp(5)))
    after[0, :2, :4] += 5
    assert float(target.worth(after)) == 0
    assert float(target.score(after)) == -5


def explained(found: Probed, row: int) -> Explanation:
    return next(one for one in found.explanations if one.sample == row)


def test_the_box_lies_in_the_picture_and_not_in_what_the_model_sees(tmp_path: Path) -> None:
    pictures, _, _ = squares(4)
    wide = tuple(np.pad(picture, ((0, 0), (16, 16)), constant_values=128) for picture in pictures)
    path = exported(Detector("ssd").eval(), torch.rand(2, 1, 32, 32), tmp_path / "m.pt2")
    how = Prepared((32, 32), scale=255.0, crop=1.0, source="experiment.yml")
    found = probe(Job(PictureInput(wide, prepared=how), path, tmp_path, methods=("hirescam",)))
    for row, ((left, top, right, bottom),) in enumerate(squares(4)[2]):
        seen = (0.25 + left / 2, top, 0.25 + right / 2, bottom)
        assert explained(found, row).box == pytest.approx(seen, abs=1e-4)


def test_weights_that_only_sizes_depend_on_are_not_randomised(tmp_path: Path) -> None:
    class Sized(Detector):
        def __init__(self) -> None:
            super().__init__("centres")
            self.sizes = nn.Conv2d(4, 4, 1)
            nn.init.zeros_(self.sizes.weight)

        def forward(self, x: Tensor) -> Any:
            heat, sizes = super().forward(x)
            return heat, sizes + self.sizes(self.pool(self.body(x))) * 0

    found = looked(Sized(), tmp_path)
    assert found.sanity[0].stages[0] == "head"
    assert {stage for one in found.sanity for stage in one.stages} <= {"head", "body.conv"}
