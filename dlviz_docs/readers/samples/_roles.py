"""Which column is what, by its name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dlviz_docs.readers._frame import plain_name
from dlviz_docs.readers.samples._ranges import range_of

__all__ = [
    "GENERATED",
    "Roles",
    "generations",
    "is_identifier_name",
    "is_series_name",
    "label_names",
    "roles_of",
    "target_of",
]


def _spelled(words: str) -> tuple[str, ...]:
    return tuple(words.split())


# In the order of preference.
_TRUTH = _spelled(
    "y_true true_label true_labels true_class y_test ground_truth groundtruth gt gt_label actual true truth "
    "given_label target targets label labels y gold gold_label expected reference references answer class correct_label"
)
_PREDICTED = _spelled(
    "y_pred pred_label pred_labels predicted_label predicted_labels predicted_class pred_class prediction predictions "
    "pred preds predicted y_hat yhat y_prediction argmax forecast guess"
)
GENERATED = _spelled(
    "generated generated_text generation output outputs response responses completion model_output model_answer "
    "hypothesis decoded predicted_text prediction_text"
)
_PROMPT = _spelled("prompt prompts instruction input inputs question questions source query src input_text")
_REFERENCE = _spelled(
    "reference references target targets answer answers expected expected_output gold ground_truth label ideal"
)
_ID = _spelled(
    "id sample_id example_id image_id image_path image_file filename file_name filepath file_path file path image img "
    "uid uuid guid key index idx unnamed:_0 name"
)
_SPLIT = _spelled("split subset partition set data_split dataset_split")
_GROUP = _spelled(
    "group group_id groups patient patient_id subject subject_id participant participant_id recording recording_id "
    "session session_id speaker speaker_id site hospital"
)
_TIME = _spelled("timestamp time datetime date ds time_stamp created_at recorded_at ts")
_TARGET = _spelled(
    "target label labels class y targets outcome target_label class_label label_id class_id category fine_label"
)
_LABEL_NAMES = _spelled(
    "label_name label_names label_text class_name target_name category_name label_str species label_desc"
)
_PROBABILITIES = _spelled(
    "probs probabilities probability proba prob y_prob y_proba y_probs y_score y_scores scores logits logit softmax "
    "pred_probs pred_proba predicted_probabilities prediction_probabilities pyx class_probabilities score p"
)
_PROBABILITY_OF = re.compile(
    r"^(?:pred_|y_|class_)?(?:prob|probs|proba|probability|probabilities|p|logit|logits|score|scores)[_.](.+)$"
)
_NUMBERED = re.compile(r"^(?:pred_|y_|class_)?(?:prob|probs|proba|probability|p|logit|logits)(\d+)$")
_OF_PROBABILITY = re.compile(r"^(.+)_(?:prob|proba|probability|logit)$")
_PREDICTED_BY = re.compile(
    r"^(?:y_pred|pred|preds|prediction|predicted|forecast|yhat|y_hat)_(.+)$|"
    r"^(.+)_(?:y_pred|pred|preds|prediction|predicted|forecast|yhat|hat)$"
)
_TRUE_OF = tuple(
    form
    for word in ("true", "y_true", "actual", "target", "label", "gt", "gold", "y")
    for form in (f"{word}_{{}}", f"{{}}_{word}")
)
"""What the truth of one output of several is called."""
_GENERATED_BY = re.compile(
    r"^(?:results?|outputs?|responses?|generated|generation|completion|answers?|prediction|pred)_(.+)$|"
    r"^(.+)_(?:output|response|completion|generation|answer|prediction|generated)$"
)
_NO_VARIANT = re.compile(
    r"^(prob|probs|proba|probability|score|confidence|conf|length|len|time|std|var|se|sd|variance|uncertainty|error|"
    r"residual|id|index|tokens?|(?:lower|upper|lo|hi|q|p|quantile)[_.]?[\d.]*(?:_.*)?|0?\.\d+)(?![a-z])"
)
_EMBEDDING = re.compile(r"(^|_)(emb|embs|embeds?|embeddings?|latents?|feats?|features?)($|_)")
_SERIES = re.compile(r"(^|_)(series|signals?|waveforms?|wave|timeseries|time_series|ecg|eeg|traces?|audio)($|_)")
_IDENTIFIES = frozenset({"id", "ids", "uuid", "guid", "uid", "index", "idx"})
_CLASSIFIES = frozenset({"class", "category", "label", "target", "cluster", "type", "fold", "kfold"})


@dataclass(frozen=True, slots=True)
class Roles:
    """Names of columns by what they hold; "" where no column does."""

    truth: str = ""
    predicted: tuple[str, ...] = ()
    """More than one where several models stand side by side."""
    variants: tuple[str, ...] = ()
    """What tells each of them from the others; ("",) for one."""
    truths: tuple[str, ...] = ()
    """Of several outputs, each with a truth of its own; empty where all have the same."""
    probabilities: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    """Of the probabilities, if their columns name them."""
    prompt: str = ""
    generated: tuple[str, ...] = ()
    reference: str = ""
    id: str = ""
    split: str = ""
    group: str = ""
    time: str = ""
    embeddings: str = ""
    lower: str = ""
    upper: str = ""
    nominal: float | None = None

    @property
    def shows_results(self) -> bool:
        """Whether both what is true and what was predicted stand here."""
        said = self.predicted or len(self.probabilities) > 1 or (self.probabilities and not _vague(self.probabilities))
        known = self.truth or any(self.truths)
        return bool((known and said) or (self.reference and self.generated and self.prompt))


def roles_of(names: Sequence[str]) -> Roles:
    """What each name says; an alias that comes first in its list wins."""
    plain = {name: plain_name(name) for name in names}
    taken: set[str] = set()

    def first(words: Iterable[str]) -> str:
        for word in words:
            for name, text in plain.items():
                if text == word and name not in taken:
                    taken.add(name)
                    return name
        return ""

    between = range_of(plain)
    taken.update({between.lower, between.upper} - {""})
    predicted, variants = _predicted({name: plain[name] for name in plain if name not in taken}, first(_PREDICTED))
    if not predicted and between.middle:
        predicted, variants = (between.middle,), ("",)
    taken.update(predicted)
    truths = _truths(plain, predicted, variants, taken)
    taken.update(truths)
    truth = truths[0] if len(truths) == 1 else ("" if truths else first(_TRUTH))
    probabilities, classes = _probabilities(plain, taken)
    taken.update(probabilities)
    reference = truth if plain.get(truth) in _REFERENCE else ""
    prompt = first(_PROMPT)
    generated = first(GENERATED) if prompt or (truth and not predicted) else ""
    return Roles(
        truth=truth,
        predicted=predicted or ((generated,) if generated and truth else ()),
        variants=variants or (("",) if generated and truth else ()),
        truths=truths if len(truths) > 1 else (),
        probabilities=probabilities,
        classes=classes,
        prompt=prompt,
        generated=(generated,) if generated else (predicted if prompt else ()),
        reference=reference or first(_REFERENCE),
        id=first(_ID),
        split=first(_SPLIT),
        group=first(_GROUP),
        time=first(_TIME),
        embeddings=next((name for name, text in plain.items() if name not in taken and _EMBEDDING.search(text)), ""),
        lower=between.lower,
        upper=between.upper,
        nominal=between.nominal,
    )


def _predicted(plain: dict[str, str], one: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The column of predictions, or those of several models: "pred_forest", "pred_linear"."""
    if one:
        return (one,), ("",)
    found = {
        name: (match[1] or match[2])
        for name, text in plain.items()
        if (match := _PREDICTED_BY.match(text)) and not _NO_VARIANT.match(match[1] or match[2])
    }
    return tuple(found), tuple(found.values())


