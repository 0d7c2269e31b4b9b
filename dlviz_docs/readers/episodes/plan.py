"""Which files hold episodes, and which of them are one recording."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from dlviz_docs.names import natural
from dlviz_docs.readers.episodes._arrays import names_in
from dlviz_docs.readers.episodes._keys import are_episodes, group_of, is_map, part_of
from dlviz_docs.readers.episodes._moments import described, is_film_of_episode, meta_of, step_of
from dlviz_docs.readers.episodes._types import Form, Found, Plan, Planned

__all__ = ["plan"]

FILMS = (".mp4", ".webm")
HDF5 = (".hdf5", ".h5")
MINARI = "main_data.hdf5"
_NO_FILM = "a film that is not named as those of episodes are: rl-video-episode-0.mp4, episode_3.mp4, videos/*.mp4"
_NO_STEPS = "HDF5 without rewards beside actions or observations, and no model; save its tables as .csv or .parquet"


def plan(found: Found) -> Plan:
    """Recordings in the order of runs and files, and what is none."""
    taken = [*_minari(found), *_arrays(found), *_films(found)]
    paths = {path for one in taken for path in one.files}
    taken += list(_steps(found, paths))
    paths = {path for one in taken for path in one.files}
    left = [(path, _why_not(path)) for path in found.files if path not in paths and path.lower().endswith(FILMS + HDF5)]
    return Plan(tuple(sorted(taken, key=lambda one: (natural(one.run), natural(one.source)))), tuple(left))


def _why_not(path: str) -> str:
    return _NO_FILM if path.lower().endswith(FILMS) else _NO_STEPS


# --- Minari ---


def _minari(found: Found) -> Iterator[Planned]:
    """Folders `data/` with a metadata.json: one HDF5 file, or one folder of Arrow an episode."""
    for told in [path for path in found.files if posixpath.basename(path) == "metadata.json"]:
        folder = posixpath.dirname(told)
        main = posixpath.join(folder, MINARI)
        if main in found.files:
            yield _planned(found, "hdf5", (main,), main, told=(told,))
        elif {"data_format", "total_episodes", "dataset_id"} & described(found.root / told).keys():
            arrow = [path for path in found.files if path.endswith(".arrow") and _lies_in(path, folder)]
            if arrow:
                yield _planned(found, "arrow", tuple(sorted(arrow, key=natural)), folder, told=(told,))


def _lies_in(path: str, folder: str) -> bool:
    """Two levels below: data/<episode>/part-0.arrow."""
    return posixpath.dirname(posixpath.dirname(path)) == folder


# --- NPZ and other HDF5 ---


def _arrays(found: Found) -> Iterator[Planned]:
    """Files of several episodes are a recording each; files of one each are one, if they lie together."""
    single: dict[tuple[str, float | None], list[str]] = {}
    for path in [path for path in found.files if path.lower().endswith(".npz")]:
        known = names_in(found.root / path)
        if not known:  # it is cut off: that is said when it is read
            yield _planned(found, "npz", (path,), path)
        elif is_map(known):
            yield _planned(found, "map", (path,), path)
        if is_map(known) or not are_episodes(known):
            continue
        if _holds_several(known):
            yield _planned(found, "npz", (path,), path)
        else:
            single.setdefault((posixpath.dirname(path), step_of(path)), []).append(path)
    for (folder, _), paths in single.items():
        source = paths[0] if len(paths) == 1 else folder or "."
        yield _planned(found, "npz", tuple(paths), source)


def _holds_several(keys: Sequence[str]) -> bool:
    """Whether a file tells where episodes begin; flags of an end alone do not, each has one."""
    parts = {part_of(key) for key in keys}
    return bool(parts & {"lengths", "first", "episode"}) or any(group_of(key)[0] for key in keys)


def _steps(found: Found, taken: set[str]) -> Iterator[Planned]:
    """HDF5 files whose arrays are called like those of episodes."""
    from dlviz_docs.readers.episodes.hdf5 import holds_episodes

    for path in found.files:
        if path not in taken and path.lower().endswith(HDF5) and holds_episodes(found.root / path):
            yield _planned(found, "hdf5", (path,), path)


# --- films ---


def _films(found: Found) -> Iterator[Planned]:
    """All of one folder are one recording."""
    folders: dict[str, list[str]] = {}
    for path in found.files:
        if path.lower().endswith(FILMS) and is_film_of_episode(path):
            folders.setdefault(posixpath.dirname(path), []).append(path)
    known = frozenset(found.files)
    for folder, paths in folders.items():
        told = tuple(beside for path in paths if (beside := meta_of(path)) in known)
        yield _planned(found, "films", tuple(sorted(paths, key=natural)), folder or ".", told)


# --- whose ---


def _planned(found: Found, form: Form, files: tuple[str, ...], source: str, told: tuple[str, ...] = ()) -> Planned:
    folder, run = _run_of(found, files[0])
    inside = posixpath.relpath(files[0], folder) if run else files[0]
    step = None if form == "films" else step_of(inside)
    return Planned(form, files, source, run, folder, step, told)


def _run_of(found: Found, path: str) -> tuple[str, str]:
    """Folder and name of the run in whose folder a file lies, or whose folder's name its own folder has."""
    parents = list(PurePosixPath(path).parents)
    for folder in parents:
        if (run := found.runs.get(folder.as_posix())) is not None:
            return folder.as_posix(), run
    for folder in parents:  # videos/<run>/ beside runs/<run>/, as CleanRL has it
        alike = [place for place in found.runs if folder.name and PurePosixPath(place).name == folder.name]
        if len(alike) == 1:
            return folder.as_posix(), found.runs[alike[0]]
    return "", ""
