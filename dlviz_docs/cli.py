"""The command `dlviz`: the only module that prints.

Exit codes: 0 done, 1 problems under --strict or a disk that cannot be written, 2 a wrong option or folder.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from dlviz_docs import __version__
from dlviz_docs.errors import DlvizError, OptionError
from dlviz_docs.options import Options, parse
from dlviz_docs.workers import warm_up

if TYPE_CHECKING:
    from dlviz_docs.build import Progress as Report
    from dlviz_docs.model import Problem, Run
    from dlviz_docs.readers.episodes import Plan as EpisodePlan
    from dlviz_docs.readers.samples import Plan
    from dlviz_docs.scan import ExperimentFolder, RunFolder

AHEAD = 600.0
"""Seconds for the explanations of a model where somebody waits for nothing else."""
STUDIED = {
    "data": ("data set",),
    "predictions": ("set of predictions", "sets of predictions"),
    "models": ("model",),
    "episodes": ("recording of episodes", "recordings of episodes"),
}

# The engine is imported by the commands that need it, while their workers start.

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    given = _parser().parse_args(arguments)
    console = Console(stderr=True, quiet=given.quiet, highlight=False)
    command: Callable[[argparse.Namespace, Console], int] = given.run
    try:
        return command(given, console)
    except DlvizError as error:
        Console(stderr=True, highlight=False).print(f"[bold red]Error:[/] {escape(str(error))}")
        return 2
    except OSError as error:
        Console(stderr=True, highlight=False).print(f"[bold red]Error:[/] {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dlviz", description="Folders of deep-learning runs as a static site.")
    parser.add_argument("--version", action="version", version=f"dlviz-docs {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    build_ = _command(commands, "build", _build, "build a site that opens from disk")
    target = build_.add_mutually_exclusive_group()
    target.add_argument("-o", "--output", metavar="SITE", default="site", help="the folder of the site (default: site)")
    target.add_argument("--to", metavar="DIR", help="write plain Markdown, assets and nav.yml for another generator")
    build_.add_argument("--strict", action="store_true", help="exit with 1 when any file has a problem")
    probe = _command(commands, "probe", _probe, "run the models, and leave what that showed beside them")
    probe.add_argument(
        "--seconds", type=float, default=AHEAD, help=f"in which explanations of one model are begun (default: {AHEAD})"
    )
    serve = _command(commands, "serve", _serve, "show the site, and rebuild what changes while a training runs")
    serve.add_argument("-a", "--address", metavar="HOST:PORT", default="127.0.0.1:8000")
    scan = _command(commands, "scan", _scan, "say what is found, without building")
    how = scan.add_mutually_exclusive_group()
    how.add_argument(
        "--explain", action="store_true", help="every file: which reader took it for which run, or why not"
    )
    how.add_argument("--json", action="store_true", help="for machines: every run and the numbers of its series")
    scan.add_argument("--strict", action="store_true", help="exit with 1 when any file has a problem")
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace, Console], int],
    summary: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    parser.set_defaults(run=run)
    parser.add_argument("runs", metavar="RUNS", type=Path, help="the folder that holds your runs")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument("--title", default="Experiments", help="title of the index page")
    parser.add_argument("--exclude", metavar="GLOB", action="append", default=[], help="leave out; may be given again")
    whose = "whose functions may build models, which runs them; may be given again"
    parser.add_argument("--factories", metavar="PACKAGE", action="append", default=[], help=whose)
    parser.add_argument("--workers", type=int, default=2, help="processes that read and draw (default: 2)")
    parser.add_argument(
        "--cache-dir", metavar="DIR", type=Path, help="where results are kept (default: the user's cache)"
    )
    return parser


def _options(given: argparse.Namespace) -> Options:
    if not given.runs.is_dir():
        raise OptionError(f"{given.runs} is not a folder. Name the folder that holds your runs.")
    return parse(
        {
            "path": "",
            "section": given.title,
            "exclude": given.exclude,
            "workers": given.workers,
            "strict": getattr(given, "strict", False),
            "factories": given.factories,
            **_times(getattr(given, "seconds", None)),
        }
    )


def _times(seconds: float | None) -> dict[str, float]:
    """Who computes ahead has time; an experiment may have several models, and begun work is finished."""
    return {} if seconds is None else {"probes_seconds": seconds, "probes_timeout": max(900.0, 12 * seconds)}


def _cache_dir(given: argparse.Namespace) -> Path:
    """One cache for each scanned folder, so that two of them do not drop each other's results."""
    if given.cache_dir:
        return Path(given.cache_dir)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "dlviz" / hashlib.blake2b(str(given.runs.resolve()).encode(), digest_size=8).hexdigest()


