"""The episodes of one experiment, read and drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dlviz_docs import names
from dlviz_docs.cache import Cache
from dlviz_docs.collect import SampleFiles, may_be_episodes
from dlviz_docs.model import Episodes, Experiment, Problem
from dlviz_docs.options import Selection
from dlviz_docs.report import describe_episodes
from dlviz_docs.scan import ExperimentFolder
from dlviz_docs.study.grounds import with_grounds
from dlviz_docs.study.packed import Study, packed
from dlviz_docs.study.plays import Plays
from dlviz_docs.study.reels import Reels
from dlviz_docs.study.sections import drawn, placed

if TYPE_CHECKING:  # its readers are imported where there is something to read
    from dlviz_docs.readers.episodes import Found, Plan

__all__ = ["planned_episodes", "read_episodes", "study_episodes"]


def planned_episodes(folder: ExperimentFolder) -> Plan:
    """Which files of the experiment hold episodes, by names and headers."""
    from dlviz_docs.readers.episodes import Plan, plan

    if folder.samples is None or not may_be_episodes(folder.samples):
        return Plan()
    return plan(_found(folder, folder.samples))


def read_episodes(folder: ExperimentFolder, plan: Plan | None = None) -> Episodes:
    """All recordings of the experiment, as planned; paths of problems are relative to the scanned folder."""
    if folder.samples is None:
        return Episodes()
    from dlviz_docs.readers.episodes import read

    episodes = read(_found(folder, folder.samples), planned_episodes(folder) if plan is None else plan)
    place = folder.samples.relative
    recordings = tuple(replace(one, problems=placed(one.problems, place)) for one in episodes.recordings)
    maps = tuple(replace(one, problems=placed(one.problems, place)) for one in episodes.maps)
    return Episodes(recordings, maps, placed(episodes.problems, place))


def study_episodes(folder: ExperimentFolder, renderers: Selection, cache: Cache) -> Study:
    """What its episodes come to; nothing where it has none."""
    plan = planned_episodes(folder)
    if folder.samples is None or not plan.recordings:
        return Study()
    if find_spec("PIL") is None:
        return Study(told=(_not_installed(folder),))
    episodes = read_episodes(folder, plan)
    problems = _problems(episodes)
    if not (episodes.recordings or episodes.maps or problems):
        return Study()
    episodes = with_grounds(folder, episodes, cache)
    experiment = Experiment(folder.slug, folder.name, folder.relative, episodes=episodes)
    sections = list(drawn("episodes", experiment, renderers, {"episodes": problems}))
    figures = [figure for section in sections for figure in section.figures]
    reels = Reels(Path(folder.samples.root), episodes, cache)
    sheets, films = tuple(reels.sheets(figures)), tuple(reels.films(figures))
    told = placed(reels.problems, folder.samples.relative)
    plays = Plays(folder.slug, cache)
    shown = packed(plays.apart(sections))
    found = Study(shown, reels=sheets, films=films, plays=tuple(plays.kept), told=told)
    return replace(found, report=describe_episodes(episodes))


def _not_installed(folder: ExperimentFolder) -> Problem:
    what = "its episodes are not shown, since PIL cannot be imported here"
    return Problem("missing-extra", folder.relative, what, 'Install it: pip install "dlviz-docs[data]"')


def _problems(episodes: Episodes) -> tuple[Problem, ...]:
    of_recordings = (problem for one in episodes.recordings for problem in one.problems)
    of_maps = (problem for one in episodes.maps for problem in one.problems)
    found: Iterable[Problem] = (*episodes.problems, *of_recordings, *of_maps)
    return tuple(dict.fromkeys(found))


def _found(folder: ExperimentFolder, files: SampleFiles) -> Found:
    """What lies in the folder, as the readers of episodes want to have it told."""
    from dlviz_docs.readers.episodes import Found

    root = Path(files.root)
    paths = [Path(source.path).relative_to(root).as_posix() for source in may_be_episodes(files)]
    above = Path(folder.path).relative_to(root) if Path(folder.path).is_relative_to(root) else Path()
    runs = {(above / run.place).as_posix(): run.name for run in folder.runs}
    return Found(root, tuple(sorted(paths, key=names.natural)), runs)
