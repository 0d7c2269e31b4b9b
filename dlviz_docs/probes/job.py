"""What a probe is asked for: values that go to another process, and a key under which its result is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_128

from dlviz_docs.model import FloatArray, Setting
from dlviz_docs.model.probes import Prepared
from dlviz_docs.probes.inputs import Picture
from dlviz_docs.probes.runnable import Limits

__all__ = ["DEFAULT_METHODS", "METHODS", "Factory", "Job", "PictureInput", "TableInput", "TextInput", "content_key"]

METHODS = (
    "hirescam",
    "gradcam",
    "gradcam++",
    "layercam",
    "eigencam",
    "scorecam",
    "integrated gradients",
    "occlusion",
    "rollout",
    "relevance",
)
"""Every method by name, in the order in which they are shown; the last two need attention."""
DEFAULT_METHODS = METHODS
VERSION = 3
"""Of what a probe computes: a result of another is computed anew."""


@dataclass(frozen=True, slots=True)
class Factory:
    """A model that the user's own code builds."""

    name: str
    """"package.module:build", from the user's own configuration."""
    arguments: Mapping[str, Setting] = field(default_factory=dict)
    content: str = ""
    """Hash of the source it is made of: an edited one gives another result."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureInput:
    """Pictures of any size."""

    pictures: tuple[Picture, ...]
    boxes: tuple[tuple[tuple[float, float, float, float], ...], ...] = ()
    """For each picture the boxes of its truth: left, top, right, bottom as shares; none where they are not known."""
    prepared: Prepared | None = None
    """How they are made into the model's input, where somebody says so."""


@dataclass(frozen=True, slots=True, eq=False)
class TableInput:
    """Rows as the model takes them."""

    rows: NDArray[np.float32]
    """Shape (n, d)."""
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TextInput:
    """Texts as numbers of tokens."""

    ids: NDArray[np.int64]
    """Shape (n, tokens), padded."""
    words: tuple[tuple[str, ...], ...]
    """Those of each text."""
    pad: int | None = None
    """The token that fills up short texts; its vector is what attributions begin at."""
    places: NDArray[np.int32] | None = None
    """Shape (n, tokens): of each token the place of its word, -1 for padding; None where each token is a word."""
    special: tuple[frozenset[int], ...] = ()
    """For each text the places of the words that only frame it, such as "[CLS]"; none where no text has any."""
    hidden: int | None = None
    """The token that stands for a word that is taken away; None for the padding, or else 0."""
    notes: tuple[str, ...] = ()
    """How texts became these numbers, in sentences."""

    @property
    def gone(self) -> int:
        """What stands in the place of a word that is taken away."""
        return next((one for one in (self.hidden, self.pad) if one is not None), 0)

    @property
    def placed(self) -> NDArray[np.int32]:
        """Of each token the place of its word, -1 for none."""
        if self.places is not None:
            return self.places
        counts = np.array([len(words) for words in self.words])[:, None]
        places = np.arange(self.ids.shape[1], dtype=np.int32)[None]
        return np.where(places < counts, places, -1).astype(np.int32)

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Shape (n, tokens): what is no word of the text."""
        own = self.placed
        found = own < 0
        for row, special in enumerate(self.special):
            found[row] |= np.isin(own[row], list(special))
        return found


Samples: TypeAlias = PictureInput | TableInput | TextInput


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One model and some samples."""

    samples: Samples
    model: Path | None = None
    """A `.pt2` or ONNX file; or the weights of a factory."""
    root: Path | None = None
    """Folder of the experiment, which names of files are relative to."""
    factory: Factory | None = None
    truth: FloatArray | None = None
    """Shape (n,): class numbers, or values; NaN where it is not known."""
    sources: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    explain: tuple[int, ...] = ()
    """Rows to be explained; chosen where none are named."""
    shown: int = 24
    """How many are explained."""
    judged: int = 16
    """How many of these measures are taken on."""
    methods: tuple[str, ...] = DEFAULT_METHODS
    layers: tuple[str, ...] = ()
    """Paths; compared and chosen where none are named."""
    limits: Limits = field(default_factory=Limits)
    seed: int = 0

    @property
    def name(self) -> str:
        """The model, as it is called on pages."""
        if self.model is None:
            return self.factory.name if self.factory else ""
        return (self.model.relative_to(self.root) if self.root else self.model).as_posix()


def content_key(job: Job, weights: str) -> str:
    """Name for the result: of the model's content, whose hash is `weights`, of the samples and of all options."""
    digest = xxh3_128(f"{VERSION} {weights}".encode())
    for array in _arrays(job.samples):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    told: list[Any] = [
        job.factory,
        job.sources,
        job.classes,
        job.explain,
        job.shown,
        job.judged,
        job.methods,
        job.layers,
    ]
    # The time is none of it: what was left out for want of it is told by the result.
    told += [replace(job.limits, seconds=0.0), job.seed, None if job.truth is None else job.truth.tolist()]
    told += [getattr(job.samples, name, None) for name in ("boxes", "prepared", "names", "words", "pad", "hidden")]
    told += [[sorted(one) for one in getattr(job.samples, "special", ())], getattr(job.samples, "notes", ())]
    digest.update(msgspec.json.encode(told, enc_hook=lambda number: number.item()))  # NumPy's
    return digest.hexdigest()


def _arrays(samples: Samples) -> tuple[NDArray[Any], ...]:
    if isinstance(samples, PictureInput):
        return samples.pictures
    return (samples.rows,) if isinstance(samples, TableInput) else (samples.ids, samples.placed)
