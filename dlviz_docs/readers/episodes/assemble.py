"""Planned files to recordings, named so that nobody takes one for another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Episode, Episodes, Problem, Recording, ValueMap, Video
from dlviz_docs.names import exact_slug, natural
from dlviz_docs.readers._text import clean, counted
from dlviz_docs.readers.episodes._arrays import AGAIN, NpzArrays
from dlviz_docs.readers.episodes._choice import chosen
from dlviz_docs.readers.episodes._moments import described, meta_of, step_of, whole_number
from dlviz_docs.readers.episodes._moments import episode_of as number_of
from dlviz_docs.readers.episodes._piece import Pieces, episode_of
from dlviz_docs.readers.episodes._types import Found, Limits, Plan, Planned
from dlviz_docs.readers.episodes.maps import read_map
from dlviz_docs.readers.episodes.npz import pieces_in

__all__ = ["read"]

_MOST_TOLD = 3
"""Sentences about one file; of more, how many there are."""
_MOST_FILES = 20_000
_LONGEST_NAME = 100

_HOLDERS = {"data", "episodes", "eval_episodes", "logs", "recordings", "results", "rollouts", "runs", "videos"}
"""Folders that are called by what they hold, and not by whose it is."""

T = TypeVar("T", Recording, ValueMap)


def read(found: Found, plan: Plan, limits: Limits | None = None) -> Episodes:
    """All recordings of the plan; a file that cannot be read costs itself and says why."""
    within = limits or Limits()
    planned, problems = plan.recordings, []
    if len(planned) > within.most_recordings:
        what = f"holds {len(planned):,} recordings; the first {within.most_recordings:,} are read"
        problems.append(Problem("episodes-many", "", what, "Leave out some with the option `exclude`."))
        planned = planned[: within.most_recordings]
    share = within.shared(len(planned))
    runs = {exact_slug(name, ""): name for name in found.runs.values()}
    outcomes = (_read(found, each, share, problems) for each in planned)
    made = [one for one in outcomes if one is not None]  # a recording of films alone has no length
    recordings = _named(sorted((one for one in made if isinstance(one, Recording)), key=_order), runs)
    maps = _named(sorted((one for one in made if isinstance(one, ValueMap)), key=_order), runs)
    return Episodes(tuple(recordings), tuple(maps), tuple(problems))


def _order(one: Recording | ValueMap) -> tuple[object, ...]:
    return natural(one.run), one.step is None, one.step or 0.0, natural(one.source)


def _read(found: Found, planned: Planned, limits: Limits, problems: list[Problem]) -> Recording | ValueMap | None:
    """None, with a problem, where nothing can be read."""
    try:
        if planned.form == "films":
            return _of_films(found, planned)
        if planned.form == "map":
            return read_map(found, planned, limits)
        recording = _of_pieces(planned, _pieces(found, planned, limits))
    except ReadError as error:
        problems.append(Problem("episodes-unreadable", planned.source, f"cannot be read: {error.what}", error.remedy))
        return None
    except (OSError, ValueError, MemoryError, OverflowError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0][:200]
        problems.append(Problem("episodes-unreadable", planned.source, f"cannot be read: {first}", AGAIN))
        return None
    if not recording.episodes:
        nothing = Problem("episodes-empty", planned.source, "holds no step of an episode", AGAIN)
        problems += recording.problems or (nothing,)
        return None
    return recording


def _pieces(found: Found, planned: Planned, limits: Limits) -> Pieces:
    if planned.form == "npz" and len(planned.files) == 1:
        return pieces_in(NpzArrays(found.root / planned.files[0], limits.most_bytes), limits)
    if planned.form == "npz":
        return _of_files(found, planned, limits)
    if planned.form == "hdf5":
        from dlviz_docs.readers.episodes.hdf5 import read_hdf5

        return read_hdf5(found, planned, limits)
    from dlviz_docs.readers.episodes.minari_arrow import read_minari_arrow

    return read_minari_arrow(found, planned, limits)


def _of_files(found: Found, planned: Planned, limits: Limits) -> Pieces:
    """One episode a file: what one of them lacks, it lacks alone."""
    files = planned.files[:_MOST_FILES]
    kept = chosen(files, [1] * len(files), 1, limits)
    whole = Pieces(seen=len(planned.files))
    left = limits.most_pixels
    for path in kept:
        name = PurePosixPath(path).stem
        try:
            one = pieces_in(NpzArrays(found.root / path, limits.most_bytes), replace(limits, most_pixels=left))
        except (ReadError, OSError, ValueError) as error:
            whole.wrong.append(f"{name}: {error.what if isinstance(error, ReadError) else 'cannot be read'}")
            continue
        left -= sum(piece.frames.pixels.nbytes for piece in one.episodes if piece.frames is not None)
        several = len(one.episodes) > 1
        whole.seen += one.seen - 1
        whole.empty += one.empty
        whole.wrong += [f"{name}: {why}" for why in one.wrong]
        whole.told |= one.told
        whole.shape = one.shape or whole.shape
        whole.episodes += [replace(piece, name=f"{name}/{piece.name}" if several else name) for piece in one.episodes]
    return whole


def _of_films(found: Found, planned: Planned) -> Recording:
    videos = tuple(_film(found, planned, path) for path in planned.files)
    slug = exact_slug(planned.run, "") if planned.run else ""
    return Recording(slug, "", planned.source, videos=videos, seen=len(videos))


def _film(found: Found, planned: Planned, path: str) -> Video:
    """By its name, and by what gym has left beside it."""
    name, beside = PurePosixPath(path).name, meta_of(path)
    told = described(found.root / beside) if beside in planned.told else {}
    step, episode = whole_number(told.get("step_id")), whole_number(told.get("episode_id"))
    by_name = step_of(name)
    return Video(
        path,
        (found.root / path).stat().st_size,
        number_of(name) if episode is None else episode,
        by_name if step is None else float(step),
    )


def _of_pieces(planned: Planned, pieces: Pieces) -> Recording:
    episodes, wrong = [], list(pieces.wrong)
    for piece in pieces.episodes:
        try:
            episodes.append(episode_of(piece))
        except ReadError as error:
            wrong.append(f"episode {piece.name} {error.what}; it is left out")
        wrong += [f"{why}, in episode {piece.name}; they are left out" for why in piece.wrong]
    unknown = sum(not np.isfinite(episode.total) for episode in episodes)
    problems = [
        *_problems(planned.source, wrong),
        *_empty(planned.source, pieces.empty),
        *_nan(planned.source, unknown),
        *_no_discount(planned.source, pieces.told.get("gamma")),
    ]
    step = _number(pieces.told.get("step"))
    return Recording(
        exact_slug(planned.run, "") if planned.run else "",
        "",
        planned.source,
        tuple(episodes),
        planned.step if step is None else step,
        _text(pieces.told.get("environment")),
        _discount(pieces.told.get("gamma")),
        _actions(pieces, episodes),
        _observations(pieces, episodes),
        pieces.shape,
        seen=pieces.seen,
        problems=tuple(problems),
    )


# --- what is wrong ---


def _problems(source: str, wrong: Sequence[str]) -> Iterator[Problem]:
    told = list(dict.fromkeys(wrong))
    for why in told[:_MOST_TOLD]:
        yield Problem("episodes-damaged", source, why[:500], "Record the episodes again.")
    if len(told) > _MOST_TOLD:
        what = f"{len(told) - _MOST_TOLD:,} more of its arrays or episodes do not fit"
        yield Problem("episodes-damaged", source, what, "Record the episodes again.")


def _empty(source: str, empty: int) -> Iterator[Problem]:
    if empty:
        what = f"holds {counted(empty, 'episode')} without a step, which {'is' if empty == 1 else 'are'} left out"
        yield Problem("episodes-empty", source, what, "Record episodes from their reset to their end.")


def _nan(source: str, episodes: int) -> Iterator[Problem]:
    if episodes:
        what = f"some rewards of {counted(episodes, 'episode')} are no finite number; the return of these is not known"
        yield Problem("episodes-nan", source, what, "Look for a division by zero in the reward.")


def _no_discount(source: str, told: NDArray[Any] | None) -> Iterator[Problem]:
    value = _number(told)
    if value is not None and _discount(told) is None:
        what = f"tells a discount factor of {value:.6g}, which is none: nothing is discounted"
        yield Problem("episodes-damaged", source, what, "Record a gamma from 0 to 1.")


# --- what the file tells of all ---


def _number(value: NDArray[Any] | None) -> float | None:
    """Of one number that is finite."""
    if value is None or value.size != 1 or value.dtype.kind not in "iuf" or not np.isfinite(value).all():
        return None
    return float(value.reshape(-1)[0])


def _discount(value: NDArray[Any] | None) -> float | None:
    """Of a number from 0 to 1."""
    found = _number(value)
    return found if found is not None and 0 <= found <= 1 else None


def _line(name: object) -> str:
    """A name without breaks, which would end a heading."""
    return " ".join(clean(str(name)).split())[:_LONGEST_NAME]


def _text(value: NDArray[Any] | None) -> str:
    return _line(value.reshape(-1)[0]) if value is not None and value.dtype.kind == "U" and value.size == 1 else ""


def _names(value: NDArray[Any] | None) -> tuple[str, ...]:
    if value is None or value.dtype.kind != "U":
        return ()
    return tuple(_line(name) for name in value.reshape(-1).tolist())


def _actions(pieces: Pieces, episodes: Sequence[Episode]) -> tuple[str, ...]:
    """As many as are named, valued or taken."""
    taken = [int(one.actions.max()) + 1 for one in episodes if one.actions is not None and one.actions.ndim == 1]
    if not taken:
        return ()
    tables = [table for one in episodes for table in (one.action_values, one.probabilities) if table is not None]
    count = max([*taken, *(table.shape[1] for table in tables)])
    told = _names(pieces.told.get("action names"))
    return told if len(told) >= count else (*told, *(str(i) for i in range(len(told), count)))


def _observations(pieces: Pieces, episodes: Sequence[Episode]) -> tuple[str, ...]:
    wide = [one.observations.shape[1] for one in episodes if one.observations is not None]
    if not wide:
        return ()
    told = _names(pieces.told.get("observation names"))
    return told if len(told) == wide[0] else tuple(str(i) for i in range(wide[0]))


def _named(recordings: Sequence[T], runs: dict[str, str]) -> Iterator[T]:
    """By run and moment; by the file as well where that is not enough."""
    plain = [_name(one, runs) for one in recordings]
    counts = Counter(plain)
    taken: set[str] = set()
    for one, name in zip(recordings, plain, strict=True):
        if counts[name] > 1 or not name:
            name = ", ".join(part for part in (name, _place(one.source)) if part)
        unique, turn = name, 2
        while unique in taken:
            unique, turn = f"{name} ({turn})", turn + 1
        taken.add(unique)
        yield replace(one, name=unique)


def _place(source: str) -> str:
    """Of the folders that every data set of Minari has, the one around them."""
    inside = source.removesuffix("/main_data.hdf5")
    return ("" if inside == "data" else inside.removesuffix("/data").removeprefix(".")) or "episodes"


def _home(source: str) -> str:
    """The folder that holds the recordings of an agent without logs: "a" of "runs/a/episodes/step-9.npz"."""
    parts = reversed(PurePosixPath(source).parts[:-1])
    return next((part[:_LONGEST_NAME] for part in parts if part.lower() not in _HOLDERS), "")


def _name(one: Recording | ValueMap, runs: dict[str, str]) -> str:
    run = runs.get(one.run, "")
    films = isinstance(one, Recording) and one.videos
    moment = f"{one.step:,.0f} steps" if one.step is not None else "films" if films else ""
    if not one.run and moment and isinstance(one, Recording):
        run = _home(one.source)
    return ", ".join(part for part in (run if run != "." else "", moment) if part)
