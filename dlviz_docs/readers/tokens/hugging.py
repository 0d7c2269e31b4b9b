"""`tokenizer.json`, read by the package `tokenizers`, which wrote it: the only way that is exact for all of them.

Such a file is data: rules and a vocabulary, no code. A crafted one can still take time or memory, or end the process:
hence it is read in a worker, never in the build, and what would swell texts is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlviz_docs.errors import MissingExtra, ReadError
from dlviz_docs.readers._json import load
from dlviz_docs.readers._text import read_text
from dlviz_docs.readers.tokens.text import LONGEST_TEXT, Tokenized, named

if TYPE_CHECKING:
    from tokenizers import Encoding
    from tokenizers import Tokenizer as Library

__all__ = ["FileTokenizer", "read_file"]

_LARGEST = 64 << 20
_SWELLS = 64
"""Times that replacements may make a text longer."""
_DEEPEST = 20


@dataclass(frozen=True, slots=True, eq=False)
class FileTokenizer:
    """A `tokenizer.json`."""

    file: str
    library: Library
    kind: str = ""
    special: frozenset[str] = field(default_factory=frozenset)

    @property
    def name(self) -> str:
        return f"{self.file}{f' ({self.kind})' if self.kind else ''}"

    @property
    def pad(self) -> int | None:
        told = self.library.padding
        return int(told["pad_id"]) if told else named(self.library.get_vocab(), "pad")

    @property
    def hidden(self) -> int | None:
        numbers = self.library.get_vocab()
        mask = named(numbers, "mask")
        return named(numbers, "unknown") if mask is None else mask

    def __call__(self, texts: Sequence[str], longest: int) -> tuple[Tokenized, ...]:
        """`ReadError` where its rules fail on a text."""
        given = [text[:LONGEST_TEXT] for text in texts]
        try:
            found = [self._encoded(text, longest) for text in given]
        # Rust's panics are exceptions of their own kind.
        except BaseException as error:
            if isinstance(error, Exception) or type(error).__name__ == "PanicException":
                raise ReadError(f"cannot take a text apart: {_first(error)}", "Save the tokenizer anew.") from error
            raise
        return tuple(_told(text, one) for text, one in zip(given, found, strict=True))

    def _encoded(self, text: str, longest: int) -> Encoding:
        self.library.no_padding()
        self.library.enable_truncation(max(longest, 1))
        return self.library.encode(text)


def _told(text: str, found: Encoding) -> Tokenized:
    """The tokens of a word belong together: those of one of the file's own words that no space stands between."""
    places: list[int] = []
    words: list[str] = []
    special: set[int] = set()
    last, end = None, 0
    rows = zip(found.tokens, found.word_ids, found.offsets, found.special_tokens_mask, strict=True)
    for token, word, (start, stop), mark in rows:
        if mark:
            special.add(len(words))
            words.append(token)
            places.append(len(words) - 1)
            last = None
            continue
        piece = text[max(start, end) : stop]  # letters that several tokens share are the first one's
        apart = word != last or start > end or piece[:1].isspace()
        blank = not piece.strip() or (bool(words) and not words[-1].strip())  # spaces alone are no word
        if not words or len(words) - 1 in special or (apart and not blank):
            words.append(" " if start > end else "")
        words[-1] += piece
        places.append(len(words) - 1)
        last, end = word, max(end, stop)
    return Tokenized(tuple(found.ids), tuple(places), tuple(map(_shown, words)), frozenset(special))


def _shown(word: str) -> str:
    """With one space before it, if it has any."""
    return f"{' ' if word[:1].isspace() else ''}{word.strip() or '␣'}"


def read_file(path: Path, told: str) -> FileTokenizer:
    """The tokenizer of a file, which is called `told`.

    `MissingExtra` where the package is not installed; `ReadError` where the file is damaged, or asks for what is not
    run here.
    """
    text, problems = read_text(path, _LARGEST)
    if problems:
        raise ReadError(problems[0].what, problems[0].remedy)
    rules = load(text)
    if not isinstance(rules, Mapping) or not isinstance(model := rules.get("model"), Mapping):
        raise ReadError("holds no model of a tokenizer", "Save the tokenizer anew.")
    if _swelling(rules.get("normalizer"), 0) > _SWELLS:
        raise ReadError("makes texts many times longer", "Save a tokenizer without such replacements.")
    try:
        from tokenizers import Tokenizer as Library
    except ImportError as error:
        raise MissingExtra("tokenizers", "text") from error
    try:
        library = Library.from_str(text)
    # The package raises plain exceptions, and panics, which are of a kind of their own.
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise ReadError(f"is no tokenizer: {_first(error)}", "Save the tokenizer anew.") from error
        raise
    return FileTokenizer(told, library, str(model.get("type") or ""))


def _swelling(rule: Any, depth: int) -> float:
    """How many times longer all replacements together could make a text."""
    if depth > _DEEPEST:
        return float("inf")
    if not isinstance(rule, Mapping):
        return 1.0
    inner = rule.get("normalizers")
    whole = float(max(1, len(str(rule.get("content") or ""))))
    for one in inner if isinstance(inner, list) else ():
        whole *= _swelling(one, depth + 1)
    return whole


def _first(error: BaseException) -> str:
    return next(_lines(error), type(error).__name__)


def _lines(error: BaseException) -> Iterator[str]:
    yield from (line.strip() for line in str(error).splitlines() if line.strip())
