"""The examples hold what their stories say: runs, sizes, and every number, computed from their files."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from dlviz_docs.build import survey
from dlviz_docs.model import Experiment, Run, Series
from dlviz_docs.options import parse

EXAMPLES = Path(__file__).parent.parent / "experiments"
GUIDE = EXAMPLES.parent / "site_templates/docs/insights.md"
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Experiment]:
    """The examples as the engine sees them, by folder."""
    cache = tmp_path_factory.mktemp("cache")
    return {experiment.path: experiment for experiment in survey(EXAMPLES, parse({"workers": 0}), cache)[0]}


def series(run: Run, name: str) -> Series:
    result = run.get(name)
    assert result is not None, f"{run.name} has no {name}"
    return result


def runs(experiment: Experiment, beginning: str) -> list[Run]:
    return [run for run in experiment.runs if run.name.startswith(beginning)]


def lowest(run: Run) -> float:
    return float(np.nanmin(series(run, "val/loss").values))


MADE = {"__pycache__", "model.pt2"}
"""What git leaves out: the weights of imagenet-photos come out of a package."""


def files() -> Iterator[Path]:
    yield from (path for path in EXAMPLES.rglob("*") if path.is_file() and not MADE & set(path.parts))


def said(experiment: Experiment) -> set[str]:
    return {insight.text for run in experiment.runs for insight in run.insights}


# --- all of them ------------------------------------------------------------------------------------------------------


def test_the_examples_are_small() -> None:
    assert sum(path.stat().st_size for path in files()) < 7 * MEGABYTE


def test_no_problem_is_found_in_them(found: Mapping[str, Experiment]) -> None:
    problems = [*(p for e in found.values() for p in e.problems)]
    problems += [p for e in found.values() for run in e.runs for p in run.problems]
    assert problems == []


TRAINED = {"breast-cancer-mlp", "cartpole-dqn", "digits-cnn", "digits-detector", "gridworld-q"}


def test_each_is_described_and_can_be_made_again(found: Mapping[str, Experiment]) -> None:
    assert set(found) == TRAINED | {"imagenet-photos"}
    for path, experiment in found.items():
        script = EXAMPLES / path / ("train.py" if path in TRAINED else "explain.py")
        assert len(script.read_text(encoding="utf-8").splitlines()) <= 150
        assert experiment.story, path
        assert experiment.description, path
        assert experiment.tags, path
        assert experiment.authors == ("dlviz-docs authors",)
        assert experiment.model, path
        assert experiment.inputs, path
        assert (experiment.objective is not None) == (path in TRAINED)
        if experiment.objective is not None:
            assert all(run.get(experiment.objective.metric) for run in experiment.runs)


def test_sentences_quoted_in_the_guide_are_said(found: Mapping[str, Experiment]) -> None:
    quoted = [line[2:] for line in GUIDE.read_text(encoding="utf-8").splitlines() if line.startswith("> ")]
    assert quoted
    assert set(quoted) <= {text for experiment in found.values() for text in said(experiment)}


def test_no_file_names_the_machine() -> None:
    host = socket.gethostname()
    events = [path for path in files() if "tfevents" in path.name]
    assert len(events) == 7
    assert {path.name.split(".")[4] for path in events} == {"dlviz"}
    assert [path for path in files() if len(host) > 3 and host.encode() in path.read_bytes()] == []


# --- digits-cnn -------------------------------------------------------------------------------------------------------


def test_digits_tells_its_numbers(found: Mapping[str, Experiment]) -> None:
    digits = found["digits-cnn"]
    narrow, wide = runs(digits, "narrow"), runs(digits, "wide")
    assert (len(narrow), len(wide), len(digits.runs)) == (3, 3, 7)
    assert max(map(lowest, wide)) < min(map(lowest, narrow))
    assert f"{min(map(lowest, wide)):.3f} to {max(map(lowest, wide)):.3f}" in flat(digits)
    assert f"{min(map(lowest, narrow)):.3f} to {max(map(lowest, narrow)):.3f}" in flat(digits)
    assert f"at best {accuracies(wide)} % against {accuracies(narrow)} %" in flat(digits)


def accuracies(group: list[Run]) -> str:
    best = [100 * float(series(run, "val/accuracy").values.max()) for run in group]
    return f"{min(best):.1f} to {max(best):.1f}"


def flat(experiment: Experiment) -> str:
    """The story without its line breaks."""
    return " ".join(experiment.story.split())


def test_the_run_that_should_overfit_does(found: Mapping[str, Experiment]) -> None:
    digits = found["digits-cnn"]
    (overfit,) = runs(digits, "overfit")
    loss, train = series(overfit, "val/loss"), series(overfit, "train/loss")
    best = int(loss.values.argmin())
    learnt = int(np.argmax(series(overfit, "train/accuracy").values == 1))
    assert train.values[-1] < train.values[best] / 100
    assert f"by heart at step {loss.steps[learnt]:.0f} (epoch {learnt + 1})" in flat(digits)
    assert f"lowest at step {loss.steps[best]:.0f} ({loss.values[best]:.3f})" in flat(digits)
    assert f"ends at {loss.values[-1]:.3f}" in flat(digits)
    kinds = {run.name: {insight.kind for insight in run.insights} for run in digits.runs}
    assert [name for name, said in kinds.items() if "overfitting" in said] == [overfit.name]


def test_only_the_best_run_keeps_its_weights(found: Mapping[str, Experiment]) -> None:
    digits = found["digits-cnn"]
    best = min(digits.runs, key=lowest)
    assert [run for run in digits.runs if run.artifacts] == [best]
    kept = [artifact for artifact in best.artifacts if artifact.kind == "checkpoint"]
    assert [a.epoch for a in sorted(kept, key=lambda a: a.epoch or 0)] == [None, 1, 2, 4, 8, 16, 40]
    assert sum(artifact.size for artifact in best.artifacts) < 1_000_000


# --- breast-cancer-mlp ------------------------------------------------------------------------------------------------


def test_each_learning_rate_does_what_it_should(found: Mapping[str, Experiment]) -> None:
    cancer = found["breast-cancer-mlp"]
    right, low, high = (runs(cancer, f"lr{rate}-") for rate in ("0.003", "0.0003", "0.5"))
    assert len(right) == len(low) == len(high) == 3
    assert f"falls to {span(right)}" in flat(cancer)
    assert all((np.diff(series(run, "val/loss").values) < 0).all() for run in low)
    assert all("stopped-early" in {insight.kind for insight in run.insights} for run in low)
    assert min(cancer.runs, key=lowest) == high[0]
    broken = [run for run in high if not np.isfinite(series(run, "val/loss").values[-1])]
    assert broken == high[1:]
    onsets = [int(np.isnan(series(run, "val/loss").values).argmax()) + 1 for run in broken]
    assert f"NaN from epochs {onsets[0]} and {onsets[1]} on" in flat(cancer)
    assert {f"{100 * series(run, 'val/accuracy').values[-1]:.1f}" for run in broken} == {"37.4"}


def span(group: list[Run]) -> str:
    ends = [float(series(run, "val/loss").values[-1]) for run in group]
    return f"{min(ends):.3f} to {max(ends):.3f}"


# --- cartpole-dqn -----------------------------------------------------------------------------------------------------


POLE = EXAMPLES / "cartpole-dqn"


def test_every_agent_solves_its_task_and_some_forget(found: Mapping[str, Experiment]) -> None:
    cartpole = found["cartpole-dqn"]
    tests = [series(run, "val/return") for run in cartpole.runs]
    assert [test.values.max() for test in tests] == [500] * 5
    solved = [test.steps[int(test.values.argmax())] for test in tests]
    assert f"first after {min(solved):,.0f} frames (seed {solved.index(min(solved))})" in flat(cartpole)
    assert f"last after {max(solved):,.0f} (seed {solved.index(max(solved))})" in flat(cartpole)
    assert f"seed 0 plays {tests[0].values[-1]} points and seed 3 {tests[3].values[-1]}" in flat(cartpole)
    assert f"500 in its last test, at frame {tests[2].steps[-1]:,.0f}" in flat(cartpole)
    assert tests[2].values[-1] == 500


def last_games(seed: int) -> Path:
    return max(POLE.glob(f"runs/seed{seed}/episodes/*.npz"), key=lambda path: int(path.stem.removeprefix("step-")))


def test_recordings_hold_whole_episodes() -> None:
    paths = sorted(POLE.glob("runs/*/episodes/*.npz"))
    assert len(paths) == 15
    for path in paths:
        with np.load(path, allow_pickle=False) as recording:
            steps = int(recording["lengths"].sum())
            assert recording["observations"].shape == (steps, 4)
            assert recording["action_values"].shape == (steps, 2)
            assert np.array_equal(recording["actions"], recording["action_values"].argmax(1))
            assert recording["rewards"].sum() == steps
            assert (recording["terminated"] | recording["truncated"]).all()
            assert ("frames" in recording) == (path == last_games(0))


def test_the_last_network_is_not_always_a_good_one(found: Mapping[str, Experiment]) -> None:
    lengths = [np.load(last_games(seed))["lengths"] for seed in range(5)]
    assert [bool((one == 500).all()) for one in lengths] == [False, True, False, False, True]
    assert f"after {lengths[2].min()} to {lengths[2].max()} steps in all four" in flat(found["cartpole-dqn"])


def test_the_networks_promise_more_than_can_be_had(found: Mapping[str, Experiment]) -> None:
    cartpole = found["cartpole-dqn"]
    values = [np.load(last_games(seed))["action_values"] for seed in (1, 4)]
    claims = [float(one.max(1).mean()) for one in values]
    gaps = [float(np.abs(np.diff(one, axis=1)).mean()) for one in values]
    gamma = cartpole.runs[0].hparams["gamma"]
    assert isinstance(gamma, float)
    assert min(claims) > 1 / (1 - gamma)
    assert f"{min(claims):.1f} and {max(claims):.1f} on average" in flat(cartpole)
    assert f"differ by {min(gaps):.2f} to {max(gaps):.2f} on average" in flat(cartpole)
    assert max(gap / claim for gap, claim in zip(gaps, claims, strict=True)) < 0.002


# --- gridworld-q ------------------------------------------------------------------------------------------------------

GRID = EXAMPLES / "gridworld-q"


def test_greedy_episodes_reach_the_goal_once_it_is_learnt() -> None:
    reached = {
        step: [
            bool(flag)
            for path in sorted(GRID.glob(f"runs/*/episodes/step-{step}.npz"))
            for flag in np.load(path)["success"]
        ]
        for step in (1_000, 20_000, 100_000)
    }
    assert {step: len(flags) for step, flags in reached.items()} == {1_000: 30, 20_000: 30, 100_000: 30}
    assert not any(reached[1_000])
    assert all(reached[20_000])
    assert all(reached[100_000])


def test_planning_knows_what_it_says() -> None:
    """The optimal table satisfies Bellman's equation, as the world's own rules have it."""
    with np.load(GRID / "tables/optimal.npz") as table:
        q, grid, gamma = table["q"], table["grid"], float(table["gamma"])
    assert grid.size == 70
    backed = np.zeros_like(q)
    for row, column in np.argwhere(~np.isin(grid, ["#", "x", "G"])):
        for action in range(4):
            for turn, chance in ((0, 0.8), (-1, 0.1), (1, 0.1)):
                down, right = [(-1, 0), (0, 1), (1, 0), (0, -1)][(action + turn) % 4]
                there = (row + down, column + right)
                inside = 0 <= there[0] < grid.shape[0] and 0 <= there[1] < grid.shape[1] and grid[there] != "#"
                after = there if inside else (row, column)
                reward = -0.02 + {"~": -0.2, "x": -1.0, "G": 1.0}.get(grid[after], 0.0)
                later = 0.0 if grid[after] in ("x", "G") else gamma * q[after].max()
                backed[row, column, action] += chance * (reward + later)
    assert np.allclose(q, backed, atol=1e-8)


def test_agents_agree_with_planning_where_they_go(found: Mapping[str, Experiment]) -> None:
    best = np.load(GRID / "tables/optimal.npz")
    open_cells = ~np.isin(best["grid"], ["#", "x", "G"])
    same = []
    for path in sorted(GRID.glob("runs/*/tables/step-100000.npz")):
        chosen = np.load(path)["q"].argmax(2)
        worth = np.take_along_axis(best["q"], chosen[..., None], 2)[..., 0]
        same.append(int((np.isclose(worth, best["q"].max(2), atol=1e-9) & open_cells).sum()))
    assert f"in {min(same)} to {max(same)} of {open_cells.sum()} cells" in flat(found["gridworld-q"])


def test_one_agent_spoils_what_it_had(found: Mapping[str, Experiment]) -> None:
    world = found["gridworld-q"]
    returns, lengths = (series(world.runs[4], f"val/{name}") for name in ("return", "length"))
    best = returns.values.max()
    places = np.flatnonzero(returns.values == best)
    between = returns.values[places[0] : places[-1] + 1]
    first, last = (f"{returns.steps[place]:,.0f}" for place in (places[0], places[-1]))
    assert (between != best).sum() == 1
    assert f"came to {best:.3f} from step {first} to {last}, all but one" in flat(world)
    assert f"the last comes to {returns.values[-1]:.3f}, with {lengths.values[-1]:.1f} steps" in flat(world)
    others = [float(series(run, "val/return").values[-1]) for run in world.runs[:4]]
    assert min(others) > 0.3
    with np.load(GRID / "runs/seed4/episodes/step-100000.npz") as played:
        upper = played["observations"][:, 0] == 0
        against = upper & (played["actions"] == 0)
    assert against.sum() > len(upper) / 2


def test_two_seeds_go_above_the_swamp() -> None:
    for seed in range(5):
        with np.load(GRID / f"runs/seed{seed}/episodes/step-20000.npz") as played:
            above = bool((played["observations"] == [0, 5]).all(axis=1).any())
        assert above == (seed in (3, 4))


# --- digits-detector --------------------------------------------------------------------------------------------------


def test_the_detectors_find_what_their_story_says(found: Mapping[str, Experiment]) -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    folder = EXAMPLES / "digits-detector"
    told = flat(found["digits-detector"])
    truth = COCO(str(folder / "data/val/instances.json"))
    average: dict[str, tuple[float, float]] = {}
    for name in ("narrow", "wide"):
        judged = COCOeval(truth, truth.loadRes(str(folder / f"runs/{name}/coco_instances_results.json")), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
        average[name] = float(judged.stats[0]), float(judged.stats[1])
    assert f"0.5 is {average['wide'][1]:.2f} against {average['narrow'][1]:.2f}" in told
    assert f"it is {average['wide'][0]:.2f} against {average['narrow'][0]:.2f}" in told
    assert f"on {len(truth.anns)} digits in {len(truth.imgs)} pictures" in told
