"""Models that the user's own code builds: `package.module:build`, named in the user's own configuration.

This is code that runs. It is imported as Python finds it; the experiment's folder is not put on Python's path.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from dlviz_docs.errors import ProbeError
from dlviz_docs.probes.misfit import PassFailed
from dlviz_docs.probes.runnable import Answering, Layer, Seen, answer, first_tensor, tensors_of

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__ = ["Loaded", "ModuleModel", "built", "loaded"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """How weights from a file fitted a model."""

    missing: tuple[str, ...] = ()
    """Of the model, not in the file."""
    unexpected: tuple[str, ...] = ()
    """In the file, not of the model."""
    misfits: tuple[str, ...] = ()
    """In both, with other shapes: "fc.weight: [10, 64] in the file, [100, 64] in the model"."""
    prefix: str = ""
    """What was taken off the file's names."""


def built(name: str, arguments: Mapping[str, Any] | None = None) -> Module:
    """What the factory "package.module:build" returns, in evaluation mode.

    Raises `ProbeError` where it cannot be imported, is of another package, raises itself, or returns no module.
    """
    import torch

    module_name, _, function_name = name.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
        for part in function_name.split("."):
            found = getattr(found, part)
            _refuse_foreign(name, found)
        model = found(**(arguments or {}))
    except ProbeError:
        raise
    # The user's own code may raise anything.
    except (Exception, SystemExit) as error:
        raise ProbeError(f"{name} could not be called: {type(error).__name__}: {error}") from error
    if not isinstance(model, torch.nn.Module):
        raise ProbeError(f"{name} returned {type(model).__name__}, not a torch.nn.Module.")
    return model.eval().requires_grad_(False)


def _refuse_foreign(name: str, found: object) -> None:
    """`ProbeError` for what the named package imports from others: "package:os.system"."""
    package = name.partition(":")[0].partition(".")[0]
    if not (inspect.ismodule(found) or inspect.isroutine(found) or inspect.isclass(found)):
        return  # made by the package
    home: str = getattr(found, "__name__" if inspect.ismodule(found) else "__module__", None) or "builtins"
    if home.partition(".")[0] != package:
        raise ProbeError(
            f"{name} leads to {home}, and not to a function of {package!r} itself.",
            "Name a function or a class where it is defined.",
        )


def loaded(model: Module, weights: Mapping[str, NDArray[Any]]) -> Loaded:
    """Put the weights into the model, where names and shapes fit; tells what did not.

    Raises `ProbeError` where none does.
    """
    import torch

    own = model.state_dict()
    prefix = _best_prefix(own, weights)
    named = {name.removeprefix(prefix): array for name, array in weights.items()}
    fits = {name: torch.from_numpy(array.copy()) for name, array in named.items() if _fits(own, name, array)}
    if not fits:
        raise ProbeError("No weight of the file has the name and the shape of one of the model.")
    model.load_state_dict(fits, strict=False)
    misfits = tuple(
        f"{name}: {list(array.shape)} in the file, {list(own[name].shape)} in the model"
        for name, array in named.items()
        if name in own and name not in fits
    )
    missing = tuple(name for name in own if name not in named)
    return Loaded(missing, tuple(name for name in named if name not in own), misfits, prefix)


def _fits(own: Mapping[str, Tensor], name: str, array: NDArray[Any]) -> bool:
    return name in own and tuple(own[name].shape) == array.shape


def _best_prefix(own: Mapping[str, Tensor], weights: Mapping[str, NDArray[Any]]) -> str:
    """What has to go from the file's names for most of them to fit: "", "module.", "state_dict.model.", ..."""
    fits: Counter[str] = Counter()
    for name in weights:
        starts = [0, *(place + 1 for place, letter in enumerate(name) if letter == ".")]
        fits.update(name[:start] for start in starts if name[start:] in own)
    return max(fits, key=lambda prefix: (fits[prefix], -len(prefix)), default="")


