"""Any file of a table or of arrays as sheets; what is wrong with it as problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Problem, Sheet
from dlviz_docs.readers._text import clean
from dlviz_docs.readers.samples._limits import Limits
from dlviz_docs.readers.samples.arrays import read_npy, read_npz
from dlviz_docs.readers.samples.arrow import read_arrow
from dlviz_docs.readers.samples.delimited import read_delimited
from dlviz_docs.readers.samples.jsonlines import read_ids, read_json, read_json_lines, read_lines
from dlviz_docs.readers.samples.parquet import read_parquet

__all__ = ["Sheets", "first_line"]

_LINKED, _COPY = "is reached by a symbolic link, which is not followed", "Copy the file to where it is."
_AGAIN = "Write the file again, or leave it out with the option `exclude`."


@dataclass(slots=True)
class Sheets:
    """The files of one experiment, each read once while it is asked for."""

    root: Path
    limits: Limits
    known: Sequence[str] = ()
    """Files of the experiment, to find the one that was meant."""
    kept: dict[str, tuple[Sheet, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def of(self, path: str, classes: Mapping[str, tuple[str, ...]] | None = None) -> tuple[Sheet, ...]:
        """Its sheets, one for each split it tells apart; none, with a problem, of a file that cannot be read."""
        if path not in self.kept:
            self.kept[path] = self._read(path, classes)
        return self.kept[path]

    def forget(self) -> None:
        """Let go of what was read: the next data set has other files."""
        self.kept.clear()

    def _read(self, path: str, classes: Mapping[str, tuple[str, ...]] | None) -> tuple[Sheet, ...]:
        try:
            return self._dispatched(path, classes)
        except ReadError as error:
            self._tell(path, error.what, error.remedy)
        except FileNotFoundError:
            meant = get_close_matches(path, self.known, n=1)
            what = f"is not there. Did you mean {meant[0]!r}?" if meant else "is not there"
            self._tell(path, what, "Correct the name in experiment.yml, or write the file.", "missing-file")
        except ModuleNotFoundError as error:
            self._tell(path, f"{error.name} is needed to read it", 'pip install "dlviz-docs[data]"', "missing-extra")
        except MemoryError:
            self._tell(path, "takes more memory than there is", "Save a sample of its rows, chosen at random.")
        except (OSError, ValueError, TypeError, ArithmeticError, LookupError, RuntimeError, RecursionError) as error:
            self._tell(path, f"cannot be read: {first_line(error)}", _AGAIN)
        except BaseException as error:
            # Polars raises some errors as Exception, and a panic of its own as BaseException.
            if type(error).__module__.partition(".")[0] not in ("polars", "pyo3_runtime"):
                raise
            self._tell(path, f"cannot be read: {first_line(error)}", _AGAIN)
        return ()

    def _dispatched(self, path: str, classes: Mapping[str, tuple[str, ...]] | None) -> tuple[Sheet, ...]:
        file = self.root / path
        if _is_linked(self.root, path):
            raise ReadError(_LINKED, _COPY)
        match PurePosixPath(path).suffix.lower():
            case ".parquet":
                return read_parquet(file, path, self.limits)
            case ".arrow":
                return read_arrow(file, path, self.limits, classes)
            case ".npy":
                return read_npy(file, path, self.limits)
            case ".npz":
                return read_npz(file, path, self.limits)
            case ".jsonl" | ".ndjson":
                return read_json_lines(file, path, self.limits)
            case ".json":
                return read_json(file, path, self.limits)
            case _:
                return read_delimited(file, path, self.limits)

    def ids(self, path: str) -> tuple[Sheet, ...]:
        """A text of one name a line."""
        try:
            if _is_linked(self.root, path):
                raise ReadError(_LINKED, _COPY)
            return read_ids(self.root / path, path, self.limits)
        except (ReadError, OSError) as error:
            self._tell(path, first_line(error), _AGAIN)
            return ()

    def lines(self, path: str) -> tuple[Sheet, ...]:
        """A text of one answer a line."""
        try:
            return read_lines(self.root / path, path, self.limits)
        except (ReadError, OSError) as error:
            self._tell(path, first_line(error), _AGAIN)
            return ()

    def _tell(self, path: str, what: str, remedy: str, code: str = "unreadable") -> None:
        self.problems.append(Problem(code, path, what, remedy))


def _is_linked(root: Path, path: str) -> bool:
    """Whether the file, or a folder above it in the experiment, is a link: it may lead anywhere."""
    parts = PurePosixPath(path).parts
    return any(root.joinpath(*parts[:count]).is_symlink() for count in range(1, len(parts) + 1))


def first_line(error: BaseException) -> str:
    """What is wrong in few words; of the system's errors without the path, which is one of this machine."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    lines = clean(str(error)).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]
