"""Texts: words that are known to matter are found to, and how far that can be believed is measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made import exported, from_pt2, seeded
from made_texts import MASK, PAD, Alone, Bag, Reader, as_onnx, as_pt2, example, frames, texts, trained, words_of
from torch import Tensor, nn

from dlviz_docs.errors import ProbeError
from dlviz_docs.model.probes import Probed
from dlviz_docs.probes import Factory, Job, Limits, TextInput, content_key, probe
from dlviz_docs.probes.executor import GraphModel
from dlviz_docs.probes.factory import ModuleModel
from dlviz_docs.probes.from_exported import program_of_exported
from dlviz_docs.probes.removed_words import Removal
from dlviz_docs.probes.text_inputs import of_tokens_alone
from dlviz_docs.probes.words import embedding_of, over_tokens
from dlviz_docs.readers.networks.exported import read_exported

__all__ = ["build"]


def build(outs: int = 3) -> nn.Module:
    return Alone(trained(outs))


@pytest.fixture(scope="module")
def reader() -> Reader:
    return trained()


def given(ids: np.ndarray) -> TextInput:
    return TextInput(ids, words_of(ids), PAD, special=frames(ids), hidden=MASK)


def test_words_of_a_bag(tmp_path: Path) -> None:
    ids = np.array([[1, 3, 2, 0], [5, 2, 2, 3], [5, 5, 0, 0]])
    words = (("it", "is", "good"), ("bad", "and", "also", "good"), ("bad", "bad"))
    path = exported(seeded(Bag), torch.tensor(ids), tmp_path / "m.pt2")
    for model in (from_pt2(path), ModuleModel(Bag().requires_grad_(False).eval())):
        x = torch.tensor(ids)
        layer = embedding_of(model, x[:1])
        values, gap = over_tokens(model, layer, x, torch.tensor([1, 1, 0]), 2, pad=0)
        assert values[0, 1] == pytest.approx(3 * np.tanh(1), abs=1e-4)
        assert values[0, [0, 2, 3]].abs().max() == 0
        assert gap.max() < 1e-3
        assert np.allclose(values[2, :2], 3 * np.tanh(2) / 2, atol=1e-4), "two equal words share evenly"
    found = probe(Job(TextInput(ids, words, 0), path, tmp_path, explain=(2, 0)))
    assert [one.sample for one in found.texts] == [2, 0]
    assert found.texts[0].words == ("bad", "bad")
    assert [one.target for one in found.texts] == [0, 1]


def test_values_are_those_of_captum(reader: Reader) -> None:
    captum = pytest.importorskip("captum.attr")
    ids = torch.from_numpy(texts(6, 7)[0])
    model = Alone(reader)
    wanted = model(ids).argmax(1)
    own = ModuleModel(model)
    values, gap = over_tokens(own, embedding_of(own, ids[:1]), ids, wanted, 4, pad=PAD, steps=64)
    theirs = captum.LayerIntegratedGradients(model, reader.words).attribute(
        ids, torch.full_like(ids, PAD), target=wanted, n_steps=64, method="gausslegendre"
    )
    np.testing.assert_allclose(values, theirs.sum(2), atol=1e-4)
    assert gap.median() < 0.02


def test_what_frames_a_text_explains_nothing(reader: Reader) -> None:
    ids = torch.from_numpy(texts(4, 3)[0])
    model = ModuleModel(Alone(reader))
    kept = torch.from_numpy(given(ids.numpy()).kept)
    values, _ = over_tokens(
        model, embedding_of(model, ids[:1]), ids, model.forward(ids).argmax(1), 4, pad=PAD, kept=kept
    )
    assert values[kept].abs().max() == 0
    assert values[~kept].abs().min() > 0


def check(found: Probed) -> None:
    """Of a reader that learnt two words: these two speak for their classes, and taking words away shows it."""
    assert found.accuracy is not None
    assert found.accuracy > 0.95
    for one in found.texts:
        assert (one.words[0], one.words[-1], one.special) == ("[CLS]", "[SEP]", (0, len(one.words) - 1))
    assert np.median([one.gap for one in found.texts]) < 0.05
    right = [one for one in found.texts if one.target == one.truth and one.target < 2]
    top = [one.words[int(one.values.argmax())] == found.classes[one.target] for one in right]
    assert len(top) > 20
    assert np.mean(top) > 0.95
    ours, chance = found.faithfulness
    assert (ours.method, chance.method) == ("integrated gradients", "random")
    assert ours.road
    assert ours.road_error
    assert chance.road
    assert ours.road > 2 * ours.road_error
    assert abs(chance.road) < ours.road / 2
    assert ours.deleted is not None
    assert ours.inserted is not None
    assert ours.deleted[0] == pytest.approx(ours.inserted[-1])
    assert ours.deleted[-1] == pytest.approx(ours.inserted[0])
    (checked,) = found.sanity
    assert checked.similarity[-1] < 0.9
    assert found.shown <= 24
    assert len(found.texts) > found.shown


@pytest.mark.parametrize("write", [as_pt2, as_onnx])
def test_a_file_of_three_inputs(write: object, reader: Reader, tmp_path: Path) -> None:
    path = write(reader, tmp_path / ("m.pt2" if write is as_pt2 else "m.onnx"))  # type: ignore[operator]
    ids, labels = texts(80, 5)
    found = probe(Job(given(ids), path, tmp_path, truth=labels.astype(float), classes=("bad", "good", "neither")))
    check(found)
    assert any(
        "attention_mask (1 for every token that is no padding), token_type_ids (0)" in one for one in found.notes
    )


def test_a_factory() -> None:
    ids, labels = texts(80, 5)
    job = Job(given(ids), factory=Factory("test_text_probes:build"), truth=labels.astype(float))
    check(probe(replace(job, classes=("bad", "good", "neither"))))


def test_one_logit_tells_two_classes_apart() -> None:
    ids, labels = texts(80, 5, 2)
    job = Job(given(ids), factory=Factory("test_text_probes:build", {"outs": 1}), truth=labels.astype(float))
    found = probe(replace(job, classes=("bad", "good")))
    assert found.head == "classes"
    assert found.accuracy is not None
    assert found.accuracy > 0.95
    assert {one.target for one in found.texts} == {0, 1}
    right = [one for one in found.texts if one.target == one.truth]
    speaks = [(one.target, one.values[one.words.index(found.classes[one.target])] > 0) for one in right]
    shares = [np.mean([found for target, found in speaks if target == wanted]) for wanted in (0, 1)]
    assert max(shares) > 0.95, "one of two classes is what a text without words is taken for"
    assert all(one.share is not None and one.share >= 0.5 for one in found.texts)


def test_answers_of_the_graph_are_those_of_the_model(reader: Reader, tmp_path: Path) -> None:
    path = as_pt2(reader, tmp_path / "m.pt2")
    program, _ = of_tokens_alone(program_of_exported(read_exported(path, tmp_path)), PAD)
    ids = torch.from_numpy(texts(5, 9)[0])
    torch.testing.assert_close(GraphModel(program).forward(ids), Alone(reader)(ids))


class Others(nn.Module):
    """Takes everything that follows from tokens, and gives it back."""

    def forward(self, input_ids: Tensor, src_key_padding_mask: Tensor, position_ids: Tensor, lengths: Tensor) -> Tensor:
        first = (input_ids * 0 + src_key_padding_mask).sum(1)
        return torch.stack([first, (position_ids + input_ids * 0).sum(1), lengths + input_ids.sum(1) * 0], 1).float()


def test_what_follows_from_tokens_is_computed(tmp_path: Path) -> None:
    ids = torch.tensor([[5, 6, 7, PAD], [5, PAD, PAD, PAD]])
    inputs = (ids, ids == PAD, torch.arange(4).expand(2, -1).contiguous(), (ids != PAD).sum(1))
    torch.export.save(torch.export.export(Others(), inputs), tmp_path / "m.pt2")
    program, told = of_tokens_alone(program_of_exported(read_exported(tmp_path / "m.pt2", tmp_path)), PAD)
    assert len(told) == 3
    torch.testing.assert_close(GraphModel(program).forward(ids), Others()(*inputs))
    without, _ = of_tokens_alone(program_of_exported(read_exported(tmp_path / "m.pt2", tmp_path)), None)
    assert GraphModel(without).forward(ids)[:, 2].tolist() == [4, 4], "nothing is padding where nobody says so"


def test_an_input_that_follows_from_nothing_is_told(tmp_path: Path) -> None:
    class Two(nn.Module):
        def forward(self, input_ids: Tensor, prices: Tensor) -> Tensor:
            return input_ids.sum(1) + prices

    torch.export.save(torch.export.export(Two(), (example()[0], torch.rand(2))), tmp_path / "m.pt2")
    with pytest.raises(ProbeError, match="'prices' beside its tokens"):
        of_tokens_alone(program_of_exported(read_exported(tmp_path / "m.pt2", tmp_path)), PAD)


def test_words_go_in_the_order_that_is_told() -> None:
    """One word decides: first in line it takes the answer with it, last in line it keeps it to the end."""
    ids = torch.tensor([[3, 1, 2, 4]])
    model = ModuleModel(Bag().eval())
    places = np.array([[0, 1, 2, 3]], np.int32)
    removal = Removal(model, ids, torch.tensor([1]), places, 0, 4)
    first = removal.by("integrated gradients", "e", [np.array([4.0, 3.0, 2.0, 1.0])])
    last = removal.by("integrated gradients", "e", [np.array([1.0, 2.0, 3.0, 4.0])])
    whole, none = float(torch.tensor([0, 3 * np.tanh(1)]).softmax(0)[1]), 0.5
    assert first.deleted is not None
    assert last.deleted is not None
    np.testing.assert_allclose(first.deleted[[0, 3, 10]], [whole, none, none], atol=1e-6)
    np.testing.assert_allclose(last.deleted[[0, 5, 8, 10]], [whole, whole, whole, none], atol=1e-6)
    assert first.road == pytest.approx(-(last.road or 0.0))
    assert abs(removal.by_chance([4]).road or 0.0) < (first.road or 0.0)


def test_a_model_without_an_embedding_is_told() -> None:
    class Numbers(nn.Module):
        def forward(self, ids: Tensor) -> Tensor:
            return ids.float() @ torch.ones(4, 2)

    with pytest.raises(ProbeError, match="no embedding"):
        embedding_of(ModuleModel(Numbers()), torch.zeros(1, 4, dtype=torch.int64))


def test_a_word_beyond_the_vocabulary_is_told(reader: Reader, tmp_path: Path) -> None:
    path = as_pt2(reader, tmp_path / "m.pt2")
    ids, _ = texts(4)
    ids[0, 1] = 999
    with pytest.raises(ProbeError, match=r"index out of range|out of range"):
        probe(Job(given(ids), path, tmp_path))


def test_time_that_is_over_is_told(reader: Reader, tmp_path: Path) -> None:
    path = as_pt2(reader, tmp_path / "m.pt2")
    ids, labels = texts(40)
    found = probe(Job(given(ids), path, tmp_path, truth=labels.astype(float), limits=Limits(seconds=0.0)))
    assert 0 < len(found.texts) <= 8
    assert found.sanity == ()
    assert any("all texts were explained" in note for note in found.notes)


def test_values_without_classes(tmp_path: Path) -> None:
    path = exported(
        nn.Sequential(Bag(), nn.Linear(2, 1)).eval(), torch.ones(2, 4, dtype=torch.int64), tmp_path / "m.pt2"
    )
    ids = np.array([[1, 3, 2, 0], [5, 2, 2, 3], [5, 5, 0, 0]])
    found = probe(Job(TextInput(ids, (("a", "b", "c"), ("a", "b", "c", "d"), ("a", "b")), 0), path, tmp_path))
    assert found.head == "value"
    assert found.accuracy is None
    assert found.faithfulness == ()
    outputs = [one.output for one in found.texts]
    assert outputs == sorted(outputs)
    assert all(one.share is None for one in found.texts)


def test_another_way_to_read_texts_is_another_result() -> None:
    ids, _ = texts(4)
    base = given(ids)
    keys = {content_key(Job(one), "w") for one in (
        base,
        replace(base, hidden=None),
        replace(base, pad=None),
        replace(base, special=()),
        replace(base, notes=("otherwise",)),
        replace(base, places=base.placed * 0),
        replace(base, words=tuple(("x",) * len(words) for words in base.words)),
    )}  # fmt: skip
    assert len(keys) == 7
    factories = {content_key(Job(base, factory=Factory("m:b", content=content)), "w") for content in ("", "a", "b")}
    assert len(factories) == 3
