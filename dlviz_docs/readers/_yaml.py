"""YAML as data: bounded, nothing in it can run, and 1e-4 is a number.

PyYAML's C parser gives the events; they are put together here, without recursion. So a file cannot exhaust the stack
(its own composer dies of a signal at some 24,600 levels) or expand without end through aliases and merge keys, Python
tags are shown and not obeyed, and plain scalars follow the YAML 1.2 core schema: `no` and `12:30:45` are text, `017`
is seventeen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from dlviz_docs.readers._text import Damaged

__all__ = ["load"]

MOST_EVENTS = 2_000_000
MOST_ALIASES = 1_000
MOST_NODES = 200_000
"""Values, with every alias counted as often as it is used."""
DEEPEST = 64

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LONGEST_INT = 4300
_LONGEST_KEY = 200

_INT = re.compile(r"[-+]?[0-9]+")
_BASED_INT = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_CORE = "tag:yaml.org,2002:"
_PYTHON = f"{_CORE}python/"
_MERGE = object()


def load(text: str) -> object:
    """The first document as dicts, lists and scalars; `Damaged`, with what was complete, where it breaks a rule."""
    builder = _Builder()
    try:
        for event in _events(text):
            builder.take(event)
            if isinstance(event, yaml.DocumentEndEvent):
                break
    except yaml.YAMLError as error:
        raise Damaged(f"not valid YAML: {_place(error)}", builder.rest()) from error
    except UnicodeEncodeError as error:
        raise Damaged("not valid YAML: half of a surrogate pair", builder.rest()) from error
    except _TooMuch as error:
        raise Damaged(f"not read to its end: {error}", builder.rest()) from error
    return builder.rest()


class _TooMuch(Exception):
    """A limit is passed; what was read so far is within it and may be used."""


def _events(text: str) -> Iterator[yaml.Event]:
    for count, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        if count > MOST_EVENTS:
            raise _TooMuch(f"more than {MOST_EVENTS:,} parts")
        yield event


def _place(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"{error.problem}, line {error.problem_mark.line + 1}"
    return str(error).splitlines()[0]


@dataclass(slots=True)
class _Open:
    """A collection that is not closed yet."""

    value: dict[str, object] | list[object]
    tag: str | None
    anchor: str | None
    nodes: int = 1
    key: object = None
    """The key that waits for its value; `_MERGE` for `<<`."""
    merged: list[object] = field(default_factory=list)
    """Mappings given by `<<`: their keys count where the mapping has none of its own."""

    def add(self, value: object, nodes: int, key: object) -> None:
        """Take an item, a key, or the value of the key that waits."""
        self.nodes += nodes
        if isinstance(self.value, list):
            self.value.append(value)
        elif self.key is None:
            self.key = key
        elif self.key is _MERGE:
            self.merged += value if isinstance(value, list) else [value]
            self.key = None
        else:
            self.value[str(self.key)] = value
            self.key = None

    def close(self) -> object:
        if isinstance(self.value, dict):
            for other in self.merged:
                if isinstance(other, dict):
                    self.value = {**other, **self.value}
        return _tagged(self.tag or "", self.value)


@dataclass(slots=True)
class _Builder:
    """Puts values together as events come in."""

    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[object, int]] = field(default_factory=dict)
    root: object = None
    nodes: int = 0
    aliases: int = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._count(1)
            merge = event.value == "<<" and event.implicit[0]
            self._place(_scalar(event), 1, event.anchor, _MERGE if merge else event.value)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._count(1)
            if len(self.open) >= DEEPEST:
                raise _TooMuch(f"nested deeper than {DEEPEST} levels")
            is_map = isinstance(event, yaml.MappingStartEvent)
            self.open.append(_Open({} if is_map else [], event.tag, event.anchor))
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self.open.pop()
            value = done.close()
            self._place(value, done.nodes, done.anchor, str(value)[:_LONGEST_KEY] if self._wants_key() else None)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor)

    def _wants_key(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1].value, dict) and self.open[-1].key is None

    def _alias(self, name: str | None) -> None:
        self.aliases += 1
        if self.aliases > MOST_ALIASES:
            raise _TooMuch(f"more than {MOST_ALIASES:,} aliases")
        # A collection gets its anchor when it is complete, so nothing can hold itself.
        if name is None or name not in self.anchors:
            raise _TooMuch(f"the alias *{name} stands for nothing that is complete")
        value, nodes = self.anchors[name]
        self._count(nodes)
        self._place(value, nodes, None, str(value)[:_LONGEST_KEY] if self._wants_key() else None)

    def _count(self, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > MOST_NODES:
            raise _TooMuch(f"stands for more than {MOST_NODES:,} values")

    def _place(self, value: object, nodes: int, anchor: str | None, key: object) -> None:
        if anchor:
            self.anchors[anchor] = value, nodes
        if self.open:
            self.open[-1].add(value, nodes, key)
        else:
            self.root = value

    def rest(self) -> object:
        """The document, with what is still open closed."""
        while self.open:
            done = self.open.pop()
            self._place(done.close(), done.nodes, None, None)
        return self.root


# --- scalars and tags -------------------------------------------------------------------------------------------------


def _scalar(event: yaml.ScalarEvent) -> object:
    text: str = event.value
    tag: str = event.tag or ""
    kind = tag.removeprefix(_CORE).removeprefix("python/")
    if not tag:
        return _plain(text) if event.implicit[0] else text
    if kind in ("str", "unicode", "!"):
        return text
    if kind in ("binary", "bytes"):
        return f"({len(text):,} characters of binary data)"
    if tag.startswith(_PYTHON) and ":" in kind:  # !!python/name:torch.nn.ReLU
        return f"{kind.partition(':')[2]}({text})" if text else kind.partition(":")[2]
    return _plain(text)


def _plain(text: str) -> object:
    """A plain scalar under the YAML 1.2 core schema, but for a decimal integer that begins with zeros."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text) if len(text) <= _LONGEST_INT else text
    if _BASED_INT.fullmatch(text):
        return int(text, 0) if len(text) <= _LONGEST_INT else text
    return float(text) if _FLOAT.fullmatch(text) else text


def _tagged(tag: str, value: dict[str, object] | list[object]) -> object:
    """What a tagged collection says, as data: an OrderedDict is a mapping, an unknown object its arguments."""
    kind, _, name = tag.removeprefix(_PYTHON).partition(":")
    if tag == f"{_CORE}set" and isinstance(value, dict):
        return list(value)
    if not tag.startswith(_PYTHON) or kind not in ("object/apply", "object/new"):
        return value
    arguments = value if isinstance(value, list) else value.get("args", [])
    if isinstance(value, dict):
        for key in ("dictitems", "listitems", "state"):
            if value.get(key):
                return value[key]
    return _called(name.rpartition(".")[2], arguments if isinstance(arguments, list) else [arguments])


def _called(name: str, arguments: list[object]) -> object:
    first = arguments[0] if arguments else None
    if isinstance(first, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in first):
        return {str(pair[0])[:_LONGEST_KEY]: pair[1] for pair in first}
    if isinstance(first, dict | list) and len(arguments) == 1:
        return first
    if name.endswith("Path"):
        return "/".join(str(part) for part in arguments).replace("//", "/")
    plain = [str(argument) for argument in arguments if not isinstance(argument, dict | list)]
    return f"{name}({', '.join(plain)})"
