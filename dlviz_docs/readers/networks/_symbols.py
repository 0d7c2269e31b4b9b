"""Lengths that vary, as PyTorch's exporter writes them: SymPy expressions in Python, which are only ever spelled out.

"FloorDiv(Symbol('s77', positive=True, integer=True), Integer(2))" becomes "s77//2". SymPy would evaluate the text.
"""

from __future__ import annotations

import re

__all__ = ["spelled"]

_LONGEST = 2000
_LONGEST_SPELLED = 40
_DEEPEST = 20
_UNKNOWN = "?"
_TOKEN = re.compile(r"\s*(?:(?P<word>[A-Za-z_]\w*)|(?P<number>-?\d+)|'(?P<text>[^'\\]*)'|(?P<mark>[(),=]))")
_INFIX = {"Mul": "*", "FloorDiv": "//", "CleanDiv": "//", "Mod": " % ", "PythonMod": " % ", "Pow": "**"}
_CALLED = {"Max": "max", "Min": "min", "CeilToInt": "ceil", "FloorToInt": "floor"}
_PLAIN = re.compile(r"[\w+*/%() -]*[A-Za-z_][\w+*/%() -]*")


def spelled(expression: str) -> str:
    """A few letters; "?" for what is not understood."""
    if len(expression) > _LONGEST:
        return _UNKNOWN
    text = _Reader(expression).whole()
    if text is None and _PLAIN.fullmatch(expression) and not re.search(r"[A-Za-z_]\w*\(", expression):
        text = expression.strip()
    return text if text and len(text) <= _LONGEST_SPELLED else _UNKNOWN


class _Reader:
    """Calls within calls, as text; None at once for anything else."""

    def __init__(self, text: str) -> None:
        self._tokens = [match for match in _TOKEN.finditer(text) if match.end() > match.start()]
        self._whole = sum(match.end() - match.start() for match in self._tokens) == len(text)
        self._at = 0

    def whole(self) -> str | None:
        """The expression, if it is one and nothing follows."""
        found = self._value(0) if self._whole else None
        return found if self._at == len(self._tokens) else None

    def _next(self, kind: str) -> str | None:
        token = self._tokens[self._at].group(kind) if self._at < len(self._tokens) else None
        self._at += token is not None
        return token

    def _value(self, depth: int) -> str | None:
        word = self._next("word")
        if word is None or self._next("mark") != "(" or depth > _DEEPEST:
            return None
        if word in ("Symbol", "Integer"):
            return self._leaf("text" if word == "Symbol" else "number")
        parts = self._parts(depth)
        if parts is None or not parts:
            return None
        if word == "Add":
            return " + ".join(parts).replace("+ -", "- ")
        if word in _INFIX:
            return _INFIX[word].join(f"({part})" if re.search("[ /%]", part) else part for part in parts)
        return f"{_CALLED[word]}({', '.join(parts)})" if word in _CALLED else None

    def _leaf(self, kind: str) -> str | None:
        """A name or a number; what is said of it (positive=True) is passed by."""
        found = self._next(kind)
        rest = self._tokens[self._at :]
        end = next((place for place, token in enumerate(rest) if token.group("mark") == ")"), None)
        if end is None or found is None or not re.fullmatch(r"-?\w+", found):
            return None
        self._at += end + 1
        return found

    def _parts(self, depth: int) -> list[str] | None:
        parts = []
        while (part := self._value(depth + 1)) is not None:
            parts.append(part)
            mark = self._next("mark")
            if mark != ",":
                return parts if mark == ")" else None
        return None
