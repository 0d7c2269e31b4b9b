"""Sentences on what layers and operations do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.insights.layers import describe, describe_operation
from dlviz_docs.model import Module, Operation, Setting, Tensor

SAID: list[tuple[str, dict[str, Setting], str]] = [
    (
        "Conv2d",
        {"in_channels": 3, "out_channels": 64, "kernel_size": (7, 7), "stride": (2, 2)},
        "64 filters of 7 × 7 over 3 channels, in steps of 2",
    ),
    ("Conv2d", {"in_channels": 1, "out_channels": 1, "kernel_size": (3, 3)}, "1 filter of 3 × 3 over 1 channel"),
    (
        "Conv2d",
        {"in_channels": 32, "out_channels": 32, "kernel_size": (3, 3), "groups": 32},
        "32 filters of 3 × 3, each over one channel",
    ),
    (
        "Conv2d",
        {"in_channels": 32, "out_channels": 64, "kernel_size": (3, 3), "groups": 4, "dilation": (2, 2)},
        "64 filters of 3 × 3 over 32 channels, in 4 groups, 2 apart",
    ),
    (
        "Conv2D",
        {"in_channels": 3, "out_channels": 8, "kernel_size": (3, 3), "activation": "relu"},
        "8 filters of 3 × 3 over 3 channels, then relu",
    ),
    ("Conv1d", {"in_channels": 80, "out_channels": 8, "kernel_size": (5,)}, "8 filters of 5 over 80 channels"),
    ("Conv1D", {"nx": 16, "nf": 48}, "48 weighted sums of 16 features"),
    (
        "ConvTranspose2d",
        {"in_channels": 64, "out_channels": 32, "kernel_size": (2, 2), "stride": (2, 2)},
        "spreads 64 channels by 32 filters of 2 × 2 to a grid 2 times as fine",
    ),
    ("Conv2DTranspose", {}, "spreads its input"),
    ("DepthwiseConv2D", {"kernel_size": (3, 3), "out_channels": 8}, "8 filters of 3 × 3, each over one channel"),
    (
        "SeparableConv2D",
        {"kernel_size": (3, 3), "out_channels": 8},
        "a filter of 3 × 3 over each channel, then mixed into 8",
    ),
    ("Linear", {"in_features": 512, "out_features": 10}, "10 weighted sums of 512 features"),
    (
        "Dense",
        {"in_features": 512, "out_features": 1, "activation": "sigmoid"},
        "1 weighted sum of 512 features, then sigmoid",
    ),
    (
        "Embedding",
        {"num_embeddings": 30522, "embedding_dim": 768},
        "a vector of 768 numbers for each of 30,522 entries",
    ),
    (
        "BatchNorm2d",
        {"num_features": 64},
        "normalises each of 64 channels by the mean and spread that training measured, then scales and shifts",
    ),
    ("LayerNormalization", {"num_features": 12}, "normalises every position over 12 features, then scales and shifts"),
    ("GroupNorm", {"num_groups": 8, "num_channels": 64}, "normalises 64 channels in 8 groups, then scales and shifts"),
    ("LlamaRMSNorm", {"normalized_shape": (16,)}, "divides 16 features by their root mean square, then scales"),
    (
        "LSTM",
        {"input_size": 8, "hidden_size": 6, "num_layers": 2, "bidirectional": True},
        "2 layers that read 8 features step by step, with 6 numbers of memory, in both directions",
    ),
    ("GRUCell", {"input_size": 8, "hidden_size": 6}, "reads 8 features step by step, with 6 numbers of memory"),
    (
        "MultiheadAttention",
        {"embed_dim": 32, "num_heads": 4},
        "every position gathers from the others what it needs, with 4 heads over 32 features",
    ),
    ("lora.Linear", {}, ""),
    ("MaxPool2d", {"kernel_size": 3, "stride": 2}, "keeps the largest of every 3, in steps of 2"),
    ("MaxPooling2D", {"kernel_size": (2, 2), "stride": (2, 2)}, "keeps the largest of every 2 × 2, in steps of 2"),
    ("AdaptiveAvgPool2d", {"output_size": (1, 1)}, "averages all positions of each channel"),
    ("AdaptiveAvgPool2d", {"output_size": (7, 7)}, "averages what falls into each of 7 × 7 cells"),
    ("GlobalMaxPool", {}, "keeps the largest of each channel"),
    ("Dropout", {"p": 0.5}, "sets a share of 0.5 to zero while training, and does nothing after"),
    ("LeakyReLU", {"negative_slope": 0.01}, "keeps 0.01 of negative values, and all of the others"),
    ("Activation", {"activation": "relu"}, "sets negative values to zero"),
    ("Activation", {"activation": "odd"}, "applies odd"),
    ("UpSampling2D", {"scale_factor": (2, 2)}, "makes the grid 2 times as fine"),
    ("aten.relu.default", {}, "sets negative values to zero"),
    ("aten.hardtanh_.default", {}, "keeps values between two bounds"),
    ("aten.cat.default", {}, "puts its inputs side by side"),
    ("Concat", {}, "puts its inputs side by side"),
    ("MyOwnThing", {"out_channels": 3}, ""),
    ("", {}, ""),
]


@pytest.mark.parametrize(("kind", "settings", "said"), SAID)
def test_what_is_said_of_a_layer(kind: str, settings: dict[str, Setting], said: str) -> None:
    assert describe(Module("a", kind, settings=settings)) == said


def test_an_adapter_tells_its_rank() -> None:
    told = describe(Module("a", "lora.Linear", settings={"r": 8}))
    assert told == "a layer, and what was learned on top of it: a product of rank 8"


def test_where_settings_are_silent_the_weight_speaks() -> None:
    weight = Tensor("conv.weight", (16, 3, 5, 5), "float32", 4800)
    assert describe(Module("conv", "Conv"), [weight]) == "16 filters of 5 × 5 over 3 channels"
    linear = Tensor("fc.weight", (10, 84), "float32", 3360)
    assert describe_operation(Operation("fc", "aten.linear.default"), [linear]) == "10 weighted sums of 84 features"


def test_a_product_tells_which_axis_of_its_weight_it_sums_over() -> None:
    weight = Tensor("fc.weight", (10, 84), "float32", 3360)
    turned = Operation("fc", "Gemm", settings={"transB": 1})
    assert describe_operation(turned, [weight]) == "10 weighted sums of 84 features"
    for kind in ("Gemm", "aten.addmm.default"):
        assert describe_operation(Operation("fc", kind), [weight]) == "84 weighted sums of 10 features"


def test_sums_of_arrays_are_told_from_sums_along_an_axis() -> None:
    for kind in ("aten.sum.dim_IntList", "Sum"):
        assert describe_operation(Operation("a", kind, inputs=("x",))) == "adds up along an axis"
    assert describe_operation(Operation("a", "Sum", inputs=("x", "y"))) == "adds its inputs"
    assert describe_operation(Operation("a", "aten.mean.dim", inputs=("x",))) == "averages along an axis"
    assert describe_operation(Operation("a", "Mean", inputs=("x", "y"))) == "averages its inputs"


def test_a_sum_is_told_from_a_shortcut() -> None:
    for kind in ("Add", "aten.add.Tensor", "aten.add_.Tensor"):
        assert describe_operation(Operation("a", kind), shortcut=True) == "adds the shortcut"
        assert describe_operation(Operation("a", kind)) == "adds its inputs"


settings = st.dictionaries(
    st.sampled_from([key for _, told, _ in SAID for key in told]),
    st.one_of(
        st.integers(-3, 10**12),
        st.floats(),
        st.booleans(),
        st.text(max_size=5),
        st.none(),
        st.tuples(st.integers(0, 9)),
    ),
    max_size=5,
)


@given(st.sampled_from([kind for kind, _, _ in SAID]), settings, st.lists(st.integers(0, 9), max_size=5).map(tuple))
def test_settings_of_any_kind_are_survived(kind: str, told: dict[str, Setting], shape: tuple[int, ...]) -> None:
    said = describe(Module("a", kind, settings=told), [Tensor("a.weight", shape, "float32", 0)])
    assert not said.endswith(".")
    assert "None" not in said
