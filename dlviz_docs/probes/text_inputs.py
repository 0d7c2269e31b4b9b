"""Models of texts that ask for more than numbers of tokens: masks, places and kinds that follow from these.

The graph gets them computed: whatever runs it hands over the tokens alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ProbeError
from dlviz_docs.model import Port
from dlviz_docs.model.texts import MAIN, aside_of
from dlviz_docs.probes.program import Argument, Call, Constant, Program, Ref

__all__ = ["of_tokens_alone"]

_ONNX_TYPES = {"bool": 9, "int64": 7, "int32": 6, "float32": 1, "float16": 10}


def of_tokens_alone(program: Program, pad: int | None) -> tuple[Program, tuple[str, ...]]:
    """The program as one of a single input, and what is computed, in words.

    `pad` is the token that fills up texts. `ProbeError` where an input does not follow from the tokens.
    """
    if len(program.inputs) == 1:
        return program, ()
    main = _main(program)
    others = [port for port in program.inputs if port is not main]
    if unknown := [port.name for port in others if not aside_of(port.name)]:
        raise ProbeError(
            f"The model takes {', '.join(map(repr, unknown))} beside its tokens, which nothing here tells."
        )
    making = (_Aten if program.dialect == "aten" else _Onnx)(main.name, pad)
    for port in others:
        making.make(port)
    whole = replace(
        program,
        calls=(*making.calls, *program.calls),
        inputs=(main,),
        weights={**program.weights, **making.constants},
    )
    return whole, tuple(f"{port.name} ({_SAYS[aside_of(port.name)]})" for port in others)


_SAYS = {
    "mask": "1 for every token that is no padding",
    "padding": "true for padding",
    "zeros": "0",
    "places": "counted from 0",
    "lengths": "how many tokens are no padding",
}


def _main(program: Program) -> Port:
    found = [port for port in program.inputs if not aside_of(port.name)]
    named = [port for port in found if port.name in MAIN]
    if len(named) == 1 or len(found) == 1:
        return (named or found)[0]
    told = ", ".join(repr(port.name) for port in program.inputs)
    raise ProbeError(f"The model takes {len(program.inputs)} inputs ({told}), and nothing tells which are the tokens.")


@dataclass(slots=True)
class _Making(ABC):
    """Calls that come before all others: what is made of the tokens, each by the operators of one kind of graph."""

    ids: str
    pad: int | None
    calls: list[Call] = field(default_factory=list)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)

    def make(self, port: Port) -> None:
        makers: Mapping[str, Callable[[Port], str]] = {
            "mask": self.mask,
            "padding": self.padding,
            "zeros": self.zeros,
            "places": self.places,
            "lengths": self.lengths,
        }
        last = makers[aside_of(port.name)](port)
        self.cast(last, port)

    def call(self, target: str, *args: Argument, **kwargs: Argument) -> str:
        name = f"{self.ids}__{len(self.calls)}"
        self.calls.append(Call(target, args, kwargs, (name,)))
        return name

    @abstractmethod
    def mask(self, port: Port) -> str: ...

    @abstractmethod
    def padding(self, port: Port) -> str: ...

    @abstractmethod
    def zeros(self, port: Port) -> str: ...

    @abstractmethod
    def places(self, port: Port) -> str: ...

    @abstractmethod
    def lengths(self, port: Port) -> str: ...

    @abstractmethod
    def cast(self, last: str, port: Port) -> None: ...


class _Aten(_Making):
    """By PyTorch's operators."""

    __slots__ = ()

    def mask(self, port: Port) -> str:
        return self.call("aten.ne.Scalar", Ref(self.ids), -1 if self.pad is None else self.pad)

    def padding(self, port: Port) -> str:
        return self.call("aten.eq.Scalar", Ref(self.ids), -1 if self.pad is None else self.pad)

    def zeros(self, port: Port) -> str:
        return self.call("aten.zeros_like.default", Ref(self.ids))

    def places(self, port: Port) -> str:
        ones = self.call("aten.ones_like.default", Ref(self.ids))
        return self.call("aten.sub.Tensor", Ref(self.call("aten.cumsum.default", Ref(ones), 1)), Ref(ones))

    def lengths(self, port: Port) -> str:
        return self.call("aten.sum.dim_IntList", Ref(self.mask(port)), (1,))

    def cast(self, last: str, port: Port) -> None:
        self.calls.append(Call("aten._to_copy.default", (Ref(last),), {"dtype": Constant(port.dtype)}, (port.name,)))


class _Onnx(_Making):
    """By ONNX's operators."""

    __slots__ = ()

    def _constant(self, value: NDArray[Any]) -> Ref:
        name = f"{self.ids}__c{len(self.constants)}"
        self.constants[name] = value
        return Ref(name)

    def mask(self, port: Port) -> str:
        return self.call("Not", Ref(self.padding(port)))

    def padding(self, port: Port) -> str:
        return self.call("Equal", Ref(self.ids), self._constant(np.array(-1 if self.pad is None else self.pad)))

    def zeros(self, port: Port) -> str:
        return self.call("Sub", Ref(self.ids), Ref(self.ids))

    def places(self, port: Port) -> str:
        ones = self.call("Add", Ref(self.zeros(port)), self._constant(np.array(1)))
        counted = self.call("CumSum", Ref(ones), self._constant(np.array(1)))
        return self.call("Sub", Ref(counted), Ref(ones))

    def lengths(self, port: Port) -> str:
        counted = self.call("Cast", Ref(self.mask(port)), to=_ONNX_TYPES["int64"])
        return self.call("ReduceSum", Ref(counted), self._constant(np.array([1])), keepdims=0)

    def cast(self, last: str, port: Port) -> None:
        to = _ONNX_TYPES.get(port.dtype, _ONNX_TYPES["int64"])
        self.calls.append(Call("Cast", (Ref(last),), {"to": to}, (port.name,)))