def _prepared(given: argparse.Namespace) -> tuple[Options, Path]:
    """What a build goes by; where nothing is known yet, its workers start while the engine is imported."""
    options, cache_dir = _options(given), _cache_dir(given)
    if options.workers and not cache_dir.is_dir():
        warm_up()
    return options, cache_dir


# --- build and serve --------------------------------------------------------------------------------------------------


def _build(given: argparse.Namespace, console: Console) -> int:
    options, cache_dir = _prepared(given)
    if given.to:
        from dlviz_docs.build import build
        from dlviz_docs.export import export

        with _progress(console) as report:
            site = build(given.runs, options, cache_dir, report)
        if not (options.strict and site.problems):
            export(site, Path(given.to), options.section)
        return _finish(console, site.problems, options.strict, Path(given.to) / "index.md")
    from mkdocs_dlviz.standalone import build_site

    with _progress(console) as report:
        problems = build_site(given.runs, Path(given.output), options, cache_dir, report)
    return _finish(console, problems, options.strict, Path(given.output) / "index.html")


def _probe(given: argparse.Namespace, console: Console) -> int:
    """The one command that writes into the folder of runs, and says which files."""
    options, cache_dir = _prepared(given)
    from dlviz_docs.build import probe

    with _progress(console) as report:
        files, problems = probe(given.runs, options, cache_dir, report)
    for path, content in files:
        new = path.with_name(f".{path.name}.{os.getpid()}")  # renamed: a kill leaves the old file
        new.write_bytes(content)
        new.replace(path)
        console.print(f"Wrote {escape(str(path))} ({len(content) / 1e6:.1f} MB)", soft_wrap=True)
    _print_problems(console, problems)
    if not files:
        console.print("No model was found that can be run: a .pt2 or ONNX file beside pictures.")
    return 1 if problems else 0


def _serve(given: argparse.Namespace, console: Console) -> int:
    options, cache_dir = _prepared(given)
    from mkdocs_dlviz.standalone import serve_site

    console.print(f"Serving {escape(str(given.runs))} at http://{given.address}/ (Ctrl-C ends it)")
    serve_site(given.runs, options, cache_dir, given.address)
    return 0


def _finish(console: Console, problems: Sequence[Problem], strict: bool, entrance: Path) -> int:
    _print_problems(console, problems)
    if strict and problems:
        console.print("Nothing was written, because of --strict.")
        return 1
    console.print(f"Open [bold]{escape(str(entrance.resolve()))}[/]", soft_wrap=True)
    return 0


@contextlib.contextmanager
def _progress(console: Console) -> Iterator[Report]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total, visible=total > 0)
            bars.update(tasks[step], completed=done)

        yield report


# --- scan -------------------------------------------------------------------------------------------------------------


def _scan(given: argparse.Namespace, console: Console) -> int:
    if given.explain:
        return _explain(given, console)
    options, cache_dir = _prepared(given)
    from dlviz_docs.build import take_inventory
    from dlviz_docs.report import describe, document
    from dlviz_docs.words import count

    with _progress(console) as report:
        inventory, problems = take_inventory(given.runs, options, cache_dir, report)
    if given.json:
        sys.stdout.write(document([describe(one.experiment, one.studied) for one in inventory], problems).decode())
    else:
        for one in inventory:
            runs, series = one.experiment.runs, sum(len(run.series) for run in one.experiment.runs)
            found = [count(len(runs), "run"), count(series, "series", "series")]
            studied = [item for members in one.studied for item in json.loads(members or "{}").items()]
            found += [count(len(told), *STUDIED[key]) for key, told in studied if told]
            print(f"{one.experiment.slug}: {', '.join(found)}")
        _print_problems(console, problems)
    return 1 if options.strict and problems else 0


