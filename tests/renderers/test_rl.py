"""The page of learning progress, from made trainings whose course is known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_agents import X, experiment, rising, training

from dlviz_docs.charts.matrix import matrix_context
from dlviz_docs.charts.plot import plot_context
from dlviz_docs.model import Experiment, Insight, Run
from dlviz_docs.renderers.rl import RL
from dlviz_docs.view import Fact, Figure, Matrix, Plot, Table


def shown(runs: Sequence[Run], **options: object) -> list[object]:
    return list(RL()(experiment(runs, **options)))  # type: ignore[arg-type]


def figures(items: Sequence[object]) -> dict[str, Figure]:
    return {one.id: one for one in items if isinstance(one, Figure)}


def kinds(items: Sequence[object]) -> dict[str, Insight]:
    return {one.kind: one for one in items if isinstance(one, Insight)}


def cells(figure: Figure) -> list[list[str]]:
    assert isinstance(figure.spec, Table)
    return [[cell.text for cell in row] for row in figure.spec.rows]


def column(figure: Figure, label: str) -> list[str]:
    assert isinstance(figure.spec, Table)
    place = [one.label for one in figure.spec.columns].index(label)
    return [row[place] for row in cells(figure)]


def lone(algorithm: str = "ppo", seeds: int = 5, top: float = 100.0, **more: float) -> list[Run]:
    """Seeds of one algorithm on one task, whose tops are some apart."""
    return [
        training(algorithm, seed, {"val/return": rising(top + seed, noise=1.0, seed=seed, **more)})
        for seed in range(seeds)
    ]


# --- what makes a page ------------------------------------------------------------------------------------------------


def test_a_classifier_has_no_such_page() -> None:
    run = training("resnet", 0, {"train/loss": rising(0.1), "val/accuracy": rising(0.9)})
    assert shown([run]) == []


def test_returns_that_are_all_nan_make_no_page() -> None:
    assert shown([training("ppo", 0, {"val/return": np.full(101, np.nan)})]) == []


def test_a_single_value_a_run_is_a_score_without_a_curve() -> None:
    runs = [training("ppo", seed, {"val/return": np.array([3.0 + seed])}, x=np.array([10.0])) for seed in range(6)]
    items = shown(runs)
    assert "returns" not in figures(items)
    assert column(figures(items)["aggregates"], "Seeds") == ["6"]


# --- one task ---------------------------------------------------------------------------------------------------------


def test_five_seeds_have_a_score_with_its_interval_and_say_how_many_they_are() -> None:
    items = shown(lone())
    said = kinds(items)["agent-score"]
    scores = [run.series[0].values[91:].mean() for run in lone()]
    assert said.values["iqm"] == pytest.approx(np.mean(np.sort(scores)[1:4]))
    assert said.values["low"] < said.values["iqm"] < said.values["high"]
    assert "over 5 seeds" in said.text
    assert "10 evaluations a seed" in said.text
    assert "few-seeds" not in kinds(items)
    (fact,) = [one for one in items if isinstance(one, Fact)]
    assert "5 seeds" in fact.text


def test_the_curve_has_every_seed_thin_and_a_band_of_five() -> None:
    spec = figures(shown(lone()))["returns"].spec
    assert isinstance(spec, Plot)
    assert [layer.mark for layer in spec.layers] == ["line"] * 5 + ["area", "line"]
    assert [layer.thin for layer in spec.layers] == [True] * 5 + [False] * 2
    band, middle = spec.layers[5:]
    assert band.low is not None
    assert band.high is not None
    assert (band.low <= middle.y).all()
    assert (middle.y <= band.high).all()
    assert middle.label == "ppo (5 seeds)"


def test_of_three_seeds_each_is_shown_and_no_band() -> None:
    items = shown(lone(seeds=3))
    figure = figures(items)["returns"]
    assert isinstance(figure.spec, Plot)
    assert [layer.mark for layer in figure.spec.layers] == ["line"] * 4
    assert "No band" in figure.caption
    assert kinds(items)["few-seeds"].severity == "warning"
    assert "unreliable" in figures(items)["aggregates"].caption


def test_one_seed_has_no_interval() -> None:
    items = shown(lone(seeds=1))
    assert column(figures(items)["aggregates"], "IQM")[0].count("[") == 0
    assert "no interval" in kinds(items)["agent-score"].text
    assert "One run tells how one seed came out" in kinds(items)["few-seeds"].text


def test_runs_that_differ_in_more_than_their_seed_are_not_taken_together() -> None:
    runs = [
        replace(run, group=f"{run.group}-lr{rate}", name=f"{run.name}-{rate}", slug=f"{run.slug}-{rate}")
        for rate in (1, 2)
        for run in lone(seeds=2)
    ]
    table = figures(shown(runs))["aggregates"]
    assert sorted(column(table, "Algorithm")) == ["ppo (ppo/-lr1)", "ppo (ppo/-lr2)"]
    assert column(table, "Seeds") == ["2", "2"]


def test_a_run_without_task_and_algorithm_goes_by_its_name() -> None:
    run = replace(lone(seeds=1)[0], task="", algorithm="", group="")
    assert column(figures(shown([run]))["aggregates"], "Algorithm") == [run.name]


def test_by_episode_and_time_only_where_every_seed_tells_them() -> None:
    curves = {"val/return": rising(10.0), "train/episodes": X / 100}
    told = [training("ppo", seed, curves, seconds=3600.0 * 5) for seed in range(2)]
    found = figures(shown(told))
    by_time, by_episode = found["returns-by-time"].spec, found["returns-by-episode"].spec
    assert isinstance(by_time, Plot)
    assert isinstance(by_episode, Plot)
    assert by_time.x.label == "hours"
    assert by_time.layers[-1].x[-1] == pytest.approx(5)
    assert by_episode.layers[-1].x[-1] == pytest.approx(1000)
    mixed = [*told, *lone(seeds=3)[2:]]
    assert not {"returns-by-time", "returns-by-episode"} & set(figures(shown(mixed)))


def test_lengths_successes_and_training_stand_beside_returns() -> None:
    curves = {
        "val/return": rising(10.0),
        "train/return": rising(9.0),
        "val/length": rising(50.0),
        "val/success_rate": rising(1.0),
    }
    found = figures(shown([training("ppo", seed, curves) for seed in range(2)]))
    assert {"returns", "train-and-evaluation", "length", "success-rate"} <= set(found)


def test_algorithms_are_compared_at_the_steps_that_all_have() -> None:
    """The longer run goes on to 1000 after the other has ended."""
    far = np.concatenate([np.full(101, 10.0), np.full(100, 1000.0)])
    long = [training("long", s, {"val/return": far}, x=np.linspace(0, 199_000, 201)) for s in range(2)]
    short = [training("short", s, {"val/return": np.full(101, 20.0)}) for s in range(2)]
    table = figures(shown([*long, *short]))["aggregates"]
    assert column(table, "Algorithm") == ["short", "long"]
    assert column(table, "Mean") == ["20 [20, 20]", "10 [10, 10]"]


def test_a_run_that_ended_early_is_left_out_and_named() -> None:
    stub = training("ppo", 9, {"val/return": rising(1.0)[:30]}, x=X[:30])
    items = shown([*lone(), stub])
    assert "ppo/Maze-v1/seed=9" in kinds(items)["runs-left-out"].text
    assert column(figures(items)["aggregates"], "Seeds") == ["5"]


def test_a_run_without_what_the_others_are_judged_by_is_counted() -> None:
    other = training("ppo", 9, {"train/return": rising(1.0)})
    assert "1 run has no curve" in kinds(shown([*lone(), other]))["runs-left-out"].text


def test_what_a_resumed_session_wrote_again_does_not_count() -> None:
    run = lone(seeds=1)[0]
    series = run.series[0]
    wild = np.where(np.arange(101) > 90, 1e6, series.values)
    doubled = replace(
        series,
        steps=np.concatenate([series.steps, series.steps]),
        values=np.concatenate([wild, series.values]),
        superseded=np.arange(202) < 101,
    )
    items = shown([replace(run, series=(doubled,))])
    assert kinds(items)["agent-score"].values["iqm"] == pytest.approx(series.values[91:].mean())


# --- who is better ----------------------------------------------------------------------------------------------------


def test_a_better_algorithm_is_told_and_one_that_is_not_is_not() -> None:
    apart = shown([*lone("good", top=200.0), *lone("poor")])
    told = kinds(apart)["better-algorithm"]
    assert told.text.startswith("good beats poor with probability 1.00")
    matrix = figures(apart)["improvement"].spec
    assert isinstance(matrix, Matrix)
    assert matrix.values.tolist()[0][1] == 1
    assert np.isnan(matrix.values[0, 0])
    same = kinds(shown([*lone("one"), *lone("other")]))
    assert "better-algorithm" not in same
    assert "cannot be told apart" in same["not-told-apart"].text


def test_three_seeds_are_too_few_to_say_who_is_better() -> None:
    found = kinds(shown([*lone("good", 3, top=200.0), *lone("poor", 3)]))
    assert not {"better-algorithm", "not-told-apart"} & set(found)


def test_steps_to_learn_are_those_of_the_made_curves() -> None:
    """Half-way after a fifth of the training, so 90 % after log2(10) fifths; the slow one takes twice as long."""
    fast = [training("fast", s, {"val/return": rising(100.0, half=0.1)}) for s in range(2)]
    slow = [training("slow", s, {"val/return": rising(100.0, half=0.2)}) for s in range(2)]
    items = shown([*fast, *slow])
    table = figures(items)["sample-efficiency"]
    halves = [float(text.split(" ")[0].replace(",", "")) for text in column(table, "steps to 50 %")]
    np.testing.assert_allclose(halves, [10_000, 20_000], rtol=0.02)
    assert kinds(items)["learns-sooner"].values["ratio"] == pytest.approx(2, rel=0.02)
    assert re.match(r"fast reaches 8\d\.\d+, 90 % of the way, as the first after 3\d,\d00 steps\.", table.caption)


# --- the course -------------------------------------------------------------------------------------------------------


def test_a_collapse_is_said_marked_and_in_the_table() -> None:
    fallen = rising(100.0)
    fallen[60:] = 10
    items = shown([*lone(seeds=4), training("ppo", 4, {"val/return": fallen})])
    told = kinds(items)["collapse"]
    assert told.text.startswith("1 of 5 seeds of ppo collapses: ppo/Maze-v1/seed=4 falls from")
    assert "does not recover" in told.text
    spec = figures(items)["returns"].spec
    assert isinstance(spec, Plot)
    assert [layer.label for layer in spec.layers if layer.mark == "dot"] == ["collapse begins"]
    assert column(figures(items)["trainings"], "Collapses") == ["–"] * 4 + ["from 59,600 to the end"]


def test_an_agent_that_never_learned_has_nothing_to_lose() -> None:
    wobble = np.where(np.arange(101) < 50, 2.0, 0.5)
    items = shown([*lone(top=100.0), *[training("dull", s, {"val/return": wobble}) for s in range(5)]])
    assert "collapse" not in kinds(items)
    assert "lost-again" not in kinds(items)


def test_seeds_that_disagree_are_told() -> None:
    split = [training("ppo", s, {"val/return": rising(100.0 if s % 2 else 5.0)}) for s in range(6)]
    assert "disagree" in kinds(shown(split))["seeds-disagree"].text
    assert "seeds-disagree" not in kinds(shown(lone()))


def test_learning_that_goes_on_and_learning_that_has_stopped() -> None:
    line = [training("ppo", s, {"val/return": X / 1000}) for s in range(5)]
    assert "still-learning" in kinds(shown(line))
    flat = [training("ppo", s, {"val/return": np.minimum(X / 200, 100.0)}) for s in range(5)]
    found = kinds(shown(flat))
    assert "still-learning" not in found
    assert found["stalled"].step == pytest.approx(19_000, abs=1500)


def test_a_stall_with_a_policy_that_explores_no_more_is_a_warning() -> None:
    curves = {"val/return": np.minimum(X / 200, 100.0), "train/entropy": np.maximum(1.0 - X / 15_000, 0.01)}
    told = kinds(shown([training("ppo", s, curves) for s in range(5)]))["premature-convergence"]
    assert told.severity == "warning"
    assert "to 0.01. If the task" in told.text


def test_learning_at_once_is_told_by_its_step() -> None:
    late = 100 / (1 + np.exp(-(X - 60_000) / 500))
    told = kinds(shown([training("ppo", s, {"val/return": late}) for s in range(5)]))["sudden-progress"]
    assert told.step == pytest.approx(57_500, abs=2500)
    assert "sudden-progress" not in kinds(shown(lone()))


def test_noise_alone_is_no_learning() -> None:
    rng = np.random.default_rng(0)
    runs = [training("ppo", s, {"val/return": rng.normal(0, 1, 101)}) for s in range(5)]
    found = kinds(shown(runs))
    assert "nothing-learned" in found
    others = {"collapse", "lost-again", "stalled", "still-learning", "seeds-disagree", "sudden-progress"}
    assert not others & set(found)


@pytest.mark.parametrize(("split", "kind"), [("test", "generalisation-gap"), ("val", "evaluation-gap")])
def test_a_gap_between_training_and_evaluation(split: str, kind: str) -> None:
    runs = [
        training("ppo", s, {"train/return": rising(10.0 + s / 10), f"{split}/return": rising(7.0)}) for s in range(5)
    ]
    told = kinds(shown(runs))[kind]
    assert told.values["gap"] == pytest.approx(3.2, abs=0.2)
    assert told.figure == "train-and-evaluation"
    alike = [training("ppo", s, {"train/return": rising(10.0), f"{split}/return": rising(10.0)}) for s in range(5)]
    assert kind not in kinds(shown(alike))


# --- several tasks ----------------------------------------------------------------------------------------------------


def many(tops: dict[str, float], algorithm: str, better: float = 1.0, seeds: int = 5) -> list[Run]:
    return [
        training(algorithm, s, {"return": rising(top * better, noise=top / 100, seed=s)}, task=task)
        for task, top in tops.items()
        for s in range(seeds)
    ]


TOPS = {"Easy": 10.0, "Hard": 1000.0, "Odd": 0.5}


def test_returns_of_several_tasks_are_not_averaged_raw() -> None:
    items = shown([*many(TOPS, "a"), *many(TOPS, "b", 0.8)])
    found = figures(items)
    assert "aggregates" not in found
    assert {"improvement", "ranks", "tasks"} <= set(found)
    assert "scores: {Easy: [random, reference]}" in kinds(items)["no-common-scale"].text
    assert column(found["ranks"], "Mean rank") == ["1.00 [1.00, 1.00]", "2.00 [2.00, 2.00]"]
    assert column(found["tasks"], "Best") == ["a", "a", "a"]


def test_with_scores_of_a_random_agent_and_a_reference_they_are() -> None:
    scores = {"Easy": (0.0, 10.0), "*": (0.0, 1000.0)}
    items = shown([*many(TOPS, "a"), *many(TOPS, "b", 0.8)], scores=scores)
    found = figures(items)
    assert "no-common-scale" not in kinds(items)
    assert column(found["aggregates"], "Algorithm") == ["a", "b"]
    assert column(found["aggregates"], "Tasks") == ["3", "3"]
    assert {"profiles", "progress", "improvement", "ranks", "tasks"} <= set(found)
    gap = column(found["aggregates"], "Optimality gap")[0]
    # Of the task that goes by "*", 0.5 of 1,000: nearly all is missing; of the two others nearly nothing.
    assert float(gap.split(" ")[0]) == pytest.approx(1 / 3, abs=0.03)


def test_scores_of_a_task_that_nobody_learned_are_told() -> None:
    told = kinds(shown(many(TOPS, "a"), scores={"easy": (0.0, 1.0), "*": (0.0, 1.0)}))["unknown-scores"]
    assert "scores of easy, which is the name of no task" in told.text
    assert "Tasks are called Easy, Hard, Odd." in told.text
    assert "unknown-scores" not in kinds(shown(many(TOPS, "a"), scores={"Easy": (0.0, 1.0)}))


def test_success_rates_need_no_scale() -> None:
    runs = [
        training(name, s, {"success_rate": rising(top)}, task=task)
        for name, top in (("a", 1.0), ("b", 0.5))
        for task in ("Push", "Pull")
        for s in range(3)
    ]
    found = figures(shown(runs))
    assert found["aggregates"].title == "What it comes to: success rate"
    assert column(found["aggregates"], "Mean")[1].startswith("0.48")


def test_an_algorithm_on_some_of_the_tasks_is_told_apart() -> None:
    tops = {"Push": 1.0, "Pull": 1.0, "Lift": 1.0}
    runs = [
        training(name, s, {"success_rate": rising(1.0, half=half)}, task=task)
        for name, half, on in (("all", 0.1, tops), ("some", 0.1, ["Push"]))
        for task in on
        for s in range(3)
    ]
    found = figures(shown(runs))
    assert "Not all were trained on the same tasks" in found["aggregates"].caption
    assert "ranks" not in found


def test_of_many_tasks_the_most_telling_have_curves_and_all_are_in_the_table() -> None:
    tops = {f"Task-{i}": 10.0 for i in range(12)}
    runs = [*many(tops, "a", seeds=2)]
    for i, task in enumerate(tops):
        runs += many({task: 10.0}, "b", 0.9 if i % 3 else 0.1, seeds=2)
    found = figures(list(RL(tasks=4)(experiment(runs))))
    curves = [name for name in found if name.startswith("returns-")]
    assert curves == [f"returns-task-{i}" for i in (0, 3, 6, 9)]
    assert len(cells(found["tasks"])) == 12


def test_insights_point_at_figures_that_are_there() -> None:
    for runs in (
        lone(),
        [*lone("a", 2), *lone("b", 1)],
        [*many(TOPS, "a", seeds=1), *many(TOPS, "b", seeds=2)],
        [training("ppo", s, {"train/return": rising(10.0), "test/return": rising(2.0)}) for s in range(2)],
    ):
        items = shown(runs)
        places = set(figures(items))
        assert {one.figure for one in items if isinstance(one, Insight)} <= places


# --- the optimiser ----------------------------------------------------------------------------------------------------


def health(curves: dict[str, np.ndarray], **settings: float) -> tuple[dict[str, Figure], dict[str, Insight]]:
    told = {"train/return": rising(100.0), **{f"train/{name}": y for name, y in curves.items()}}
    items = shown([training("agent", s, told, settings=settings) for s in range(2)])
    return figures(items), kinds(items)


def test_every_metric_of_the_optimiser_has_a_sentence() -> None:
    curves = {
        "entropy": rising(0.3, start=0.7),
        "approx_kl": np.full(101, 0.01),
        "clip_fraction": np.full(101, 0.15),
        "explained_variance": rising(0.9),
        "exploration_rate": np.maximum(1 - X / 50_000, 0.05),
        "ent_coef": rising(0.1, start=1.0),
    }
    found, said = health(curves)
    assert "47 % of its start" in found["entropy"].caption
    assert "KL divergence of 0.01 in the median" in found["approx-kl"].caption
    assert "15 %" in found["clip-fraction"].caption
    assert "87 % of the variance" in found["explained-variance"].caption
    assert "from 100 % to 5 %, which is reached after 48 %" in found["exploration-rate"].caption
    assert "counts for less with time" in found["ent-coef"].caption
    assert not {"entropy-gone", "large-updates", "much-clipped", "value-fit", "over-estimated"} & set(said)


@pytest.mark.parametrize(
    ("metric", "y", "kind"),
    [
        ("entropy", np.where(X < 10_000, 1.0, 0.01), "entropy-gone"),
        ("approx_kl", np.full(101, 0.2), "large-updates"),
        ("clip_fraction", np.full(101, 0.5), "much-clipped"),
        ("explained_variance", rising(-0.5), "value-fit"),
        ("q_value", rising(500.0), "over-estimated"),
    ],
)
def test_what_crosses_a_bound_is_a_warning_with_the_bound(metric: str, y: np.ndarray, kind: str) -> None:
    _, said = health({metric: y})
    assert said[kind].severity == "warning"
    assert any(name.endswith("threshold") for name in said[kind].values)


def test_values_are_held_against_what_a_reward_of_each_step_allows() -> None:
    """With one point a step and 100 steps at most, gamma = 0.9 allows (1 - 0.9^100) / 0.1 = 10 at most."""
    curves = {"return": rising(100.0, start=1.0), "length": rising(100.0, start=1.0), "q_value": rising(50.0)}
    _, said = health(curves, gamma=0.9)
    assert said["over-estimated"].values["bound"] == pytest.approx(10, rel=0.01)
    _, fine = health({**curves, "q_value": rising(9.0)}, gamma=0.9)
    assert "over-estimated" not in fine


def test_values_of_rewards_of_both_signs_have_no_bound() -> None:
    told = {"train/return": rising(100.0, start=-50.0), "train/q_value": rising(5000.0)}
    items = shown([training("dqn", 0, told)])
    assert "over-estimated" not in kinds(items)
    assert "no bound is known" in figures(items)["q-value"].caption


def test_the_buffer_is_told_by_its_age() -> None:
    found, _ = health({"q_value": rising(1.0)}, buffer_size=10_000, learning_starts=1000)
    assert "10 % of the training: on average they are 5,000 steps old" in found["q-value"].caption
    assert "Learning starts after 1,000 steps" in found["q-value"].caption
    found, _ = health({"q_value": rising(1.0)}, buffer_size=1_000_000)
    assert "nothing is forgotten" in found["q-value"].caption


# --- any numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "y",
    [
        np.zeros(101),
        np.full(101, 1e300),
        np.where(np.arange(101) % 2, 1e308, -1e308),
        np.where(np.arange(101) % 3, np.nan, 1.0),
        np.where(np.arange(101) > 50, np.inf, 1.0),
        np.linspace(-1e-300, 1e-300, 101),
    ],
)
def test_any_numbers_make_a_page(y: np.ndarray) -> None:
    runs = [training(name, s, {"val/return": y, "train/entropy": y}) for name in "ab" for s in range(5)]
    assert "returns" in figures(shown(runs))


def test_the_page_is_the_same_every_time() -> None:
    runs = [*many(TOPS, "a"), *many(TOPS, "b", 0.8)]
    first, second = (kinds(shown(runs, scores={"*": (0.0, 10.0)})) for _ in range(2))
    assert first == second


def test_an_experiment_without_runs_has_none() -> None:
    assert list(RL()(Experiment("none", "None", "none"))) == []


@st.composite
def trainings(draw: st.DrawFn) -> list[Run]:
    """Any tasks, algorithms, seeds, lengths and values."""
    runs = []
    for i in range(draw(st.integers(1, 7))):
        n = draw(st.integers(1, 30))
        names = draw(st.sets(st.sampled_from(NAMES), min_size=1, max_size=4))
        curves = {name: np.array(draw(st.lists(ANY, min_size=n, max_size=n))) for name in sorted(names)}
        steps = np.array(draw(st.lists(st.integers(0, 50), min_size=n, max_size=n)), np.float64)
        run = training(
            draw(st.sampled_from(["a", "b", ""])),
            draw(st.integers(0, 2)),
            curves,
            task=draw(st.sampled_from(["T", "U", ""])),
            x=steps,
            seconds=draw(st.sampled_from([0.0, 100.0])),
            name=f"run-{i}",
        )
        runs.append(replace(run, group=draw(st.sampled_from([run.group, ""]))))
    return runs


ANY = st.one_of(st.floats(-1e3, 1e3), st.sampled_from([0.0, np.nan, np.inf, -np.inf, 1e308, -1e308, 1e-308]))
NAMES = [
    *("val/return", "train/return", "test/return", "return", "val/success_rate", "train/length", "train/episodes"),
    *("train/entropy", "train/q_value", "train/exploration_rate", "train/approx_kl", "train/explained_variance"),
]


@settings(max_examples=60, deadline=None)
@given(trainings(), st.sampled_from([{}, {"*": (0.0, 1.0)}, {"T": (-5.0, 5.0)}]))
def test_any_trainings_make_a_page_that_holds_together(runs: list[Run], scores: dict[str, tuple[float, float]]) -> None:
    items = shown(runs, scores=scores)
    found = figures(items)
    assert len(found) == sum(isinstance(one, Figure) for one in items)
    for one in items:
        if isinstance(one, Insight):
            assert one.figure in found
            assert "nan" not in one.text.lower()
        elif isinstance(one, Figure) and isinstance(one.spec, Plot):
            for layer in one.spec.layers:
                assert len(layer.x) == len(layer.y)
            assert "nan" not in str(plot_context(one)["svg"])
        elif isinstance(one, Figure) and isinstance(one.spec, Matrix):
            matrix_context(one)


def test_of_many_configurations_the_best_are_drawn_and_compared() -> None:
    """A sweep: each run is an algorithm of its own; 80 lines and 80 names beside each other would say nothing."""
    runs = [
        replace(run, algorithm="", group="", name=f"lr-{i}", slug=f"lr-{i}")
        for i in range(80)
        for run in [training("x", 0, {"val/return": rising(float(i)), "train/entropy": rising(0.1, start=1.0)})]
    ]
    found = figures(shown(runs))
    spec = found["returns"].spec
    assert isinstance(spec, Plot)
    assert [layer.label for layer in spec.layers if layer.mark == "line"] == [f"lr-{i} (1 seed)" for i in range(70, 80)]
    assert "the best 10 of 80 algorithms" in found["returns"].caption
    entropy = found["entropy"].spec
    assert isinstance(entropy, Plot)
    assert len(entropy.layers) == 10
    assert column(found["aggregates"], "Algorithm") == [f"lr-{i}" for i in range(79, 19, -1)]
    matrix = found["improvement"].spec
    assert isinstance(matrix, Matrix)
    assert matrix.rows == tuple(f"lr-{i}" for i in range(68, 80))


def test_algorithms_that_meet_have_different_colours() -> None:
    """Thirteen names, ten colours; the last ones share theirs with those that they never meet."""
    runs = [
        training(f"a{i:02}", s, {"return": rising(10.0)}, task="One" if i < 3 or i > 9 else "Other")
        for i in range(13)
        for s in range(2)
    ]
    spec = figures(shown(runs))["returns-one"].spec
    assert isinstance(spec, Plot)
    assert len({layer.color for layer in spec.layers if layer.label}) == 6


def test_a_far_longer_training_offers_a_logarithmic_axis() -> None:
    long = [training("long", s, {"return": rising(10.0)}, x=X * 10) for s in range(2)]
    short = [training("short", s, {"return": rising(10.0)}) for s in range(3)]
    for runs, offered in (([*long, *short], True), (short, False)):
        spec = figures(shown(runs))["returns"].spec
        assert isinstance(spec, Plot)
        assert spec.x.logarithmic is offered


def test_tasks_that_have_only_their_first_step_in_common_have_no_curve_together() -> None:
    runs = [
        training("a", s, {"success_rate": rising(1.0)[:n]}, task=task, x=X[:n])
        for task in ("Push", "Pull")
        for s, n in enumerate((1, 1, 1, 3))
    ]
    assert "progress" not in figures(shown(runs))