class ModuleModel:
    """A `Runnable` around a module. Layers are its submodules, watched by hooks that are gone after each pass."""

    fixed_batch: int | None = None

    def __init__(self, module: Module) -> None:
        self.module = module
        self._changed: Mapping[str, Tensor] = {}
        self._how: Answering = answer

    def forward(self, x: Tensor) -> Tensor:
        return self._how({"": self._given(x)})

    def outputs(self, x: Tensor) -> Mapping[str, Tensor]:
        return tensors_of({"": self._given(x)})

    def answering(self, how: Answering) -> ModuleModel:
        return self._alike(self._changed, how)

    def _given(self, x: Tensor) -> Any:
        import torch

        try:
            return torch.func.functional_call(self.module, dict(self._changed), (x,))
        except (ProbeError, MemoryError):
            raise
        # The user's own code may raise anything.
        except Exception as error:
            what = f"The model failed as it ran: {type(error).__name__}: {str(error).strip().rstrip('.')}."
            raise PassFailed(what, x.shape) from error

    def layers(self, x: Tensor) -> tuple[Layer, ...]:
        import torch

        seen: dict[str, Layer] = {}

        def watch(path: str, module: Module, result: Any) -> None:
            tensor = first_tensor(result)
            if tensor is not None and tensor.dim() > 1 and _can_be_cut(result):
                seen.pop(path, None)  # where it runs again, the last time counts
                seen[path] = Layer(path, type(module).__name__, tuple(tensor.shape))

        with contextlib.ExitStack() as hooks, torch.no_grad():
            for path, module in self.module.named_modules():
                if path:
                    handle = module.register_forward_hook(lambda m, _, result, path=path: watch(path, m, result))
                    hooks.callback(handle.remove)
            self.forward(x)
        return tuple(seen.values())

    def forward_to(self, layer: str, x: Tensor) -> Tensor:
        found: list[Tensor] = []
        with self._hooked(layer, lambda result: found.append(_only(result, layer))):
            self.forward(x)
        return found[-1]

    def forward_from(self, layer: str, activation: Tensor, x: Tensor) -> Tensor:
        with self._hooked(layer, lambda result: _replaced(result, activation)):
            return self.forward(x)

    def cut(self, layer: str, x: Tensor) -> tuple[Tensor, Tensor]:
        import torch

        leaves: list[Tensor] = []

        def from_here(result: Any) -> Any:
            leaves.append(_only(result, layer).detach().requires_grad_())
            torch.set_grad_enabled(True)
            return _replaced(result, leaves[-1].clone())  # what follows may write into it

        with torch.set_grad_enabled(False), self._hooked(layer, from_here):
            result = self.forward(x)
        return leaves[-1], result

    def attentions(self, x: Tensor) -> tuple[tuple[Seen, ...], Tensor]:
        return (), self.forward(x)

    def weights(self) -> Mapping[str, Tensor]:
        return {**self.module.state_dict(), **self._changed}

    def layer_weights(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        layers: dict[str, list[str]] = {}
        for name, _ in self.module.named_parameters():  # each once
            layers.setdefault(name.rpartition(".")[0], []).append(name)
        return tuple((path, tuple(names)) for path, names in layers.items())

    def with_weights(self, changed: Mapping[str, Tensor]) -> ModuleModel:
        return self._alike({**self._changed, **changed}, self._how)

    def _alike(self, changed: Mapping[str, Tensor], how: Answering) -> ModuleModel:
        other = ModuleModel(self.module)
        other._changed, other._how = changed, how
        return other

    @contextlib.contextmanager
    def _hooked(self, layer: str, change: Any) -> Iterator[None]:
        try:
            module = self.module.get_submodule(layer)
        except AttributeError as error:
            raise ProbeError(f"The model has no layer {layer!r}.") from error
        handle = module.register_forward_hook(lambda _module, _inputs, result: change(result))
        try:
            yield
        finally:
            handle.remove()


def _only(result: Any, layer: str) -> Tensor:
    tensor = first_tensor(result)
    if tensor is None:
        raise ProbeError(f"The layer {layer!r} gives no tensor.")
    return tensor


def _can_be_cut(result: Any) -> bool:
    try:
        _replaced(result, None)
    except ProbeError:
        return False
    return True


def _replaced(result: Any, activation: Tensor | None) -> Any:
    """What a layer gave, with its first tensor replaced."""
    if hasattr(result, "is_floating_point"):
        return activation
    if isinstance(result, tuple) and not hasattr(result, "_fields"):
        return (_replaced(result[0], activation), *result[1:])
    if isinstance(result, list):
        return [_replaced(result[0], activation), *result[1:]]
    if isinstance(result, dict):  # Hugging Face's outputs are such, too
        first = next(iter(result))
        made: Any = type(result)
        return made({**result, first: _replaced(result[first], activation)})
    raise ProbeError(f"A layer that gives {type(result).__name__} cannot be cut.")
