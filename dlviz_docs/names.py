"""What metric names mean: their split, the better direction, their place on a page, their form in an address."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain, count

from dlviz_docs.model import Direction

__all__ = [
    "canonical",
    "direction",
    "exact_slug",
    "figure_id",
    "group",
    "is_learning_rate",
    "natural",
    "slug",
    "spelled",
    "split_of_folder",
    "unique_slugs",
]

SPLITS: Mapping[str, str] = {
    "train": "train",
    "training": "train",
    "tr": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "validierung": "val",
    "eval": "val",
    "evaluation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}

_SPLIT_WORD = "|".join(sorted(SPLITS, key=len, reverse=True))
_PREFIX = re.compile(rf"^(?:epoch_)?[(\[]?({_SPLIT_WORD})[)\]]?[/_.:\- ]+(?=\S)", re.IGNORECASE)
_SUFFIX = re.compile(rf"(?<=\S)(?<!q)(?:[/_.\- ]+|\s*[(\[])({_SPLIT_WORD})[)\]]?$", re.IGNORECASE)
_MIDDLE = re.compile(rf"(?<=[^/]/)({_SPLIT_WORD})/(?=[^/])", re.IGNORECASE)
"""The folder of a tag: "acc/val/top1"."""
_WITHIN = re.compile(
    r"(?<=[a-z0-9][_ \-])(?<!q_)(train|val|valid|validation|test|eval)[_ \-](?=[a-z0-9])", re.IGNORECASE
)
"""A word of the name: "avg_train_loss", but a "q_val_1" is a value."""
_CAMEL_PREFIX = re.compile(r"^(train|training|val|valid|validation|eval|dev|test)(?=[A-Z])")
_CAMEL_SUFFIX = re.compile(r"(?<=[a-z0-9])(Train|Training|Val|Valid|Validation|Eval|Dev|Test)$")
_CAPITAL = re.compile(r"^[A-Z](?=[a-z]{2})")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_COUNTER = re.compile(
    r"(^|/)((global|env|environment|gradient|update|optimizer|agent|train|training|time)_(step|epoch)s?|"
    r"train(ing)?_iter(ation)?s?)$",
    re.IGNORECASE,
)
"""Names that are whole: in none of them is "train" a split, or "step" the rhythm of a mean."""
_KERAS = re.compile(r"^(?:epoch_|batch_)(?=\w)|^evaluation_(?=\w+_vs_iterations$)|_vs_iterations$")
_EVALUATION = re.compile(r"^evaluation_(\w+)_vs_iterations$")
_RAY = "ray/tune/"
"""What Ray's event files put before the names that its result.json has."""
_BATCHES = re.compile(r"^batch_(?=\w)")
_RHYTHM = re.compile(r"(?<=\w)_(step|epoch)$")

