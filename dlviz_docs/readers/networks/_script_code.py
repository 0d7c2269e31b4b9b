"""What TorchScript keeps of a class: constants such as a stride, and which attributes are weights.

The code is Python-like text. It is searched for a few forms of lines, and neither compiled nor run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dlviz_docs.model import Setting, Shape
from dlviz_docs.readers.networks import _layer_settings as layers

__all__ = ["Class", "classes_in", "plain_name"]

_CLASS = re.compile(r"^class (\w+)\(\w*\):$|^class (\w+):$")
_CONSTANT = re.compile(r"^  (\w+) : Final\[[^=]{1,200}\] = (.{1,400})$")
_LISTED = re.compile(r"^  (__parameters__|__buffers__) = (\[.{0,20000}\])$")
_CALL = re.compile(r"torch\.(_convolution|max_pool[123]d|avg_pool[123]d)\((.{1,600})\)$")
_INTEGERS = re.compile(r"\[(-?\d+(?:, -?\d+)*)\]|\b(True|False|\d+)\b")
_MANGLED = re.compile(r"___torch_mangle_\d+$")
_MOST_CONSTANTS = 60
_MOST_PARTS = 16
_NAMED: dict[str, object] = {"True": True, "False": False, "None": None}
_QUOTED = re.compile(r"'([^'\\]*)'|\"([^\"\\]*)\"")
_WHOLE = re.compile(r"-?\d{1,18}")
_REAL = re.compile(r"-?\d{1,18}\.\d{0,30}(?:e[+-]?\d{1,3})?|-?\d{1,18}e[+-]?\d{1,3}")


@dataclass(slots=True)
class Class:
    """One class, as far as its text tells."""

    settings: dict[str, Setting] = field(default_factory=dict)
    parameters: frozenset[str] = frozenset()
    buffers: frozenset[str] = frozenset()
    call: str = ""
    """The line of its first convolution or pooling, where it has no constants: that of a traced module."""

    def told(self, shapes: Mapping[str, Shape]) -> dict[str, Setting]:
        """Its constants; of a traced layer what the call of its operator says. `shapes` of its own weights."""
        return self.settings or dict(_of_call(self.call, shapes))


def plain_name(module: str, name: str) -> str:
    """A class as its author knows it: "__torch__.torch.nn.modules.conv.___torch_mangle_3" and "Conv2d" as "Conv2d"."""
    return _MANGLED.sub("", name).rpartition(".")[2] or module.rpartition(".")[2]


def classes_in(text: str) -> Iterator[tuple[str, Class]]:
    """The classes of one file, with their names in it."""
    found: tuple[str, Class] | None = None
    for line in text.splitlines():
        if match := _CLASS.match(line):
            if found:
                yield found
            found = (match[1] or match[2], Class())
        elif found:
            _take(found[1], line)
    if found:
        yield found


def _take(class_: Class, line: str) -> None:
    """One line of a class."""
    if match := _CONSTANT.match(line):
        value = _literal(match[2])
        if len(class_.settings) < _MOST_CONSTANTS and value is not _NOTHING and not match[1].startswith("_"):
            class_.settings[match[1]] = value  # type: ignore[assignment]
    elif match := _LISTED.match(line):
        names = frozenset(re.findall(r'"([^"]+)"', match[2]))
        if match[1] == "__parameters__":
            class_.parameters = names
        else:
            class_.buffers = names
    elif not class_.call and (match := _CALL.search(line)):
        class_.call = f"{match[1]}({match[2]})"


_NOTHING = object()


def _literal(text: str) -> object:
    """A number, a word, or a tuple or list of such."""
    if text[:1] + text[-1:] not in ("()", "[]"):
        return _single(text)
    parts = [_single(part) for part in text[1:-1].rstrip(",").split(", ")][: _MOST_PARTS + 1]
    alike = len({type(part) for part in parts}) == 1 and _NOTHING not in parts
    return tuple(parts) if alike and len(parts) <= _MOST_PARTS and parts[0] is not None else _NOTHING


def _single(text: str) -> object:
    if text in _NAMED:
        return _NAMED[text]
    if match := _QUOTED.fullmatch(text):
        return match[1] or match[2] or ""
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(f"{float(text):.7g}") if _REAL.fullmatch(text) else _NOTHING


def _of_call(call: str, shapes: Mapping[str, Shape]) -> Mapping[str, Setting]:
    """Settings of a traced convolution or pooling, from the lists of numbers it is called with."""
    name, _, arguments = call.partition("(")
    lists = [tuple(int(one) for one in match[1].split(", ")) for match in _INTEGERS.finditer(arguments) if match[1]]
    words = [match[2] for match in _INTEGERS.finditer(arguments) if match[2]]
    if name == "_convolution" and len(lists) >= 4 and len(words) >= 2 and "weight" in shapes:
        groups = int(words[1]) if words[1].isdigit() else 1
        bias, turned = "bias" in shapes, words[0] == "True"
        stride, padding, dilation = lists[:3]
        layer = layers.convolution(shapes["weight"], stride, padding, dilation, groups, bias=bias, transposed=turned)
        return layer.settings
    if "pool" in name and lists:
        size = lists[0]
        stride = lists[1] if len(lists) > 1 else size
        return layers.pooling("", size, stride, lists[2] if len(lists) > 2 else (0,) * len(size)).settings
    return {}
