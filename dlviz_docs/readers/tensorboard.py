"""TensorBoard event files, as TensorFlow, PyTorch, Lightning, Keras and many others write them.

`_tfrecord` finds the records, `_tfdecode` decodes them, and here their tags are given a meaning. All points are kept:
TensorBoard itself samples them when it reads. Of images, histograms and the like it is told how many there are.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from dlviz_docs.errors import ReadError
from dlviz_docs.model import BoolArray, Hparam, Problem, Reading, Series, Status
from dlviz_docs.readers._text import PEEK, clean
from dlviz_docs.readers._tfcontents import Contents, Index, Points
from dlviz_docs.readers._tfdecode import read_contents
from dlviz_docs.readers._tfevents import NOT_NUMBERS
from dlviz_docs.readers._tfrecord import Damage
from dlviz_docs.readers._tfsettings import session, settings_in_text
from dlviz_docs.readers._wire import WireError

__all__ = ["TensorBoard"]

_WRITER = "TensorBoard"
_NOT_LOGS = frozenset((".csv", ".gz", ".ipynb", ".json", ".md", ".py", ".txt", ".zip"))
"""Endings of files that have "tfevents" in their names and are about logs."""
_SCALARS = b"scalars"
_MEDIA = {
    b"audio": "audio",
    b"graph_keras_model": "graph",
    b"graph_run_metadata": "graph",
    b"graph_run_metadata_graph": "graph",
    b"graphs": "graph",
    b"histograms": "histogram",
    b"images": "image",
    b"mesh": "mesh",
    b"pr_curves": "pr_curve",
    b"text": "text",
}
_SETTINGS = (b"hparams", b"custom_scalars")
"""Plugins whose values are no results."""
_PLACEHOLDER = "hp_metric"
"""Lightning logs -1 under this name when a run begins, so that the hparams page has a metric."""
_LARGEST_EXACT = 2**53
_REMEDY = "Take the file from where it was written, or log the run again; the rest is shown."


@dataclass(frozen=True, slots=True)
class TensorBoard:
    """`*tfevents*`: every scalar with its step and time, settings, texts, and counts of everything else."""

    makes_run: ClassVar[bool] = True

    def matches(self, path: Path) -> bool:
        return "tfevents" in path.name and path.suffix not in _NOT_LOGS

    def first_tags(self, path: Path) -> Collection[str]:
        """Names of the scalars in the first bytes."""
        with path.open("rb") as stream:
            head = io.BytesIO(stream.read(PEEK))
        return {_shown(tag) for tag in _sorted_out(read_contents(head))[0]}

    def read(self, path: Path) -> Reading:
        with path.open("rb") as stream:
            contents = read_contents(stream)
        if any(damage.kind == "length" and not damage.offset for damage in contents.damage):
            raise ReadError("not an event file, or damaged in its first bytes", _REMEDY)
        reading = _reading(contents, path.name)
        for damage in contents.damage:
            if damage.kind == "length":
                raise ReadError(f"damaged at byte {damage.offset:,}", _REMEDY, partial=reading)
        return reading


def _reading(contents: Contents, name: str) -> Reading:
    numbers, media = _sorted_out(contents)
    series = tuple(s for tag, points in numbers.items() if (s := _series(tag, points, contents.starts, name)))
    texts = {_shown(tag): clean(text.decode("utf-8", "replace")) for tag, text in _notes(contents, b"text")}
    hparams, status = _sessions(contents)
    for tag, text in list(texts.items()):
        if found := settings_in_text(tag, text):
            hparams |= found
            del texts[tag]
    return Reading(
        _WRITER,
        series=series,
        hparams=hparams,
        media=media,
        texts=texts,
        status=status,
        restart=min((float(step) for _, step in contents.starts), default=None),
        problems=(*_problems(contents.damage, name), *_inexact(numbers, name)),
    )


def _shown(tag: bytes) -> str:
    """A tag as text; different bytes stay different."""
    return tag.decode("utf-8", "backslashreplace")


def _sorted_out(contents: Contents) -> tuple[dict[bytes, Points], dict[str, int]]:
    """Scalars by tag, first logged first, and how many of everything else."""
    scalars: dict[bytes, list[Points]] = {}
    media: Counter[str] = Counter()
    for (tag, is_tensor), points in contents.numbers().items():
        if not is_tensor or _plugin(contents, tag) == _SCALARS:
            scalars.setdefault(tag, []).append(points)
        else:
            media[_kind(contents, tag)] += len(points.positions)
    for (tag, field), count in contents.counts.items():
        media[NOT_NUMBERS.get(field) or _kind(contents, tag)] += count
    media["graph"] += contents.graphs
    joined = {tag: pieces[0] if len(pieces) == 1 else Points.join(pieces) for tag, pieces in scalars.items()}
    ordered = sorted(joined.items(), key=lambda item: int(item[1].positions[0]))
    return dict(ordered), {kind: count for kind, count in sorted(media.items()) if kind and count}


def _plugin(contents: Contents, tag: bytes) -> bytes:
    return contents.plugins.get(tag, (0, b""))[1]


def _kind(contents: Contents, tag: bytes) -> str:
    """What the tensors of a tag are; "" for settings."""
    plugin = _plugin(contents, tag)
    return "" if plugin in _SETTINGS else _MEDIA.get(plugin, "tensor")


def _series(tag: bytes, points: Points, starts: Sequence[tuple[int, int]], source: str) -> Series | None:
    name = _shown(tag)
    if name == _PLACEHOLDER:
        points = points.take(np.flatnonzero(points.values != -1))
        if not len(points.values):
            return None
    return Series(
        name=name,
        raw_name=name,
        steps=points.steps.astype(np.float64),
        values=points.values,
        times=None if np.isnan(points.times).any() else points.times,
        superseded=_superseded(points, starts),
        source=source,
    )


def _superseded(points: Points, starts: Sequence[tuple[int, int]]) -> BoolArray | None:
    """Points that a session which starts later in the file, at their step or a lower one, writes again.

    The first start is the session's own: TensorFlow may write it after the first points. This is TensorBoard's rule,
    plugin_event_accumulator.py, _CheckForRestartAndMaybePurge.
    """
    if len(starts) < 2:
        return None
    positions, steps = np.array(sorted(starts)[1:], dtype=np.int64).T
    # The lowest step any session starts at from here on; none after the last.
    lowest = np.append(np.minimum.accumulate(steps[::-1])[::-1], np.iinfo(np.int64).max)
    marked = points.steps >= lowest[np.searchsorted(positions, points.positions, side="right")]
    return marked if marked.any() else None


def _notes(contents: Contents, plugin: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Tags and contents of one plugin, in the order of the file."""
    for (tag, owner), (_, content) in sorted(contents.notes.items(), key=lambda item: item[1][0]):
        if owner == plugin:
            yield tag, content


