"""Which task and algorithm a run of an agent is of, and which runs repeat each other: from words, names and folders.

In this order: what the run's own settings and tables say; the form that writers give to names ("CartPole-v1",
CleanRL's "Env__program__seed__time"); and how folders and files stand beside each other: where the same names come
back under several algorithms, they are the tasks. What nothing tells is left open.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dlviz_docs.agent_names import is_of_agents
from dlviz_docs.agent_words import (
    algorithm_in,
    environment_in,
    is_algorithm,
    is_environment,
    told_algorithm,
    told_task,
    words_of,
)
from dlviz_docs.model import Hparam, Run

__all__ = ["placed"]

_LABEL = re.compile(r"(?:^|, )([A-Za-z_][\w ]*)=([^=,]+)")
"""What a table that names runs by columns calls them: "Agent=C51, repeat=1"."""
_TASK_LABELS = frozenset(("env", "env_id", "env_name", "environment", "task", "task_name", "game"))
_ALGORITHM_LABELS = frozenset(("algo", "algorithm", "alg", "agent", "method"))
_PROGRESS = re.compile(r"^(?:\d+\.)?(progress|monitor)[-_.]|[-_.](progress|monitor)$", re.IGNORECASE)
"""Names of logs that carry the task with them: progress-coinrun-train.csv."""
_SPLIT = re.compile(r"(^|[-_.])(train|test|eval|val)($|[-_.])", re.IGNORECASE)
_COUNTED = re.compile(r"(?<=\w)[-_ ]?(?:run|trial|rep|repeat)[-_ ]?\d+$|(?<=v\d)_\d+$", re.IGNORECASE)
"""A repetition's number: "easy-200-run0", RL Zoo's "CartPole-v1_1"."""
_NUMBER = re.compile(r"[0-9]{1,10}")
_MOMENT = re.compile(r"\d{6,8}[-_T]\d{4,6}|\d{4}-\d\d-\d\d[-_T ]\d\d[-_:.]\d\d([-_:.]\d\d)?")
_OF_NO_MATTER = re.compile(
    r"(^|[._/])((random_?)?seed|uuid|.*(dir|path|folder|file)s?|log\w*|verbose|device|cuda|num_threads|n_jobs|hostname|"
    r"time\w*|date|run_(id|name)|track|wandb\w*|storage|study_name|trained_agent|resume\w*|capture_video|render\w*|"
    r"save\w*|n_eval_episodes)$",
    re.IGNORECASE,
)
"""Settings that make no other training."""
_NO_NAME = re.compile(r"^\d|seed|=", re.IGNORECASE)
"""What stands where an algorithm or a task might, and is neither."""
_MANY = 0.5
"""Share of the names in one place that must be algorithms' for the place to be that of the algorithm."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A word for a task or an algorithm, and what told it."""

    word: str = ""
    why: str = ""

    def __or__(self, other: _Said) -> _Said:
        return self if self.word else other


@dataclass(frozen=True, slots=True)
class _Place:
    """A run by the names it stands under."""

    run: Run
    segments: tuple[str, ...]
    """Folders and file, outermost first, without labels."""
    labels: Mapping[str, str]
    """What its table calls it, in lower case: {"agent": "C51"}."""


def placed(runs: Sequence[Run], above: str = "") -> list[Run]:
    """The runs, those of agents with task, algorithm and group; `above` names the folders around them all."""
    agents = [_place(run) for run in runs if is_of_agents([series.name for series in run.series])]
    if not agents:
        return list(runs)
    columns = _columns(agents)
    around = _around(above, agents)
    told = {one.run.slug: _told(one, columns, around) for one in agents}
    told |= _numbered([replace(one, run=told[one.run.slug]) for one in agents], columns.depth)
    grouped = _groups([told.get(run.slug, run) for run in runs], frozenset(told))
    return [grouped.get(run.slug, told.get(run.slug, run)) for run in runs]


# --- task and algorithm -----------------------------------------------------------------------------------------------


def _place(run: Run) -> _Place:
    segments: list[str] = []
    part = next((series.part for series in run.series if "=" in series.part and run.name.endswith(series.part)), "")
    # What a table says is one label, whatever its values hold: env=ALE/Pong-v5.
    labels = {key.strip().lower().replace(" ", "_"): value.strip() for key, value in _LABEL.findall(part)}
    for segment in filter(None, run.name.removesuffix(part).split("/")):
        found = _LABEL.findall(segment)
        labels |= {key.strip().lower().replace(" ", "_"): value.strip() for key, value in found}
        if not found:
            segments.append(segment)
    if len(segments) > 1 and "ALE" in segments[:-1]:
        at = segments.index("ALE")  # gymnasium's "ALE/Pong-v5" is two folders
        segments[at : at + 2] = [f"ALE/{segments[at + 1]}"]
    return _Place(run, tuple(segments), labels)