_LEARNING_RATE = re.compile(
    r"^(lr|learning_?rate|base_lr|lr[-/].*|x/lr\d+|optimizer/lr|.*[/_](lr|learning_?rate))$", re.IGNORECASE
)
_DOWN = re.compile(
    r"(^|[^a-z])(loss|losses|err|error|nll|perplexity|ppl|bpb|bpc|fid|kid|mae|mse|rmse|mape|smape|wer|cer|ter|"
    r"cross_?entropy|crossentropy|brier|ece|lpips|hinge|distance|eer|regret|verlust|fehler)(?![a-z])|loss$|error$"
)
_UP = re.compile(
    r"(^|[^a-z])(acc|accuracy|f1|fscore|precision|recall|map|ap|ar|auc|auroc|auprc|iou|miou|dice|psnr|ssim|bleu|rouge\w*|"
    r"meteor|return|returns|reward|rewards|rew|eprew\w*|success|fitness|scores?|accuracies|mcc|kappa|r2|spearman|pearson|top\d|win_?rate|elo|"
    r"ap\d+|map\d+|ep_?ret|genauigkeit)(?![a-z])|accuracy$|_acc\d*$|^acc\d*$"
)
_NEITHER = re.compile(
    r"(^|[/_:.\- ])(approx_?kl|kl|entropy|clip_?frac(tion)?|std|stddev|var|variance|shaded)$|^(.*/)?(std|stddev|var)_"
)
"""Diagnostics and spreads: neither way is better, whatever they stand beside ("loss/approxkl", "reward_std")."""
_GROUPS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("Learning rate", _LEARNING_RATE),
    (
        "Speed and system",
        re.compile(
            r"(^|[/_ ])(runtime|samples_per_second|steps_per_second|fps|sps|time|time_elapsed|data_time|eta_seconds|"
            r"memory|gpu\w*|cpu\w*|throughput|it_per_sec|iterations?_per_sec\w*|tokens_per_sec\w*|total_flos|iter_time|num_gpus|"
            r"system|duration|latency)([/_ ]|$)",
            re.IGNORECASE,
        ),
    ),
    (
        "Progress",
        re.compile(
            r"(^|/)(epoch|step|iter|iteration|global_step|env_step|gradient_step|total_timesteps|iterations|n_updates|"
            r"total_steps|percentage|total_tokens|num_input_tokens_seen|n/ep|n/st|update_step|episodes?)$",
            re.IGNORECASE,
        ),
    ),
    (
        "Policy and values",
        re.compile(
            r"(^|/)(policy_)?(entropy(_loss)?|approx_?kl|clip_?frac(tion)?|explained_var(iance)?|q_values?|td_error|"
            r"exploration_rate|ent_coef)$",
            re.IGNORECASE,
        ),
    ),
    ("Loss", re.compile(r"loss|nll|perplexity|ppl|cross_?entropy|(^|[/_])(error|mse|mae|rmse)([/_]|$)", re.IGNORECASE)),
    (
        "Reward",
        re.compile(
            r"(^|[/_ ])(reward|rewards|rew|return|returns|ep_?rew_?mean|ep_?len_?mean|ep_?ret|ep_?len|"
            r"episodic_return|episode_reward|success|success_rate|ep_length|episode_length|length|len)([/_ ]|$|_)",
            re.IGNORECASE,
        ),
    ),
    ("Gradients and weights", re.compile(r"grad|norm|weight|bias|kernel", re.IGNORECASE)),
)


def canonical(raw_names: Sequence[str], split: str = "") -> dict[str, str]:
    """Raw name to "split/metric" for names that stand beside each other in one run; `split` is the folder's, or "".

    A bare metric beside its own validation twin ("loss", "val_loss") is the training one, unless that has a name of its
    own ("train_loss"). Names stay distinct:
    where two would meet, the later one keeps its raw form.
    """
    parsed = {raw: _parse(raw) for raw in raw_names}
    judged = {metric for found, metric in parsed.values() if found in ("val", "test")}
    if any(found and found != split for found, _ in parsed.values()):
        split = ""  # the names tell more than a folder that is called "train" for its command
    judged -= {metric for found, metric in parsed.values() if found == "train"}
    rhythms = Counter(_rhythmless(f"{found}/{metric}") for found, metric in parsed.values())
    result: dict[str, str] = {}
    taken: set[str] = set()
    for raw, (found, metric) in parsed.items():
        base = _rhythmless(metric)
        # Lightning logs "loss_step" and "loss_epoch" side by side: the epoch mean is the metric.
        if rhythms[_rhythmless(f"{found}/{metric}")] == 1 or metric.endswith("_epoch"):
            metric = base
        if (match := _EVALUATION.match(raw)) and f"epoch_{match[1]}" in parsed:
            metric = f"{match[1]}_vs_iterations"  # by epochs, validation stands beside training
        found = found or split or ("train" if metric in judged and not is_learning_rate(metric) else "")
        if _BATCHES.match(raw) and _BATCHES.sub("epoch_", raw) in parsed:
            metric = raw  # TensorFlow 1 logs both: the epoch's value stands beside validation
        head = f"{found}/" if found else ""
        numbered = (f"{head}{raw} ({number})" for number in count(2))
        result[raw] = next(name for name in chain((head + metric, head + raw), numbered) if name not in taken)
        taken.add(result[raw])
    return result


@lru_cache(maxsize=16_384)
def _parse(raw: str) -> tuple[str, str]:
    """Split and metric of one raw name; the split is "" when the name does not say."""
    name = _KERAS.sub("", _KERAS.sub("", raw.strip())).removeprefix(_RAY)
    head, slash, _ = name.partition("/")
    if _COUNTER.search(name) and not (slash and split_of_folder(head)):
        return "", name
    for pattern in (_PREFIX, _SUFFIX, _MIDDLE, _WITHIN):
        if match := pattern.search(name):
            return SPLITS[match[1].lower()], name[: match.start()] + name[match.end() :]
    for pattern in (_CAMEL_PREFIX, _CAMEL_SUFFIX):
        if match := pattern.search(name):
            rest = name[: match.start()] + name[match.end() :]
            # "testLoss" is the "loss" beside it; "valIoU" is IoU.
            return SPLITS[match[1].lower()], _CAPITAL.sub(lambda first: first[0].lower(), rest)
    return "", name or raw


