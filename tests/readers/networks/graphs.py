"""Models as files of each exporter, each made once for all tests."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from functools import cache
from pathlib import Path

import torch
from exported_models import MODELS
from more_models import MORE

__all__ = ["exported", "flops", "onnx_file", "script_file", "shapes_of"]

_ALL = {**MODELS, **MORE}
_FOLDER = tempfile.TemporaryDirectory(prefix="graphs")  # removed when the tests end


def _path(name: str) -> Path:
    return Path(_FOLDER.name) / name


@cache
def exported(name: str, dynamic: bool = False, few: bool = False) -> Path:
    """A `.pt2` file; with a first axis that varies, or in the few operators that all others come down to, if asked."""
    made = _ALL[name]
    shapes = ({0: torch.export.Dim("batch")},) if dynamic else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(made.model(), (made.example(),), dynamic_shapes=shapes)
        if few:
            program = program.run_decompositions()
    path = _path(f"{name}{'-dynamic' if dynamic else ''}{'-few' if few else ''}.pt2")
    torch.export.save(program, path)
    return path


@cache
def onnx_file(name: str, dynamo: bool = True, dynamic: bool = False) -> Path:
    """An ONNX file of the present exporter, or of the one by TorchScript."""
    made = _ALL[name]
    path = _path(f"{name}-{'dynamo' if dynamo else 'script'}{'-dynamic' if dynamic else ''}.onnx")
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        if dynamo:
            shapes = ({0: torch.export.Dim("batch")},) if dynamic else None
            torch.onnx.export(
                made.model(),
                (made.example(),),
                path,
                dynamo=True,
                external_data=False,
                verbose=False,
                dynamic_shapes=shapes,
            )
        else:
            axes = {"x": {0: "batch"}} if dynamic else None
            torch.onnx.export(made.model(), (made.example(),), path, dynamo=False, input_names=["x"], dynamic_axes=axes)
    logging.disable(logging.NOTSET)
    return path


@cache
def script_file(name: str, traced: bool = False) -> Path:
    """A TorchScript archive."""
    made = _ALL[name]
    path = _path(f"{name}-{'traced' if traced else 'scripted'}.pt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = made.model()
        script = torch.jit.trace(model, made.example(), check_trace=False) if traced else torch.jit.script(model)
        script.save(str(path))
    return path


def flops(name: str) -> float:
    """Multiply-adds as PyTorch counts them, which passes by attention that is fused: it is done in steps."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    made = _ALL[name]
    torch.backends.mha.set_fastpath_enabled(False)
    with FlopCounterMode(display=False) as counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        made.model()(made.example())
    torch.backends.mha.set_fastpath_enabled(True)
    return counter.get_total_flops() / 2


def shapes_of(name: str) -> dict[str, tuple[int, ...]]:
    """Shape of what each module makes, by its path, in one run."""
    made, found = _ALL[name], {}
    model = made.model()

    def note(path):
        def hook(module, inputs, output):
            if isinstance(output, torch.Tensor):
                found[path] = tuple(output.shape)

        return hook

    for path, module in model.named_modules():
        module.register_forward_hook(note(path))
    with torch.no_grad():
        model(made.example())
    return found