def _told(one: _Place, columns: _Columns, around: tuple[_Said, _Said]) -> Run:
    task, key = told_task(one.run.hparams)
    algorithm, other = told_algorithm(one.run.hparams)
    tasks = _Said(task, f"the setting {key}") | _labelled(one, _TASK_LABELS) | _by_form(one, 0) | columns.task(one)
    algorithms = (
        _Said(algorithm, f"the setting {other}")
        | _labelled(one, _ALGORITHM_LABELS)
        | columns.algorithm(one)
        | _by_form(one, 1)
    )
    tasks = tasks | around[0] | _in_file_name(one)
    algorithms = algorithms | around[1]
    evidence = {"task": tasks.why, "algorithm": algorithms.why}
    return replace(
        one.run,
        task=tasks.word,
        algorithm=algorithms.word,
        evidence={**one.run.evidence, **{key: why for key, why in evidence.items() if why}},
    )


def _labelled(one: _Place, keys: Iterable[str]) -> _Said:
    """What a column of the run's table says."""
    return next((_Said(one.labels[key], f"the column {key}") for key in keys if key in one.labels), _Said())


def _by_form(one: _Place, which: int) -> _Said:
    """The innermost name that has the form of an environment (0) or of an algorithm (1)."""
    for segment in reversed(one.segments):
        if word := words_of(segment)[which]:
            return _Said(word, f"the name {segment}")
    return _Said()


def _around(above: str, agents: Sequence[_Place]) -> tuple[_Said, _Said]:
    """What the folders around all runs tell, innermost first; the file's name where one table holds many agents."""
    segments = [part for part in above.split("/") if part not in ("", ".")][::-1]
    task = next((_Said(word, f"the folder {part}") for part in segments if (word := environment_in(part))), _Said())
    known = [part for part in segments if is_algorithm(part)]
    algorithm = _Said(algorithm_in(known[0]), f"the folder {known[0]}") if known else _Said()
    return task | _of_one_table(agents), algorithm


def _of_one_table(agents: Sequence[_Place]) -> _Said:
    """pong.json, whose rows name their agents."""
    paths = {source.path for one in agents for source in one.run.sources if source.reader != "hparams"}
    if len(paths) != 1 or not all(_ALGORITHM_LABELS & set(one.labels) for one in agents):
        return _Said()
    stem = paths.pop().rpartition("/")[2].partition(".")[0]
    return _Said(stem, f"the file {stem}")


def _in_file_name(one: _Place) -> _Said:
    """The word between the name of a log and its split: progress-coinrun-train.csv."""
    found = set()
    for path in {part for series in one.run.series for part in series.source.split(", ")}:
        stem = path.rpartition("/")[2].rpartition(".")[0]
        if _PROGRESS.search(stem):
            found.add(_SPLIT.sub("", _PROGRESS.sub("", stem)).strip("-_. "))
    word = found.pop() if len(found) == 1 else ""
    return _Said(word, "the file's name") if word and not word.isdigit() and not is_algorithm(word) else _Said()


# --- folders and files beside each other ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which place in the names of most runs is the algorithm's, and which the task's; -1 where none is."""

    depth: int
    algorithms: int = -1
    tasks: int = -1
    why: str = "folders that hold the same names"
    """What told the tasks; and the algorithms, unless their names are known."""

    def algorithm(self, one: _Place) -> _Said:
        found = self._at(one, self.algorithms)
        return _Said(algorithm_in(found.word), f"the name {found.word}") if is_algorithm(found.word) else found

    def task(self, one: _Place) -> _Said:
        found = self._at(one, self.tasks)
        return _Said(environment_in(found.word) or found.word, found.why)

    def _at(self, one: _Place, place: int) -> _Said:
        if place < 0 or len(one.segments) != self.depth or _NO_NAME.search(one.segments[place]):
            return _Said()
        return _Said(one.segments[place], self.why)


