"""What actions rest on: an agent's own network, run on what it saw, from recording to page; captum is the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch

from dlviz_docs import record
from dlviz_docs.cache import Cache
from dlviz_docs.options import parse
from dlviz_docs.registry import load_readers
from dlviz_docs.renderers.episodes.player import players
from dlviz_docs.scan import ExperimentFolder, scan
from dlviz_docs.study import study
from dlviz_docs.study.episodes import read_episodes
from dlviz_docs.study.grounds import with_grounds
from dlviz_docs.view import Figure, Player


def network(seed: int = 0) -> torch.nn.Module:
    """Rates the push towards which the pole leans."""
    torch.manual_seed(seed)
    first, last = torch.nn.Linear(4, 16), torch.nn.Linear(16, 2)
    with torch.no_grad():
        first.weight[:2] = torch.tensor([[0.1, 0.3, 4.0, 1.0], [-0.1, -0.3, -4.0, -1.0]])
        last.weight[:, :2] = torch.tensor([[-3.0, 3.0], [3.0, -3.0]])
    return torch.nn.Sequential(first, torch.nn.Tanh(), last)


def scores(module: torch.nn.Module, seen: Any) -> Mapping[str, Any]:
    with torch.no_grad():
        return {"action_values": module(torch.as_tensor(seen, dtype=torch.float32)).numpy()}


def written(folder: Path, played: torch.nn.Module, kept: torch.nn.Module) -> ExperimentFolder:
    """A run of an agent that plays by one network and leaves another."""
    run = folder / "pole/runs/a"
    env = record.EpisodeRecorder(
        gymnasium.make("CartPole-v1"), run / "episodes", step=100, agent=lambda seen: scores(played, seen), gamma=0.99
    )
    for seed in range(2):
        seen, _ = env.reset(seed=seed)
        for _ in range(60):
            seen, _, over, cut, _ = env.step(int(scores(played, seen)["action_values"].argmax()))
            if over or cut:
                break
    env.close()
    record.model(run, kept, torch.zeros(2, 4), name="policy")
    (run / "metrics.csv").write_text("step,return\n1,2\n2,3\n")
    (found,) = scan(folder, load_readers({})[0]).experiments
    return found


def test_they_are_integrated_gradients_of_the_action_rated_best(tmp_path: Path) -> None:
    from captum.attr import IntegratedGradients

    module = network()
    folder = written(tmp_path / "in", module, module)
    found = with_grounds(folder, read_episodes(folder), Cache(tmp_path / "cache"))
    (recording,) = found.recordings
    assert recording.network.endswith("policy.pt2")
    assert recording.agreement == 1
    seen = np.concatenate([one.observations for one in recording.episodes if one.observations is not None])
    x = torch.as_tensor(seen, dtype=torch.float32)
    base = x.mean(0, keepdim=True)
    told = IntegratedGradients(module).attribute(x, base, target=module(x).argmax(1), n_steps=200)
    ours = np.concatenate([one.grounds for one in recording.episodes if one.grounds is not None])
    np.testing.assert_allclose(ours, told.detach().numpy(), atol=0.02 * np.abs(told.detach().numpy()).max())
    again = with_grounds(folder, read_episodes(folder), Cache(tmp_path / "cache")).recordings[0]
    np.testing.assert_array_equal(again.episodes[0].grounds, recording.episodes[0].grounds)


def test_the_player_has_a_track_of_them(tmp_path: Path) -> None:
    module = network()
    folder = written(tmp_path / "in", module, module)
    found = with_grounds(folder, read_episodes(folder), Cache(tmp_path / "cache"))
    (figure,) = players(found.recordings)
    assert isinstance(figure, Figure)
    assert isinstance(figure.spec, Player)
    (track,) = [one for one in figure.spec.tracks if one.title == "What the choice rests on"]
    assert track.traces[2].label == "pole angle"
    means = [np.abs(figure.spec.plays[0].values[trace.name]).mean() for trace in track.traces]
    assert np.argmax(means) in (2, 3)
    assert "rates best what the agent did in all steps" in figure.spec.notes[-1]


def test_the_network_of_another_agent_is_not_asked(tmp_path: Path) -> None:
    module = network()
    other = torch.nn.Linear(4, 2)
    with torch.no_grad():
        other.weight.zero_()
    folder = written(tmp_path / "in", module, other)
    (recording,) = with_grounds(folder, read_episodes(folder), Cache(tmp_path / "cache")).recordings
    assert recording.network == ""
    assert all(one.grounds is None for one in recording.episodes)


@pytest.mark.parametrize("what", ["gone", "damaged", "no network", "other width"])
def test_without_a_network_that_runs_there_are_none(what: str, tmp_path: Path) -> None:
    module = network()
    folder = written(tmp_path / "in", module, module)
    episodes = read_episodes(folder)
    path = next((tmp_path / "in").rglob("policy.pt2"))
    if what == "gone":
        path.unlink()
    elif what == "damaged":
        path.write_bytes(path.read_bytes()[:200])
    elif what == "no network":
        path.unlink()
        (folder,) = scan(tmp_path / "in", load_readers({})[0]).experiments
    else:
        cut = tuple(replace(one, observations=np.zeros((len(one), 3))) for one in episodes.recordings[0].episodes)
        episodes = replace(episodes, recordings=(replace(episodes.recordings[0], episodes=cut),))
    (recording,) = with_grounds(folder, episodes, Cache(tmp_path / "cache")).recordings
    assert recording.network == ""


def test_a_whole_study_keeps_steps_apart_from_the_page(tmp_path: Path) -> None:
    from dlviz_docs.study import StudyJob, sections_of
    from dlviz_docs.study.packed import Study

    module = network()
    folder = written(tmp_path / "in", module, module)
    cache = Cache(tmp_path / "cache")
    job = StudyJob(folder, parse({}).renderers, str(tmp_path / "cache"), "job", "episodes")
    made = cache.get(study(job), Study)
    assert made is not None
    assert [word for word, _ in made.plays] == ["player#0", "player#1"]
    assert all(cache.holds(name, ".js") for _, name in made.plays)
    (section,) = [one for one in sections_of([made], folder.slug) if one.topic == "episodes"]
    figure = section.figures[0]
    assert isinstance(figure.spec, Player)
    assert sum(bool(play.values) for play in figure.spec.plays) == 1
    assert section.plays["player#1"].startswith(f"{folder.slug}/data/")
