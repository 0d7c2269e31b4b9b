"""The episodes themselves, to be played: what the agent saw, did and expected, step by step."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlviz_docs.model.episodes import Episode, Recording, ValueMap, Video
from dlviz_docs.names import slug
from dlviz_docs.renderers.episodes._moments import moments
from dlviz_docs.renderers.episodes._picks import Ranked, highlights, picked
from dlviz_docs.renderers.episodes._scenes import drawn
from dlviz_docs.renderers.episodes._signals import Signals, outcome, signals
from dlviz_docs.renderers.episodes._tasks import by_task
from dlviz_docs.renderers.episodes._tracks import layout
from dlviz_docs.view import Figure, Play, Player, Shown, reel_key
from dlviz_docs.words import count, number

__all__ = ["players"]

MOST = 240
"""Episodes of one player; those that are examples of something are kept."""
MOST_STEPS = 100_000
"""Of all its episodes: some 10 MB of scripts, of which a page loads one at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class _One:
    """An episode, what follows from it, and where it comes from."""

    recording: Recording
    episode: Episode
    found: Signals


def players(recordings: Sequence[Recording], maps: Sequence[ValueMap] = ()) -> Iterator[Shown]:
    """One for each task: episodes of one have the same actions, and observations of the same numbers.

    `maps` tell what the cells of grid worlds are."""
    for heading, members in by_task(recordings):
        id = f"player-{slug(heading)}" if heading else "player"  # noqa: A001  (the figure's word)
        yield _figure(members, id, f"{heading or 'Episodes'}, step by step", maps)


def _figure(recordings: Sequence[Recording], id: str, title: str, maps: Sequence[ValueMap]) -> Figure:  # noqa: A002
    player, environment = _player(recordings, maps), recordings[0].environment
    many = count(len(player.plays), "episode")
    caption = (
        f"{many}{f' of {environment}' if environment else ''}, step by step: what the agent saw, did and expected, and "
        "what it got, under one cursor. Play it, drag over the curves, or jump to a moment that is worth a look."
    )
    return Figure(id, title, caption, player, "Episodes")


@np.errstate(all="ignore")  # what overflows or is no number is drawn as a gap
def _player(recordings: Sequence[Recording], maps: Sequence[ValueMap]) -> Player:
    every = [_One(r, e, signals(e, r.gamma)) for r in recordings for e in r.episodes if len(e)]
    ranks = [Ranked(one.recording.name, one.episode, one.found, one.recording.actions) for one in every]
    picks = picked(ranks)
    kept = _kept(picks, [len(one.episode) for one in every])
    tracks, scene = layout(recordings), drawn(recordings, maps)
    keys = _keys([every[i] for i in kept])
    plays = []
    for i, key in zip(kept, keys, strict=True):
        recording, episode, found = every[i].recording, every[i].episode, every[i].found
        play = Play(
            key=key,
            title=f"episode {episode.name}",
            length=len(episode),
            recording=recording.name,
            run=recording.run,
            facts=_facts(recording, episode, found),
            total=episode.total,
            values=tracks.values(episode, found),
            state=scene.state(episode) if scene else None,
            moments=moments(episode, found, recording.actions),
            picks=picks[i],
        )
        if episode.frames is not None and len(episode.frames.steps):
            play = replace(play, reel=reel_key(recording.name, episode.name), pictured=episode.frames.steps)
        plays.append(play)
    plays = _with_films(plays, recordings)
    places = dict(zip(kept, keys, strict=True))
    return Player(
        plays=tuple(_without_empty(plays)),
        tracks=tracks.tracks([play.values for play in plays if play.values]),
        scene=scene.scene if scene else None,
        start=_start(plays, recordings),
        actions=recordings[0].actions,
        highlights=tuple(highlights(ranks, places, recordings[-1].name)),
        seen=max(sum(max(one.seen, len(one)) for one in recordings), len(plays)),
        notes=(*_notes(every), *_networks(recordings)),
    )


def _kept(picks: Sequence[tuple[str, ...]], lengths: Sequence[int]) -> list[int]:
    """All, or the examples and as many others as there is room for, evenly chosen."""
    examples = [i for i, told in enumerate(picks) if told]
    others = [i for i, told in enumerate(picks) if not told]
    room = min(max(MOST - len(examples), 0), len(others))
    evenly = [others[int(place)] for place in np.linspace(0, len(others) - 1, room).round()] if room else []
    left = MOST_STEPS - sum(lengths[i] for i in examples)
    fits = np.cumsum([lengths[i] for i in evenly]) <= left
    return sorted([*examples[:MOST], *(i for i, ok in zip(evenly, fits.tolist(), strict=True) if ok)])


