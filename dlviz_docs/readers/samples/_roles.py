"""Which column is what, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dlviz_docs.readers._frame import plain_name

__all__ = ["Roles", "generations", "is_identifier_name", "is_series_name", "label_names", "roles_of", "target_of"]


def _spelled(words: str) -> tuple[str, ...]:
    return tuple(words.split())


# In the order of preference.
_TRUTH = _spelled(
    "y_true true_label true_labels true_class y_test ground_truth groundtruth gt gt_label actual true truth "
    "given_label target targets label labels y gold gold_label expected reference references answer class correct_label"
)
_PREDICTED = _spelled(
    "y_pred pred_label pred_labels predicted_label predicted_labels predicted_class pred_class prediction predictions "
    "pred preds predicted y_hat yhat y_prediction argmax forecast"
)
_GENERATED = _spelled(
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
_TIME = _spelled("timestamp time datetime date time_stamp created_at recorded_at")
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
_OF_PROBABILITY = re.compile(r"^(.+)_(?:prob|proba|probability|logit)$")
_PREDICTED_BY = re.compile(r"^(?:y_pred|pred|prediction|predicted)_(.+)$|^(.+)_(?:pred|prediction)$")
_GENERATED_BY = re.compile(
    r"^(?:results?|outputs?|responses?|generated|generation|completion|answers?|prediction|pred)_(.+)$|"
    r"^(.+)_(?:output|response|completion|generation|answer|prediction|generated)$"
)
_NO_VARIANT = re.compile(
    r"^(prob|probs|proba|probability|score|confidence|length|len|time|std|var|lower|upper|id|tokens?)\b"
)
_EMBEDDING = re.compile(r"(^|_)(emb|embs|embeds?|embeddings?|latents?|feats?|features?)($|_)")
_SERIES = re.compile(r"(^|_)(series|signals?|waveforms?|wave|timeseries|time_series|ecg|eeg|traces?|audio)($|_)")
_LOWER = _spelled("lower y_lower pred_lower lower_bound prediction_lower interval_lower lo q05 q025 pi_lower")
_UPPER = _spelled("upper y_upper pred_upper upper_bound prediction_upper interval_upper hi q95 q975 pi_upper")
_IDENTIFIES = frozenset({"id", "ids", "uuid", "guid", "uid", "index", "idx"})
_CLASSIFIES = frozenset({"class", "category", "label", "target", "cluster", "type"})


@dataclass(frozen=True, slots=True)
class Roles:
    """Names of columns by what they hold; "" where no column does."""

    truth: str = ""
    predicted: tuple[str, ...] = ()
    """More than one where several models stand side by side."""
    variants: tuple[str, ...] = ()
    """What tells each of them from the others; ("",) for one."""
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

    @property
    def shows_results(self) -> bool:
        """Whether both what is true and what was predicted stand here."""
        said = self.predicted or len(self.probabilities) > 1 or (self.probabilities and not _vague(self.probabilities))
        return bool((self.truth and said) or (self.reference and self.generated and self.prompt))


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

    predicted, variants = _predicted(plain, first(_PREDICTED))
    taken.update(predicted)
    truth = first(_TRUTH)
    probabilities, classes = _probabilities(plain, taken)
    taken.update(probabilities)
    reference = truth if plain.get(truth) in _REFERENCE else ""
    prompt = first(_PROMPT)
    generated = first(_GENERATED) if prompt or (truth and not predicted) else ""
    return Roles(
        truth=truth,
        predicted=predicted or ((generated,) if generated and truth else ()),
        variants=variants or (("",) if generated and truth else ()),
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
        lower=first(_LOWER),
        upper=first(_UPPER),
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


def _probabilities(plain: dict[str, str], taken: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns "prob_cat", "prob_dog" and their classes; or the one column that holds all, or that of class 1."""
    for pattern in (_PROBABILITY_OF, _OF_PROBABILITY):
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
