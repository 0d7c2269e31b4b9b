"""TorchScript archives: the tree of modules, their classes, weights, and the constants that scripted modules keep.

The file is a zip of a pickle, read as data, and of code, which is searched for constants and never run. Traced modules
keep few, frozen ones neither constants nor modules. Which operations run is not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TypeGuard

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Module, Role, Shape, Tensor
from dlviz_docs.readers._text import clean
from dlviz_docs.readers.networks._archive import Archive, content, place_of, read_archive
from dlviz_docs.readers.networks._nodes import Call, Global, Value
from dlviz_docs.readers.networks._pickled import MOST_BYTES, read_pickle
from dlviz_docs.readers.networks._pickled_modules import settings_of
from dlviz_docs.readers.networks._private import public
from dlviz_docs.readers.networks._script_code import Class, classes_in, plain_name
from dlviz_docs.readers.networks.repeats import folded
from dlviz_docs.readers.networks.structure import Structure
from dlviz_docs.readers.networks.weights import read_weights

__all__ = ["is_torchscript", "read_torchscript"]

_AGAIN = "Save the model again with torch.jit.save."
_LARGEST_CODE = 4 << 20
"""Bytes of one file of code; that of a model of a thousand layers has a tenth of them."""
_MOST_CODE = 32 << 20
_MOST_MODULES = 50_000
_DEEPEST = 40
_BORING = ("training", "_is_full_backward_hook")


def is_torchscript(names: Mapping[str, object] | list[str]) -> bool:
    """Whether an archive with these members is one of TorchScript."""
    return any(name.endswith("constants.pkl") for name in names) and any("/code/" in name for name in names)


def read_torchscript(path: Path, root: Path) -> Structure:
    """Modules and weights of an archive; ReadError where it is none."""
    with path.open("rb") as file:
        archive = read_archive(file, 0, path.stat().st_size)
        if not is_torchscript(list(archive.members)):
            raise ReadError(archive.damage or "holds no TorchScript", _AGAIN)
        whole = _Script(file, path, archive).read()
    weights = read_weights(path, root)
    paths = {module.path for module in whole.modules}
    own = (tensor for tensor in weights.tensors if tensor.name.rpartition(".")[0] in paths)
    tensors = tuple(_with_role(tensor, whole.roles) for tensor in own)  # lists of weights repeat what stands elsewhere
    facts = {name: text for name, text in weights.facts.items() if not name.endswith(_BORING)}
    return Structure(
        "TorchScript",
        "modules",
        folded(_with_tensors(whole, tensors), tensors),
        tensors=tensors,
        stored={tensor.name: weights.stored[tensor.name] for tensor in tensors if tensor.name in weights.stored},
        facts=public(facts),
        calls=weights.calls,
        problems=weights.problems,
    )


@dataclass(slots=True)
class _Found:
    modules: list[Module] = field(default_factory=list)
    roles: dict[str, Role] = field(default_factory=dict)
    """Of tensors, as far as classes tell."""
    classes: dict[str, Class] = field(default_factory=dict)
    """By path of the module."""


class _Script:
    """One archive."""

    def __init__(self, file: IO[bytes], path: Path, archive: Archive) -> None:
        self._file = file
        self._path = path
        self._archive = archive
        self._code: dict[str, dict[str, Class]] = {}
        self._left = _MOST_CODE
        self._root = next(name for name in archive.members if "/code/" in name).partition("code/")[0]

    def read(self) -> _Found:
        """Modules from the pickle, each before what is in it."""
        member = self._archive.members.get(f"{self._root}data.pkl")
        if member is None:
            raise ReadError("holds TorchScript without its modules", _AGAIN)
        pickle = read_pickle(content(place_of(self._file, self._path, member), MOST_BYTES))
        found = _Found()
        for path, call in _walked(pickle.value):
            function, state = call.function, call.state
            class_ = self._class(function) if isinstance(function, Global) else Class()
            settings = settings_of(state) if isinstance(state, dict) else {}
            told = {key: value for key, value in {**settings, **class_.settings}.items() if value is not None}
            kind = plain_name(function.module, function.name) if isinstance(function, Global) else ""
            found.modules.append(Module(path, clean(kind), settings=told))
            found.classes[path] = class_
            before = f"{path}." if path else ""
            found.roles |= {f"{before}{name}": "parameter" for name in class_.parameters}
            found.roles |= {f"{before}{name}": "buffer" for name in class_.buffers}
        return found

    def _class(self, name: Global) -> Class:
        """The text of a class, if it is there."""
        file = f"{self._root}code/{name.module.replace('.', '/')}.py"
        if file not in self._code:
            self._code[file] = dict(classes_in(self._text(file)))
        return self._code[file].get(name.name, Class())

    def _text(self, name: str) -> str:
        member = self._archive.members.get(name)
        if member is None or member.size > min(_LARGEST_CODE, self._left):
            return ""
        self._left -= member.size
        try:
            data = content(place_of(self._file, self._path, member), _LARGEST_CODE)
        except ReadError:
            return ""
        return data.decode("utf-8", "replace")


def _walked(root: Value) -> Iterator[tuple[str, Call]]:
    """Modules with their paths. One that is used in two places is told at both; none within itself."""
    waiting: list[tuple[str, Value, tuple[int, ...]]] = [("", root, ())]
    count = 0
    while waiting and count < _MOST_MODULES:
        path, value, around = waiting.pop()
        if not _is_module(value) or id(value) in around or len(around) > _DEEPEST:
            continue
        count += 1
        yield path, value
        state = value.state if isinstance(value.state, dict) else {}
        inner = [(f"{path}.{name}" if path else str(name), one, (*around, id(value))) for name, one in state.items()]
        waiting.extend(reversed([(clean(name), one, ids) for name, one, ids in inner if _is_module(one)]))


def _is_module(value: Value) -> TypeGuard[Call]:
    return (
        isinstance(value, Call) and isinstance(value.function, Global) and value.function.module.startswith("__torch__")
    )


def _with_role(tensor: Tensor, roles: Mapping[str, Role]) -> Tensor:
    """What the class says; an attribute that it lists nowhere is neither trained nor saved with the weights."""
    return replace(tensor, role=roles.get(tensor.name, tensor.role if not roles else "other"))


def _with_tensors(found: _Found, tensors: tuple[Tensor, ...]) -> tuple[Module, ...]:
    """Each module with its own tensors, and with what their shapes add to the settings of a traced one."""
    own: dict[str, list[Tensor]] = {}
    for tensor in tensors:
        own.setdefault(tensor.name.rpartition(".")[0], []).append(tensor)
    return tuple(_completed(module, own.get(module.path, []), found.classes[module.path]) for module in found.modules)


def _completed(module: Module, own: list[Tensor], class_: Class) -> Module:
    shapes: dict[str, Shape] = {tensor.name.rpartition(".")[2]: tensor.shape for tensor in own}
    settings = {**module.settings, **class_.told(shapes)}
    return replace(module, settings=settings, tensors=tuple(tensor.name for tensor in own))
