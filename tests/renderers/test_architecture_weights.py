"""Weights in numbers: distributions, sizes, zeros, channels that are off, filters, words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_models import (
    MLP,
    ResNet,
    Transformer,
    checkpoint,
    figures,
    insights,
    network,
    page,
    shown_of,
    statistics_of,
    weights,
)

from dlviz_docs.model import Module, Network, Operation, Tensor
from dlviz_docs.view import Gallery, Plot, Table


def trained(seed: int = 0) -> dict[str, np.ndarray]:
    """ResNet-20 with statistics of batches, and everything a little off its start."""
    rng, found = np.random.default_rng(seed), weights(ResNet())
    for name, array in found.items():
        if name.endswith("running_var"):
            array[:] = rng.uniform(0.5, 2, array.shape)
        elif array.dtype == np.float32:
            array += rng.normal(0, 0.05, array.shape).astype(np.float32)
    return found


def resnet(arrays: dict[str, np.ndarray]) -> Network:
    return network(ResNet(), moments=[arrays])


def plot(one: Network, name: str) -> Plot:
    spec = figures(page(one))[name].spec
    assert isinstance(spec, Plot)
    return spec


def rows(one: Network, name: str) -> list[list[str]]:
    spec = figures(page(one))[name].spec
    assert isinstance(spec, Table)
    return [[cell.text for cell in row] for row in spec.rows]


# --- nothing odd, nothing said ----------------------------------------------------------------------------------------


def test_healthy_weights_have_no_findings_but_facts() -> None:
    shown = page(resnet(trained()))
    assert set(insights(shown)) == {"model-size", "kinds-inferred"}
    assert {"not-finite", "off", "zeros"} & set(figures(shown)) == set()


# --- distributions and sizes ------------------------------------------------------------------------------------------


def test_quantiles_by_name_are_those_of_numpy() -> None:
    arrays = trained()
    spec = plot(resnet(arrays), "distributions")
    outer, inner = spec.layers
    assert "in the order of the file" in figures(page(resnet(arrays)))["distributions"].caption
    assert spec.y.categories[0] == "conv1"
    assert len(spec.y.categories) == 22
    values = arrays["conv1.weight"]
    width = float(values.max() - values.min()) / 64
    for layer, shares in ((outer, (0.01, 0.99)), (inner, (0.25, 0.75))):
        assert layer.low is not None
        assert layer.high is not None
        low, high = np.quantile(values, shares)
        assert layer.low[0] == pytest.approx(low, abs=width)
        assert layer.high[0] == pytest.approx(high, abs=width)


def test_many_layers_are_drawn_by_depth() -> None:
    spec = plot(network(Transformer()), "distributions")
    assert [layer.mark for layer in spec.layers] == ["area", "area", "line"]
    assert spec.x.label == "layer, in order"


def test_sizes_are_set_beside_what_they_began_with() -> None:
    shown = page(network(MLP(100, 200, 50)))
    figure = figures(shown)["sizes"]
    assert isinstance(figure.spec, Plot)
    he, own = figure.spec.layers
    assert he.y.tolist() == pytest.approx([0.02**0.5, 0.01**0.5])
    assert own.y[0] == pytest.approx(he.y[0] * 0.41, rel=0.03)
    assert ": all have 0.41 to 0.41 times that." in figure.caption
    assert ": smallest in “" in figures(page(resnet(trained())))["sizes"].caption
    assert figure.caption.endswith("PyTorch's own layers begin at 0.41 times that.")


def test_one_layer_far_out_does_not_flatten_the_others() -> None:
    arrays = weights(MLP(*(64,) * 10))
    assert plot(network(MLP(*(64,) * 10), moments=[arrays]), "distributions").x.high is None
    arrays["6.weight"] *= 50
    figure = figures(page(network(MLP(*(64,) * 10), moments=[arrays])))["distributions"]
    assert isinstance(figure.spec, Plot)
    assert figure.spec.x.high == pytest.approx(0.12, abs=0.01)
    assert figure.spec.x.low == -figure.spec.x.high  # type: ignore[operator]
    assert figure.caption.endswith("They spread widest in “6”, to 6.1, which is beyond the picture.")


def test_matrices_of_products_have_what_comes_in_first() -> None:
    """As ONNX has them: their rows are no units, and their fan-in is the number of rows."""
    rng = np.random.default_rng(0)
    arrays = {
        "up": rng.normal(0, (2 / 64) ** 0.5, (64, 512)).astype(np.float32),
        "down": rng.normal(0, (2 / 512) ** 0.5, (512, 16)).astype(np.float32),
        "out": rng.normal(0, (2 / 16) ** 0.5, (20, 16)).astype(np.float32),
    }
    for array in arrays.values():
        array[3] = 0
    operations = (
        Operation("a", "MatMul", inputs=("x",), tensors=("up",)),
        Operation("b", "Gemm", inputs=("a",), tensors=("down",)),
        Operation("c", "Gemm", inputs=("b",), tensors=("out",), settings={"transB": 1}),
    )
    shown = page(Network("n", "graph", (checkpoint(arrays),), operations=operations))
    he = figures(shown)["sizes"].spec
    assert isinstance(he, Plot)
    assert he.layers[0].y.tolist() == pytest.approx([(2 / 64) ** 0.5, (2 / 512) ** 0.5, (2 / 16) ** 0.5])
    assert insights(shown)["dead-filters"].text.startswith("1 of 20 filters of “c” is off")


@pytest.mark.parametrize(
    ("kind", "tensor", "shape", "fan_in"),
    [
        ("Conv2D", "kernel", (3, 3, 4, 8), 36),
        ("DepthwiseConv2D", "depthwise_kernel", (3, 3, 128, 1), 9),
        ("DepthwiseConv2D", "kernel", (3, 3, 128, 1), 9),
        ("SeparableConv2D", "pointwise_kernel", (1, 1, 128, 256), 128),
        ("Dense", "kernel", (32, 10), 32),
        ("EinsumDense", "kernel", (32, 4, 8), np.nan),
        ("Conv1D", "weight", (32, 96), 32),
        ("Conv2d", "weight", (8, 4, 3, 3), 36),
    ],
)
def test_fan_in_is_what_a_unit_takes_in(kind: str, tensor: str, shape: tuple[int, ...], fan_in: float) -> None:
    arrays = {f"{path}.{tensor}": np.ones(shape, np.float32) for path in "ab"}
    modules = (Module("", ""), *(Module(path, kind, tensors=(f"{path}.{tensor}",)) for path in "ab"))
    spec = plot(Network("n", "modules", (checkpoint(arrays),), modules), "sizes")
    assert spec.layers[0].y.tolist() == pytest.approx([(2 / fan_in) ** 0.5] * 2, nan_ok=True)


def test_layers_without_statistics_are_left_out() -> None:
    one = network(MLP(8, 8, 8, 8))
    kept = {name: s for name, s in one.last.statistics.items() if not name.startswith("2.")}
    spec = plot(replace(one, checkpoints=(replace(one.last, statistics=kept),)), "distributions")
    assert spec.y.categories == ("0", "4")
    shown = shown_of(one, checkpoints=(replace(one.last, statistics={}),))
    assert {"distributions", "sizes", "zeros", "off", "not-finite"} & set(figures(shown)) == set()


# --- what is no number ------------------------------------------------------------------------------------------------


def test_weights_that_are_no_numbers_are_serious() -> None:
    arrays = trained()
    arrays["layer2.1.conv1.weight"][0, 0, 0] = np.nan
    arrays["fc.bias"][3] = np.inf
    shown = page(resnet(arrays))
    said = insights(shown)["weights-not-finite"]
    assert (said.severity, said.text) == (
        "serious",
        "3 NaN and 1 infinite value in 2 of 128 tensors, “layer2.1.conv1.weight” and “fc.bias”: such a model answers "
        "with NaN.",
    )
    assert rows(resnet(arrays), "not-finite") == [
        ["layer2.1.conv1.weight", "3", "0", "9,216"],
        ["fc.bias", "0", "1", "10"],
    ]
    spec = figures(shown)["layers"].spec
    assert isinstance(spec, Table)
    place = [column.label for column in spec.columns].index("RMS")
    assert {row[0].text: row[place].text for row in spec.rows}["layer2.1.conv1"] == "not finite"


def test_a_model_of_nan_alone_is_told_and_drawn_as_far_as_it_goes() -> None:
    arrays = {name: np.full(a.shape, np.nan, np.float32) for name, a in weights(MLP(8, 8, 8)).items()}
    shown = page(network(MLP(8, 8, 8), moments=[arrays, arrays]))
    assert insights(shown)["weights-not-finite"].text.startswith("144 NaN in all 4 tensors")
    assert {"distributions", "sizes"} & set(figures(shown)) == set()
    assert "weights-zero" not in insights(shown)
    assert "nothing-moved" not in insights(shown)


def test_masks_are_infinite_on_purpose_and_broken_optimizers_are_no_broken_models() -> None:
    one = network(MLP(8, 8, 8))
    arrays = {"attn_mask": np.triu(np.full((4, 4), -np.inf), 1), "state.0.exp_avg": np.full(4, np.nan)}
    tensors = (
        Tensor("attn_mask", (4, 4), "float32", 64, "buffer"),
        Tensor("state.0.exp_avg", (4,), "float32", 16, "optimizer"),
    )
    statistics = {**one.last.statistics, **{name: statistics_of(array) for name, array in arrays.items()}}
    last = replace(one.last, tensors=(*one.last.tensors, *tensors), statistics=statistics)
    said = insights(page(replace(one, checkpoints=(last,))))["weights-not-finite"]
    assert said.text == "4 NaN in 1 of 6 tensors, “state.0.exp_avg”: training cannot go on from there."
    variance = Tensor("bn.running_var", (4,), "float32", 16, "buffer")
    assert not variance.may_be_infinite


# --- what does nothing ------------------------------------------------------------------------------------------------


def test_channels_that_are_switched_off_are_counted_and_listed() -> None:
    arrays = trained()
    arrays["layer3.1.bn2.weight"][:3] = (0.0, 1e-5, -1e-6)
    one = resnet(arrays)
    said = insights(page(one))["dead-channels"]
    assert (said.severity, said.text) == (
        "info",
        "3 of 64 channels of “layer3.1.bn2” are off: the scale of their normalisation is below 0.001 of their layer's "
        "median.",
    )
    assert rows(one, "off") == [["layer3.1.bn2", "scale", "3", "64", "4.7 %"]]
    for stage in (1, 2, 3):
        for block in range(3):
            arrays[f"layer{stage}.{block}.bn1.weight"][::8] = 0
    said = insights(page(resnet(arrays)))["dead-channels"]
    assert said.severity == "warning"
    assert said.text.startswith("45 of 784 channels (5.7 %) in 10 layers are off, most in “layer3.0.bn1” (8 of 64)")


def test_filters_of_nothing_are_counted_and_rows_of_a_vocabulary_are_not() -> None:
    arrays = trained()
    arrays["layer1.0.conv1.weight"][5] = 1e-9
    said = insights(page(resnet(arrays)))["dead-filters"]
    assert said.text.startswith("1 of 16 filters of “layer1.0.conv1” is off: the norm of their weights is below 0.001")
    tokens = weights(Transformer(2))
    tokens["embed.weight"][:500] = 0
    tokens["head.weight"] = tokens["embed.weight"]
    assert "dead-filters" not in insights(page(network(Transformer(2), moments=[tokens])))


def test_channels_whose_input_never_varied_are_told() -> None:
    arrays = trained()
    arrays["layer2.0.bn1.running_var"][:4] = 1e-12
    said = insights(page(resnet(arrays)))["silent-channels"]
    assert said.text.startswith("4 of 784 channels (0.5 %) hardly varied in training")
    assert said.text.endswith("Most of a layer: 4 of 32 in “layer2.0.bn1”.")


def test_statistics_of_no_batch_are_a_warning() -> None:
    arrays = trained()
    arrays["bn1.running_mean"][:] = 0
    arrays["bn1.running_var"][:] = 1
    said = insights(page(resnet(arrays)))["statistics-unused"]
    assert said.text == (
        "1 of 21 layers of batch normalisation has a running mean of 0 and a variance of 1: it has seen no batch in "
        "training mode."
    )
    assert insights(page(network(ResNet())))["statistics-unused"].text.startswith("All 21 layers of batch")


def test_matrices_of_zeros_and_of_one_number_are_warnings() -> None:
    arrays = weights(MLP(8, 8, 8, 8))
    arrays["0.weight"][:] = 0
    arrays["2.weight"][:] = 0.01
    said = insights(page(network(MLP(8, 8, 8, 8), moments=[arrays])))
    assert said["weights-zero"].text == (
        "All weights of “0.weight” are zero: nothing that comes in reaches the output."
    )
    assert said["weights-constant"].text == ("All weights of “2.weight” are one number: every unit computes the same.")


def test_positions_that_begin_at_zero_are_between_nothing() -> None:
    arrays = {"pos_embed": np.zeros((1, 9, 8), np.float32), "cls_token": np.ones((1, 1, 8), np.float32)}
    modules = (Module("", "", tensors=("pos_embed", "cls_token")), Module("pos", "", tensors=("pos_embed",)))
    modules += (Module("token", "", tensors=("cls_token",)),)
    said = insights(page(Network("vit", "weights", (checkpoint(arrays),), modules)))
    assert said["weights-zero"].text == "All weights of “pos_embed” are zero."
    assert "weights-constant" not in said


def test_zeros_of_quantised_weights_are_no_pruning() -> None:
    one = network(MLP(20, 20, 20), moments=[{n: np.zeros_like(a) for n, a in weights(MLP(20, 20, 20)).items()}])
    assert "weights-sparse" in insights(page(one))
    whole = replace(one.last, tensors=tuple(replace(tensor, dtype="int8") for tensor in one.last.tensors))
    assert "weights-sparse" not in insights(page(replace(one, checkpoints=(whole,))))


def test_an_adapter_that_has_not_begun_is_called_that() -> None:
    arrays = {
        "base.layers.0.q_proj.lora_A.weight": np.random.default_rng(0).normal(size=(4, 32)).astype(np.float32),
        "base.layers.0.q_proj.lora_B.weight": np.zeros((32, 4), np.float32),
    }
    modules = (
        Module("", ""),
        Module("base.layers.0.q_proj.lora_A", "Linear", tensors=("base.layers.0.q_proj.lora_A.weight",)),
        Module("base.layers.0.q_proj.lora_B", "Linear", tensors=("base.layers.0.q_proj.lora_B.weight",)),
    )
    said = insights(page(Network("adapter", "weights", (checkpoint(arrays),), modules)))
    assert said["weights-zero"].text.endswith("are zero: an adapter begins there: it has learnt nothing.")


def test_pruned_weights_are_sparse() -> None:
    arrays = weights(MLP(20, 20, 20))
    arrays["0.weight"][:, ::2] = 0
    one = network(MLP(20, 20, 20), moments=[arrays])
    said = insights(page(one))["weights-sparse"]
    assert said.text == (
        "25 % of the weights of matrices and filters are exactly zero (200), most in “0” (50 %): as after pruning."
    )
    spec = plot(one, "zeros")
    assert spec.layers[0].x.tolist() == [50, 0]
    assert spec.y.categories == ("0", "2")
    assert "weights-sparse" not in insights(page(network(MLP(20, 20, 20))))


# --- pictures and words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "what"),
    [
        ((64, 3, 7, 7), "Three channels are shown as red, green and blue"),
        ((32, 1, 5, 5), "Negative weights are blue, positive ones red"),
        ((80, 1, 16), "Negative weights are blue, positive ones red"),
    ],
)
def test_first_filters_are_pictures(shape: tuple[int, ...], what: str) -> None:
    arrays = {"conv1.weight": np.random.default_rng(0).normal(size=shape).astype(np.float32)}
    one = Network("n", "weights", (checkpoint(arrays),), filters={"conv1.weight": arrays["conv1.weight"].astype(float)})
    figure = figures(page(one))["filters"]
    assert isinstance(figure.spec, Gallery)
    (item,) = figure.spec.items
    (thumb,) = item.pictures
    assert thumb.key == "filters:0:conv1.weight"
    assert max(thumb.width, thumb.height) <= 512
    assert item.facts[0] == ("filters", f"{shape[0]}")
    assert what in figure.caption


def test_what_makes_no_picture_has_none() -> None:
    one = network(MLP(3, 4))
    assert "filters" not in figures(shown_of(one, filters={"0.weight": np.ones((4, 3))}))
    assert "filters" not in figures(shown_of(one, filters={"0.weight": np.ones((4, 0, 3, 3))}))


def test_words_that_lie_close_are_neighbours() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(size=(10, 16))
    points = np.concatenate([base, base + 0.01 * rng.normal(size=base.shape), np.zeros((1, 16))])
    words = (*(f"word{chr(97 + i)}" for i in range(10)), *(f"twin{chr(97 + i)}" for i in range(10)), "nothing")
    arrays = {"embed.weight": points.astype(np.float32)}
    one = Network(
        "n", "weights", (checkpoint(arrays),), filters={"embed.weight": points}, words={"embed.weight": words}
    )
    shown = figures(page(one))
    table = shown["words-1"].spec
    assert isinstance(table, Table)
    told = {row[0].text: row[1].text for row in table.rows}
    assert len(told) == 20
    assert all(told[f"word{c}"].startswith(f"twin{c} 1.00, ") for c in "abcdefghij")
    dots = shown["words-1-map"].spec
    assert isinstance(dots, Plot)
    assert dots.layers[0].notes[0] == "worda"
    assert len(dots.layers[0].x) == 20


@pytest.mark.parametrize("words", [(), ("a",) * 5, ("1", "2", "3", "4", "5", "6", "7", "8")])
def test_words_that_do_not_fit_are_passed_over(words: tuple[str, ...]) -> None:
    points = np.random.default_rng(0).normal(size=(8, 4))
    one = Network("n", "weights", (checkpoint({"e": points}),), filters={"e": points}, words={"e": words, "f": words})
    assert not any(name.startswith("words") for name in figures(page(one)))


def test_statistics_of_made_weights_are_what_the_readers_give() -> None:
    """The helper that all of these tests stand on."""
    found = statistics_of(np.array([[1.0, np.nan], [-np.inf, 0.0], [3.0, 4.0]]))
    assert (found.nan, found.infinite, found.zeros, found.minimum, found.maximum) == (1, 1, 1, 0.0, 4.0)
    assert (found.mean, found.norm) == (2.0, pytest.approx(26**0.5))
    assert found.rows is not None
    assert found.rows.tolist() == [1, 0, 5]
    assert found.counts.sum() == 4
