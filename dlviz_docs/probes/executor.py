"""Runs a program call by call, with gradients; of files, nothing else is run.

Each call's sizes are tried before its memory is taken (`guard`), values are dropped after their last use, and the
caller's tensors and the weights stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dlviz_docs.errors import ProbeError
from dlviz_docs.probes.aten import Operator, evaluated, operator_of, trains
from dlviz_docs.probes.attention import explicit_attention, is_attention
from dlviz_docs.probes.guard import fingerprint, guarded
from dlviz_docs.probes.memory import seen_elsewhere
from dlviz_docs.probes.misfit import PassFailed
from dlviz_docs.probes.onnx_ops import onnx_operator
from dlviz_docs.probes.places import Places, places_of
from dlviz_docs.probes.program import Argument, Constant, Program, Ref, Step, references, steps
from dlviz_docs.probes.runnable import Answering, Layer, Limits, Runnable, Seen, answer, first_tensor, tensors_of

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["GraphModel"]

Change = Callable[[str, Any], Any]
"""What is done with a value by its name before anything uses it."""


_FAILURES = (RuntimeError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""What operators raise of arguments that do not fit."""
_SCALED = ("Resize", "Upsample")
"""ONNX's operators whose fractions are sizes and no weights."""


class GraphModel:
    """A `Runnable` out of a program.

    Raises `ProbeError` where the program holds what may not run, before anything does.
    """

    def __init__(self, program: Program, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.exported_from: Runnable | None = None
        """The module of a factory whose graph this is; what PyTorch counts of modules is counted there."""
        self._how: Answering = answer
        if len(program.calls) > self.limits.calls:
            raise ProbeError(f"The graph has {len(program.calls):,} operations; at most {self.limits.calls:,} are run.")
        self.program, self._operators = _settled(program)
        self.trains = any(map(trains, self.program.calls, self._operators))
        """Whether it was exported in training mode, in which it is not run."""
        self._weights = _tensors(program)
        self._places: Places = places_of(self.program)
        self._input = _one_input(program)
        self._tried: set[object] = set()
        self._shape: dict[str, tuple[int, ...]] = {}
        self._plans: dict[object, list[Step]] = {}
        shape = next(port.shape for port in program.inputs if port.name == self._input)
        self.fixed_batch = shape[0] if shape and isinstance(shape[0], int) else None

    def forward(self, x: Tensor) -> Tensor:
        return self._answer({self._input: x})

    def outputs(self, x: Tensor) -> Mapping[str, Tensor]:
        return tensors_of(self._given({self._input: x}))

    def answering(self, how: Answering) -> GraphModel:
        other = self._alike()
        other._how = how
        return other

    def layers(self, x: Tensor) -> tuple[Layer, ...]:
        shapes: dict[str, tuple[int, ...]] = {}

        def note(name: str, value: Any) -> Any:
            tensor = first_tensor(value)
            if tensor is not None:
                shapes[name] = tuple(tensor.shape)
            return value

        import torch

        with torch.no_grad():
            self._answer({self._input: x}, note)
        return tuple(
            Layer(path, place.kind, shapes[place.value])
            for path, place in self._places.items()
            if len(shapes.get(place.value, ())) > 1
        )

    def forward_to(self, layer: str, x: Tensor) -> Tensor:
        value = self._value(layer)
        found = self._run({self._input: x}, (value,), None)[value]
        return _tensor(found, layer)

    def forward_from(self, layer: str, activation: Tensor, x: Tensor) -> Tensor:
        return self._answer({self._input: x, self._value(layer): activation})

    def cut(self, layer: str, x: Tensor) -> tuple[Tensor, Tensor]:
        value = self._value(layer)
        leaves: list[Tensor] = []

        def from_here(name: str, found: Any) -> Any:
            if name != value:
                return found
            leaves.append(_tensor(found, layer).detach().requires_grad_())
            return leaves[0]

        result = self._answer({self._input: x}, from_here)
        return leaves[0], result

    def attentions(self, x: Tensor) -> tuple[tuple[Seen, ...], Tensor]:
        seen: list[Seen] = []
        result = self._answer({self._input: x}, None, seen)
        return tuple(seen), result

    def weights(self) -> Mapping[str, Tensor]:
        return {self.program.parameters.get(name, name): tensor for name, tensor in self._weights.items()}

    def layer_weights(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        layers: dict[str, list[str]] = {}
        seen: set[str] = set()
        sizes = {n for c in self.program.calls if c.target in _SCALED for a in c.args[1:] for n in references(a)}
        for call in self.program.calls:
            if call.target in _SCALED or not sizes.isdisjoint(call.outputs):
                continue
            names = [n for a in (*call.args, *call.kwargs.values()) for n in references(a) if n in self._weights]
            fresh = [n for n in names if n not in seen and self._weights[n].is_floating_point()]
            seen.update(fresh)
            if fresh:
                own = [self.program.parameters.get(name, name) for name in fresh]
                layers.setdefault(call.module or next(filter(None, call.outputs), call.target), []).extend(own)
        return tuple((path, tuple(names)) for path, names in layers.items())

    def with_weights(self, changed: Mapping[str, Tensor]) -> GraphModel:
        names = {self.program.parameters.get(name, name): name for name in self._weights}
        other = self._alike()
        other._weights = {**self._weights, **{names[name]: tensor for name, tensor in changed.items()}}
        return other

    def _alike(self) -> GraphModel:
        other = object.__new__(GraphModel)
        other.__dict__.update(self.__dict__)
        return other

    def _value(self, layer: str) -> str:
        if layer not in self._places:
            raise ProbeError(f"The model has no layer {layer!r}.")
        return self._places[layer].value

    def _answer(self, given: Mapping[str, Any], change: Change | None = None, seen: list[Seen] | None = None) -> Tensor:
        return self._how(self._given(given, change, seen))

    def _given(
        self, given: Mapping[str, Any], change: Change | None = None, seen: list[Seen] | None = None
    ) -> dict[str, Any]:
        """All outputs by name."""
        wanted = tuple(name for _, value in self.program.outputs for name in references(value))
        found = self._run(given, wanted, change, seen)
        return {name: _value_of(value, found, self._weights) for name, value in self.program.outputs}

    def _run(
        self, given: Mapping[str, Any], wanted: tuple[str, ...], change: Change | None, seen: list[Seen] | None = None
    ) -> dict[str, Any]:
        """The wanted values by name; those that were given stand in the place of what the calls would give."""
        values = dict(given)
        for step in self._plan(frozenset(given), wanted):
            result = self._call(step, values, given, seen)
            found = result if isinstance(result, tuple | list) else (result,)
            for name, value in zip(step.call.outputs, found, strict=False):
                if name and name not in given:
                    values[name] = change(name, value) if change else value
            for name in step.done:
                values.pop(name, None)
        missing = [name for name in wanted if name not in values and name not in self._weights]
        if missing:
            raise ProbeError(f"The graph does not say where its value {missing[0]!r} comes from.")
        return values

    def _plan(self, given: frozenset[str], wanted: tuple[str, ...]) -> list[Step]:
        key = (given, wanted)
        if key not in self._plans:
            writers = [i for i, operator in enumerate(self._operators) if operator.writes]
            self._plans[key] = steps(self.program.calls, given, wanted, writers)
        return self._plans[key]

    def _call(self, step: Step, values: Mapping[str, Any], given: Mapping[str, Any], seen: list[Seen] | None) -> Any:
        call, operator = step.call, self._operators[step.place]
        args = [_value_of(argument, values, self._weights) for argument in call.args]
        kwargs = {name: _value_of(argument, values, self._weights) for name, argument in call.kwargs.items()}
        evaluated(operator, args, kwargs)
        for place in operator.writes:
            if place < len(args) and _others(call.args[place], args[place], values, given):
                args[place] = args[place].clone()
        try:
            if seen is not None and is_attention(call.target, args, self.limits.octets):
                attention, result = explicit_attention(call.target, operator.function, args, kwargs)
                seen.append(Seen(call.module, attention))
                return result
            key = (step.place, fingerprint(args), fingerprint(tuple(kwargs.values())))
            if key in self._tried:
                return operator.function(*args, **kwargs)
            with guarded(self.limits.octets):
                result = operator.function(*args, **kwargs)
            self._tried.add(key)
            return result
        except _FAILURES as error:
            first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            shape = given[self._input].shape if self._input in given else ()
            raise PassFailed(f"{call.target} in {call.module or 'the graph'} failed: {first}.", shape) from error


def _others(argument: Argument, value: Any, values: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """Whether what is about to be written into is a weight, the caller's, or a leaf whose gradient is asked for."""
    named = isinstance(argument, Ref) and (argument.name not in values or argument.name in given)
    return named or (value.requires_grad and value.is_leaf)


def _settled(program: Program) -> tuple[Program, list[Operator]]:
    """The program with every call resolved, and those that write into what nobody else sees made pure."""
    if program.dialect == "onnx":
        return program, [Operator(onnx_operator(call.target, program.opset), {}) for call in program.calls]
    operators = [operator_of(call.target) for call in program.calls]
    shared = seen_elsewhere(program, operators)
    for place, operator in enumerate(operators):
        if operator.pure is not None and place not in shared:
            operators[place] = operator.pure
    return program, operators


def _tensors(program: Program) -> dict[str, Any]:
    import torch

    found = {}
    for name, array in program.weights.items():
        tensor = torch.from_numpy(array.copy() if not array.flags.writeable else array)
        wanted = program.dtypes.get(name)
        found[name] = tensor.to(_constant(wanted)) if wanted else tensor
    return found


def _one_input(program: Program) -> str:
    if len(program.inputs) != 1:
        told = ", ".join(repr(port.name) for port in program.inputs) or "none"
        raise ProbeError(
            f"The model takes {len(program.inputs)} inputs ({told}), and nothing tells what belongs to a picture in "
            "the others. Export a module whose forward takes the picture alone, with the others held fixed."
        )
    return program.inputs[0].name


def _value_of(argument: Argument, values: Mapping[str, Any], weights: Mapping[str, Any]) -> Any:
    """An argument as the operators take it."""
    if isinstance(argument, Ref):
        if argument.name in values:
            return values[argument.name]
        if argument.name in weights:
            return weights[argument.name]
        raise ProbeError(f"The graph does not say where its value {argument.name!r} comes from.")
    if isinstance(argument, Constant):
        return _constant(argument.name)
    if isinstance(argument, tuple):
        return [_value_of(inner, values, weights) for inner in argument]
    return argument


def _constant(name: str) -> Any:
    import torch

    found = getattr(torch, name, None)
    if not isinstance(found, torch.dtype | torch.memory_format):
        raise ProbeError(f"This PyTorch has no type of elements that is called {name!r}.")
    return found


def _tensor(value: Any, layer: str) -> Tensor:
    tensor = first_tensor(value)
    if tensor is None:
        raise ProbeError(f"The layer {layer!r} gives no tensor.")
    return tensor
