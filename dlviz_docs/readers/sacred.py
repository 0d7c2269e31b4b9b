"""Sacred's run.json: how a run went. Its settings stand in config.json beside it, its curves in metrics.json.

The file also names the host and, where the user asked for it, environment variables: these are not taken.
Source: sacred/observers/file_storage.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Hparam, Problem, Reading, Status
from dlviz_docs.readers import _json
from dlviz_docs.readers._flatten import hparams
from dlviz_docs.readers._frame import known
from dlviz_docs.readers._text import Damaged, clean, peek, read_text

__all__ = ["Sacred"]

_WRITER = "Sacred"
_KEYS = known(
    "artifacts captured_out command experiment fail_trace format heartbeat host info meta queue_time resources result "
    "start_time status stop_time"
)
_STATUS: Mapping[object, Status] = {
    "COMPLETED": "finished",
    "RUNNING": "running",
    "INTERRUPTED": "interrupted",
    "FAILED": "failed",
    "TIMEOUT": "failed",
    "DIED": "failed",
}
_LONGEST_TRACE = 4_000


@dataclass(frozen=True, slots=True)
class Sacred:
    """`run.json` of a FileStorageObserver."""

    makes_run: ClassVar[bool] = True
    max_bytes: int = 10_000_000

    def matches(self, path: Path) -> bool:
        if path.name != "run.json":
            return False
        head = _json.prefix(peek(path))
        return isinstance(head, Mapping) and 2 * len(set(_KEYS) & set(head)) > len(head)

    def read(self, path: Path) -> Reading:
        try:
            text, problems = read_text(path, self.max_bytes)
        except ReadError as error:
            raise ReadError(error.what, error.remedy, partial=Reading(_WRITER)) from error
        value: object = None
        try:
            value = _json.load(text)
        except Damaged as damage:
            value = damage.value
            problems = (*problems, Problem("cut-off", path.name, damage.what, damage.remedy))
        run = value if isinstance(value, Mapping) else {}
        return Reading(
            _WRITER,
            hparams=_settings(run),
            texts=_trace(run.get("fail_trace")),
            status=_status(run.get("status")),
            started=_seconds(run.get("start_time")),
            ended=_seconds(run.get("stop_time")) or _seconds(run.get("heartbeat")),
            problems=problems,
        )


def _settings(run: Mapping[str, object]) -> dict[str, Hparam]:
    """What was run and what came out, under names that no setting of the user's has."""
    experiment = run.get("experiment")
    about = experiment if isinstance(experiment, Mapping) else {}
    told = {"experiment": about.get("name"), "command": run.get("command"), "result": run.get("result")}
    repositories = about.get("repositories")
    if isinstance(repositories, list) and repositories and isinstance(repositories[0], Mapping):
        told["commit"] = repositories[0].get("commit")
    return hparams({"sacred": {key: value for key, value in told.items() if value is not None}})


def _status(word: object) -> Status:
    return _STATUS.get(word, "unknown") if isinstance(word, str) else "unknown"


def _trace(lines: object) -> dict[str, str]:
    """The end of a failed run's traceback, as a block of code."""
    if not isinstance(lines, list) or not lines:
        return {}
    text = "".join(str(line) for line in lines)[-_LONGEST_TRACE:]
    return {"fail_trace": clean("\n".join(f"    {line}" for line in text.splitlines()))}


def _seconds(moment: object) -> float | None:
    """Sacred writes UTC, without saying so."""
    if not isinstance(moment, str):
        return None
    try:
        found = datetime.fromisoformat(moment)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
