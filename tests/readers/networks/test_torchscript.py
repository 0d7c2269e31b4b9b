"""TorchScript archives, held to the modules they were made of."""

from __future__ import annotations

import contextlib
import zipfile
from pathlib import Path

import pytest
import torch
from exported_models import MODELS
from graphs import script_file

from dlviz_docs.errors import ReadError
from dlviz_docs.readers.networks._script_code import classes_in, plain_name
from dlviz_docs.readers.networks.torchscript import read_torchscript

CORPUS = "ckpt_silero_vad/data/silero_vad.jit"
SCRIPTABLE = [name for name in MODELS if name != "vision"]


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("name", SCRIPTABLE)
def test_modules_and_weights_are_those_of_the_model(name: str, traced: bool) -> None:
    if traced and name == "recurrent":
        pytest.skip("tracing takes no dicts")
    path, model = script_file(name, traced), MODELS[name].model()
    found = read_torchscript(path, path.parent)
    assert found.evidence == "modules"
    assert found.problems == ()
    kinds = {path: type(module).__name__ for path, module in model.named_modules()}
    assert {module.path: module.kind for module in found.modules} == kinds
    state = model.state_dict()
    assert {tensor.name: tensor.shape for tensor in found.tensors} == {
        key: tuple(value.shape) for key, value in state.items()
    }
    for module in found.modules:
        own = dict(model.get_submodule(module.path).named_parameters(recurse=False, remove_duplicate=False))
        own |= dict(model.get_submodule(module.path).named_buffers(recurse=False))
        assert set(module.tensors) == {f"{module.path}.{key}" if module.path else key for key in own}
    buffers = {name for name, _ in model.named_buffers()}
    assert {tensor.name for tensor in found.tensors if tensor.role == "buffer"} == buffers


@pytest.mark.parametrize("traced", [False, True])
def test_settings_of_convolutions_are_kept(traced: bool) -> None:
    path = script_file("resnet", traced)
    modules = {module.path: module for module in read_torchscript(path, path.parent).modules}
    for key, layer in MODELS["resnet"].model().named_modules():
        if isinstance(layer, torch.nn.Conv2d):
            told = modules[key].settings
            for name in ("kernel_size", "stride", "padding", "dilation", "groups", "in_channels", "out_channels"):
                assert told[name] == getattr(layer, name), (key, name)
    assert modules["maxpool"].settings["kernel_size"] in (3, (3, 3))


def test_blocks_that_repeat_are_found() -> None:
    path = script_file("resnet")
    modules = read_torchscript(path, path.parent).modules
    assert [module.path for module in modules if module.stand_in == "layer1.0"] == ["layer1.1", "layer1.2"]


def test_a_file_of_others(corpora: Path) -> None:
    found = read_torchscript(corpora / CORPUS, corpora)
    modules = {module.path: module for module in found.modules}
    assert modules["_model.encoder.1"].kind == "SileroVadBlock"
    assert modules["_model.encoder.1.reparam_conv"].settings["stride"] == (2,)
    assert modules["_model.decoder.rnn"].settings["hidden_size"] == 128
    assert modules["_model.stft"].settings["hop_length"] == 128
    with pytest.warns(DeprecationWarning, match="deprecated"):
        oracle = torch.jit.load(corpora / CORPUS)  # noqa: TID251 (the oracle)
    assert {name for name, _ in oracle.named_modules()} == set(modules)
    assert {name: tuple(value.shape) for name, value in oracle.named_parameters()} == {
        tensor.name: tensor.shape for tensor in found.tensors if tensor.role == "parameter"
    }


def test_code_is_searched_and_not_run(tmp_path: Path) -> None:
    text = (
        "class Conv2d(Module):\n"
        '  __parameters__ = ["weight", "bias", ]\n'
        "  stride : Final[Tuple[int, int]] = (2, 2)\n"
        "  evil : Final[int] = __import__('os').system('touch x')\n"
        f"  deep : Final[int] = {'(' * 300}\n"
        "  names : Final[List[str]] = ['a', 'b']\n"
        "  mixed : Final[Tuple[int, str]] = (1, 'b')\n"
        "class Other:\n"
        "  p : Final[float] = 0.10000000149011612\n"
    )
    classes = dict(classes_in(text))
    assert classes["Conv2d"].settings == {"stride": (2, 2), "names": ("a", "b")}
    assert classes["Conv2d"].parameters == {"weight", "bias"}
    assert classes["Other"].settings == {"p": 0.1}


def test_names_of_classes() -> None:
    assert plain_name("__torch__.torch.nn.modules.conv.___torch_mangle_3", "Conv2d") == "Conv2d"
    assert plain_name("__torch__.net", "Net___torch_mangle_3") == "Net"


def test_what_is_no_torchscript_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02N.")
    with pytest.raises(ReadError, match="no TorchScript"):
        read_torchscript(path, tmp_path)
    path.write_bytes(b"")
    with pytest.raises(ReadError):
        read_torchscript(path, tmp_path)


def test_damaged_archives_give_what_they_hold(tmp_path: Path) -> None:
    whole = script_file("policy").read_bytes()
    path = tmp_path / "a.pt"
    for size in range(0, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:size])
        with contextlib.suppress(ReadError):
            assert read_torchscript(path, tmp_path).format == "TorchScript"
    with zipfile.ZipFile(script_file("policy")) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if not name.endswith(".py"):
                new.writestr(name, old.read(name))
        new.writestr("policy-scripted/code/x.py", "\0\xff" * 100)
    assert len(read_torchscript(path, tmp_path).modules) == 8


def test_modules_within_themselves_end(tmp_path: Path) -> None:
    # a module whose attribute is itself: GLOBAL, EMPTY_TUPLE, NEWOBJ, memoised, then BUILD with {"a": itself}
    pickle = b"\x80\x02c__torch__\nM\n)\x81q\x00}X\x01\x00\x00\x00ah\x00sb."
    path = tmp_path / "a.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", pickle)
        archive.writestr("a/constants.pkl", b"\x80\x02).")
        archive.writestr("a/code/__torch__.py", "class M(Module):\n")
        archive.writestr("a/version", "3")
    assert [module.path for module in read_torchscript(path, tmp_path).modules] == [""]
