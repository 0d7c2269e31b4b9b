"""Which names in a pickle are foreign: what loading would import or call beyond PyTorch's own and plain containers."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

from dlviz_docs.readers.networks._nodes import Global

__all__ = ["foreign", "reaching_out"]

_PLAIN = {
    "collections": {"OrderedDict", "defaultdict", "Counter", "deque"},
    "builtins": {"set", "frozenset", "bytearray", "complex", "dict", "list", "tuple", "int", "float", "str", "bool"}
    | {"slice", "range", "object", "bytes", "long", "unicode", "type", "NoneType", "Ellipsis"},
    "copyreg": {"_reconstructor"},
    "_codecs": {"encode"},
    "numpy": {"dtype", "ndarray"},
    "numpy.core.multiarray": {"scalar", "_reconstruct"},
    "numpy.core.numeric": {"_frombuffer"},
}
_OLD = {"__builtin__": "builtins", "copy_reg": "copyreg"}
"""Modules under their names in Python 2, which pickles of protocol 2 still have."""
_TORCH = {
    "torch": re.compile(
        r"(\w+Storage|Size|device|Tensor|\w+Tensor|per_(tensor|channel)_affine|strided|sparse_\w+"
        r"|q?u?int\d+(x\d)?|quint\dx\d|b?float\d+\w*|complex\d+|bool|channels_last\w*|contiguous_format)"
    ),
    "torch.cuda": re.compile(r"\w+(Storage|Tensor)"),
    "torch.storage": re.compile(r"(Untyped|Typed|_)\w*Storage\w*"),
    "torch._utils": re.compile(r"_rebuild_\w+"),
    "torch._tensor": re.compile(r"_rebuild_from_type_v2|Tensor"),
    "torch.tensor": re.compile(r"_rebuild_from_type"),
    "torch.serialization": re.compile(r"_get_layout"),
    "torch.nn.parameter": re.compile(r"Parameter|Buffer|UninitializedParameter|UninitializedBuffer"),
    "torch.autograd.variable": re.compile(r"Variable"),
    "torch.jit._pickle": re.compile(r"build_\w+|restore_type_tag"),
    "torch.backends.cudnn.rnn": re.compile(r"Unserializable"),
    "torch.distributed._tensor.api": re.compile(r"DTensor"),
}
_TORCH_CLASSES = re.compile(r"torch\.(nn|optim|ao|amp|cuda\.amp|utils\.data|distributions)(\.\w+)*")
"""Modules of PyTorch whose classes are models, optimizers and the like; their functions are listed."""
_CLASS = re.compile(r"_?[A-Z]\w*")
_DATA = {
    "argparse": {"Namespace"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "fractions": {"Fraction"},
    "functools": {"partial"},
    "pathlib": {"Path", "PosixPath", "PurePath", "PurePosixPath", "WindowsPath", "PureWindowsPath"},
    "pathlib._local": {"Path", "PosixPath", "WindowsPath"},
    "typing": {"Any", "Dict", "List", "Optional", "Tuple", "Union"},
    "types": {"SimpleNamespace"},
    "uuid": {"UUID"},
    "zoneinfo": {"ZoneInfo"},
    "inspect": {"_empty", "Parameter", "Signature"},
    "random": {"Random"},
    "re": {"_compile"},
    "logging": {"Logger", "getLogger"},
    "__future__": set(),
}
"""Of Python's own library: what holds data or settings."""


def foreign(names: Iterable[Global]) -> tuple[str, ...]:
    """Those that are neither PyTorch's own nor plain containers and numbers, as "module.name"; each once, in order."""
    return tuple(dict.fromkeys(_shown(name) for name in names if not _is_own(name)))


def reaching_out(names: Iterable[Global]) -> tuple[str, ...]:
    """Those of Python's own library that hold no data: `os.system`, `builtins.eval`, `subprocess.Popen`, ..."""
    return tuple(dict.fromkeys(_shown(name) for name in names if not _is_own(name) and _is_of_python(name)))


def _shown(name: Global) -> str:
    return str(name)[:200]


def _is_own(name: Global) -> bool:
    module = _OLD.get(name.module, name.module).replace("numpy._core", "numpy.core")
    if module == "__torch__" or module.startswith("__torch__."):
        return True  # TorchScript's own classes, which lie in the same archive
    if name.name in _PLAIN.get(module, ()):
        return True
    pattern = _TORCH.get(module)
    if pattern is not None and pattern.fullmatch(name.name):
        return True
    return bool(_TORCH_CLASSES.fullmatch(module) and _CLASS.fullmatch(name.name))


def _is_of_python(name: Global) -> bool:
    module = _OLD.get(name.module, name.module)
    if name.name in _DATA.get(module, ()):
        return False
    return module.partition(".")[0] in sys.stdlib_module_names or module in ("", "copyreg extension", "posix", "nt")
