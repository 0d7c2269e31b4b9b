"""What metrics of reinforcement learning are called: one name for each, whoever wrote it.

A dozen libraries call the return of an episode "ep_rew_mean", "episodic_return", "AverageEpRet" or "reward". Here they
all are `return`, with the split before it: `train/return` while learning, `val/return` or `test/return` where the agent
was judged, `return` alone where nothing tells. The raw name of a curve stays what its file has.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dlviz_docs.names import SPLITS

__all__ = ["EPISODES", "HEALTH", "LENGTH", "RETURN", "SUCCESS", "is_of_agents", "renamed"]

RETURN = "return"
"""Sum of the rewards of an episode, or its mean over several."""
LENGTH = "length"
"""Steps of an episode, or their mean over several."""
SUCCESS = "success_rate"
"""Share of episodes that solved the task, 0 to 1; of a single episode 0 or 1."""
EPISODES = "episodes"
"""How many episodes have ended so far."""

_HEALTH_WORDS: Mapping[str, str] = {
    "entropy": "entropy policyentropy entropymean actionentropy ent",
    "entropy_loss": "entropyloss",
    "approx_kl": "approxkl kl klmean kldivergence policykl",
    "clip_fraction": "clipfraction clipfrac clipfracs",
    "explained_variance": "explainedvariance explainedvar vfexplainedvar valueexplainedvariance ev",
    "value_loss": "valueloss vfloss criticloss lossv lossvf vloss losscritic valuefunctionloss",
    "policy_loss": "policyloss policygradientloss actorloss losspi piloss pgloss lossactor losspolicy",
    "q_value": "qvalue qvalues qvals q qmean qfvalues qf1values q1vals",
    "td_loss": "tdloss qfloss qloss lossq lossq1",
    "td_error": "tderror abstderror",
    "exploration_rate": "explorationrate epsilon eps exploration explorationeps curepsilon",
    "ent_coef": "entcoef alpha temperature entropycoef entropycoefficient entropycoeff",
    "learning_rate": "learningrate lr curlr",
}
HEALTH: tuple[str, ...] = tuple(_HEALTH_WORDS)
"""Metrics that tell how the optimiser of an agent does, in the order they are shown; under `train/`."""
_HEALTH = {word: name for name, words in _HEALTH_WORDS.items() for word in words.split()}

_EPISODE = "(?:eps?|episodes?|episodic)"
_MEAN = "(?:mean|avg|average)"
_SPREAD = "(?P<{}>std|stdev|stddev|min|max|median)"
_RETURN_NAME = re.compile(
    rf"{_SPREAD.format('first')}?(?:{_MEAN}|total|undiscounted|cumulative|cum|100)*{_EPISODE}*"
    rf"(?:total|cumulative)?(?:rew|rewards?|rets?|returns?)(?:{_MEAN}|100)?{_SPREAD.format('last')}?"
)
_SCORE_NAME = re.compile(rf"{_SPREAD.format('first')}?{_MEAN}?{_EPISODE}scores?{_MEAN}?{_SPREAD.format('last')}?")
_LENGTH_NAME = re.compile(
    rf"{_SPREAD.format('first')}?(?:{_MEAN}|total)*(?:(?P<strong>{_EPISODE}+(?:len|lengths?|steps))|len|lengths?)"
    rf"{_MEAN}?{_SPREAD.format('last')}?"
)
_SUCCESS_NAME = re.compile(rf"{_MEAN}?{_EPISODE}?(?:is)?success(?:es)?(?:rate|mean)?")
_COUNT_NAME = re.compile("(?:total)?episodes(?:total|count)?|(?:total|n|num)episodeslifetime")
_MEAN_FIRST = re.compile(rf"^{_MEAN}(?=.)")
_SPELLED = {"stdev": "std", "stddev": "std"}


def _all(words: str) -> frozenset[str]:
    return frozenset(words.split())


_COLLECTED = _all("rollout rollouts charts env_runners sampler_results collect exploration actor environment")
"""Folders of tags that hold what was met while learning."""
_JUDGED = _all("evaluator")
_FOLDERS = (_COLLECTED | _JUDGED) | _all(
    "loss losses misc metrics update episode episodes env policy agent trainer info learner learners learner_info "
    "learner_stats default_policy time total algo return returns reward rewards episode_lengths epstats ep stats "
    "results optim optimizer"
)
"""Folders of tags that say nothing of a metric but where it stands."""
_LONGEST = 200
"""Characters; a longer name is no metric's that anybody gave."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPLIT_WITHIN = re.compile(r"(?:^|(?<=_))(train|test|eval|val|evaluation)_(?=[a-z])")
_LANGUAGE = re.compile(
    r"completion|response_len|rewards?/(chosen|rejected|margins|accuracies)|rlhf|num_tokens|tokens/|logps|objective/",
    re.IGNORECASE,
)
"""Names that language models learn under: what they call reward is a judgement of a text."""


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What one name says."""

    metric: str
    split: str
    """Of the name itself, or of its folder; "" where neither tells."""
    sure: bool
    """Whether the name alone shows that an agent learns."""
    depth: int
    """Folders around it: of two names that mean the same, the plainer has it."""


def is_of_agents(names: Collection[str]) -> bool:
    """Whether curves of these names ("split/metric") are of an agent that learns from rewards."""
    found = (_meaning(name) for name in names)
    return any(one is not None and one.sure for one in found) and not any(map(_LANGUAGE.search, names))


def renamed(names: Sequence[str]) -> dict[str, str]:
    """The common name of each that has one; none of any where no agent learns. New names differ from all others."""
    if not is_of_agents(names):
        return {}
    meanings = {name: found for name in names if (found := _meaning(name))}
    judged = {one.metric for one in meanings.values() if one.split in ("val", "test")}
    wanted = {name: _full(one, judged) for name, one in meanings.items()}
    taken = set(names)
    result: dict[str, str] = {}
    for name in sorted(wanted, key=lambda name: meanings[name].depth):
        new = wanted[name]
        if new != name and new not in taken:
            result[name] = new
            taken.add(new)
    return result


def _full(one: _Meaning, judged: Collection[str]) -> str:
    """The metric under its split; what stands beside a judgement of the same was met while learning."""
    split = one.split or ("train" if one.metric in judged else "")
    return f"{split}/{one.metric}" if split else one.metric


@lru_cache(maxsize=16_384)
def _meaning(name: str) -> _Meaning | None:
    if len(name) > _LONGEST:
        return None
    head, slash, rest = name.partition("/")
    split, metric = (head, rest) if slash and head in ("train", "val", "test") else ("", name)
    *folders, last = [_CAMEL.sub("_", part).lower().strip(" %_") for part in metric.split("/")]
    folders = [re.sub(r"[\s\-.:]+", "_", folder) for folder in folders]
    last = re.sub(r"[\s\-.:]+", "_", last)
    if not set(folders) <= _FOLDERS:
        return None
    if not split and (within := _SPLIT_WITHIN.search(last)):
        split = SPLITS[within[1]]
        last = last[: within.start()] + last[within.end() :]
    if not split and folders:
        split = "train" if folders[0] in _COLLECTED else ("val" if folders[0] in _JUDGED else "")
    if last == "step" and folders:
        last = f"episode_{folders.pop()}"  # rl_games: rewards/step beside rewards/iter and rewards/time
    word = last.replace("_", "")
    if folders and folders[-1] in ("episode", "epstats", "ep"):
        word = f"episode{word}"
    return _of_episode(word, split, len(folders)) or _of_optimiser(word, split, len(folders))


def _of_episode(word: str, split: str, depth: int) -> _Meaning | None:
    """Returns, lengths, successes and counts."""
    episode = re.search(_EPISODE, word) is not None
    split = split or ("train" if episode else "")
    for metric, pattern in ((RETURN, _RETURN_NAME), (RETURN, _SCORE_NAME), (LENGTH, _LENGTH_NAME)):
        if match := pattern.fullmatch(word):
            spread = match["first"] or match["last"]
            shown = f"{metric}_{_SPELLED.get(spread, spread)}" if spread else metric
            return _Meaning(shown, split, metric == RETURN or bool(match["strong"]), depth)
    if _SUCCESS_NAME.fullmatch(word):
        return _Meaning(SUCCESS, split, True, depth)
    return _Meaning(EPISODES, "train", False, depth) if _COUNT_NAME.fullmatch(word) else None


def _of_optimiser(word: str, split: str, depth: int) -> _Meaning | None:
    plain = _MEAN_FIRST.sub("", word)
    # A bare "q" may be anything; its mean is a critic's.
    metric = _HEALTH.get(plain) if word != "q" else None
    return _Meaning(metric, split or "train", False, depth) if metric else None