def _truths(
    plain: Mapping[str, str], predicted: Sequence[str], variants: Sequence[str], taken: Collection[str]
) -> tuple[str, ...]:
    """For each prediction the column of its own truth: "true_height" of "pred_height"; none if one has none.

    The bare word, "stars" of "predicted_stars", is the truth only where no column is called truth.
    """
    if not predicted or variants == ("",):
        return ()
    by_text = {text: name for name, text in reversed(list(plain.items())) if name not in taken}
    found = [next((by_text[w] for f in _TRUE_OF if (w := f.format(v)) in by_text), "") for v in variants]
    if not any(found) and not any(word in by_text for word in _TRUTH):
        found = [by_text.get(variant, "") for variant in variants]
    return tuple(found) if all(found) and len(set(found)) == len(found) else ()


def _probabilities(plain: dict[str, str], taken: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns "prob_cat", "prob_dog" and their classes; or the one column that holds all, or that of class 1."""
    for pattern in (_PROBABILITY_OF, _OF_PROBABILITY, _NUMBERED):
        found = [name for name, text in plain.items() if name not in taken and pattern.match(text)]
        kinds = {plain[name][: pattern.match(plain[name]).start(1)] for name in found}  # type: ignore[union-attr]
        for kind in sorted(kinds, key=lambda one: (one.startswith(("p_", "score", "logit")), one)):
            columns = tuple(name for name in found if plain[name].startswith(kind))
            if len(columns) > 1:
                return columns, tuple(_class_of(name, plain[name], pattern) for name in columns)
    for word in _PROBABILITIES:
        for name, text in plain.items():
            if text == word and name not in taken:
                return (name,), ()
    single = [
        name for name, text in plain.items() if name not in taken and re.match(r"^(prob|proba|probability)_", text)
    ]
    return tuple(single[:1]), ()


def _class_of(name: str, text: str, pattern: re.Pattern[str]) -> str:
    """The class as the column spells it: "prob_Great Dane" is "Great Dane"."""
    match = pattern.match(text)
    if match is None:
        return name
    cut = re.match(
        r"(?i)^(?:pred[_ ]|y[_ ]|class[_ ])?(?:probabilities|probability|probas?|probs?|logits?|scores?|p)[_. ](.+)$",
        name,
    )
    ending = re.match(r"(?i)^(.+)[_ ](?:prob|proba|probability|logit)$", name)
    return cut[1] if cut else (ending[1] if ending else match[1])


def _vague(names: Sequence[str]) -> bool:
    return all(plain_name(name) in ("score", "scores", "p", "probability") for name in names)


def generations(names: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The column of prompts, and by model the column of what it wrote: "results_finetuned" is of "finetuned"."""
    plain = {name: plain_name(name) for name in names}
    prompt = next((name for word in _PROMPT for name, text in plain.items() if text == word), "")
    found = {
        name: (match[1] or match[2])
        for name, text in plain.items()
        if name != prompt
        and (match := _GENERATED_BY.match(text))
        and not _NO_VARIANT.match(match[1] or match[2])
        and (match[1] or match[2]) not in ("true", "expected", "reference", "gold", "target", "correct")
    }
    return prompt, ({variant: name for name, variant in found.items()} if prompt else {})


def target_of(names: Sequence[str]) -> str:
    """The column to be predicted, by convention; "" where none is called so."""
    plain = {plain_name(name): name for name in reversed(names)}
    return next((plain[word] for word in _TARGET if word in plain), "")


def label_names(names: Sequence[str]) -> tuple[str, ...]:
    """Columns that may spell out a numbered target."""
    return tuple(name for name in names if plain_name(name) in _LABEL_NAMES)


def is_identifier_name(name: str) -> bool:
    """Whether whole numbers in a column of this name only name the rows, or something else: "user_id"."""
    words = plain_name(name).split("_")
    return words[-1] in _IDENTIFIES and not _CLASSIFIES & set(words)


def is_series_name(name: str) -> bool:
    """Whether an array of this name holds a time series a row."""
    return bool(_SERIES.search(plain_name(name)))
