"""What of an answer is explained: one number for each sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from dlviz_docs.errors import ProbeError
from dlviz_docs.model.probes import Head

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "Head",
    "OfRegions",
    "OfValues",
    "Target",
    "Wanted",
    "filling",
    "head_of",
    "predicted",
    "probabilities",
    "score",
    "worth",
]

_LEAST = 0.01
"""Share of a picture that a class has to fill to be explained in the place of the background."""


@runtime_checkable
class Target(Protocol):
    """What is asked of each of several samples, where that is more than a class. It is indexed as a tensor is."""

    def __len__(self) -> int: ...

    def __getitem__(self, places: list[int] | slice) -> Target: ...

    def score(self, output: Tensor) -> Tensor:
        """What gradients are taken of, shape (n,)."""

    def worth(self, output: Tensor) -> Tensor:
        """What is watched as pixels go, shape (n,): 1 at best, and 0 where nothing is left."""


Wanted: TypeAlias = "Tensor | Target"
"""Classes, shape (n,), or something else."""


def head_of(output: Tensor) -> Head:
    """What the shape of an answer says it is; `ProbeError` for one that cannot be explained here."""
    if output.dim() == 1 or (output.dim() == 2 and output.shape[1] == 1):
        return "value"
    if output.dim() == 2:
        return "classes"
    if output.dim() == 4 and output.shape[1] > 1:
        return "regions"
    raise ProbeError(
        f"An answer of shape {list(output.shape)} is neither classes, nor a value, nor regions, nor boxes."
    )


def predicted(output: Tensor) -> Tensor:
    """The class with the largest output, shape (n,); of regions the one that is explained; 0 of a value."""
    head = head_of(output)
    if head == "value":
        return output.reshape(len(output)).long() * 0
    return output.argmax(1) if head == "classes" else filling(output)


def filling(output: Tensor) -> Tensor:
    """Of regions, the class that fills most of each picture, shape (n,); but not the background where there is more.

    The background is the class that fills most of all pictures; anything else has to fill 1 % of its picture.
    """
    import torch

    found = output.argmax(1).flatten(1)
    shares = torch.stack([(found == one).sum(1) for one in range(output.shape[1])], 1) / found.shape[1]
    others = shares.clone()
    others[:, int(shares.mean(0).argmax())] = 0
    most = others.max(1)
    return most.indices.where(most.values >= _LEAST, shares.argmax(1))


def probabilities(output: Tensor) -> Tensor:
    """Shape (n, k). Softmax, unless the rows are probabilities already; of regions, their mean over pixels; of a value,
    the value itself.
    """
    head = head_of(output)
    if head == "value":
        return output.reshape(-1, 1)
    if head == "regions":
        return output.softmax(1).mean((2, 3))
    return output if are_probabilities(output) else output.softmax(1)


def are_probabilities(output: Tensor) -> bool:
    """Whether numbers lie in [0, 1] and sum to 1 over classes: a model that ends in a softmax."""
    sums = output.detach().sum(1)
    return bool((output.detach() >= 0).all() and (sums - 1).abs().max() < 1e-3)


def score(output: Tensor, wanted: Wanted) -> Tensor:
    """Shape (n,): the logit of each sample's class, the value, or what else is asked for.

    Of a model that ends in a softmax the logarithm of the probability, whose gradient does not vanish where the model
    is sure.
    """
    if isinstance(wanted, Target):
        return wanted.score(output)
    head = head_of(output)
    if head == "value":
        return output.reshape(-1)
    if head == "regions":
        return OfRegions(wanted, output.argmax(1) == wanted[:, None, None]).score(output)
    own = output.gather(1, wanted.reshape(-1, 1)).squeeze(1)
    return own.clamp(min=1e-12).log() if are_probabilities(output) else own


def worth(output: Tensor, wanted: Wanted) -> Tensor:
    """Shape (n,): the probability of each sample's class, or what else is asked for; nothing to take gradients of."""
    if isinstance(wanted, Target):
        return wanted.worth(output)
    return probabilities(output).gather(1, wanted[:, None])[:, 0]


@dataclass(frozen=True, slots=True, eq=False)
class OfValues:
    """A value, in the direction in which the picture moves it away from what the model says of a blank one."""

    there: Tensor
    """What it says of the picture, shape (n,)."""
    blank: Tensor
    """And of one that has the picture's mean colour everywhere."""

    def __len__(self) -> int:
        return len(self.there)

    def __getitem__(self, places: list[int] | slice) -> OfValues:
        return OfValues(self.there[places], self.blank[places])

    def score(self, output: Tensor) -> Tensor:
        """How far it is from the blank picture's; what a value is lowered by speaks for it as well."""
        down = self.there < self.blank
        far = output.reshape(-1) - self.blank
        return (-far).where(down, far)

    def worth(self, output: Tensor) -> Tensor:
        """(f(x') - f(blank)) / (f(x) - f(blank)): 1 for the whole picture and 0 for a blank one.

        As Schulz et al., "Restricting the flow: information bottlenecks for attribution", ICLR 2020, normalise what is
        left of an answer.
        """
        return (output.reshape(-1) - self.blank) / (self.there - self.blank)


@dataclass(frozen=True, slots=True, eq=False)
class OfRegions:
    """A class in the region where the model sees it: Vinogradova, Dibrov and Myers, "Towards interpretable semantic
    segmentation via gradient-weighted class activation mapping", AAAI 2020.
    """

    classes: Tensor
    masks: Tensor
    """Of each sample, where its class was the largest in the whole picture; bool, shape (n, height, width)."""

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, places: list[int] | slice) -> OfRegions:
        return OfRegions(self.classes[places], self.masks[places])

    def score(self, output: Tensor) -> Tensor:
        """The mean logit in the mask; of probabilities, that of their logarithms."""
        own = self._own(output)
        return self._mean(own.clamp(min=1e-12).log() if are_probabilities(output) else own)

    def worth(self, output: Tensor) -> Tensor:
        """The mean probability in the mask."""
        return self._mean(self._own(output if are_probabilities(output) else output.softmax(1)))

    def _own(self, output: Tensor) -> Tensor:
        places = self.classes.reshape(-1, 1, 1, 1).expand(-1, 1, *output.shape[2:])
        return output.gather(1, places).squeeze(1)

    def _mean(self, values: Tensor) -> Tensor:
        """Over the mask, or over the picture where that is empty."""
        mask = self.masks.to(values.dtype)
        mask = mask.where(mask.sum((1, 2), keepdim=True) > 0, mask + 1)
        return (values * mask).sum((1, 2)) / mask.sum((1, 2))
