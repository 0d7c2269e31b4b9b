"""The sentences themselves: what they say, their evidence, and when they keep silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from curves import run_of

from dlviz_docs.insights import Thresholds, observe
from dlviz_docs.model import Insight, Objective, Run, Series

RNG = np.random.default_rng(7)
U = np.linspace(0, 1, 40)
FALLING = 0.02 + 2 * np.exp(-4 * U)
OVERFIT = 0.4 + 2 * np.exp(-20 * U) + 0.4 * np.clip(U - 0.3, 0, None)


def kinds(run: Run) -> set[str]:
    return {insight.kind for insight in observe(run)}


def the(kind: str, run: Run) -> Insight:
    (found,) = [insight for insight in observe(run) if insight.kind == kind]
    return found


def test_overfitting_says_from_where_by_how_much_and_while_what() -> None:
    insight = the("overfitting", run_of({"train/loss": FALLING, "val/loss": OVERFIT}))
    assert insight.text.startswith("Overfits from epoch 1")
    assert "val/loss rises" in insight.text
    assert "while train/loss falls" in insight.text
    assert insight.figure == "metric-loss"
    assert insight.metric == "val/loss"
    assert insight.run == "run"
    assert insight.step is not None
    assert 10 <= insight.step <= 14
    assert insight.values["rise"] > insight.values["rise_threshold"]


def test_validation_alone_is_not_called_overfitting() -> None:
    assert "overfitting" not in kinds(run_of({"val/loss": OVERFIT}))


def test_validation_that_rises_with_training_is_not_overfitting() -> None:
    assert "overfitting" not in kinds(run_of({"train/loss": OVERFIT, "val/loss": OVERFIT + 0.1}))


def test_the_epoch_is_told_beside_the_step() -> None:
    run = run_of({"train/loss": FALLING, "val/loss": OVERFIT}, axis="step")
    series = tuple(replace(one, epochs=one.steps / 4) for one in run.series)
    assert " (epoch " in the("overfitting", replace(run, series=series)).text


def test_a_higher_threshold_silences() -> None:
    run = run_of({"train/loss": FALLING, "val/loss": OVERFIT})
    assert "overfitting" not in {i.kind for i in observe(run, Thresholds(overfit_rise=5.0))}


def test_unknown_metrics_get_no_judgement() -> None:
    assert kinds(run_of({"train/zeta": FALLING, "val/zeta": OVERFIT})) == set()


def test_few_points_get_nothing_but_the_best() -> None:
    assert kinds(run_of({"train/loss": FALLING[:7], "val/loss": np.array([3.0, 1, 2, 4, 8, 16, 32])})) == {"best"}


def test_one_point_gets_nothing() -> None:
    assert kinds(run_of({"test/accuracy": np.array([0.9])})) == set()


def test_empty_runs_and_curves_are_survived() -> None:
    assert observe(Run("a", "a")) == ()
    assert observe(run_of({"loss": np.full(30, np.nan), "val/loss": np.ones(30)}))


def test_best_names_step_and_last_value() -> None:
    values = np.array([0.5, 0.7, 0.9, 0.8])
    insight = the("best", run_of({"val/accuracy": values}))
    assert insight.text == "Best val/accuracy is 0.9 at epoch 3; the last value is 0.8."
    assert insight.values["best"] == 0.9


def test_the_objective_of_the_run_is_spoken_of_first() -> None:
    run = run_of({"val/accuracy": 1 - FALLING / 3, "val/f1_macro": 1 - FALLING / 4})
    judged = replace(run, objective=Objective("val/f1_macro", "max"))
    assert the("best", judged).metric == "val/f1_macro"


def test_nan_names_the_first_series_and_counts_the_others() -> None:
    broken = FALLING.copy()
    broken[30:] = np.nan
    later = FALLING.copy()
    later[35:] = np.nan
    insight = the("nonfinite", run_of({"train/loss": broken, "val/loss": later, "lr": np.ones(40)}))
    assert insight.severity == "serious"
    assert insight.text == (
        "NaN from epoch 31 in train/loss: 10 of 40 values, and no finite value after that; 1 other metric too."
    )


def test_a_passing_infinity_is_no_catastrophe() -> None:
    values = FALLING.copy()
    values[5] = np.inf
    insight = the("nonfinite", run_of({"train/loss": values}))
    assert insight.severity == "warning"
    assert "finite values after that" in insight.text


def test_superseded_points_are_not_judged() -> None:
    values = np.concatenate([[np.nan] * 5, FALLING])
    steps = np.concatenate([np.arange(1, 6), np.arange(1, 41)])
    series = Series("train/loss", "loss", steps, values, superseded=np.arange(45) < 5)
    found = {insight.kind: insight for insight in observe(Run("a", "a", (series,)))}
    assert "nonfinite" not in found
    assert "5 points" in found["resumed"].text


def test_a_resumption_says_where() -> None:
    steps = np.concatenate([np.arange(20), np.arange(15, 40)])
    series = Series(
        "train/loss", "loss", steps, np.exp(-steps / 10), superseded=(np.arange(45) >= 15) & (np.arange(45) < 20)
    )
    insight = the("resumed", Run("a", "a", (series,)))
    assert insight.step == 15
    assert insight.text.startswith("Resumed at step 15: 5 points of train/loss")


def test_divergence_keeps_overfitting_and_plateau_silent() -> None:
    gone = np.where(U > 0.5, 5.0, FALLING)
    found = kinds(run_of({"train/loss": gone, "val/loss": gone + 0.1}))
    assert "divergence" in found
    assert not found & {"overfitting", "plateau", "stopped-early"}


def test_parts_of_a_loss_may_go_their_own_ways() -> None:
    assert "divergence" not in kinds(run_of({"train/loss": FALLING, "train/loss_aux": 0.02 + U}))


def test_losses_of_an_agent_are_not_judged() -> None:
    run = run_of({"rollout/ep_rew_mean": 500 * (1 - np.exp(-6 * U)), "train/loss": 1 + 20 * U})
    assert kinds(run) == {"best"}


def test_fifths_of_a_run_are_counted_in_steps() -> None:
    """An agent logs once an episode: many short ones first, and then a few long ones at its ceiling."""
    early, late = np.linspace(0, 1000, 60), np.linspace(1200, 10_000, 20)
    returns = np.concatenate([np.linspace(20, 300, 60), np.linspace(300, 500, 4), np.full(16, 500.0)])
    episodes = Series("return", "return", np.concatenate([early, late]), returns)
    assert "stopped-early" not in kinds(Run("run", "run", (episodes,)))
    assert "stopped-early" in kinds(run_of({"return": np.linspace(20, 500, 80)}))


def test_an_agent_at_the_ceiling_of_its_game_was_not_stopped_early() -> None:
    rising = np.linspace(20, 480, 40)
    assert "stopped-early" in kinds(run_of({"return": np.append(rising, 500)}))
    assert "stopped-early" not in kinds(run_of({"return": np.append(rising, [500, 470, 500])}))


def test_a_run_that_goes_on_was_not_stopped_early() -> None:
    run = run_of({"val/loss": 2 - U})
    assert "stopped-early" in kinds(run)
    assert "stopped-early" not in kinds(replace(run, status="running"))


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        (np.full(40, 0.1), "stays at 0.1"),
        (0.1 * (1 - U), "falls from 0.1 to 0 along a straight line"),
        (0.1 * (1 + np.cos(np.pi * U)) / 2, "falls from 0.1 to 0 along a cosine"),
        (0.1 * 0.01**U, "falls from 0.1 to 0.001 exponentially"),
        (np.where(U < 0.5, 0.1, 0.01), "falls from 0.1 to 0.01 in 1 step"),
        (0.1 * np.minimum(U * 5, 1), "rises to 0.1 by epoch 9, then stays there"),
        (0.1 * np.minimum(U * 5, (1 - U) * 1.25), "rises to 0.09936 by epoch 9, then falls to 0 along a straight line"),
    ],
)
def test_learning_rate_schedules(rates: np.ndarray, words: str) -> None:
    assert the("schedule", run_of({"lr": rates})).text == f"Learning rate: {words}."


def test_a_course_without_a_name_is_not_given_one() -> None:
    assert "schedule" not in kinds(run_of({"lr": 0.1 + 0.05 * np.sin(20 * U)}))


def test_spikes_are_counted_and_the_highest_is_placed() -> None:
    train = 1 + 0.01 * RNG.normal(size=200)
    train[[50, 120]] = 3, 7
    insight = the("spikes", run_of({"train/loss": train}))
    assert insight.text.startswith("2 spikes in train/loss, the highest at epoch 121: 7 where its neighbours are near ")
    assert insight.values["score"] > insight.values["score_threshold"]


def test_the_most_serious_comes_first() -> None:
    broken = FALLING.copy()
    broken[30:] = np.nan
    found = observe(run_of({"train/loss": broken, "val/loss": OVERFIT, "lr": np.ones(40)}))
    order = ["serious", "warning", "info"]
    assert [i.severity for i in found] == sorted((i.severity for i in found), key=order.index)
