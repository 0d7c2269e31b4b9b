"""From a file and pictures to everything that is shown of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made import ResNet, UNet, exported, from_pt2, located, seeded
from torch import nn

from dlviz_docs.cache import decode, encode
from dlviz_docs.errors import ProbeError
from dlviz_docs.model.probes import Prepared, Probed
from dlviz_docs.probes import METHODS, Factory, Job, Limits, PictureInput, content_key, probe


@pytest.fixture(scope="module")
def job(finder_pt2: Path) -> Job:
    pictures, labels, boxes = located(80, seed=3)
    truth = labels.astype(float)
    truth[:3] = (truth[:3] + 1) % 4  # labels that are wrong, so that there are errors
    truth[79] = np.nan
    names = tuple(f"{i}.png" for i in range(80))
    samples = PictureInput(tuple(pictures), boxes)
    return Job(samples, finder_pt2, finder_pt2.parent, truth=truth, sources=names, classes=("a", "b", "c", "d"))


@pytest.fixture(scope="module")
def probed(job: Job) -> Probed:
    return probe(job)


def test_answers_and_how_they_were_prepared(probed: Probed) -> None:
    assert probed.model == "finder.pt2"
    assert probed.samples == 80
    assert 0.8 < (probed.accuracy or 0) < 1
    assert probed.prepared.size == (32, 32)
    assert probed.prepared.source == "tried on 64 labelled samples"
    tried = dict(probed.prepared.tried)
    assert tried["0 to 1"] == max(tried.values())
    assert probed.prepared.scale == 255
    assert any("right answers" in note for note in probed.notes)


def test_samples_that_are_explained_are_right_wrong_and_unsure(probed: Probed) -> None:
    rows = [one.sample for one in probed.explanations]
    assert len(rows) == len(set(rows)) >= 16
    wrong = [one for one in probed.explanations if one.truth is not None and one.truth != one.predicted]
    assert {0, 1, 2} <= {one.sample for one in wrong}
    for one in probed.explanations:
        assert one.source == f"{one.sample}.png"
        assert one.top[0][0] == one.predicted
        assert sum(p for _, p in one.top) == pytest.approx(1, abs=1e-3)


def test_each_has_maps_by_every_method_that_the_model_allows(probed: Probed) -> None:
    expected = set(METHODS) - {"rollout", "relevance"}
    for one in probed.explanations:
        own = {made.method for made in one.maps if made.target == one.predicted and made.against is None}
        assert own == expected
        hires = one.get("hirescam", probed.layer)
        assert hires is not None
        assert hires.values.shape in {(32, 32), (16, 16), (8, 8)}
        assert hires.values.dtype == np.float32
        assert hires.peak > 0 or hires.empty
        apart = [made for made in one.maps if made.against is not None]
        assert bool(apart) == (one.truth is not None and one.truth != one.predicted)
        assert all(made.signed and made.target == one.truth for made in apart)
        ig = one.get("integrated gradients")
        assert ig is not None
        assert ig.gap is not None
        assert ig.gap < 0.2


def test_every_method_is_beside_noise_and_the_best_is_chosen(probed: Probed) -> None:
    judged = {one.method: one for one in probed.faithfulness if one.layer in ("", probed.layer)}
    assert set(judged) == set(METHODS) - {"rollout", "relevance"} | {"random"}
    noise, best = judged["random"], judged[probed.method]
    roads = [one.road for one in probed.faithfulness]
    assert roads == sorted(roads, reverse=True)
    assert best.road > noise.road + 0.3
    assert best.deletion < noise.deletion
    assert best.insertion > noise.insertion
    assert best.inside > 3 * noise.inside
    assert best.shares.shape == best.deleted.shape == (21,)
    assert probed.layer in probed.why
    assert probed.method in probed.why
    failing = {one.method for one in probed.sanity if not (one.passes and one.head)}
    assert probed.method not in failing


def test_what_passes_and_what_does_not(probed: Probed) -> None:
    sane = {one.method: one for one in probed.sanity}
    assert sane["hirescam"].passes
    assert not sane["eigencam"].head


def test_channels_and_what_excites_them(probed: Probed, job: Job, finder_model: nn.Module) -> None:
    assert isinstance(job.samples, PictureInput)
    x = torch.tensor(np.stack(job.samples.pictures)).float()[:, None] / 255
    for one in probed.channels:
        activation = finder_model[: int(one.layer) + 1](x)
        for place, channel in enumerate(one.indices):
            peaks = activation[:, channel].amax((1, 2))
            assert one.peaks[place][0] == pytest.approx(float(peaks.max()), rel=1e-4)
            assert peaks[one.best[place][0]] == pytest.approx(float(peaks.max()), rel=1e-4)
        assert one.maps.shape[:2] == (len(probed.explanations), len(one.indices))
        assert ((one.places > 0) & (one.places < 1)).all()
        assert one.total == activation.shape[1]


def test_layers_and_fields(probed: Probed, finder_model: nn.Module) -> None:
    shapes = {one.path: one.output for one in probed.traced}
    assert shapes["8"] == ("batch", 24, 8, 8)
    parameters = {one.path: one.parameters for one in probed.traced}
    assert parameters["3"] == sum(p.numel() for p in finder_model[3].parameters())
    reach = {one.layer: one for one in probed.reaches}
    assert reach["2"].values.astype(bool).sum() == 9, "one convolution of 3 x 3 sees so many"
    assert reach["2"].share < reach["5"].share < reach["8"].share


def test_it_is_the_same_each_time_whatever_runs_at_once(job: Job, probed: Probed) -> None:
    again = probe(replace(job, limits=Limits(batch=5)))
    assert again.layer == probed.layer
    for one, other in zip(probed.explanations, again.explanations, strict=True):
        assert one.sample == other.sample
        for first, second in zip(one.maps, other.maps, strict=True):
            np.testing.assert_allclose(first.values, second.values, atol=1e-3 * max(first.peak, 1e-3))
    for left, right in zip(probed.faithfulness, again.faithfulness, strict=True):
        assert left.road == pytest.approx(right.road, abs=1e-4)


def test_it_survives_the_cache(probed: Probed) -> None:
    again = decode(encode(probed), Probed)
    assert again.explanations[0].maps[0].values.dtype == np.float32
    assert np.array_equal(again.explanations[0].maps[0].values, probed.explanations[0].maps[0].values)
    assert encode(again) == encode(probed)


def test_no_time_leaves_a_note_of_what_is_missing(job: Job) -> None:
    found = probe(replace(job, limits=Limits(seconds=0.0)))
    assert found.explanations
    assert all(one.get("hirescam") for one in found.explanations)
    assert any("were over before" in note for note in found.notes)
    assert not found.channels


def test_named_samples_methods_and_layers(job: Job) -> None:
    found = probe(replace(job, explain=(7, 3), methods=("gradcam",), layers=("5",)))
    assert [one.sample for one in found.explanations] == [7, 3]
    assert {made.method for one in found.explanations for made in one.maps if made.target == one.predicted} == {
        "gradcam"
    }
    assert found.layer == "5"
    with pytest.raises(ProbeError, match="'99'"):
        probe(replace(job, layers=("99",)))


def test_the_key_changes_with_whatever_changes_the_result(job: Job) -> None:
    assert isinstance(job.samples, PictureInput)
    first, *others = job.samples.pictures
    lighter = replace(job.samples, pictures=(np.minimum(first, 254) + 1, *others))
    changed = [
        content_key(job, "other"),
        content_key(replace(job, samples=lighter), "w"),
        content_key(replace(job, seed=1), "w"),
        content_key(replace(job, truth=None), "w"),
        content_key(replace(job, methods=("gradcam",)), "w"),
        content_key(replace(job, limits=Limits(samples=5)), "w"),
        content_key(replace(job, samples=replace(job.samples, prepared=Prepared(scale=2))), "w"),
        content_key(replace(job, factory=Factory("a:b", {"n": 1})), "w"),
    ]
    assert len({content_key(job, "w"), *changed}) == 1 + len(changed)
    assert content_key(job, "w") == content_key(replace(job), "w")
    assert content_key(job, "w") == content_key(replace(job, limits=replace(job.limits, seconds=1.0)), "w")


def colours(count: int, size: int = 32) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(0)
    return tuple(random.integers(0, 255, (size + i % 3, size, 3)).astype(np.uint8) for i in range(count))


def test_a_file_of_one_batch_size_without_labels(tmp_path: Path) -> None:
    model = seeded(ResNet)
    path = exported(model, torch.randn(2, 3, 32, 32), tmp_path / "m.pt2", dynamic=False)
    found = probe(Job(PictureInput(colours(5)), path, tmp_path, shown=5, methods=("hirescam", "eigencam")))
    assert found.accuracy is None
    assert found.prepared.source == "a guess"
    assert any("guess" in note for note in found.notes)
    loose = exported(model, torch.randn(2, 3, 32, 32), tmp_path / "n.pt2")
    other = probe(Job(PictureInput(colours(5)), loose, tmp_path, shown=5, methods=("hirescam", "eigencam")))
    for one, two in zip(found.explanations, other.explanations, strict=True):
        np.testing.assert_allclose(one.maps[0].values, two.maps[0].values, atol=1e-5)


def test_a_transformer_has_its_attention_too(vit_pt2: Path) -> None:
    found = probe(Job(PictureInput(colours(6)), vit_pt2, vit_pt2.parent, shown=3))
    methods = {made.method for one in found.explanations for made in one.maps}
    assert {"rollout", "relevance", "hirescam"} <= methods
    assert found.layer.endswith("norm1")
    assert found.reaches == ()


@pytest.mark.parametrize("kind", ["value", "regions"])
def test_other_answers_have_maps_and_measures(kind: str, tmp_path: Path) -> None:
    model = seeded(UNet) if kind == "regions" else seeded(ResNet, classes=1)
    path = exported(model, torch.randn(2, 3, 32, 32), tmp_path / "m.pt2")
    found = probe(Job(PictureInput(colours(4)), path, tmp_path, methods=("hirescam",)))
    assert found.head == kind
    assert {one.method for one in found.faithfulness} >= {"hirescam", "random"}
    assert all(one.maps for one in found.explanations)


def test_pictures_are_cut_as_the_model_asks(resnet_pt2: Path) -> None:
    how = Prepared((32, 32), 3, 255.0, crop=0.5, source="experiment.yml")
    pictures = tuple(np.zeros((64, 128, 3), np.uint8) + i for i in range(4))
    found = probe(Job(PictureInput(pictures, prepared=how), resnet_pt2, resnet_pt2.parent, methods=("hirescam",)))
    assert found.explanations[0].maps[0].area == (0.375, 0.25, 0.625, 0.75)
    assert found.prepared.source == "experiment.yml"


def test_a_model_with_channels_last(tmp_path: Path) -> None:
    class Last(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x.permute(0, 3, 1, 2))

    inner = seeded(ResNet)
    path = exported(Last(inner), torch.randn(2, 32, 32, 3), tmp_path / "m.pt2")
    how = Prepared(scale=255.0, source="experiment.yml")
    pictures = tuple(np.ascontiguousarray(picture[:32]) for picture in colours(4))
    found = probe(Job(PictureInput(pictures, prepared=how), path, tmp_path, methods=("hirescam",)))
    x = torch.tensor(np.stack(pictures)).float().permute(0, 3, 1, 2) / 255
    assert [one.predicted for one in sorted(found.explanations, key=lambda one: one.sample)] == inner(x).argmax(
        1
    ).tolist()
    assert from_pt2(path).fixed_batch is None


class FourAtOnce(nn.Module):
    """Writes the number of samples it was exported with into the file."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 8, 3, 2, 1), nn.Linear(8 * 16 * 16, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.conv(x).relu().view(x.shape[0], -1))


def test_fewer_samples_than_the_model_takes_at_once(tmp_path: Path) -> None:
    path = exported(seeded(FourAtOnce), torch.zeros(4, 1, 32, 32), tmp_path / "four.pt2", dynamic=False)
    found = probe(Job(PictureInput(tuple(located(2)[0])), path, limits=Limits(seconds=5)))
    assert found.samples == 2
    assert len(found.explanations) == 2
    assert found.layer
