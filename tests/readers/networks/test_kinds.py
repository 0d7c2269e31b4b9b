"""Kinds of layers inferred from a state dict, against the modules that it is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from architectures import ARCHITECTURES
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune

from dlviz_docs.model import Module, Tensor
from dlviz_docs.readers.networks._groups import role_of
from dlviz_docs.readers.networks._state_names import shown
from dlviz_docs.readers.networks.kinds import modules_of

INFERRED_ALONE = {"Attention", "MLP", "GatedMLP", ""}
"""What a container of the author's own class may be said to be."""


def tensors_of(state: Mapping[str, torch.Tensor]) -> list[Tensor]:
    found = []
    for name, value in state.items():
        dtype = str(value.dtype).removeprefix("torch.")
        octets = value.numel() * value.element_size()
        found.append(Tensor(name, tuple(value.shape), dtype, octets, role_of(name, dtype)))
    return found


def shaped(**shapes: tuple[int, ...]) -> dict[str, Module]:
    """Modules by path, of tensors by name with "__" for the dots."""
    tensors = [Tensor(name.replace("__", "."), shape, "float32", 0) for name, shape in shapes.items()]
    return {module.path: module for module in modules_of(tensors)}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_layer_with_weights_has_its_kind(name: str) -> None:
    model = ARCHITECTURES[name]()
    truth = dict(model.named_modules())
    found = {module.path: module for module in modules_of(tensors_of(model.state_dict()))}
    assert set(found) <= set(truth)
    for path, module in truth.items():
        if not list(module.state_dict()) or not (module._parameters or module._buffers):
            continue
        said = type(module).__name__.replace("NonDynamicallyQuantizableLinear", "Linear")
        own = type(module).__module__ in ("architectures", "torch.nn.modules.module")
        assert found[path].kind in (INFERRED_ALONE if own else {said}), path
        assert found[path].inferred == bool(found[path].kind)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_settings_that_are_said_are_true(name: str) -> None:
    model = ARCHITECTURES[name]()
    truth = dict(model.named_modules())
    checked = 0
    for found in modules_of(tensors_of(model.state_dict())):
        for key, value in found.settings.items():
            told = getattr(truth[found.path], key, None)
            if key == "bias" and hasattr(truth[found.path], key) and not isinstance(told, bool):
                told = told is not None
            assert told is None or told == value, (found.path, key)
            checked += told is not None
    assert checked


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_tensor_is_in_one_module_and_buffers_are_told(name: str) -> None:
    model = ARCHITECTURES[name]()
    modules = modules_of(tensors_of(model.state_dict()))
    named = [tensor for module in modules for tensor in module.tensors]
    assert sorted(named) == sorted(model.state_dict())
    buffers = {tensor.name for tensor in tensors_of(model.state_dict()) if tensor.role == "buffer"}
    assert buffers == {name for name, _ in model.named_buffers()}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_blocks_come_before_what_is_in_them(name: str) -> None:
    seen: set[str] = set()
    for module in modules_of(tensors_of(ARCHITECTURES[name]().state_dict())):
        assert not module.path or module.path.rpartition(".")[0] in seen
        assert module.path not in seen
        seen.add(module.path)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda name: f"module.{name}",
        lambda name: f"_orig_mod.{name}",
        lambda name: f"module._orig_mod.model.{name}",
        lambda name: name.replace("layer1.", "layer1._checkpoint_wrapped_module."),
    ],
)
def test_what_wrappers_add_to_names_is_left_out(wrap: Any) -> None:
    state = ARCHITECTURES["ResNet"]().state_dict()
    plain = modules_of(tensors_of(state))
    wrapped = modules_of(tensors_of({wrap(name): value for name, value in state.items()}))
    assert [(m.path, m.kind, dict(m.settings)) for m in wrapped] == [(m.path, m.kind, dict(m.settings)) for m in plain]
    assert [t for m in wrapped for t in m.tensors] == [wrap(t) for m in plain for t in m.tensors]


def test_a_word_that_only_some_names_begin_with_stays() -> None:
    assert shown(["model.a.weight", "lm_head.weight"]) == {name: name for name in ("model.a.weight", "lm_head.weight")}
    assert shown(["model.weight", "model.bias"]) == {"model.weight": "weight", "model.bias": "bias"}
    assert set(shown(["a._orig_mod.w", "a.w"]).values()) == {"a._orig_mod.w", "a.w"}


