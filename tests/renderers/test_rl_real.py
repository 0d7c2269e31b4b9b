"""Learning progress of agents that others trained, against published figures, facts.json, SciPy and arithmetic."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from dlviz_docs.gather import Told, gather, gather_runs
from dlviz_docs.model import Experiment, Insight, Series
from dlviz_docs.options import About
from dlviz_docs.registry import load_readers
from dlviz_docs.renderers.rl import RL
from dlviz_docs.renderers.rl._suites import suites
from dlviz_docs.renderers.rl._trials import Task, tasks
from dlviz_docs.scan import scan
from dlviz_docs.view import Figure, Matrix, Table

SPREAD = 0.08
"""Of an interval's width: how far its ends move between 2,000 resamples and as many others."""


def experiment(folder: Path, scores: Mapping[str, tuple[float, float]] | None = None) -> Experiment:
    readers, _ = load_readers({})
    (found,) = scan(folder, readers).experiments
    runs = [
        run
        for part in found.runs
        for run in gather_runs(
            part, [Told(s, readers[s.reader].read(Path(s.path))) for s in part.sources], found.relative
        )
    ]
    return gather(found, runs, About(scores=scores or {}), "")


def last_means(found: Experiment, measure: str) -> dict[str, float]:
    """By algorithm: the mean over tasks of the mean of all values that runs have at the task's last step."""
    places: dict[tuple[str, str], list[Series]] = {}
    for run in found.runs:
        if series := run.get(measure):
            places.setdefault((run.algorithm, run.task), []).append(series)
    means: dict[str, list[float]] = {}
    for (algorithm, _), members in places.items():
        end = max(series.steps.max() for series in members)
        last = np.concatenate([series.values[series.steps == end] for series in members])
        means.setdefault(algorithm, []).append(float(last.mean()))
    return {algorithm: float(np.mean(values)) for algorithm, values in means.items()}


# --- TD-MPC2: 104 tasks, four algorithms and a variant, three seeds ---------------------------------------------------


@pytest.fixture(scope="module")
def tdmpc2(corpora: Path) -> Experiment:
    return experiment(corpora / "rl_tdmpc2/data")


def test_the_final_means_of_td_mpc2_are_those_of_its_facts(tdmpc2: Experiment, corpora: Path) -> None:
    facts = json.loads((corpora / "rl_tdmpc2/facts.json").read_text(encoding="utf-8"))["headline"]["mean_final_reward"]
    for told, measure in (("reward", "return"), ("success", "success_rate")):
        expected = {name.partition("|")[0]: value for name, value in facts.items() if name.endswith(told)}
        assert last_means(tdmpc2, measure) == pytest.approx(expected)


def test_its_tasks_algorithms_and_seeds_are_counted_right(tdmpc2: Experiment) -> None:
    found = tasks(tdmpc2)
    assert len(found) == 104
    assert {cell.algorithm for task in found for cell in task.cells} == {
        "dreamerv3", "sac", "tdmpc", "tdmpc2", "tdmpc2-pixels",
    }  # fmt: skip
    assert sum(cell.algorithm == "tdmpc2-pixels" for task in found for cell in task.cells) == 12
    assert all(len(cell) == 3 for task in found for cell in task.cells if cell.algorithm == "tdmpc2")
    assert sum(task.is_share for task in found) == 65


def test_its_success_rates_come_together_as_scipy_has_them(tdmpc2: Experiment) -> None:
    (suite,), unscaled = suites(tasks(tdmpc2), {})
    assert len(unscaled) == 39
    best = suite.standings[0]
    values = np.concatenate(best.scores)
    assert (best.algorithm, best.found.runs, best.found.tasks) == ("tdmpc2", 195, 65)
    assert best.found.iqm[0] == pytest.approx(stats.trim_mean(values, 0.25))
    assert best.found.mean[0] == pytest.approx(np.mean([runs.mean() for runs in best.scores]))
    low, high = by_hand(best.scores, lambda drawn: stats.trim_mean(drawn, 0.25))
    np.testing.assert_allclose(best.found.iqm[1:], (low, high), atol=SPREAD * (high - low))


