"""NPZ files of episodes, in every form that recorders write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from files import one, read_all, save, steps
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.readers.episodes import Limits
from dlviz_docs.readers.episodes._cuts import cuts_of

LENGTHS = (4, 1, 7)
PLAYED = [steps(seed, length) for seed, length in enumerate(LENGTHS)]
JOINED = {key: np.concatenate([episode[key] for episode in PLAYED]) for key in PLAYED[0]}
ENDS = np.cumsum(LENGTHS) - 1


def marked(places: np.ndarray, length: int = sum(LENGTHS)) -> np.ndarray:
    flags = np.zeros(length, bool)
    flags[places] = True
    return flags


@pytest.mark.parametrize(
    "told",
    [
        {"lengths": np.array(LENGTHS)},
        {"episode_starts": marked(np.append(0, ENDS[:-1] + 1))},
        {"dones": marked(ENDS)},
        {"terminals": marked(ENDS[:2]), "timeouts": marked(ENDS[2:])},
        {"episode_ids": np.repeat([7, 3, 9], LENGTHS)},
    ],
    ids="+".join,
)
def test_episodes_end_to_end(tmp_path: Path, told: dict[str, np.ndarray]) -> None:
    save(tmp_path / "expert.npz", {**JOINED, **told})
    recording = one(tmp_path)
    assert recording.problems == ()
    assert [episode.length for episode in recording.episodes] == list(LENGTHS)
    for episode, played in zip(recording.episodes, PLAYED, strict=True):
        assert episode.total == pytest.approx(played["rewards"].sum())
        assert np.array_equal(episode.actions, played["actions"])
        assert np.array_equal(episode.observations, played["observations"].astype(float))


def test_names_of_stable_baselines(tmp_path: Path) -> None:
    """Expert data as `generate_expert_traj` wrote it."""
    starts = marked(np.append(0, ENDS[:-1] + 1))
    arrays = {
        "obs": JOINED["observations"],
        "actions": JOINED["actions"][:, None],
        "rewards": JOINED["rewards"],
        "episode_returns": np.array([episode["rewards"].sum() for episode in PLAYED]),
        "episode_starts": starts,
    }
    recording = one((save(tmp_path / "expert_cartpole.npz", arrays)).parent)
    assert [episode.total for episode in recording.episodes] == pytest.approx(arrays["episode_returns"].tolist())
    assert recording.actions == ("0", "1")
    assert recording.problems == ()


def test_flags_of_ends_say_why(tmp_path: Path) -> None:
    save(tmp_path / "d4rl.npz", {**JOINED, "terminals": marked(ENDS[:1]), "timeouts": marked(ENDS[1:2])})
    assert [episode.ending for episode in one(tmp_path).episodes] == ["terminated", "truncated", "unknown"]


def test_a_block_with_lengths(tmp_path: Path) -> None:
    longest = max(LENGTHS)
    block = {key: np.zeros((3, longest, *rows.shape[1:]), rows.dtype) for key, rows in JOINED.items()}
    for place, episode in enumerate(PLAYED):
        for key, rows in episode.items():
            block[key][place, : len(rows)] = rows
    save(tmp_path / "block.npz", {**block, "lengths": np.array(LENGTHS), "truncated": np.array([True, False, False])})
    recording = one(tmp_path)
    assert recording.shape == (3,)
    assert [episode.length for episode in recording.episodes] == list(LENGTHS)
    assert [episode.ending for episode in recording.episodes] == ["truncated", "unknown", "unknown"]
    assert np.array_equal(recording.episodes[2].observations, PLAYED[2]["observations"].astype(float))


def test_a_block_with_flags(tmp_path: Path) -> None:
    dones = np.zeros((2, 5), bool)
    dones[0, 2] = dones[1, 4] = True
    save(tmp_path / "block.npz", {"rewards": np.ones((2, 5)), "actions": np.zeros((2, 5), int), "dones": dones})
    assert [episode.length for episode in one(tmp_path).episodes] == [3, 5]


def test_groups_of_arrays(tmp_path: Path) -> None:
    arrays = {f"{place}/{key}": rows for place, episode in enumerate(PLAYED) for key, rows in episode.items()}
    arrays |= {"2/terminated": np.array([False] * 6 + [True]), "gamma": np.array(0.9)}
    recording = one(save(tmp_path / "all.npz", arrays).parent)
    assert [episode.name for episode in recording.episodes] == ["0", "1", "2"]
    assert [episode.length for episode in recording.episodes] == list(LENGTHS)
    assert recording.episodes[2].ending == "terminated"
    assert recording.gamma == 0.9


def test_one_episode_a_file(tmp_path: Path) -> None:
    for place, episode in enumerate(PLAYED):
        save(tmp_path / "episodes" / f"ep_{place:03}.npz", episode)
    recording = one(tmp_path)
    assert recording.source == "episodes"
    assert [episode.name for episode in recording.episodes] == ["ep_000", "ep_001", "ep_002"]
    assert recording.seen == 3


def test_agents_without_logs_are_called_by_their_folders(tmp_path: Path) -> None:
    for agent in ("a", "b"):
        save(tmp_path / "runs" / agent / "episodes" / "step-2000.npz", PLAYED[0])
    save(tmp_path / "episodes" / "step-9.npz", PLAYED[0])
    names = {one.source: one.name for one in read_all(tmp_path, {}).recordings}
    assert names == {
        "episodes/step-9.npz": "9 steps",
        "runs/a/episodes/step-2000.npz": "a, 2,000 steps",
        "runs/b/episodes/step-2000.npz": "b, 2,000 steps",
    }


def test_files_of_several_moments_are_several_recordings(tmp_path: Path) -> None:
    for step in (2_000, 10_000):
        save(tmp_path / "runs" / "a" / "episodes" / f"step-{step}.npz", PLAYED[0])
    found = read_all(tmp_path, {"runs/a": "a"})
    assert [(one.name, one.step) for one in found.recordings] == [("a, 2,000 steps", 2000), ("a, 10,000 steps", 10000)]
    assert {one.run for one in found.recordings} == {"a"}


def test_the_dreamer_tells_what_an_action_led_to(tmp_path: Path) -> None:
    """Its first row is a reset: no action, no reward; each picture is what the action beside it led to."""
    pictures = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1) * np.ones((1, 16, 16, 3), np.uint8)
    actions = np.array([[0, 0], [1, 0], [0, 1], [1, 0], [1, 0]], np.float32)
    rewards = np.array([0, 1, 2, 3, 4], np.float32)
    told = {"image": pictures, "action": actions, "reward": rewards}
    save(tmp_path / "20230101T000000-abc-5.npz", {**told, "is_terminal": marked(np.array([4]), 5)})
    (episode,) = one(tmp_path).episodes
    assert episode.rewards.tolist() == [1, 2, 3, 4]
    assert episode.actions is not None
    assert episode.actions.tolist() == [0, 1, 0, 0]
    assert episode.ending == "terminated"
    assert episode.frames is not None
    assert episode.frames.steps.tolist() == [0, 1, 2, 3]
    assert episode.frames.pixels[:, 0, 0, 0].tolist() == [0, 1, 2, 3]


def test_thoughts_terms_and_what_else_is_told(tmp_path: Path) -> None:
    length = 6
    arrays = {
        **steps(0, length),
        "q_values": np.arange(12.0).reshape(6, 2),
        "logits": np.log([[0.25, 0.75]] * 6),
        "values": np.arange(6.0),
        "reward_terms/alive": np.ones(6),
        "r_forward": np.arange(6.0),
        "infos/x": np.arange(7.0),
        "is_success": np.array([0, 0, 0, 0, 0, 1]),
        "action_names": np.array(["left", "right"]),
        "observation_names": np.array(["a", "b", "c"]),
        "next_observations": np.arange(18.0).reshape(6, 3),
    }
    recording = one(save(tmp_path / "one.npz", arrays).parent)
    (episode,) = recording.episodes
    assert recording.actions == ("left", "right")
    assert recording.observations == ("a", "b", "c")
    assert episode.action_values is not None
    assert episode.action_values[5].tolist() == [10, 11]
    assert episode.probabilities is not None
    assert episode.probabilities[0] == pytest.approx([0.25, 0.75])
    assert episode.success is True
    assert {name: row.tolist() for name, row in episode.terms.items()} == {
        "alive": [1.0] * 6,
        "forward": list(range(6)),
    }
    assert episode.infos["x"].tolist() == [1, 2, 3, 4, 5, 6]  # the first is what the reset told
    assert episode.last is not None
    assert episode.last.tolist() == [15, 16, 17]


def test_pictures_of_every_fifth_step_of_the_first_episode(tmp_path: Path) -> None:
    """As an earlier form of our own example had it, which nothing in the file says."""
    frames = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((1, 20, 30), np.uint8)
    joined = {"rewards": np.ones(20), "actions": np.zeros(20, int), "lengths": np.array([12, 8]), "frames": frames}
    first, second = one(save(tmp_path / "recording.npz", joined).parent).episodes
    assert first.frames is not None
    assert first.frames.steps.tolist() == [0, 4, 8]
    assert first.frames.pixels.shape == (3, 20, 30, 3)
    assert second.frames is None


def test_of_many_episodes_some_are_read_always_the_same(tmp_path: Path) -> None:
    lengths = np.full(300, 2)
    save(tmp_path / "many.npz", {"rewards": np.arange(600.0), "actions": np.zeros(600, int), "lengths": lengths})
    first, again = one(tmp_path, Limits(most_episodes=12)), one(tmp_path, Limits(most_episodes=12))
    assert (len(first), first.seen) == (12, 300)
    assert [episode.name for episode in first.episodes] == [episode.name for episode in again.episodes]
    for episode in first.episodes:
        assert episode.rewards.tolist() == [2 * int(episode.name), 2 * int(episode.name) + 1]


def test_limits_on_steps_numbers_and_pixels(tmp_path: Path) -> None:
    frames = np.zeros((40, 64, 64, 3), np.uint8)
    arrays = {"rewards": np.ones(40), "observations": np.zeros((40, 10)), "lengths": np.full(4, 10), "frames": frames}
    save(tmp_path / "all.npz", arrays)
    assert len(one(tmp_path, Limits(most_steps=25))) == 2
    assert len(one(tmp_path, Limits(most_numbers=150))) == 1
    kept = one(tmp_path, Limits(most_pixels=64 * 64 * 3 * 5))
    assert [0 if e.frames is None else len(e.frames.steps) for e in kept.episodes] == [5, 0, 0, 0]


def test_an_endless_episode_is_cut_and_said_to_be(tmp_path: Path) -> None:
    ends = {"terminated": np.arange(1000) == 999, "success": np.zeros(1000)}
    save(tmp_path / "long.npz", {"rewards": np.ones(1000), "actions": np.zeros(1000, int), **ends})
    recording = one(tmp_path, Limits(most_steps=100))
    assert [(e.length, e.ending, e.success) for e in recording.episodes] == [(100, "unread", None)]
    assert "first 100" in recording.problems[0].what


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_cuts_are_those_that_were_joined(lengths: list[int]) -> None:
    cuts = cuts_of((sum(lengths),), {"lengths": np.array(lengths)})
    assert [cut.length for cut in cuts.episodes] == [length for length in lengths if length]
    assert cuts.empty == lengths.count(0)
    assert cuts.why == ""


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_flags_cut_everything_into_pieces(flags: list[bool]) -> None:
    cuts = cuts_of((len(flags),), {"dones": np.zeros(0), "done": np.array(flags)})
    assert sum(cut.length for cut in cuts.episodes) == len(flags)
    assert all(not any(flags[cut.start : cut.stop - 1]) for cut in cuts.episodes)


@pytest.mark.parametrize("at_once", [1, 5_000, 10**9])
@pytest.mark.parametrize("kept", [7, 30])
def test_pictures_are_the_same_however_many_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int, kept: int
) -> None:
    from dlviz_docs.readers.episodes import _frames

    monkeypatch.setattr(_frames, "_AT_ONCE", at_once)
    frames = np.random.default_rng(0).integers(0, 256, (30, 24, 20, 3), np.uint8)
    save(tmp_path / "a.npz", {**steps(0, 30), "lengths": np.array([12, 18]), "frames": frames})
    first, second = one(tmp_path, Limits(most_pixels=kept * 24 * 20 * 3)).episodes
    assert first.frames is not None
    every = 1 if kept == 30 else 2
    assert first.frames.steps.tolist() == list(range(0, 12, every))
    assert np.array_equal(first.frames.pixels, frames[:12:every])
    assert second.frames is not None
    assert np.array_equal(second.frames.pixels, frames[12:][second.frames.steps])


def test_large_pictures_are_made_smaller(tmp_path: Path) -> None:
    frames = np.zeros((3, 400, 640, 3), np.uint8)
    frames[:, :, 320:] = 200
    save(tmp_path / "a.npz", {**steps(0, 3), "frames": frames})
    pixels = one(tmp_path).episodes[0].frames
    assert pixels is not None
    assert pixels.pixels.shape == (3, 200, 320, 3)
    assert pixels.pixels[0, 100, 10].tolist() == [0, 0, 0]
    assert pixels.pixels[0, 100, 300].tolist() == [200, 200, 200]


def test_numbers_told_beside_are_as_many_as_a_page_can_show(tmp_path: Path) -> None:
    told = {f"infos/n{place}": np.zeros(3) for place in range(70)}
    save(tmp_path / "a.npz", {**steps(0, 3), **told, f"infos/{'x' * 500}": np.zeros(3)})
    recording = one(tmp_path)
    assert len(recording.episodes[0].infos) == 64
    assert "71 numbers" in recording.problems[0].what
    assert max(map(len, recording.episodes[0].infos)) <= 100


@pytest.mark.parametrize("block", [False, True])
def test_observations_of_several_parts_are_one(tmp_path: Path, block: bool) -> None:
    length = 4
    parts = {
        "rewards": np.ones(length),
        "actions": np.zeros(length, int),
        "observations/position": np.arange(length, dtype=float),
        "observations/goal": np.arange(2.0 * length).reshape(length, 2),
    }
    if block:
        parts = {name: rows[None] for name, rows in parts.items()}
    recording = one(save(tmp_path / "goal.npz", parts).parent)
    assert recording.observations == ("position", "goal[0]", "goal[1]")
    assert recording.episodes[0].observations is not None
    assert recording.episodes[0].observations.tolist() == [[0, 0, 1], [1, 2, 3], [2, 4, 5], [3, 6, 7]]