def test_reparametrised_layers_are_what_they_are_to_be() -> None:
    def convolution() -> nn.Conv2d:
        return nn.Conv2d(3, 8, 3)

    models = {
        "weight norm": nn.utils.parametrizations.weight_norm(convolution()),
        "spectral norm": nn.utils.parametrizations.spectral_norm(convolution()),
        "pruned": prune.l1_unstructured(convolution(), "weight", 0.5),
        "orthogonal": nn.utils.parametrizations.orthogonal(nn.Linear(4, 4)),
    }
    for name, model in models.items():
        found = modules_of(tensors_of(model.state_dict()))[0]
        assert found.kind == ("Linear" if name == "orthogonal" else "Conv2d"), name


def test_adapters_of_low_rank() -> None:
    names = {
        "base_model.model.layers.0.q_proj.base_layer.weight": (32, 16),
        "base_model.model.layers.0.q_proj.lora_A.default.weight": (4, 16),
        "base_model.model.layers.0.q_proj.lora_B.default.weight": (32, 4),
    }
    found = {m.path: m for m in modules_of([Tensor(name, shape, "float32", 0) for name, shape in names.items()])}
    adapter = found["base_model.model.layers.0.q_proj"]
    assert (adapter.kind, dict(adapter.settings)) == ("lora.Linear", {"in_features": 16, "out_features": 32, "r": 4})


def test_layers_packed_in_few_bits() -> None:
    gptq = shaped(q__qweight=(64, 256), q__qzeros=(4, 32), q__scales=(4, 256), q__g_idx=(512,), q__bias=(256,))["q"]
    assert (gptq.kind, dict(gptq.settings)) == ("QuantLinear", {"in_features": 512, "out_features": 256})
    awq = shaped(q__qweight=(512, 32), q__qzeros=(4, 32), q__scales=(4, 256))["q"]
    assert (awq.kind, dict(awq.settings)) == (
        "WQLinear_GEMM",
        {"in_features": 512, "out_features": 256, "bits": 4},
    )
    names = ["q.weight", "q.weight.absmax", "q.weight.quant_map", "q.weight.quant_state.bitsandbytes__nf4"]
    packed = modules_of([Tensor(name, (8, 1), "uint8", 8) for name in names])
    assert [(module.path, module.kind) for module in packed] == [("", ""), ("q", "Linear4bit")]
    assert shaped(q__weight=(8, 4), q__SCB=(8,))["q"].kind == "Linear8bitLt"


def test_linear_layers_of_gpt_2_keep_their_weights_turned() -> None:
    found = shaped(
        wte__weight=(100, 16),
        h__0__attn__c_attn__weight=(16, 48),
        h__0__attn__c_attn__bias=(48,),
        h__0__attn__c_proj__weight=(16, 16),
        h__0__attn__c_proj__bias=(16,),
    )
    assert found["wte"].kind == "Embedding"
    assert found["h.0.attn.c_attn"].kind == found["h.0.attn.c_proj"].kind == "Conv1D"
    assert dict(found["h.0.attn.c_attn"].settings) == {"nx": 16, "nf": 48}


def test_classes_that_a_file_tells_go_before_what_is_inferred() -> None:
    tensors = [Tensor("a.weight", (4, 4), "float32", 64), Tensor("a.bias", (4,), "float32", 16)]
    _, found = modules_of(tensors, {"a": "MyLinear"})
    assert (found.kind, found.inferred) == ("MyLinear", False)
    assert found.settings["in_features"] == 4


def test_the_optimizer_is_no_module() -> None:
    tensors = [Tensor("a.weight", (4, 4), "float32", 64), Tensor("state.0.exp_avg", (4, 4), "float32", 64, "optimizer")]
    assert [module.path for module in modules_of(tensors)] == ["", "a"]


words = st.sampled_from(
    ["weight", "bias", "running_mean", "weight_ih_l0", "weight_hh_l0", "in_proj_weight", "lora_A", "qweight", "scales"]
) | st.sampled_from(["parametrizations", "original1", "0", "a", "module", "q_proj", "k_proj", "v_proj", "é\u202e"])
names = st.lists(words | st.just("") | st.just("x" * 300), min_size=1, max_size=6).map(".".join)
shapes = st.lists(st.integers(0, 5), max_size=6).map(tuple)


@given(st.lists(st.tuples(names, shapes), max_size=12))
def test_names_and_shapes_of_any_kind_are_survived(found: Sequence[tuple[str, tuple[int, ...]]]) -> None:
    tensors = [Tensor(name, shape, "float32", 0) for name, shape in dict(found).items()]
    modules = modules_of(tensors)
    assert sorted(name for module in modules for name in module.tensors) == sorted(tensor.name for tensor in tensors)
    assert len({module.path for module in modules}) == len(modules)