def _columns(agents: Sequence[_Place]) -> _Columns:
    """The places of algorithm and task, by the words that stand there and by how they come back under each other."""
    depth = Counter(len(one.segments) for one in agents).most_common(1)[0][0]
    rows = [one.segments for one in agents if len(one.segments) == depth]
    values = [list(dict.fromkeys(row[place] for row in rows)) for place in range(depth)]
    algorithms = _most(values, is_algorithm)
    tasks = _most(values, is_environment)
    labelled = all(_ALGORITHM_LABELS & set(one.labels) for one in agents)
    if labelled and depth and tasks < 0:
        return _Columns(depth, -1, depth - 1, "the file its agents stand in")
    if algorithms >= 0 and tasks < 0:
        tasks = next((place for place in range(depth) if place != algorithms and _cross(rows, algorithms, place)), -1)
    elif tasks >= 0 and algorithms < 0:
        algorithms = next((place for place in range(depth) if place != tasks and _cross(rows, place, tasks)), -1)
    elif depth == 2 and tasks < 0 and _are_files(agents) and _cross(rows, 0, 1):
        algorithms, tasks = 0, 1
    return _Columns(depth, algorithms, tasks)


def _most(values: Sequence[Sequence[str]], test: Callable[[str], bool]) -> int:
    """The place where most names pass the test; -1 for none."""
    shares = [sum(map(test, names)) / len(names) for names in values]
    best = max(shares, default=0.0)
    return shares.index(best) if best >= _MANY else -1


def _cross(rows: Sequence[Sequence[str]], first: int, second: int) -> bool:
    """Whether two names or more in the second place come back under two or more in the first."""
    under: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if "=" in row[first] or row[first].replace("_", "").isdigit():
            return False
        under[row[second]].add(row[first])
    return len({name for name, found in under.items() if len(found) > 1}) > 1


def _are_files(agents: Sequence[_Place]) -> bool:
    """Whether the last name of each run is its file's."""
    return all(
        any(source.path.rpartition("/")[2].partition(".")[0] == one.segments[-1] for source in one.run.sources)
        for one in agents
        if one.segments
    )


# --- repetitions ------------------------------------------------------------------------------------------------------


def _groups(runs: Sequence[Run], agents: frozenset[str]) -> dict[str, Run]:
    """Agents of one task and algorithm whose settings differ in the seed alone, or whose names in a count; by slug."""
    counts = Counter(run.group for run in runs)
    alone = [run for run in runs if run.slug in agents and counts[run.group] == 1]
    alike: dict[tuple[str, str, str], list[Run]] = defaultdict(list)
    for run in alone:
        counted = _COUNTED.sub("", run.name)
        alike[run.task, run.algorithm, counted if counted != run.name else ""].append(run)
    result: dict[str, Run] = {}
    for (_, _, name), members in alike.items():
        for group in _same_settings(members):
            if len(group) > 1 and (name or (group[0].task and group[0].algorithm and _have_seeds(group))):
                shown = name or f"{group[0].algorithm} on {group[0].task}"
                why = "its name but for the count" if name else "the same settings but for the seed"
                for run in group:
                    result[run.slug] = replace(run, group=shown, evidence={**run.evidence, "group": why})
    return result


def _numbered(agents: Sequence[_Place], depth: int) -> dict[str, Run]:
    """Runs with a number beside task and algorithm, and no seed: Tianshou's log/<task>/<algorithm>/<seed>/<date>/."""
    rows = [one for one in agents if len(one.segments) == depth]
    for place in range(depth):
        numbers = {one.segments[place] for one in rows}
        if len(numbers) > 1 and all(map(_NUMBER.fullmatch, numbers)):
            return {one.run.slug: _seeded(one, place) for one in rows if _needs_seed(one.run)}
    return {}


def _needs_seed(run: Run) -> bool:
    return run.seed is None and bool(run.task and run.algorithm)


def _seeded(one: _Place, place: int) -> Run:
    rest = [name for at, name in enumerate(one.segments) if at != place and not _MOMENT.fullmatch(name)]
    evidence = {**one.run.evidence, "seed": "the number in its name"}
    return replace(one.run, seed=int(one.segments[place]), group="/".join(rest), evidence=evidence)


def _have_seeds(runs: Sequence[Run]) -> bool:
    """Whether every run has a seed of its own."""
    return None not in (seeds := [run.seed for run in runs]) and len(set(seeds)) == len(seeds)


def _same_settings(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs whose settings are the same but for those of no matter; where none are known, names are all there is."""
    by_settings: dict[frozenset[tuple[str, Hparam]], list[Run]] = defaultdict(list)
    for run in runs:
        matter = frozenset((key, value) for key, value in run.hparams.items() if not _OF_NO_MATTER.search(key))
        by_settings[matter].append(run)
    return list(by_settings.values())
