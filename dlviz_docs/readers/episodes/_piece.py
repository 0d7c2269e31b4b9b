"""The arrays of one episode to an `Episode`: each at its length, what does not fit left out and said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Ending, Episode, FloatArray, Frames
from dlviz_docs.readers.episodes._pictures import are_pictures

__all__ = ["Piece", "Pieces", "episode_of", "flat", "without_offset"]

MOST_NUMBERS = 4_096
"""Numbers of one observation; what has more is a picture or nothing that could be told apart."""
_MOST_ACTIONS = 1_000


@dataclass(slots=True)
class Piece:
    """One episode as its file has it."""

    name: str
    parts: dict[str, NDArray[Any]]
    """By part: "rewards", "actions", ...; one row a step, or one more of what is there after the last."""
    terms: dict[str, NDArray[Any]] = field(default_factory=dict)
    infos: dict[str, NDArray[Any]] = field(default_factory=dict)
    ending: Ending = "unknown"
    success: bool | None = None
    seed: int | None = None
    frames: Frames | None = None
    wrong: list[str] = field(default_factory=list)
    """What was left out, and why."""


@dataclass(slots=True)
class Pieces:
    """What one file gives: episodes that are kept of those it holds, and what it says of all."""

    episodes: list[Piece] = field(default_factory=list)
    seen: int = 0
    empty: int = 0
    wrong: list[str] = field(default_factory=list)
    """Of the file as a whole, as sentences without their subject."""
    told: dict[str, NDArray[Any]] = field(default_factory=dict)
    """By part, what belongs to the recording: "step", "gamma", "environment", "action names", ..."""
    shape: tuple[int, ...] = ()
    """Of one observation."""


def without_offset(piece: Piece) -> Piece:
    """As recorders of the Dreamer have it, each row is what an action led to: the action of a step is in the next one.

    They tell by their first row, which no action led to: its action is all zeros and its reward is zero.
    """
    actions, rewards = piece.parts.get("actions"), piece.parts["rewards"]
    if actions is None or actions.ndim != 2 or len(actions) != len(rewards) or len(rewards) < 2:
        return piece
    if actions[0].any() or rewards[0] != 0 or not actions[1:].any():
        return piece
    behind = ("actions", "rewards")
    parts = {part: rows[1:] if part in behind else rows for part, rows in piece.parts.items()}
    later = {name: rows[1:] for name, rows in piece.terms.items()}
    return replace(piece, parts=parts, terms=later, frames=_shorter(piece.frames, len(rewards) - 1))


def _shorter(frames: Frames | None, steps: int) -> Frames | None:
    """Without the picture of what was seen at the end."""
    if frames is None:
        return None
    kept = frames.steps < steps
    return Frames(frames.steps[kept], frames.pixels[kept])


def episode_of(piece: Piece) -> Episode:
    """ReadError where there is no step, or nothing that is a reward."""
    rewards = _line(piece.parts["rewards"], "rewards")
    steps = len(rewards)
    if not steps:
        raise ReadError("has no step", "Record the episode again, or delete it.")
    fitting = _Fitting(piece, steps)
    observations, last = fitting.observations()
    return Episode(
        piece.name,
        rewards,
        fitting.actions(),
        observations,
        last,
        piece.ending,
        None if piece.ending == "unread" else _success(piece, steps),
        fitting.line("values"),
        fitting.table("action values"),
        fitting.table("probabilities") if "probabilities" in piece.parts else _softmax(fitting.table("logits")),
        dict(fitting.lines(piece.terms)),
        dict(fitting.lines(piece.infos)),
        piece.frames,
        piece.seed,
    )


def flat(rows: NDArray[Any]) -> NDArray[Any]:
    """Shape (T, d)."""
    return rows.reshape(len(rows), -1) if rows.size else np.zeros((len(rows), 0), rows.dtype)


def _line(rows: NDArray[Any], name: str) -> FloatArray:
    """Shape (T,), of (T,) or (T, 1)."""
    if rows.dtype.kind not in "biuf" or rows.ndim == 0 or rows.size != len(rows):
        raise ReadError(f"has {name} of type {rows.dtype} and shape {rows.shape}", "Record one number a step.")
    return rows.reshape(-1).astype(np.float64)


def _softmax(logits: FloatArray | None) -> FloatArray | None:
    if logits is None:
        return None
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True), np.float64)


def _success(piece: Piece, steps: int) -> bool | None:
    """Of the episode, or of its last step."""
    flags = piece.parts.get("success")
    if piece.success is not None or flags is None or flags.dtype.kind not in "biuf" or not flags.size:
        return piece.success
    last = flags.reshape(-1)[: steps + 1][-1]
    return bool(last) if np.isfinite(last) and last >= 0 else None


@dataclass(slots=True)
class _Fitting:
    """Takes what has one row a step, and says what has not."""

    piece: Piece
    steps: int

    def _rows(self, name: str, rows: NDArray[Any], *, after: bool = False) -> NDArray[Any] | None:
        """T rows of T or T + 1: the first, or of what is told `after` each step the last, since a reset tells it, too.

        None, and a word about it, for others.
        """
        if rows.dtype.kind not in "biuf":
            self.piece.wrong.append(f"{name} hold values of type {rows.dtype}")
        elif rows.ndim and len(rows) in (self.steps, self.steps + 1):
            return rows[len(rows) - self.steps :] if after else rows[: self.steps]
        else:
            told = f"{len(rows):,} rows" if rows.ndim else "a single value"
            self.piece.wrong.append(f"{name} have {told} where there are {self.steps:,} rewards")
        return None

    def _part(self, name: str) -> NDArray[Any] | None:
        rows = self.piece.parts.get(name)
        return None if rows is None else self._rows(name, rows)

    def line(self, name: str) -> FloatArray | None:
        rows = self._part(name)
        return None if rows is None or rows.size != len(rows) else rows.reshape(-1).astype(np.float64)

    def table(self, name: str) -> FloatArray | None:
        rows = self._part(name)
        return rows.astype(np.float64) if rows is not None and rows.ndim == 2 and rows.shape[1] > 1 else None

    def lines(self, named: Mapping[str, NDArray[Any]]) -> Iterator[tuple[str, FloatArray]]:
        for name, rows in named.items():
            found = self._rows(name, rows, after=True)
            if found is not None and found.size == len(found):
                yield name, found.reshape(-1).astype(np.float64)

    def actions(self) -> NDArray[Any] | None:
        """Numbers of discrete ones, shape (T,); else shape (T, d)."""
        rows = self._part("actions")
        if rows is None:
            return None
        rows = flat(rows)
        if rows.shape[1] == 1 and rows.dtype.kind in "iub" and rows.min() >= 0 and rows.max() < _MOST_ACTIONS:
            return rows[:, 0].astype(np.int64)
        if rows.shape[1] > 1 and ((rows == 0) | (rows == 1)).all() and (rows.sum(axis=1) == 1).all():
            return np.asarray(rows.argmax(axis=1), np.int64)
        return rows.astype(np.float64)

    def observations(self) -> tuple[FloatArray | None, FloatArray | None]:
        """What was seen before each action, and after the last; none of pictures."""
        rows = self.piece.parts.get("observations")
        if rows is None or are_pictures(rows.shape[1:]) or flat(rows).shape[1] > MOST_NUMBERS:
            return None, None
        seen = self._rows("observations", rows)
        if seen is None:
            return None, None
        after = self.piece.parts.get("last")
        if len(rows) == self.steps + 1:
            after = rows[-1:]
        elif after is None and (following := self.piece.parts.get("next")) is not None:
            after = following[-1:] if len(following) == self.steps else None
        last = after.reshape(-1).astype(np.float64) if after is not None and after.dtype.kind in "biuf" else None
        table = flat(seen).astype(np.float64)
        return table, last if last is not None and len(last) == table.shape[1] else None
