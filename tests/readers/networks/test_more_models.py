"""What is read of ten architectures is what PyTorch says of them: costs, parameters, layers and shapes."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphs import exported, flops, onnx_file, shapes_of
from more_models import MORE

from dlviz_docs.readers.networks.exported import read_exported
from dlviz_docs.readers.networks.onnx import read_onnx
from dlviz_docs.readers.networks.structure import Structure, network_of

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")

TURNED_LATER = ("attentive", "attention")
"""A module whose last operation ONNX's exporter has made one with the next."""


def structure(name: str, kind: str) -> Structure:
    path: Path = exported(name) if kind == "pt2" else onnx_file(name)
    return network_of((read_exported if kind == "pt2" else read_onnx)(path, path.parent))


def of_graphs(*, but: str = "") -> pytest.MarkDecorator:
    cases = [(name, kind) for name in MORE for kind in ("pt2", "onnx") if (name, kind) != (but, "onnx")]
    return pytest.mark.parametrize(("name", "kind"), cases)


@of_graphs(but="recurrences")
def test_multiply_adds_are_half_of_what_pytorch_counts(name: str, kind: str) -> None:
    found = structure(name, kind)
    assert found.modules[0].macs == flops(name)
    assert "not counted" not in found.facts
    assert found.problems == ()


@pytest.mark.parametrize("name", MORE)
def test_parameters_are_those_of_the_model(name: str) -> None:
    model, found = MORE[name].model(), structure(name, "pt2")
    own = {tensor.name: tensor.shape for tensor in found.tensors if tensor.role == "parameter"}
    assert own == {path: tuple(parameter.shape) for path, parameter in model.named_parameters()}
    paths = {module.path for module in found.modules}
    assert paths >= {path for path, module in model.named_modules() if list(module.parameters(recurse=False))}


@of_graphs()
def test_shapes_are_those_that_hooks_see(name: str, kind: str) -> None:
    modules = {module.path: module for module in structure(name, kind).modules}
    compared = 0
    for path, shape in shapes_of(name).items():
        if path in modules and modules[path].outputs and (name, path) != TURNED_LATER:
            assert modules[path].outputs[0] == shape, path
            compared += 1
    assert compared > 1


@of_graphs()
def test_kinds_are_those_of_the_layers(name: str, kind: str) -> None:
    of_torch = {path: type(module).__name__ for path, module in MORE[name].model().named_modules() if path}
    for module in structure(name, kind).modules:
        if module.kind and module.path in of_torch:
            assert module.kind == of_torch[module.path].replace("NonDynamicallyQuantizable", ""), module.path


def test_a_recurrence_whose_weights_do_not_fit_together_is_not_counted() -> None:
    """PyTorch's exporter mixes up the weights of an LSTM with projections: no numbers follow from such a file."""
    found = structure("recurrences", "onnx")
    assert found.facts["not counted"] == "2 x LSTM"
    whole = structure("recurrences", "pt2")
    assert "not counted" not in whole.facts
    projected = 9 * 2 * 2 * (4 * 16 * (8 + 6) + 16 * 6 + 4 * 16 * (12 + 6) + 16 * 6)
    (lstm,) = (module for module in whole.modules if module.path == "lstm")
    assert lstm.macs == projected
