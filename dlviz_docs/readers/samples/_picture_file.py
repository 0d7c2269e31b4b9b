"""Opening pictures nobody vouches for: six formats, bounded in bytes and pixels, nothing outside the experiment.

Pillow knows dozens of formats, most of them seldom used and seldom tested. Only those of data sets are let in, the size
is looked at before a pixel is decoded, and what Pillow merely warns of (a decompression bomb) is an error here.
"""

from __future__ import annotations

import os
import re
import stat
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from dlviz_docs.model import Problem
from dlviz_docs.names import spelled
from dlviz_docs.readers._text import counted

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "FORMATS",
    "HEAD",
    "LARGEST",
    "MOST_PIXELS",
    "Refused",
    "Root",
    "ends",
    "faults_told",
    "forbidden",
    "guarded",
    "named",
    "open_file",
    "open_picture",
    "orientation",
    "why",
    "words_in",
]

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
MOST_PIXELS = 64_000_000
LARGEST = 256_000_000
"""Bytes of one file: a TIFF of 64 megapixels without compression, in RGB."""

_BOUNDS = f"more than {MOST_PIXELS // 1_000_000} megapixels or {LARGEST // 1_000_000} MB"
FAULTS = {
    "outside": ("pictures-outside", "lies", "lie", "outside the experiment", "Copy them into the experiment's folder."),
    "missing": (
        "pictures-missing",
        "is",
        "are",
        "not there, or not to be read",
        "Put the files back, or let all read them.",
    ),
    "large": ("pictures-too-large", "has", "have", _BOUNDS, "Keep smaller copies for the documentation."),
    "cut off": ("pictures-cut-off", "breaks", "break", "off before the end", "Copy the files again."),
    "damaged": (
        "pictures-unreadable",
        "is",
        "are",
        "not readable as JPEG, PNG, WebP, BMP, GIF or TIFF",
        "Write the files again, or delete them.",
    ),
}
"""Stable code, what is wrong in the singular and the plural, and what to do about it."""

_OUTSIDE = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|\0")
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_ORIENTATION = 0x0112
_EXIF_LONGEST = 1_000_000
HEAD, _TAIL = 65_536, 8_192
_WORD = re.compile(rb"[^\s,;|\"'\0-\x1f\\]{2,255}")


class Refused(Exception):
    """A file that is not looked at; `fault` is a word of `FAULTS`."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def forbidden(relative: str) -> bool:
    """Whether a path is absolute or climbs out of its folder, on any system."""
    return _OUTSIDE.search(relative) is not None


class Root:
    """An experiment's folder as `open_file` wants it. Where its folders lead is asked once: not to be kept for long."""

    __slots__ = ("_folders", "path")

    def __init__(self, root: Path) -> None:
        self.path = str(root.resolve())
        self._folders: dict[str, str] = {}

    def folder(self, relative: str) -> str:
        """Its path without symbolic links; `Refused` where that is not below the root."""
        if relative not in self._folders:
            self._folders[relative] = self.inside(os.path.realpath(Path(self.path, relative)))
        return self._folders[relative]

    def inside(self, path: str) -> str:
        """The path, if it is the root or lies in it."""
        if path != self.path and not path.startswith(self.path.rstrip(os.sep) + os.sep):
            raise Refused("outside")
        return path


def open_file(root: Root, relative: str) -> BinaryIO:
    """A regular file below the root; `Refused` where a link leads out of it, and for all else."""
    if not relative or forbidden(relative):
        raise Refused("outside")
    folder, _, name = relative.rpartition("/")
    number = _opened(root, f"{root.folder(folder)}{os.sep}{name}")
    told = os.fstat(number)
    if not stat.S_ISREG(told.st_mode) or told.st_size > LARGEST:
        os.close(number)
        raise Refused("large" if stat.S_ISREG(told.st_mode) else "missing")
    return os.fdopen(number, "rb")


