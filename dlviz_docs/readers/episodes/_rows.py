"""The rows of those episodes that are kept, out of arrays that hold many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ReadError
from dlviz_docs.readers.episodes._arrays import Arrays
from dlviz_docs.readers.episodes._cuts import Cut, Cuts
from dlviz_docs.readers.episodes._frames import frames_of
from dlviz_docs.readers.episodes._keys import info_of, part_of, term_of
from dlviz_docs.readers.episodes._pictures import are_pictures
from dlviz_docs.readers.episodes._piece import Piece, without_offset
from dlviz_docs.readers.episodes._types import Limits

__all__ = ["OF_STEPS", "Reading"]

OF_STEPS = ("actions", "observations", "next", "values", "action values", "probabilities", "logits", "success")
"""Parts that have one row a step, beside the rewards."""
_MOST_NAMED = 64
_LONGEST_NAME = 100
_DREAMER = frozenset({"is_first", "is_terminal", "discount"})


@dataclass(slots=True)
class Reading:
    """Takes the rows of the episodes that are kept out of each array in turn."""

    arrays: Arrays
    names: dict[str, str]
    shape: tuple[int, ...]
    cuts: Cuts
    kept: list[Cut]
    wrong: list[str]
    """Gets a word about each array that is left out."""

    def pieces(self, limits: Limits) -> list[Piece]:
        """One for each episode that is kept."""
        names = zip(self._called(), self.kept, strict=True)
        made = [Piece(name, {}, ending=cut.ending) for name, cut in names]
        for part in ("rewards", *OF_STEPS):
            if (name := self.names.get(part)) is None or self._is_picture(name):
                continue
            for piece, rows in zip(made, self._rows(name), strict=False):
                piece.parts[part] = rows
        for name in self._names():
            self._named(name, made)
        self._tell(made)
        frames_of(self.arrays, self.names, self.shape, self.kept, made, limits, self.wrong)
        dreamer = bool(_DREAMER & set(self.arrays.names())) and "action" in self.arrays.names()
        return [without_offset(piece) for piece in made if "rewards" in piece.parts] if dreamer else made

    def _called(self) -> list[str]:
        """Their numbers in the training, where the file tells these; else their places in it."""
        told = self._of_episodes("numbers")
        if told is None or told.ndim > 1 or told.dtype.kind not in "iu" or len(np.unique(told)) < len(told):
            return [str(cut.number) for cut in self.kept]
        return [str(number) for number in told.tolist()]

    @property
    def _count(self) -> int:
        """Episodes of the file."""
        return len(self.cuts.episodes) + self.cuts.empty

    def _is_picture(self, name: str) -> bool:
        return are_pictures(self.arrays.shape(name)[len(self.shape) :])

    def _names(self) -> list[str]:
        """Of components of the reward and of what is told beside, as many as a page can show."""
        named = [name for name in self.arrays.names() if not part_of(name) and (term_of(name) or info_of(name))]
        if len(named) > _MOST_NAMED:
            self.wrong.append(f"it tells {len(named):,} numbers of each step; the first {_MOST_NAMED} are read")
        return named[:_MOST_NAMED]

    def _named(self, name: str, made: list[Piece]) -> None:
        term = term_of(name)
        for piece, rows in zip(made, self._rows(name), strict=False):
            (piece.terms if term else piece.infos)[(term or info_of(name))[:_LONGEST_NAME]] = rows

    def _rows(self, name: str) -> list[NDArray[Any]]:
        """Of each episode; none, and a word about it, of an array that does not fit or is damaged."""
        there = self.arrays.shape(name)
        spare = len(self.cuts.episodes) == 1 and len(self.shape) == 1 and there[:1] == (self.shape[0] + 1,)
        if there[: len(self.shape)] != self.shape and not spare and name != self.names["rewards"]:
            if there[:1] != (self._count,):  # else it has one an episode
                told = f"{there[0]:,} rows" if there else "a single value"
                what = " × ".join(f"{side:,}" for side in self.shape)
                self.wrong.append(f"{name} has {told} where there are {what} rewards; it is left out")
            return []
        try:
            if len(self.shape) == 1:
                spans = [(cut.start, cut.stop + (1 if spare else 0)) for cut in self.kept]
                return list(self.arrays.rows(name, spans))
            return list(self._of_block(name))
        except ReadError as error:
            if name == self.names["rewards"]:
                raise
            self.wrong.append(f"{error.what}; it is left out")
            return []

    def _of_block(self, name: str) -> Iterator[NDArray[Any]]:
        wanted = sorted({cut.row for cut in self.kept if cut.row is not None})
        rows = dict(zip(wanted, self.arrays.rows(name, [(row, row + 1) for row in wanted]), strict=True))
        for cut in self.kept:
            if cut.row is not None:
                yield rows[cut.row][0][cut.start : cut.stop]

    def _of_episodes(self, part: str) -> NDArray[Any] | None:
        """Of an array with one entry an episode, those that are kept; None where there is none."""
        name = self.names.get(part)
        if name is None or self.arrays.shape(name)[:1] != (self._count,):
            return None
        try:
            values = self.arrays.whole(name)
        except ReadError:
            return None
        return values[[cut.number for cut in self.kept]]

    def _tell(self, made: list[Piece]) -> None:
        """What is told once of each episode."""
        for part in ("success", "seeds", "last"):
            values = self._of_episodes(part)
            if values is None or values.dtype.kind not in "biuf":
                continue
            for piece, value in zip(made, values, strict=True):
                if part == "last":
                    piece.parts["last"] = value
                elif values.ndim == 1 and np.isfinite(value) and value >= 0 and part not in piece.parts:
                    if part == "success":
                        piece.success = bool(value)
                    else:
                        piece.seed = int(value)