def by_hand(scores: tuple[np.ndarray, ...], statistic: object, repeats: int = 4000) -> tuple[float, float]:
    """The stratified percentile bootstrap, one resample at a time."""
    rng = np.random.default_rng(99)
    drawn = [statistic(np.concatenate([rng.choice(runs, len(runs)) for runs in scores])) for _ in range(repeats)]  # type: ignore[operator]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def test_its_page_says_what_the_paper_does(tdmpc2: Experiment) -> None:
    """TD-MPC2 is the best of the four, and by far the most often."""
    items = list(RL()(tdmpc2))
    kinds = {one.kind: one for one in items if isinstance(one, Insight)}
    assert kinds["agent-score"].text.startswith("tdmpc2 has the highest score of 4 algorithms")
    assert kinds["better-algorithm"].text.startswith("tdmpc2 beats tdmpc")
    ranks = next(one.spec for one in items if isinstance(one, Figure) and one.id == "ranks")
    assert isinstance(ranks, Table)
    assert [row[0].text for row in ranks.rows] == ["tdmpc2", "tdmpc", "sac", "dreamerv3"]


# --- Tianshou: MuJoCo, ten seeds --------------------------------------------------------------------------------------

PUBLISHED = {
    ("Ant-v3", "sac", 1e6): (5850.2, 475.7),
    ("Ant-v3", "ddpg", 1e6): (990.4, 4.3),
    ("Ant-v3", "ppo", 1e6): (3258.4, 1079.3),
    ("Ant-v3", "reinforce", 1e7): (1108.1, 323.1),
    ("Hopper-v3", "sac", 1e6): (3542.2, 51.5),
    ("Hopper-v3", "td3", 1e6): (3472.2, 116.8),
    ("Hopper-v3", "ddpg", 1e6): (2197.0, 971.6),
    ("Hopper-v3", "ppo", 1e6): (2609.3, 700.8),
    ("Hopper-v3", "a2c", 1e6): (1253.2, 458.0),
    ("Hopper-v3", "reinforce", 1e7): (416.0, 104.7),
}
"""Its MuJoCo benchmark: the highest mean over ten seeds within so many steps, and their standard deviation there."""


@pytest.fixture(scope="module")
def tianshou(corpora: Path) -> list[Task]:
    return tasks(experiment(corpora / "tb_torch_tianshou_pong/data"))


@pytest.mark.parametrize("key", PUBLISHED)
def test_curves_of_ten_seeds_give_the_published_numbers(tianshou: list[Task], key: tuple[str, str, float]) -> None:
    name, algorithm, budget = key
    task = next(task for task in tianshou if task.name == name)
    cell = next(cell for cell in task.cells if cell.algorithm == algorithm)
    curves = [trial.points(task.measure) for trial in cell.trials]
    inside = [y[x <= budget] for x, y, _ in curves]
    table = np.stack([y[: min(map(len, inside))] for y in inside])
    best = int(table.mean(axis=0).argmax())
    assert len(cell) == 10
    assert (table[:, best].mean(), table[:, best].std()) == pytest.approx(PUBLISHED[key], abs=0.06)


# --- Dopamine: five games, six agents, five seeds ---------------------------------------------------------------------

HUMAN = {
    "asterix": (210.0, 8503.3),
    "breakout": (1.7, 30.5),
    "pong": (-20.7, 14.6),
    "qbert": (163.9, 13455.0),
    "seaquest": (68.4, 42054.7),
}
"""A random agent and a human, as Dopamine, Rainbow and rliable normalise by (Wang et al., "Dueling Network
Architectures for Deep Reinforcement Learning", 2016)."""


@pytest.fixture(scope="module")
def dopamine(corpora: Path) -> Experiment:
    return experiment(corpora / "rl_dopamine/data", HUMAN)