def _opened(root: Root, path: str) -> int:
    """The number of the open file; a link as a last step is followed as far as it stays inside."""
    try:
        if not hasattr(os, "O_NOFOLLOW"):
            path = root.inside(os.path.realpath(path))
        return os.open(path, _FLAGS)
    except OSError as error:
        if not Path(path).is_symlink():
            raise Refused("missing") from error
    try:
        return os.open(root.inside(os.path.realpath(path)), _FLAGS)
    except OSError as error:
        raise Refused("missing") from error


@contextmanager
def guarded() -> Iterator[None]:
    """In here Pillow's warning of a bomb is an error, and its remarks on crooked metadata are not heard."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


@contextmanager
def open_picture(root: Root, relative: str) -> Iterator[tuple[Image.Image, int]]:
    """The picture, not decoded yet and small enough to be, and its bytes; to be used within `guarded`."""
    from PIL import Image

    with open_file(root, relative) as file:
        octets = os.fstat(file.fileno()).st_size
        _refuse_large_webp(file)
        with Image.open(file, formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Refused("large")
            yield image, octets


def _refuse_large_webp(file: BinaryIO) -> None:
    """libwebp takes memory for the whole canvas when a file is opened, before anybody could ask for its size.

    Source: RFC 9649, sections 2.5 to 2.7.
    """
    head = file.read(30)
    file.seek(0)
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP" or len(head) < 30:
        return
    width = height = 0
    if head[12:16] == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
    elif head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif head[12:16] == b"VP8 ":
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    if width * height > MOST_PIXELS:
        raise Refused("large")


def orientation(image: Image.Image) -> int:
    """EXIF's number from 1 (upright) to 8; 1 for TIFF, which Pillow turns by itself.

    Pillow's own way would decode a PNG to find EXIF behind its pixels, and would believe XMP, as no browser does.
    """
    from PIL import Image

    told = image.info.get("exif")
    if image.format == "TIFF" or not isinstance(told, bytes) or len(told) > _EXIF_LONGEST:
        return 1
    exif = Image.Exif()
    try:
        exif.load(told)
        number = exif.get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - EXIF is what cameras, phones and editors make of it
        return 1
    return number if isinstance(number, int) and 1 <= number <= 8 else 1


def why(error: BaseException) -> str:
    """The fault, a word of `FAULTS`, for whatever Pillow or the system raised."""
    from PIL import Image

    if isinstance(error, Refused):
        return error.fault
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning | MemoryError):
        return "large"
    if isinstance(error, PermissionError | FileNotFoundError | NotADirectoryError):
        return "missing"
    told = str(error).lower()
    return "cut off" if "truncat" in told or "end of file" in told or isinstance(error, EOFError) else "damaged"


def faults_told(faults: Sequence[tuple[str, str]]) -> tuple[Problem, ...]:
    """One problem for each kind of fault, from pairs of path and fault."""
    problems = []
    for fault, (code, one, many, what, remedy) in FAULTS.items():
        paths = [path for path, word in faults if word == fault]
        if paths:
            whole = f"{named(paths, 'picture')} {one if len(paths) == 1 else many} {what}"
            problems.append(Problem(code, spelled(paths[0]), whole, remedy))
    return tuple(problems)


def named(paths: Sequence[str], thing: str) -> str:
    """ "3 pictures (a.jpg, b.jpg, c.jpg)", "40 pictures (a.jpg, b.jpg, c.jpg and 37 more)"."""
    names = ", ".join(spelled(path.rpartition("/")[2]) for path in paths[:3])
    more = f" and {len(paths) - 3:,} more" if len(paths) > 3 else ""
    return f"{counted(len(paths), thing)} ({names}{more})"


def ends(root: Path, relative: str) -> tuple[bytes, bytes]:
    """The first 64 kB of a file and its last 8; nothing of one that is not to be read."""
    try:
        with open_file(Root(root), relative) as file:
            head = file.read(HEAD)
            size = file.seek(0, 2)
            file.seek(max(size - _TAIL, 0))
            return head, file.read(_TAIL)
    except (Refused, OSError):
        return b"", b""


def words_in(root: Path, relative: str) -> set[str]:
    """What stands between separators in the first 64 kB of a table, whatever its format."""
    return {word.decode("utf-8", "replace") for word in _WORD.findall(ends(root, relative)[0])}