def _keys(plays: Sequence[_One]) -> list[str]:
    """Short and readable, since they stand in addresses: the episode's name, after its recording's where there are
    several."""
    names = list(dict.fromkeys(one.recording.name for one in plays))
    known: Counter[str] = Counter()
    found = []
    for one in plays:
        key = one.episode.name if len(names) < 2 else f"{_brief(one.recording.name)}/{one.episode.name}"
        known[key] += 1
        found.append(key if known[key] == 1 else f"{key}~{known[key]}")
    return found


def _brief(name: str) -> str:
    return re.sub(r"\W+", "-", name).strip("-").lower()


def _facts(recording: Recording, episode: Episode, found: Signals) -> tuple[tuple[str, str], ...]:
    """The same names for all; "" where it is not told."""
    return (
        ("return", number(float(f"{episode.total:.4g}")) if np.isfinite(episode.total) else ""),
        ("steps", f"{len(episode):,}"),
        ("ended", outcome(episode)),
        ("surprise", number(float(f"{found.surprising:.2g}")) if np.isfinite(found.surprising) else ""),
        ("seed", "" if episode.seed is None else str(episode.seed)),
        ("trained for", "" if recording.step is None else f"{recording.step:,.0f} steps"),
    )


def _without_empty(plays: Sequence[Play]) -> Iterator[Play]:
    """Without the facts that no play has."""
    told = {name for play in plays for name, value in play.facts if value}
    for play in plays:
        own = dict(play.facts)
        names = [name for name, _ in plays[0].facts if name in told]
        yield replace(play, facts=tuple((name, own.get(name, "")) for name in names))


# --- films ---


def _with_films(plays: Sequence[Play], recordings: Sequence[Recording]) -> list[Play]:
    """Each film with the episode of its number, or else by itself."""
    found = list(plays)
    for recording in recordings:
        for video in recording.videos:
            place = _of_film(video, recording, found)
            if place is None:
                found.append(_film(video, recording))
            else:
                found[place] = replace(found[place], film=video.path)
    return found


def _of_film(video: Video, recording: Recording, plays: Sequence[Play]) -> int | None:
    for place, play in enumerate(plays):
        own = play.recording == recording.name and play.length and not play.film
        if own and video.episode is not None and play.title == f"episode {video.episode}":
            return place
    return None


def _film(video: Video, recording: Recording) -> Play:
    name = video.path.rsplit("/", 1)[-1]
    step = video.step if video.step is not None else recording.step
    facts = (("return", ""), ("steps", ""), ("ended", ""), ("surprise", ""), ("seed", ""))
    trained = "" if step is None else f"{step:,.0f} steps"
    title = name if video.episode is None else f"film of episode {video.episode}"
    key = _brief(video.path)
    told = (*facts, ("trained for", trained))
    return Play(key, title, 0, recording.name, recording.run, told, film=video.path)


# --- which, and what to know ---


def _start(plays: Sequence[Play], recordings: Sequence[Recording]) -> int:
    """The median episode of the recording that was made last in training; a film where there is nothing else."""
    last = max(recordings, key=lambda one: -1.0 if one.step is None else one.step)
    ranks = [(play.length > 0, play.recording == last.name, "median" in play.picks) for play in plays]
    return ranks.index(max(ranks)) if ranks else 0


def _notes(every: Iterable[_One]) -> Iterator[str]:
    plays = list(every)
    if any(one.found.worth is not None and one.recording.gamma is None for one in plays):
        yield "The discount factor is not told, so there is neither a TD error nor a return to compare values with."
    cut = any(one.episode.ending == "truncated" and one.found.to_go is not None for one in plays)
    if cut and any(one.found.worth is not None for one in plays):
        yield "Where an episode was cut off, what came is short of what would have followed."
    if any(not np.isfinite(one.episode.rewards).all() for one in plays):
        yield (
            "Some rewards are missing: the return so far leaves them out, that of the whole episode is not known, and "
            "what depends on them is not drawn."
        )


def _networks(recordings: Sequence[Recording]) -> Iterator[str]:
    """Whose grounds are shown."""
    told = [one for one in recordings if one.network and one.agreement is not None]
    if told:
        files = ", ".join(dict.fromkeys(one.network for one in told))
        least = min(one.agreement for one in told if one.agreement is not None)
        yield (
            f"What choices rest on is told by {files}, run on what was observed: it rates best what the agent did in "
            f"{'all' if least == 1 else f'at least {100 * least:.0f} % of the'} steps."
        )
