"""A model of texts, from its answers to the words they rest on, and how far these can be believed.

In the order of worth, since time may run out: the texts that are shown, measures on some of them, then more texts, for
what single words come to over many.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray
from dlviz_docs.model.probes import Faithfulness, Probed, Sanity, Tokens
from dlviz_docs.probes.answers import Answers, accuracy_of, answered, rows_of, truth_of
from dlviz_docs.probes.as_graph import as_graph
from dlviz_docs.probes.asked import Asked, asked_of
from dlviz_docs.probes.clock import Clock
from dlviz_docs.probes.job import Job, TextInput
from dlviz_docs.probes.opened import Opened
from dlviz_docs.probes.passes import outputs_of
from dlviz_docs.probes.removed_words import METHOD, Removal
from dlviz_docs.probes.runnable import Runnable, answer, first_of
from dlviz_docs.probes.sanity import sanity
from dlviz_docs.probes.targets import probabilities
from dlviz_docs.probes.trace import traced
from dlviz_docs.probes.words import embedding_of, over_tokens

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["probe_texts"]

MANY = 200
"""Texts whose words are explained, for what they come to over all."""
_PASSES = 66
"""Of each text, with its words in two orders and some of chance; with gradients, three times as dear."""
FEW = 4
"""That are explained at once, before the time is looked at."""
FINE, COARSE = 24, 10
"""Steps of the integral; where only the order of words is asked for."""


def probe_texts(job: Job, texts: TextInput, found: Opened, clock: Clock) -> Probed:
    """All that the time allows to find out."""
    import torch

    whole = torch.from_numpy(texts.ids.astype(np.int64))
    ids = whole.to(torch.int32) if found.port is not None and found.port.dtype == "int32" else whole
    truth = truth_of(job)
    rows = rows_of(len(ids), job.limits.samples)
    found = as_graph(found, _two(ids), job.limits)
    model = _of_two(found.model, ids[rows[:2]], truth)
    layer = embedding_of(model, first_of(model, ids[rows], 1))
    answers = _answers(model, ids, rows, job.limits.batch, clock)
    probed = Probed(
        job.name,
        classes=job.classes,
        head=answers.head,
        samples=len(answers.rows),
        accuracy=accuracy_of(answers, truth),
        layer=layer,
        method=METHOD,
        traced=traced(model, first_of(model, answers.x, 1)),
    )
    asked = _asked(job, model, answers, truth)
    probe = _Probe(job, texts, model, layer, answers, truth, asked, clock)
    return probe.finished(probed, [*found.notes, *texts.notes, *_said(texts, answers)])


def _two(ids: Tensor) -> Tensor:
    """Two texts, also where there is only one."""
    return ids[[0, -1]]


def _answers(model: Runnable, ids: Tensor, rows: NDArray[np.intp], batch: int, clock: Clock) -> Answers:
    """Of as many as a third of the time allows; in an order that tells nothing, then back in theirs."""
    import torch

    order = np.random.default_rng(0).permutation(rows)
    third = Clock(clock.seconds / 3)
    outputs: list[Tensor] = []
    done = 0
    while done < len(order) and (not done or third.has_time_for("")):
        few = order[done : done + max(batch, 16)]
        outputs.append(outputs_of(model, ids[few], batch))
        done += len(few)
    sorting = np.argsort(order[:done], kind="stable")
    kept = order[:done][sorting]
    return answered(kept, ids[kept], torch.cat(outputs)[sorting])


def _asked(job: Job, model: Runnable, answers: Answers, truth: NDArray[np.int64] | None) -> Asked:
    """Of classes as for pictures; of values from the lowest to the highest."""
    if answers.head == "classes":
        return asked_of(job, model, answers, truth)
    named = {int(row): place for place, row in enumerate(answers.rows)}
    order = np.argsort(answers.output.reshape(-1).double().numpy(), kind="stable")
    spread = order[np.unique(np.linspace(0, len(order) - 1, min(job.shown, len(order))).round().astype(int))].tolist()
    places = [named[row] for row in job.explain if row in named] if job.explain else spread
    return Asked(places, answers.x[places], answers.classes[places], 0)


def _of_two(model: Runnable, ids: Tensor, truth: NDArray[np.int64] | None) -> Runnable:
    """A model that gives one number and whose truth is of two classes tells these apart by its sign."""
    import torch

    with torch.no_grad():
        output = model.forward(ids)
    single = output.dim() == 1 or (output.dim() == 2 and output.shape[1] == 1)
    known = set() if truth is None else set(np.unique(truth[truth >= 0]).tolist())
    return model.answering(_two_logits) if single and known == {0, 1} else model


def _two_logits(outputs: Mapping[str, Any]) -> Tensor:
    """Half of the logit each way, so that both classes have gradients; of a probability, of its logit."""
    import torch

    one = answer(outputs).reshape(-1, 1)
    if bool((one.detach() >= 0).all() and (one.detach() <= 1).all()):
        one = torch.logit(one, eps=1e-6)
    return torch.cat([-one / 2, one / 2], 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Probe:
    """One probe on its way."""

    job: Job
    texts: TextInput
    model: Runnable
    layer: str
    answers: Answers
    truth: NDArray[np.int64] | None
    asked: Asked
    clock: Clock

    def finished(self, probed: Probed, notes: list[str]) -> Probed:
        """In the order of worth."""
        shown = list(self._explained(self.asked.places))
        judged, checked = tuple(self._judged(shown)), self._checked(shown)
        more = list(self._more()) if not self.job.explain else []
        if judged:
            notes.append(f"Measures were taken on {judged[0].samples} of the explained texts.")
        return replace(
            probed,
            texts=(*shown, *more),
            shown=len(shown),
            faithfulness=tuple(sorted(judged, key=lambda one: -(one.road or 0.0))),
            sanity=checked,
            notes=tuple(note for note in (*notes, self.clock.note()) if note),
        )

    def _explained(self, places: Sequence[int]) -> Iterator[Tokens]:
        """Some at a time; the first in any case."""
        for start in range(0, len(places), FEW):
            if start and not self.clock.has_time_for("all texts were explained"):
                return
            few = list(places[start : start + FEW])
            values, gaps = self._values(self.model, few)
            for i, place in enumerate(few):
                yield self._told(place, values[i].double().numpy(), float(gaps[i]))

    def _values(self, model: Runnable, places: list[int], steps: int | None = None) -> tuple[Tensor, Tensor]:
        """Of tokens, and what each sum misses."""
        import torch

        rows = self.answers.rows[places]
        kept = torch.from_numpy(self.texts.kept[rows])
        given: dict[str, Any] = {"pad": self.texts.pad, "kept": kept} | ({"steps": steps or FINE})
        wanted = self.answers.classes[places]
        return over_tokens(model, self.layer, self.answers.x[places], wanted, self.job.limits.batch, **given)

    def _told(self, place: int, values: FloatArray, gap: float) -> Tokens:
        row = int(self.answers.rows[place])
        words = self.texts.words[row]
        own, target = self.texts.placed[row], int(self.answers.classes[place])
        output = self.answers.output[place]
        truth = -1 if self.truth is None else int(self.truth[row])
        of_classes = self.answers.head == "classes"
        return Tokens(
            row,
            words,
            np.bincount(own[own >= 0], values[own >= 0], len(words))[: len(words)].astype(np.float64),
            target,
            gap,
            truth=truth if truth >= 0 and of_classes else None,
            output=float(output.reshape(-1)[target]),
            share=float(probabilities(output[None])[0, target]) if of_classes else None,
            special=tuple(sorted(self.texts.special[row])) if self.texts.special else (),
        )

    def _more(self) -> Iterator[Tokens]:
        """Others, by chance, while there is time."""
        taken = set(self.asked.places)
        order = np.random.default_rng(1).permutation(len(self.answers.rows)).tolist()
        yield from self._explained([one for one in order if one not in taken][: max(MANY - len(taken), 0)])

    def _measured(self, shown: Sequence[Tokens]) -> list[tuple[int, Tokens]]:
        """Places of the answers that have words enough to be put in an order."""
        found = [(p, one) for p, one in zip(self.asked.places, shown, strict=False) if len(one.words) > 2]
        return found[: min(self.job.judged, self._affordable())]

    def _affordable(self) -> int:
        """Texts that measures can be taken on in a sixth of the time, by how long one takes; four in any case."""
        start = time.monotonic()
        outputs_of(self.model, first_of(self.model, self.answers.x, 1), 1)
        each = max(time.monotonic() - start, 1e-6)
        return max(int(self.clock.seconds / 6 / each / _PASSES), 4)

    def _judged(self, shown: Sequence[Tokens]) -> Iterator[Faithfulness]:
        pairs = self._measured(shown)
        if self.answers.head != "classes" or not pairs or not self.clock.has_time_for("words were taken away"):
            return
        places = [place for place, _ in pairs]
        rows = self.answers.rows[places]
        own = np.stack([self._removable(int(row)) for row in rows])
        removal = Removal(
            self.model,
            self.answers.x[places],
            self.answers.classes[places],
            own,
            self.texts.gone,
            self.job.limits.batch,
        )
        values = [np.delete(one.values, one.special) for _, one in pairs]
        yield removal.by(METHOD, self.layer, values)
        yield removal.by_chance([len(one) for one in values])

    def _removable(self, row: int) -> NDArray[np.int32]:
        """Of each token the place of its word among those that may go; -1 for marks that frame the text."""
        special = self.texts.special[row] if self.texts.special else frozenset()
        number = np.full(len(self.texts.words[row]) + 1, -1, np.int32)
        free = [place for place in range(len(self.texts.words[row])) if place not in special]
        number[free] = np.arange(len(free))
        found: NDArray[np.int32] = number[self.texts.placed[row]]  # the last one is for no word at all
        return found

    def _checked(self, shown: Sequence[Tokens]) -> tuple[Sanity, ...]:
        """Against models of random weights."""
        pairs = self._measured(shown)
        if not pairs or not self.clock.has_time_for("the weights of all layers were randomised"):
            return ()
        places = [place for place, _ in pairs]
        rows = self.answers.rows[places]
        counted = (self.texts.placed[rows] >= 0) & ~self.texts.kept[rows]

        def maps(model: Runnable) -> Mapping[str, Tensor]:
            import torch

            values, _ = self._values(model, places, COARSE)
            return {METHOD: values.where(torch.from_numpy(counted), torch.nan)[:, None]}

        return sanity(self.model, maps, self.layer, self.clock)


def _said(texts: TextInput, answers: Answers) -> Iterator[str]:
    if len(answers.rows) < len(texts.ids):
        yield f"The model was run on {len(answers.rows):,} of {len(texts.ids):,} texts."
    start = "zeros" if texts.pad is None else "the vector of the padding"
    yield f"Values are integrated gradients over the vectors of tokens, from {start}; those of a word are summed."
    yield f"A word that is taken away becomes the token {texts.gone}."