def _rhythmless(metric: str) -> str:
    """The metric without "_step" or "_epoch", unless that is what it counts."""
    return metric if _COUNTER.search(metric) else _RHYTHM.sub("", metric)


def _spellings(metric: str) -> tuple[str, str]:
    """The name in lower case, and with the words of camel case apart: "avgeprew", "avg_ep_rew"."""
    return metric.lower(), _CAMEL.sub("_", metric).lower()


def split_of_folder(name: str) -> str:
    """The split a folder of this name holds ("validation" is "val"), or ""."""
    return SPLITS.get(name.lower(), "")


def is_learning_rate(metric: str) -> bool:
    """Whether the name is one of the many for the learning rate."""
    return bool(_LEARNING_RATE.match(metric))


@lru_cache(maxsize=16_384)
def direction(metric: str) -> Direction | None:
    """Which way is better, as far as the name tells; None when it does not."""
    texts = _spellings(metric)
    if any(map(_NEITHER.search, texts)):
        return None
    if any(map(_DOWN.search, texts)):
        return "min"
    return "max" if any(map(_UP.search, texts)) else None


@lru_cache(maxsize=16_384)
def group(metric: str) -> str:
    """The heading a metric's chart stands under."""
    spelled = (metric, _CAMEL.sub("_", metric))
    for title, pattern in _GROUPS:
        if any(map(pattern.search, spelled)):
            return title
    head, slash, _ = metric.partition("/")
    if direction(metric):
        return "Quality"
    return head.replace("_", " ").capitalize() if slash else "Other metrics"


_RESERVED = frozenset({"con", "prn", "aux", "nul"} | {f"{port}{i}" for port in ("com", "lpt") for i in range(10)})
"""Names of devices on Windows, whatever ending they have: no site with such a file can be copied there."""


def slug(text: str) -> str:
    """A name as it stands in an address: lower-case ASCII, with a hash where that lost more than case or spaces."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    body = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    if body and body not in _RESERVED and re.sub(r"[ _\-./]", "-", text.lower()).strip("-") == body:
        return body
    return f"{body or 'x'}-{_short_hash(text)}"


def exact_slug(*texts: str) -> str:
    """A slug that no other texts have, so it can be given before the neighbours are known."""
    text = "/".join(part for part in texts if part)
    body = re.sub(r"[^a-z0-9]+", "-", text.encode("ascii", "ignore").decode().lower()).strip("-")[:60].strip("-")
    if body not in _RESERVED and [body] == [part for part in texts if part]:
        return body
    return f"{body or 'x'}-{_short_hash(chr(0).join(texts))}"


def spelled(name: str) -> str:
    """A name of a file as text that can be written anywhere: bytes that are no UTF-8 as "\\xe9", so two stay two."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return _LONE.sub(lambda lone: f"\\x{ord(lone[0]) & 0xFF:02x}", name)
    return name


_LONE = re.compile("[\ud800-\udfff]")
"""Halves of surrogate pairs: what Python makes of bytes in names that are no UTF-8."""


def unique_slugs(texts: Sequence[str]) -> tuple[str, ...]:
    """A slug for each text; where two would meet, both carry a hash of their text, so order does not matter."""
    slugs = [slug(text) for text in texts]
    counts = Counter(slugs)
    return tuple(s if counts[s] == 1 else f"{s}-{_short_hash(t)}" for s, t in zip(slugs, texts, strict=True))


_SORTED_BY = 1_000
"""Characters whose numbers count; a longer name takes more memory taken apart than it is worth."""


@lru_cache(maxsize=4096)  # the runs of a sweep are named alike, and their files too
def natural(text: str) -> tuple[tuple[int, float | str], ...]:
    """Sort key in which run-2 comes before run-10, and lr0.003 before lr0.01."""
    pieces = re.split(r"((?<!\d)0\.\d+|\d+)", text[:_SORTED_BY])
    key = tuple(
        (1, float(piece)) if piece[0].isdigit() and piece.isascii() else (2, piece) for piece in pieces if piece
    )
    return (*key, (2, text[_SORTED_BY:])) if len(text) > _SORTED_BY else key


def figure_id(metric: str) -> str:
    """Identifier of the chart of one metric, all splits together."""
    return f"metric-{slug(metric)}"


def _short_hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
