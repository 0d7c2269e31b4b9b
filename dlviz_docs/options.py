"""The user's settings: YAML to frozen dataclasses, with errors that name the key and the near miss."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Literal, TypeAlias, TypeVar

import msgspec

from dlviz_docs.errors import OptionError, near_miss

__all__ = [
    "About",
    "DataEntry",
    "InputEntry",
    "Options",
    "ResultEntry",
    "Selection",
    "factory_of",
    "from_mapping",
    "is_of_python",
    "parse",
]

T = TypeVar("T")

Selection: TypeAlias = Mapping[str, bool | Mapping[str, object]]
"""Readers or renderers by name: false leaves one out, a mapping sets its options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What may stand under `dlviz:` in mkdocs.yml; every key has a default."""

    experiments_dir: str = "experiments"
    """The folder to scan, relative to mkdocs.yml."""
    path: str = "experiments"
    """Where in the site our pages stand; empty: at its root."""
    section: str = "Experiments"
    """The title of the index page, and its name in the navigation."""
    readers: Selection = field(default_factory=dict)
    renderers: Selection = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    """Glob patterns, relative to the scanned folder, of what to leave out: "scratch/**"."""
    strict: bool = False
    """Fail the build when any file has a problem; `mkdocs build --strict` does the same."""
    cache_dir: str = ".cache/dlviz"
    """Where results are kept between builds, relative to mkdocs.yml."""
    workers: int = 2
    """Processes that read and draw; 0 does it all in this one, without protection against crashes and hangs."""
    file_timeout: float = 60.0
    """Seconds one folder of one run may take to be read, and one experiment to be drawn."""
    samples_timeout: float = 900.0
    """Seconds the data and the predictions of one experiment, or its models, may take to be read and drawn."""
    probes_timeout: float = 900.0
    """Seconds the models of one experiment may take to be run and explained."""
    probes_seconds: float = 120.0
    """Seconds of these in which explanations of one model are begun; what was done by then is shown, and said."""
    factories: tuple[str, ...] = ()
    """Packages whose functions experiment.yml may name as `model:`. Their code is run: name only what you trust."""
    memory_limit: int = 4096
    """MiB of address space a process may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataEntry:
    """One data set as experiment.yml names it: `data: data/train.csv`, or a mapping with these keys."""

    path: str
    """File or folder, relative to the experiment."""
    name: str = ""
    target: str = ""
    """Column to be predicted."""
    split: str = ""
    """Column that names the split."""
    group: str = ""
    """Column whose rows belong together: a patient, a recording."""
    time: str = ""
    """Column that orders the rows."""
    id: str = ""
    """Column that names the rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultEntry:
    """Predictions of one model as experiment.yml names them: `results: outputs/test.csv`, or a mapping."""

    path: str
    """File or folder, relative to the experiment."""
    name: str = ""
    truth: str = ""
    """Column of the truth; or a file of it, relative to the experiment: labels, COCO annotations, a folder of masks."""
    prediction: str = ""
    """Column, or file, of what was predicted."""
    probabilities: str = ""
    """File of the probabilities or logits."""
    id: str = ""
    group: str = ""
    classes: tuple[str, ...] = ()
    """Names of the classes, by number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputEntry:
    """What a model takes, as experiment.yml tells it: what is not told is read from files beside it, or found out."""

    size: Annotated[tuple[Annotated[int, msgspec.Meta(ge=1)], ...], msgspec.Meta(max_length=2)] = ()
    """Height and width in px, or the side of a square."""
    mean: tuple[float, ...] = ()
    """Subtracted from each channel, after scaling."""
    std: tuple[float, ...] = ()
    """Each channel is divided by it."""
    scale: float = 0.0
    """What pixels from 0 to 255 are multiplied by: 0.00392157 for values from 0 to 1. 0: not told."""
    crop: float = 1.0
    """Share of the shorter side that is kept around the middle; 0 squeezes the whole picture to the size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What may stand in experiment.yml."""

    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    metric: str = ""
    """The metric the experiment is judged by: "val/accuracy"."""
    direction: Literal["min", "max", ""] = ""
    """Which way is better; needed only where the name does not tell."""
    model: str = ""
    """What the model is, in a sentence; or the function that builds it: "package.module:build"."""
    model_options: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    """Arguments of that function, by name."""
    checkpoints: tuple[str, ...] = ()
    """Files of weights to show, relative to the experiment, where their names do not tell."""
    input: InputEntry = field(default_factory=InputEntry)
    """How pictures are given to the model."""
    explain: tuple[str, ...] = ()
    """Pictures to explain: files relative to the experiment, or identifiers of samples."""
    inputs: str = ""
    """What goes into it, in a sentence."""
    data: tuple[DataEntry, ...] = ()
    """Data sets: a path, a mapping, or a list of these."""
    results: tuple[ResultEntry, ...] = ()
    """Predictions: a path, a mapping, or a list of these."""
    scores: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """By task, or "*" for all others: returns of a random agent and of a reference, between which scores are put."""


_FACTORY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def factory_of(about: About) -> tuple[str, str] | None:
    """Module and function that build the model, or None where `model:` is a sentence or nothing."""
    if not _FACTORY.fullmatch(about.model):
        return None
    module, _, function = about.model.partition(":")
    return module, function


def is_of_python(module: str) -> bool:
    """Whether a module is of the standard library: its functions do anything, and none builds a model."""
    return module.partition(".")[0] in sys.stdlib_module_names


def parse(mapping: Mapping[str, object]) -> Options:
    """The plugin's options, every one of them checked."""
    options = from_mapping(Options, mapping, where="dlviz")
    for package in options.factories:
        if is_of_python(package):
            raise OptionError(
                f"dlviz: factories: {package!r} is of Python's own library, whose functions build no models and can do "
                "anything: name packages of your own."
            )
    return options


def from_mapping(cls: type[T], mapping: Mapping[str, object], *, where: str) -> T:
    """A frozen dataclass out of a mapping; `OptionError` names the key, what is expected, and the near miss."""
    known = [f.name for f in fields(cls)]  # type: ignore[arg-type]
    for key in mapping:
        if key not in known:
            raise OptionError(f"{where}: unknown key {key!r}.{near_miss(str(key), known)}")
    try:
        return msgspec.convert(dict(mapping), type=cls)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$.")
        key = place.rstrip("`")
        raise OptionError(f"{where}: {key or 'value'}: {message}") from None
