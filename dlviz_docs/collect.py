"""Which files may hold data or predictions, and of which experiment, by names alone."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dlviz_docs.parts import Folder, Picture, Source

__all__ = [
    "FILMS",
    "PICTURES",
    "PLAYED",
    "SAMPLES",
    "SampleFiles",
    "below",
    "may_be_episodes",
    "nobodys_samples",
    "sample_folders",
    "samples_of",
    "why_unread",
]

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
SAMPLES = frozenset(
    {".csv", ".tsv", ".parquet", ".arrow", ".npz", ".npy", ".jsonl", ".ndjson", ".json", ".txt", ".yaml", ".yml"}
    | {".names", ".data"}
)
"""Files that may hold data or predictions, when no log reader wants them."""
FILMS = frozenset({".mp4", ".webm"})
_TOLD = ("metadata.json", ".meta.json")
"""What lies beside episodes and says more of them."""
PLAYED = FILMS | {".hdf5", ".h5"}
"""Files that may hold what an agent did, and nothing else that is read."""
_ROLE = re.compile(
    r"(^|[-_. ])(data|datasets?|raw|processed|images?|imgs|pictures|jpegimages|leftimg8bit|imagesets|annotations?|"
    r"labels?|masks?|gt|gtfine|gtcoarse|ground_?truth|targets?|pred(s|icted|ictions?)?|prob(s|abilities)?|logits|scores|outputs?|results?|features|embeddings|"
    r"folds?[-_ ]?\d*|eval(uation)?|train(ing)?|val(id|idation)?|dev|test(ing)?|splits?)([-_. ]|$)",
    re.IGNORECASE,
)
"""Folders named for what they hold are parts of one data set, or of one experiment."""


_PLAYS = re.compile(r"(^|[-_. ])(episodes?|recordings?|rollouts?|trajector(y|ies)|videos?)([-_. ]|$)", re.IGNORECASE)
"""Folders named for episodes are parts of what lies around them, too."""
_PACKED = frozenset({".gz", ".zip", ".bz2", ".xz", ".zst", ".7z", ".tar", ".tgz", ".rar"})
_MAY_RUN = frozenset({".pkl", ".pickle", ".joblib", ".dill", ".rda", ".rds"})
_OTHER_TABLES = frozenset(
    {".xlsx", ".xls", ".ods", ".feather", ".orc", ".sav", ".dta", ".sas7bdat", ".mat", ".hdf", ".hdf5", ".h5"}
)


def why_unread(name: str) -> str:
    """Why no reader takes a file of this name, and what to do where there is something."""
    suffix = Path(name).suffix.lower()
    if suffix in _PACKED:
        return "compressed; unpack it to have it read"
    if suffix in _MAY_RUN:
        return (
            "opening it may run code, so nobody does; save its arrays as .npy or .npz, its tables as .csv or .parquet"
        )
    if suffix in FILMS:
        return "a film that is not named as those of episodes are: rl-video-episode-0.mp4, episode_3.mp4, videos/*.mp4"
    if suffix in _OTHER_TABLES:
        return "no reader knows this kind of file; save its tables as .csv or .parquet"
    return "no reader knows this kind of file"


@dataclass(frozen=True, slots=True)
class SampleFiles:
    """What may be data, predictions or episodes of one experiment, by names."""

    root: str
    """Absolute."""
    relative: str
    """To the scanned folder; "." for that folder itself."""
    files: tuple[Source, ...]
    pictures: tuple[tuple[str, tuple[Picture, ...]], ...]
    """By folder, relative to the root; "." for itself."""
    played: tuple[Source, ...] = ()
    """Films, HDF5 files, and those of the NPZ files that list rewards."""


def sample_folders(top: Folder, experiments: Sequence[Folder]) -> list[Folder]:
    """Folders of data or predictions that lie in no experiment.

    Where there is only one, all of the folder is its own, but for what is described as another.
    """
    taken = {folder.path for folder in experiments}
    found = [] if top.path in taken else _apart(top, taken, top=True)
    return [folder for folder in found if folder.about] if len(experiments) == 1 else found


def _apart(folder: Folder, taken: Collection[str], *, top: bool = False) -> list[Folder]:
    """The experiments without runs at and below a folder."""
    if folder.path in taken or not _bears_samples(folder):
        return []
    children = [child for child in folder.children if _bears_samples(child)]
    above = any(inner.path in taken for inner in folder.walk())
    own = folder.loose or folder.pictures or _holds_steps(folder)
    if not above and ((folder.about and not top) or own or _are_parts(children)):
        return [folder]
    return [experiment for child in children for experiment in _apart(child, taken)]


def _are_parts(children: Sequence[Folder]) -> bool:
    """Whether folders side by side are parts of one whole: named for their role, one for each class of pictures, or one
    for each agent of which there is nothing but what it was recorded at."""
    if any(_ROLE.search(child.name) or (_PLAYS.search(child.name) and _only_plays(child)) for child in children):
        return True
    if len(children) < 2:
        return False
    return all(child.pictures and not child.loose for child in children) or all(map(_only_plays, children))


def _bears_samples(folder: Folder) -> bool:
    """Films alone are none: nobody could say of what."""
    return any(inner.loose or inner.pictures or _holds_steps(inner) for inner in folder.walk())


def _only_plays(folder: Folder) -> bool:
    """Whether it holds episodes and nothing else, not even a word on what it is."""
    inside = list(folder.walk())
    others = any(inner.about or inner.pictures or set(inner.loose) - set(inner.played) for inner in inside)
    return not others and any(map(_holds_steps, inside))


def _holds_steps(folder: Folder) -> bool:
    return any(not source.path.lower().endswith(tuple(FILMS)) for source in folder.played)


def samples_of(folder: Folder, experiments: Collection[str]) -> SampleFiles | None:
    """What lies at and below a folder, without other experiments below it; None where that is nothing."""
    inside = [inner for inner in below(folder, experiments) if inner.loose or inner.pictures or inner.played]
    # experiment.yml may name what is not there: that is worth a notice.
    if not inside and not any(source.path.endswith((".yml", ".yaml")) for source in folder.about):
        return None
    pictures = [(os.path.relpath(inner.path, folder.path), tuple(inner.pictures)) for inner in inside if inner.pictures]
    files = tuple(source for inner in inside for source in inner.loose)
    played = tuple(source for inner in inside for source in inner.played)
    return SampleFiles(folder.path, folder.relative or ".", files, tuple(pictures), played)


def may_be_episodes(samples: SampleFiles | None) -> tuple[Source, ...]:
    """Files that episodes come in, by names alone; what they hold is for their content to say."""
    if samples is None:
        return ()
    told = [source for source in samples.files if source.path.endswith(_TOLD)]
    arrow = [source for source in samples.files if source.path.endswith(".arrow")] if told else []
    return (*samples.played, *arrow, *told) if samples.played or arrow else ()


def below(folder: Folder, experiments: Collection[str]) -> Iterator[Folder]:
    """The folder and those below it that are of no other experiment."""
    yield folder
    for child in folder.children:
        if child.path not in experiments:
            yield from below(child, experiments)


def nobodys_samples(top: Folder, taken: Sequence[SampleFiles]) -> Iterator[str]:
    """Tables, arrays and films that lie in no experiment's folder, relative to the scanned one."""
    paths = {source.path for files in taken for source in (*files.files, *files.played)}
    for folder in top.walk():
        found = (*folder.loose, *folder.played)
        yield from (source.relative for source in found if source.path not in paths)