def test_human_normalised_scores_of_dopamine(dopamine: Experiment) -> None:
    (suite,), unscaled = suites(tasks(dopamine), dopamine.scores)
    assert unscaled == []
    assert [one.found.runs for one in suite.standings] == [25] * 6
    rainbow = next(one for one in suite.standings if one.algorithm == "Rainbow")
    rows = [
        np.mean([(v - HUMAN[run.task][0]) / (HUMAN[run.task][1] - HUMAN[run.task][0]) for v in series.values[-20:]])
        for run in dopamine.runs
        if run.algorithm == "Rainbow" and (series := run.get("return"))
    ]
    assert rainbow.found.iqm[0] == pytest.approx(stats.trim_mean(rows, 0.25), rel=0.01)
    low, high = by_hand(rainbow.scores, lambda drawn: stats.trim_mean(drawn, 0.25))
    np.testing.assert_allclose(rainbow.found.iqm[1:], (low, high), atol=SPREAD * (high - low))


def test_chances_of_improvement_are_those_of_mann_whitney(dopamine: Experiment) -> None:
    found = tasks(dopamine)
    matrix = next(one.spec for one in RL()(dopamine) if isinstance(one, Figure) and one.id == "improvement")
    assert isinstance(matrix, Matrix)
    rainbow, dqn = matrix.rows.index("Rainbow"), matrix.rows.index("DQN")

    def scores(task: Task, algorithm: str) -> np.ndarray:
        return next(cell.scores for cell in task.cells if cell.algorithm == algorithm)

    expected = np.mean(
        [stats.mannwhitneyu(scores(task, "Rainbow"), scores(task, "DQN")).statistic / 25 for task in found]
    )
    assert matrix.values[rainbow, dqn] == pytest.approx(expected)


# --- Procgen and Stable-Baselines3 ------------------------------------------------------------------------------------


def test_coinrun_agents_do_worse_on_levels_they_have_not_met(corpora: Path) -> None:
    found = experiment(corpora / "rl_procgen/data")
    kinds = {one.kind: one for one in RL()(found) if isinstance(one, Insight)}
    gaps = []
    for run in found.runs:
        train, test = run.get("train/return"), run.get("test/return")
        assert train is not None
        assert test is not None
        late = train.steps > train.steps[0] + 0.9 * (train.steps[-1] - train.steps[0])
        gaps.append(train.values[late].mean() - test.values[late].mean())
    assert kinds["generalisation-gap"].values["gap"] == pytest.approx(np.mean(gaps))
    assert kinds["few-seeds"].values["seeds"] == 2


def test_scores_of_the_zoo_are_means_of_its_last_evaluations(corpora: Path) -> None:
    found = {
        (task.name, cell.algorithm): cell
        for one in scans(corpora / "rl_sb3_zoo/data")
        for task in tasks(one)
        for cell in task.cells
    }
    cell = found["LunarLander-v2", "ppo"]
    assert len(found) == 11
    with np.load(corpora / "rl_sb3_zoo/data/ppo/LunarLander-v2_1/evaluations.npz") as arrays:
        steps, results = arrays["timesteps"], arrays["results"]
    end = min(steps[-1], cell_end(found, "LunarLander-v2", corpora))
    late = (steps > steps[0] + 0.0) & (steps <= end) & (steps > end - 0.1 * (end - steps[0]))
    assert cell.scores[0] == pytest.approx(results[late].mean())
    assert cell.episodes == results.shape[1]


def scans(folder: Path) -> Iterator[Experiment]:
    yield experiment(folder)


def cell_end(found: Mapping[tuple[str, str], object], task: str, corpora: Path) -> float:
    """The last step that all runs of the task have, of those that went at least half as far as most."""
    ends = []
    for name, algorithm in found:
        path = corpora / f"rl_sb3_zoo/data/{algorithm}/{name}_1/evaluations.npz"
        if name == task and path.exists():
            with np.load(path) as arrays:
                ends.append(float(arrays["timesteps"][-1]))
    return min(end for end in ends if end >= np.median(ends) / 2)
