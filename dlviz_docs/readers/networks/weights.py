"""Files of weights as values: `read_weights` reads any of PyTorch's formats, safetensors, and shards of both.

An index of shards (`*.index.json`), or the `.metadata` of a distributed checkpoint, stands for all files it names.

Nothing is unpickled, mapped or run. Listing reads the directory of a file and not the weights; those are read by
`chunks` and `load` of `_stored`, or by `statistics`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Problem
from dlviz_docs.readers.networks._places import AGAIN
from dlviz_docs.readers.networks._shards import INDEX, read_shards
from dlviz_docs.readers.networks._weights import WeightsFile
from dlviz_docs.readers.networks.distributed import LIST, SUFFIX, read_distributed
from dlviz_docs.readers.networks.safetensors import is_safetensors, read_safetensors
from dlviz_docs.readers.networks.torch_files import read_legacy, read_zip

__all__ = ["WeightsFile", "read_weights"]

_HEAD = 512
_LFS = b"version https://git-lfs"


def read_weights(path: Path, root: Path) -> WeightsFile:
    """All that a file of weights holds but its elements. It never raises: what is wrong stands in `problems`.

    `root` is the experiment's folder, to which the path is told. An index of shards gives all of them as one file.
    """
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return _read(path, name)


def _read(path: Path, name: str) -> WeightsFile:
    try:
        if path.name.endswith(INDEX):
            return read_shards(path, name, _read)
        with path.open("rb", buffering=0) as file:  # no more is read than is asked for
            size = os.fstat(file.fileno()).st_size
            return _of(file, path, name, size)
    except ReadError as error:
        return _unreadable(name, error.what, error.remedy)
    except OSError as error:
        return _unreadable(name, f"cannot be read: {error.strerror}", AGAIN)


def _of(file: IO[bytes], path: Path, name: str, size: int) -> WeightsFile:
    head = file.read(_HEAD)
    if not head:
        raise ReadError("is empty", AGAIN)
    if head.startswith(_LFS):
        raise ReadError("is a pointer of Git LFS, and not the file itself", "Fetch it with git lfs pull.")
    if path.name == LIST:
        return read_distributed(file, path, name, size)
    if path.suffix == SUFFIX:
        what = f"is one file of a distributed checkpoint, which is read by its {LIST}"
        raise ReadError(what, f"Copy {LIST} beside it.")
    if head.startswith(b"PK"):
        return read_zip(file, path, name, size)
    if is_safetensors(head) or path.suffix == ".safetensors":
        return read_safetensors(file, path, name, size)
    if head[257:262] == b"ustar":
        what = "is a tar archive, the format of PyTorch 0.1.10 and before, which is not read"
        raise ReadError(what, "Save it again with a newer PyTorch.")
    return read_legacy(file, path, name, size)


def _unreadable(name: str, what: str, remedy: str) -> WeightsFile:
    return WeightsFile(name, "", 0, problems=(Problem("weights-damaged", name, what, remedy),))