def _sessions(contents: Contents) -> tuple[dict[str, Hparam], Status]:
    """Settings and outcome as the hparams plugin has them."""
    settings: dict[str, Hparam] = {}
    status: Status = "unknown"
    for tag, content in _notes(contents, b"hparams"):
        try:
            found, outcome = session(content)
        except WireError:
            contents.damage.append(Damage.of("message", contents.notes[tag, b"hparams"][0], len(content)))
            continue
        settings |= found
        status = status if outcome == "unknown" else outcome
    return settings, status


def _problems(damage: Sequence[Damage], name: str) -> Iterator[Problem]:
    """One problem for each kind of damage."""
    by_kind: dict[str, list[Damage]] = {}
    for one in damage:
        by_kind.setdefault(one.kind, []).append(one)
    for kind, found in by_kind.items():
        code, what, remedy = _DAMAGE[kind]
        first = min(found, key=lambda one: one.offset)
        what = what.format(count=_counted(len(found)), offset=first.offset, size=first.size)
        yield Problem(code, name, what, remedy)


_DAMAGE = {
    "checksum": ("tensorboard-crc", "{count} left out: wrong checksum (first at byte {offset:,})", _REMEDY),
    "message": ("tensorboard-event", "{count} left out: no event inside (first at byte {offset:,})", _REMEDY),
    "length": ("tensorboard-length", "damaged at byte {offset:,}: nothing after it can be read", _REMEDY),
    "truncated": (
        "tensorboard-truncated",
        "breaks off inside a record: the last {size:,} bytes, from byte {offset:,} on, are left out",
        "If the run is still writing, build again later; if not, it was stopped while writing. All before is shown.",
    ),
}


def _counted(count: int) -> str:
    return "1 record is" if count == 1 else f"{count:,} records are"


def _inexact(numbers: Mapping[bytes, Points], name: str) -> Iterator[Problem]:
    """Steps that no float64 can hold."""
    tags = [tag for tag, points in numbers.items() if not _exact(points.steps)]
    if tags:
        shown = ", ".join(map(_shown, tags[:3])) + (", …" if len(tags) > 3 else "")
        what = f"steps beyond 2^53 are rounded ({shown})"
        yield Problem("tensorboard-step", name, what, "Log a smaller step; the order of the points is kept.")


def _exact(steps: Index) -> bool:
    return int(steps.max()) <= _LARGEST_EXACT and int(steps.min()) >= -_LARGEST_EXACT
