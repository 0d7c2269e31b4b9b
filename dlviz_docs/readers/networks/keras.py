"""Keras' files: .keras, .h5 and .hdf5 of whole models, and weights alone. Read as data; no layer is made.

A Lambda holds marshalled Python code, and a class of somebody's own is looked up by name when Keras loads the file:
both are told, and neither is touched.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Module, Operation, Port, Problem, Tensor
from dlviz_docs.readers._json import load
from dlviz_docs.readers._text import clean, natural_size
from dlviz_docs.readers.networks._hdf5 import Array, Directory, assembled, opened_hdf5
from dlviz_docs.readers.networks._keras_facts import calls_of, facts_of
from dlviz_docs.readers.networks._keras_graph import Structure, structure_of
from dlviz_docs.readers.networks._keras_modules import Trained, trained, with_weights
from dlviz_docs.readers.networks._keras_weights import (
    Weight,
    distinct,
    named_weights,
    numbered_weights,
    optimizer_weights,
)
from dlviz_docs.readers.networks._places import Place
from dlviz_docs.readers.networks._stored import Stored, strides_of

__all__ = ["KerasFile", "read_keras"]

_WEIGHTS = "model.weights.h5"
_LONGEST_CONFIG = 16 << 20
_MOST_HELD = 128 << 20
"""Bytes of weights that are held in memory: those of an archive that was packed again, and of arrays in chunks."""
_SAVE_AGAIN = "Save the model again with model.save()."
_BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, ValueError, OSError)
"""What reading a damaged archive may raise: it looks for what lies before the beginning of the file, too."""
_NO_CONFIG: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class KerasFile:
    """What a file of Keras holds."""

    format: str
    tensors: tuple[Tensor, ...] = ()
    """Shapes as in the file: kernels have their filters along the last axis."""
    stored: Mapping[str, Stored] = field(default_factory=dict)
    """By name of the tensor; kernels with the axis of their filters first, as in PyTorch."""
    modules: tuple[Module, ...] = ()
    operations: tuple[Operation, ...] = ()
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    calls: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_keras(path: Path, name: str) -> KerasFile:
    """What is in the file, nothing for HDF5 of something else; `name` is how problems call it. ReadError where nothing
    of it can be read."""
    reading = _Reading(path, name)
    with path.open("rb") as file:
        zipped = file.read(4) == b"PK\x03\x04"
    return reading.archive() if zipped else reading.hdf5()


@dataclass(slots=True)
class _Reading:
    path: Path
    name: str
    problems: list[Problem] = field(default_factory=list)
    start: int = 0
    """Where the HDF5 file begins in the file."""
    content: bytes | None = None
    """The HDF5 file, where it lies packed in an archive."""
    left: int = _MOST_HELD
    """Bytes that may still be held in memory."""

    def archive(self) -> KerasFile:
        """A .keras file: the configuration and the weights side by side."""
        try:
            with zipfile.ZipFile(self.path) as opened:
                config = self._json(opened, "config.json")
                told = self._json(opened, "metadata.json")
                structure = self._structure(config)
                with self._member(opened) as file:
                    weights = self._weights(file, structure) if file else trained(structure, [])
        except _BROKEN as error:
            raise ReadError("is no archive, or is cut off", _SAVE_AGAIN) from error
        return self._file("Keras 3", config, told, structure, weights)

    def hdf5(self) -> KerasFile:
        """A .h5 file of a whole model, or of weights alone."""
        with self.path.open("rb") as file:
            directory = opened_hdf5(file, self.path.stat().st_size)
            config = self._config(directory)
            told = {key: directory.text("", key) for key in ("keras_version", "backend")}
            told = {key: told[key] or directory.text("model_weights", key) for key in told}
            training = self._parsed(directory.text("", "training_config"), "its training configuration")
            structure = self._structure(config)
            of_keras = bool(config) or directory.has("model_weights") or bool(directory.texts("", "layer_names"))
            weights = self._named(directory, structure)
        if not (weights.tensors or of_keras):
            return KerasFile("")
        form = "Keras 3 weights" if not of_keras else "Keras (HDF5)" if config else "Keras weights (HDF5)"
        return self._file(form, {**config, "compile_config": training}, told, structure, weights)

    # --- configuration ---

    def _config(self, directory: Directory) -> Mapping[str, Any]:
        text = directory.text("", "model_config")
        return self._parsed(text, "its configuration")

    def _parsed(self, text: str, what: str) -> Mapping[str, Any]:
        if len(text) > _LONGEST_CONFIG:
            self._say("too-large", f"{what} is larger than {natural_size(_LONGEST_CONFIG)}, and is not read")
            return _NO_CONFIG
        try:
            value = load(text) if text else _NO_CONFIG
        except ReadError as error:
            self._say("keras-config", f"{what} is {error}")
            return _NO_CONFIG
        return value if isinstance(value, Mapping) else _NO_CONFIG

    def _json(self, opened: zipfile.ZipFile, name: str) -> Mapping[str, Any]:
        if name not in opened.namelist():
            self._say("keras-config", f"it has no {name}")
            return _NO_CONFIG
        try:
            with opened.open(name) as file:
                text = file.read(_LONGEST_CONFIG + 1).decode("utf-8", "replace")
        except _BROKEN:
            self._say("keras-config", f"{name} is damaged")
            return _NO_CONFIG
        return self._parsed(text, name)

    def _structure(self, config: Mapping[str, Any]) -> Structure:
        kind = config.get("class_name")
        if not isinstance(kind, str):
            return Structure()
        try:
            structure = structure_of(clean(kind[:200].rpartition(">")[2]), config.get("config"))
        except RecursionError:
            self._say("keras-config", "its configuration is nested too deep to be read")
            return Structure()
        if not structure.whole:
            self._say("graph-cut", "its layers are more than are shown, or go in circles; the graph is not whole")
        return structure

    # --- weights ---

    @contextmanager
    def _member(self, opened: zipfile.ZipFile) -> Iterator[IO[bytes] | None]:
        """The HDF5 file in an archive: a window where it lies as it is, or unpacked."""
        try:
            member = opened.getinfo(_WEIGHTS)
        except KeyError:
            self._say("weights-missing", f"it has no {_WEIGHTS}")
            yield None
            return
        if member.compress_type == zipfile.ZIP_STORED:
            self.start = _data_start(self.path, member)
            with self.path.open("rb") as file:
                yield io.BufferedReader(_Window(file, self.start, member.file_size))
        elif member.file_size > _MOST_HELD:
            self._say("too-large", f"its weights are packed, and larger than {natural_size(_MOST_HELD)}")
            yield None
        else:
            self.left -= member.file_size
            with opened.open(member) as file:
                self.content = file.read(_MOST_HELD)
            yield io.BytesIO(self.content)

    def _weights(self, file: IO[bytes], structure: Structure) -> Trained:
        try:
            size = file.seek(0, io.SEEK_END)
            return self._named(opened_hdf5(file, size), structure)
        except ReadError as error:
            self._say("weights-damaged", f"the weights in it: the file {error}")
            return trained(structure, [])

    def _named(self, directory: Directory, structure: Structure) -> Trained:
        root = "model_weights" if directory.has("model_weights") else ""
        weights: list[Weight] = []
        lost: list[str] = []
        if directory.texts(root, "layer_names"):
            for one in named_weights(directory, root, structure):
                lost.append(one) if isinstance(one, str) else weights.append(one)
            weights += optimizer_weights(directory, "optimizer_weights")
        else:
            weights += numbered_weights(directory, structure)
            for group in ("optimizer", "_optimizer"):
                weights += optimizer_weights(directory, group)
        if lost:
            self._say("weights-missing", f"{lost[0]} is named in it and not there{_and_more(lost)}")
        for path, why in directory.refused[:1]:
            self._say("outside", f"{path} is {why}, which is not followed{_and_more(directory.refused)}")
        return trained(structure, self._stored(directory, distinct(weights)))

    def _stored(self, directory: Directory, weights: Sequence[Weight]) -> list[tuple[Weight, Stored]]:
        found = [(weight, self._place(directory, weight.array)) for weight in weights]
        if kept := [
            (weight, stored)
            for weight, stored in found
            if stored.why_not and (weight.array.octets or weight.array.why_not)
        ]:
            weight, stored = kept[0]
            self._say("weights-undecoded", f"{weight.name} {stored.why_not}{_and_more(kept)}")
        return found

    def _place(self, directory: Directory, array: Array) -> Stored:
        """Where an array lies; its elements themselves, where they lie in chunks."""
        stored = Stored(
            array.path, array.shape, array.dtype, strides=strides_of(array.shape), big_endian=array.big_endian
        )
        if array.why_not:
            return replace(stored, why_not=array.why_not)
        if not array.there:
            return replace(stored, why_not="was never written")
        if array.offset is not None:
            start = array.offset if self.content is not None else self.start + array.offset
            end = len(self.content) if self.content is not None else self.path.stat().st_size
            if start + array.octets > end:
                return replace(stored, why_not="breaks off before its end")
            return replace(stored, place=Place(self.path, start, array.octets, content=self.content))
        try:
            content = assembled(directory, array, self.left).tobytes()
            self.left -= len(content)
        except ReadError as error:
            return replace(stored, why_not=str(error))
        return replace(stored, place=Place(self.path, 0, len(content), content=content))

    # --- together ---

    def _file(
        self, form: str, config: Mapping[str, Any], told: Mapping[str, Any], structure: Structure, weights: Trained
    ) -> KerasFile:
        return KerasFile(
            form,
            weights.tensors,
            weights.stored,
            with_weights(structure, weights),
            weights.operations,
            structure.inputs,
            structure.outputs,
            facts_of(config, told, structure),
            calls_of(structure),
            tuple(self.problems),
        )

    def _say(self, code: str, what: str) -> None:
        self.problems.append(Problem(code, self.name, what, _SAVE_AGAIN))


def _and_more(found: Sequence[object]) -> str:
    return f", nor are {len(found) - 1} more" if len(found) > 1 else ""


def _data_start(path: Path, member: zipfile.ZipInfo) -> int:
    """Where the bytes of a member begin; its own header may be longer than the directory says."""
    with path.open("rb") as file:
        file.seek(member.header_offset)
        header = file.read(30)
    if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
        raise zipfile.BadZipFile
    return member.header_offset + 30 + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")


class _Window(io.RawIOBase):
    """Part of a file as a file."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        left = max(0, min(len(buffer), self._size - self._at))
        self._file.seek(self._start + self._at)
        got = self._file.read(left)
        buffer[: len(got)] = got
        self._at += len(got)
        return len(got)