def _explain(given: argparse.Namespace, console: Console) -> int:
    """A tree: experiment, run, file and its reader, what told its groups, data sets and predictions; then the rest."""
    options, cache_dir = _prepared(given)
    from dlviz_docs.build import find, read_runs
    from dlviz_docs.study import passed_by, planned, planned_episodes

    found, _ = find(given.runs, options)
    with _progress(console) as report:
        read = read_runs(found, options, cache_dir, report)
    left = [(one.path, one.why) for one in found.left_out]
    shown = 0
    for experiment in found.experiments:
        plan, played = planned(experiment), planned_episodes(experiment)
        root = experiment.samples.relative if experiment.samples else "."
        left += [(f"{root}/{path}".removeprefix("./"), why) for path, why in (*plan.left, *played.left)]
        left += passed_by(experiment)
        if experiment.runs or plan.datasets or plan.predictions or played.recordings:
            shown += 1
            _explain_experiment(experiment, read[experiment.slug].runs, plan, played)
    if not shown:
        print("no experiment found")
    for path, why in sorted(left):
        print(f"left out  {path}: {why}")
    return 0


def _explain_experiment(experiment: ExperimentFolder, runs: Sequence[Run], plan: Plan, played: EpisodePlan) -> None:
    print(f"experiment {experiment.slug}  ({experiment.relative})")
    for source in experiment.about:
        print(f"  about  {source.relative}")
    for source in experiment.shared:
        print(f"  shared by its runs  {source.relative}  <- {source.reader}")
    for run in experiment.runs:
        _explain_run(run)
    for line in _explained_groups(runs):
        print(f"  {line}")
    for source in experiment.weights:
        print(f"  of no run  {source.relative}  <- {source.reader}")
    for what, members in (("data", plan.datasets), ("predictions", plan.predictions)):
        for one in members:
            print(f"  {what} {one.name}")
            splits = one.splits or ("",) * len(one.files)
            for (path, part), split in zip(one.files, splits, strict=True):
                print(f"    {path}  <- {part}{f'  [{split}]' if split else ''}")
    for recording in played.recordings:
        print(f"  episodes {recording.source}{f'  of run {recording.run}' if recording.run else ''}")
        for path in recording.files:
            print(f"    {path}  <- {recording.form}")


def _explain_run(run: RunFolder) -> None:
    print(f"  run {run.name}")
    for source in run.sources:
        split = f"  [{source.split}]" if source.split else ""
        print(f"    {source.relative}  <- {source.reader}{split}")


def _explained_groups(runs: Sequence[Run]) -> Iterator[str]:
    """What told the seeds, tasks, algorithms and groups: "group ppo: 3 runs, seeds 0, 1, 2 (its name); ..."."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(f"group {run.group}" if run.group else f"run {run.name}", []).append(run)
    for name, members in groups.items():
        first = members[0]
        seeds = ", ".join(str(run.seed) for run in members if run.seed is not None)
        count = f"{len(members)} runs" if len(members) > 1 else ""
        words = {
            "seed": f"seed{'s' if seeds.count(',') else ''} {seeds}" if seeds else "",
            "task": f"task {first.task}" if first.task else "",
            "algorithm": f"algorithm {first.algorithm}" if first.algorithm else "",
            "group": "repetitions",
        }
        told = [f"{words[key]} ({why})" for key, why in first.evidence.items() if words.get(key)]
        if told:
            yield f"{name}: {'; '.join([count, *told] if count else told)}"


def _print_problems(console: Console, problems: Sequence[Problem]) -> None:
    from dlviz_docs.words import count

    for problem in problems:
        console.print(f"[yellow]Problem[/] {escape(problem.told)}")
    if problems:
        console.print(f"[yellow]{count(len(problems), 'problem')}[/]; what could be read was read.")


if __name__ == "__main__":
    sys.exit(main())
