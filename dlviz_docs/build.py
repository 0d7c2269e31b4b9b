"""The line from a folder on disk to a site, and the one place that knows what runs where and what comes from the cache.

    scan ─┬► digest (a run's files, read once, in a worker) ────────┬─► present (an experiment's pages, there too)
          └► study (an experiment's data, its models, in a worker) ─┘     └─► Site

Only what changed is done again: a digest is kept by the content of its files, a study by the signatures of its own, an
experiment's pages by its digests and its studies.
A worker turns what a reader or a renderer raises into a `Problem`; what a worker itself dies of becomes one here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dlviz_docs import report
from dlviz_docs.assets import assets
from dlviz_docs.cache import Cache
from dlviz_docs.digest import SCRIPT
from dlviz_docs.engine import Digests, Engine, Progress, Studies
from dlviz_docs.errors import DlvizError
from dlviz_docs.model import Experiment, Problem
from dlviz_docs.model.kept import Kept
from dlviz_docs.options import Options
from dlviz_docs.present import PAGE, gathered, load, problems_of
from dlviz_docs.readers.kept import SUFFIX, packed_kept
from dlviz_docs.registry import load_readers, load_renderers
from dlviz_docs.scan import ExperimentFolder, Scan, scan
from dlviz_docs.study import WEBP, Study
from dlviz_docs.view import Asset, NavItem, Page, Site
from dlviz_docs.workers import Limits, Workers, warm_up

__all__ = ["Inventory", "Progress", "build", "find", "probe", "survey", "take_inventory"]


def _silent(step: str, done: int, total: int) -> None:
    """Progress nobody watches."""


def build(root: Path, options: Options, cache_dir: Path, progress: Progress = _silent) -> Site:
    """The site of everything under `root`. Never writes there; results are kept in `cache_dir`."""
    _prepare(options, cache_dir)
    found, problems = find(root, options)
    problems += load_renderers(options.renderers)[1]
    with _workers(options) as workers:
        engine = Engine(options, Cache(cache_dir), workers, progress)
        studies = engine.study(found)
        digests = engine.digest(found, studies)
        shown = [p for p in engine.present(_with_content(found, studies), digests, studies) if p is not None]
        problems += tuple(problem for presentation in shown for problem in presentation.problems)
        name, index = engine.index([presentation.entry for presentation in shown], problems)
    probed = (name for names in studies.probed.values() for name in names)
    engine.forget_others(shown, [name, *studies.made, *probed])
    document = report.document([presentation.report for presentation in shown], problems)
    data = [Asset(path, Path(engine.cache.path(name, SCRIPT))) for p in shown for path, name in p.scripts]
    data += [Asset(path, Path(engine.cache.path(name, WEBP))) for p in shown for path, name in p.pictures]
    data += [Asset(path, Path(engine.cache.path(name, suffix))) for p in shown for path, name, suffix in p.films]
    pages = [replace(page, file=engine.cache.path(page.file, PAGE)) for p in shown for page in p.pages]
    return Site(
        pages=(index, *pages),
        assets=(*assets(), *data, Asset("experiments.json", document)),
        nav=tuple(_nav(presentation.pages) for presentation in shown),
        problems=problems,
    )


def find(root: Path, options: Options) -> tuple[Scan, tuple[Problem, ...]]:
    """What the folder holds by its names, and which readers could not be loaded."""
    readers, problems = load_readers(options.readers)
    if not root.is_dir():
        raise DlvizError(f"{root} is not a folder. Name the folder that holds your runs.")
    return scan(root, readers, options.exclude), problems


def survey(
    root: Path, options: Options, cache_dir: Path, progress: Progress = _silent
) -> tuple[list[Experiment], tuple[Problem, ...]]:
    """Every experiment read and gathered, nothing drawn; and all problems, theirs and those of the whole folder."""
    inventory, problems = take_inventory(root, options, cache_dir, progress)
    return [one.experiment for one in inventory], problems


def read_runs(found: Scan, options: Options, cache_dir: Path, progress: Progress = _silent) -> dict[str, Experiment]:
    """By slug, the experiments that were found with their runs read, and nothing else of them."""
    _prepare(options, cache_dir)
    with _workers(options) as workers:
        engine = Engine(options, Cache(cache_dir), workers, progress)
        digests = engine.digest(found, Studies())
    return {folder.slug: _survey(engine.cache, digests, folder) for folder in found.experiments}


@dataclass(frozen=True, slots=True)
class Inventory:
    """One experiment, and its other subjects as experiments.json has them."""

    experiment: Experiment
    studied: tuple[str, ...] = ()


def take_inventory(
    root: Path, options: Options, cache_dir: Path, progress: Progress = _silent
) -> tuple[list[Inventory], tuple[Problem, ...]]:
    """As `survey`, with what is known of data, predictions, models and episodes."""
    _prepare(options, cache_dir)
    found, problems = find(root, options)
    with _workers(options) as workers:
        engine = Engine(options, Cache(cache_dir), workers, progress)
        studies = engine.study(found, ("samples", "models", "episodes"))
        digests = engine.digest(found, studies)
    inventory = []
    for folder in _with_content(found, studies).experiments:
        experiment = _survey(engine.cache, digests, folder)
        made = [engine.cache.get(name, Study) or Study() for name in studies.names.get(folder.slug, ())]
        told = (problem for study in made for problem in study.problems())
        problems += (*problems_of(experiment), *told, *studies.problems.get(folder.slug, ()))
        inventory.append(Inventory(experiment, tuple(study.report for study in made)))
    return inventory, problems


def probe(
    root: Path, options: Options, cache_dir: Path, progress: Progress = _silent
) -> tuple[list[tuple[Path, bytes]], tuple[Problem, ...]]:
    """Every model that can be run, run: the files that belong beside the models, so that others can show the same.

    Writes nothing into `root`; who asks for the files does.
    """
    _prepare(options, cache_dir)
    found, problems = find(root, options)
    with _workers(options) as workers:
        engine = Engine(options, Cache(cache_dir), workers, progress)
        studies = engine.study(found, ("probes",))
    files = []
    for folder in found.experiments:
        made = [engine.cache.get(name, Study) or Study() for name in studies.names.get(folder.slug, ())]
        problems += (*(p for study in made for p in study.problems()), *studies.problems.get(folder.slug, ()))
        for path, name in (one for study in made for one in study.kept):
            if kept := engine.cache.get(name, Kept):
                files.append((Path(folder.path) / f"{path}{SUFFIX}", packed_kept(kept)))
    return files, tuple(dict.fromkeys(problems))


def _prepare(options: Options, cache_dir: Path) -> None:
    if options.workers and not cache_dir.is_dir():  # else there may be nothing to do
        warm_up()


def _workers(options: Options) -> Workers:
    return Workers(options.workers, Limits(options.file_timeout, options.memory_limit))


def _with_content(found: Scan, studies: Studies) -> Scan:
    """Without folders that are no experiment: neither runs nor data nor predictions."""
    kept = tuple(e for e in found.experiments if e.runs or e.slug in studies.names or e.slug in studies.problems)
    return replace(found, experiments=kept)


def _nav(pages: Sequence[Page]) -> NavItem:
    """A topic stands below its experiment, and need not repeat its name."""
    first, *rest = pages
    topics = (NavItem(page.title.removesuffix(f" – {first.title}"), page.path) for page in rest)
    return NavItem(first.title, first.path, tuple(topics))


def _survey(cache: Cache, digests: Digests, folder: ExperimentFolder) -> Experiment:
    names = digests.names.get(folder.slug, [])
    return gathered(folder, load(cache, names), digests.problems.get(folder.slug, []))
