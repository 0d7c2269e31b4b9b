"""The opcodes of pickle, protocols 0 to 5, carried out on inert nodes.

The opcodes are those of Python's `pickletools`. Each costs what it may take of memory, and at least 16 bytes: one
budget bounds memory and time, whatever the stream is made of. Nothing is imported, and nothing is called.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from dlviz_docs.readers.networks._nodes import Call, Global, Octets, Opaque, Persistent, Value

__all__ = ["Machine", "Stopped"]

_LONGEST_TEXT = 1 << 16
_LONGEST_BYTES = 1 << 12
_LONGEST_LINE = 1 << 12
_LONGEST_NUMBER = 300
"""Digits, or bytes, of an integer that is kept."""
_LARGEST_KEY = 1 << 60
"""Larger integers can be made to fall into one place of a dict, which then takes quadratic time."""
_TOO_MUCH = "holds more than is read of such a file"
_LEAST = 16
_COSTS = {b"}": 240, b"]": 88, b"l": 88, b"d": 240, b"\x8f": 88, b"\x91": 88, b"t": 64, b"\x85": 64, b"\x86": 64}
_COSTS |= {b"\x87": 64, b"R": 120, b"\x81": 120, b"\x92": 120, b"i": 120, b"o": 120, b"Q": 64, b"P": 64}
_COSTS |= {b"q": 100, b"r": 100, b"p": 100, b"\x94": 100, b"s": 100, b"u": 100, b"c": 200, b"\x93": 200}
_COSTS |= {b"J": 40, b"M": 40, b"I": 60, b"L": 60, b"\x8a": 60, b"\x8b": 60, b"F": 40, b"G": 40, b"(": 24}


class Stopped(Exception):
    """The stream breaks off, breaks its own rules, or wants too much; the message says which."""


class Machine:
    """One pickle. After `run`, or after it was stopped, `place`, `stack` and `globals` tell how far it came."""

    def __init__(self, data: bytes, start: int, budget: int) -> None:
        self.data = data
        self.place = start
        self.budget = budget
        self.stack: list[Value] = []
        self.marks: list[int] = []
        self.memo: dict[int, Value] = {}
        self.globals: dict[Global, None] = {}
        """In the order of the stream."""
        self.outside: list[Value] = []
        """Keys of all references to something outside the pickle."""
        self.done = False
        self._actions = self._table()
        self._costs = [_COSTS.get(bytes([code]), _LEAST) for code in range(256)]

    def run(self) -> Value:
        """The value of the pickle; Stopped where there is none."""
        data, actions, costs = self.data, self._actions, self._costs
        while not self.done:
            if self.place >= len(data):
                raise Stopped("breaks off")
            code = data[self.place]
            self.place += 1
            self.budget -= costs[code]
            if self.budget < 0:
                raise Stopped(_TOO_MUCH)
            actions[code]()
        return self.pop()

    def charge(self, octets: int) -> None:
        self.budget -= octets
        if self.budget < 0:
            raise Stopped(_TOO_MUCH)

    # What the stream holds.

    def take(self, size: int) -> bytes:
        start, end = self.place, self.place + size
        if end > len(self.data):
            raise Stopped("breaks off")
        self.place = end
        return self.data[start:end]

    def skip(self, size: int) -> int:
        """Where what was passed over begins."""
        start = self.place
        if start + size > len(self.data):
            raise Stopped("breaks off")
        self.place += size
        return start

    def line(self) -> bytes:
        end = self.data.find(b"\n", self.place, self.place + _LONGEST_LINE)
        if end < 0:
            whole = len(self.data) - self.place >= _LONGEST_LINE
            raise Stopped("holds a line without an end" if whole else "breaks off")
        return self.take(end + 1 - self.place)[:-1]

    def byte(self) -> int:
        if self.place >= len(self.data):
            raise Stopped("breaks off")
        self.place += 1
        return self.data[self.place - 1]

    def number(self, width: int, *, signed: bool = False) -> int:
        start, end = self.place, self.place + width
        if end > len(self.data):
            raise Stopped("breaks off")
        self.place = end
        return int.from_bytes(self.data[start:end], "little", signed=signed)

    # The stack.

    def push(self, value: Value) -> None:
        self.stack.append(value)

    def pop(self) -> Value:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise Stopped("takes more values than it gave")
        return self.stack.pop()

    def top(self) -> Value:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise Stopped("takes more values than it gave")
        return self.stack[-1]

    def since_mark(self) -> list[Value]:
        if not self.marks:
            raise Stopped("ends what it did not begin")
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        self.charge(8 * len(values))
        return values

    def _table(self) -> list[Callable[[], object]]:
        """The action for each of 256 codes."""
        actions: dict[bytes, Callable[[], object]] = {
            b"(": self._mark, b".": self._stop, b"0": self._drop, b"1": self._drop_to_mark, b"2": self._again,
            b"N": lambda: self.push(None), b"\x88": lambda: self.push(True), b"\x89": lambda: self.push(False),
            b"I": self._int_line, b"L": self._int_line, b"F": self._float_line, b"G": self._float,
            b"K": lambda: self.push(self.byte()), b"M": lambda: self.push(self.number(2)),
            b"J": lambda: self.push(self.number(4, signed=True)),
            b"\x8a": lambda: self._long(self.byte()), b"\x8b": lambda: self._long(self.number(4)),
            b"S": self._quoted, b"V": self._text_line,
            b"T": lambda: self._text(4), b"U": lambda: self._text(1), b"X": lambda: self._text(4),
            b"\x8c": lambda: self._text(1), b"\x8d": lambda: self._text(8),
            b"B": lambda: self._bytes(4), b"C": lambda: self._bytes(1), b"\x8e": lambda: self._bytes(8),
            b"\x96": lambda: self._bytes(8), b"\x97": self._buffer, b"\x98": self.top,
            b"]": lambda: self.push([]), b"}": lambda: self.push({}), b")": lambda: self.push(()),
            b"\x8f": lambda: self.push([]), b"l": self._from_mark, b"\x91": self._from_mark, b"d": self._dict,
            b"t": lambda: self.push(tuple(self.since_mark())), b"\x85": lambda: self._tuple(1),
            b"\x86": lambda: self._tuple(2), b"\x87": lambda: self._tuple(3),
            b"a": self._append, b"e": self._extend, b"\x90": self._extend, b"s": self._set, b"u": self._set_all,
            b"c": self._global, b"\x93": self._stack_global, b"i": self._instance, b"o": self._object,
            b"R": self._call, b"\x81": self._call, b"\x92": self._call_by_name, b"b": self._build,
            b"P": lambda: self._persistent(self.line().decode("utf-8", "replace")),
            b"Q": lambda: self._persistent(self.pop()),
            b"\x82": lambda: self._extension(1), b"\x83": lambda: self._extension(2),
            b"\x84": lambda: self._extension(4),
            b"g": lambda: self._get(self._index()), b"h": lambda: self._get(self.byte()),
            b"j": lambda: self._get(self.number(4)),
            b"p": lambda: self._put(self._index()), b"q": lambda: self._put(self.byte()),
            b"r": lambda: self._put(self.number(4)), b"\x94": lambda: self._put(len(self.memo)),
            b"\x80": lambda: self.skip(1), b"\x95": lambda: self.skip(8),
        }  # fmt: skip
        return [actions.get(bytes([code]), self._unknown) for code in range(256)]

    def _unknown(self) -> None:
        raise Stopped(f"holds no opcode of pickle at byte {self.place - 1:,}")

    def _mark(self) -> None:
        self.marks.append(len(self.stack))

    def _stop(self) -> None:
        self.done = True

    def _drop(self) -> None:
        if self.marks and self.marks[-1] == len(self.stack):
            self.marks.pop()
        else:
            self.pop()

    def _drop_to_mark(self) -> None:
        self.since_mark()

    def _again(self) -> None:
        self.push(self.top())

    # Numbers and text.

    def _int_line(self) -> None:
        line = self.line().rstrip(b"L")
        if line in (b"00", b"01"):
            self.push(line == b"01")
        else:
            self.push(_converted(int, line))

    def _float_line(self) -> None:
        self.push(_converted(float, self.line()))

    def _float(self) -> None:
        self.push(struct.unpack(">d", self.take(8))[0])

    def _long(self, size: int) -> None:
        if size > _LONGEST_NUMBER:
            self.skip(size)
            self.push(Opaque("a very long integer"))
        else:
            self.push(self.number(size, signed=True))

    def _quoted(self) -> None:
        self.push(self.line().strip(b"'\"").decode("utf-8", "replace"))

    def _text_line(self) -> None:
        self.push(self.line().decode("raw-unicode-escape", "replace"))

    def _text(self, width: int) -> None:
        size = self.number(width)
        if size > _LONGEST_TEXT:
            self.push(Octets(self.skip(size), size))
            return
        self.charge(50 + 2 * size)
        self.push(self.take(size).decode("utf-8", "replace"))

    def _bytes(self, width: int) -> None:
        size = self.number(width)
        if size > _LONGEST_BYTES:
            self.push(Octets(self.skip(size), size))
            return
        self.charge(50 + size)
        self.push(self.take(size))

    def _buffer(self) -> None:
        self.push(Opaque("a buffer outside the pickle"))

    # Containers.

    def _from_mark(self) -> None:
        self.push(self.since_mark())

    def _dict(self) -> None:
        values = self.since_mark()
        self.charge(100 * len(values))
        self.push({})
        self._assign(values)

    def _tuple(self, size: int) -> None:
        if len(self.stack) - (self.marks[-1] if self.marks else 0) < size:
            raise Stopped("takes more values than it gave")
        values = tuple(self.stack[-size:])
        del self.stack[-size:]
        self.push(values)

    def _append(self) -> None:
        self._add([self.pop()])

    def _extend(self) -> None:
        self._add(self.since_mark())

    def _add(self, values: list[Value]) -> None:
        target = self.top()
        if isinstance(target, Call):
            if target.elements is None:
                target.elements = []
            target = target.elements
        if isinstance(target, list):
            target.extend(values)

    def _set(self) -> None:
        value = self.pop()
        self._assign([self.pop(), value])

    def _set_all(self) -> None:
        values = self.since_mark()
        self.charge(50 * len(values))
        self._assign(values)

    def _assign(self, values: list[Value]) -> None:
        assign(self.top(), values)

    # What loading would import and call.

    def _global(self) -> None:
        module, name = self.line(), self.line()
        self._named(module.decode("utf-8", "replace"), name.decode("utf-8", "replace"))

    def _stack_global(self) -> None:
        name, module = self.pop(), self.pop()
        self._named(_word(module), _word(name))

    def _named(self, module: str, name: str) -> None:
        node = Global(module, name)
        self.globals.setdefault(node)
        self.push(node)

    def _instance(self) -> None:
        self._global()
        function = self.pop()
        self.push(Call(function, tuple(self.since_mark())))

    def _object(self) -> None:
        function, *arguments = self.since_mark() or [Opaque("nothing")]
        self.push(Call(function, tuple(arguments)))

    def _call(self) -> None:
        arguments = self.pop()
        self.push(Call(self.pop(), arguments))

    def _call_by_name(self) -> None:
        named, arguments = self.pop(), self.pop()
        self.push(Call(self.pop(), arguments, state=named))

    def _build(self) -> None:
        state = self.pop()
        target = self.top()
        if isinstance(target, Call):
            target.state = state

    def _persistent(self, key: Value) -> None:
        self.outside.append(key)
        self.push(Persistent(key))

    def _extension(self, width: int) -> None:
        code = self.number(width)
        self._named("copyreg extension", str(code))

    # The memo.

    def _index(self) -> int:
        number = _converted(int, self.line())
        return number if isinstance(number, int) else -1

    def _get(self, index: int) -> None:
        if index not in self.memo:
            raise Stopped("takes a value that it did not keep")
        self.push(self.memo[index])

    def _put(self, index: int) -> None:
        self.memo[index] = self.top()


def assign(target: Value, values: list[Value]) -> None:
    """Set pairs, which lie one after the other, in a dict or in what a call would give."""
    if isinstance(target, Call):
        if target.pairs is None:
            target.pairs = {}
        target = target.pairs
    if isinstance(target, dict):
        for key, value in zip(values[::2], values[1::2], strict=False):
            target[_key(key)] = value


def _key(value: Value) -> Value:
    """A key whose hash takes no time: a tuple's may take exponential time, or the whole stack."""
    if isinstance(value, int) and abs(value) >= _LARGEST_KEY:
        return Opaque("a very long integer")
    if isinstance(value, tuple):
        plain = len(value) <= 8 and all(isinstance(part, str | bool | int | None) for part in value)
        return value if plain else Opaque("a tuple")
    return Opaque("a container") if isinstance(value, list | dict) else value


def _converted(kind: Callable[[bytes], Value], line: bytes) -> Value:
    if len(line) > _LONGEST_NUMBER:
        return Opaque("a very long number")
    try:
        return kind(line)
    except ValueError as error:
        raise Stopped("holds a number that is none") from error


def _word(value: Value) -> str:
    return value[:_LONGEST_LINE] if isinstance(value, str) else "?"
