"""Files that name the classes by number: "classes.txt", "class_names.json", "id2label.json", "class_to_idx.json"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._json import load
from dlviz_docs.readers._text import clean, read_text
from dlviz_docs.readers.samples.delimited import sniff

__all__ = ["class_names_in", "is_of_class_names"]

_STEM = re.compile(
    r"^(?:.*[_-])?(?:class(?:es)?[_-]?(?:names?|list|labels?|map|mapping|index|indices|to[_-]?idx|2idx)?|"
    r"labels?[_-]?(?:names?|list|map|mapping|encoder|to[_-]?id|2id)?|id[_-]?(?:2|to)[_-]?label|"
    r"idx[_-]?(?:2|to)[_-]?(?:label|class)|index[_-]?to[_-]?name|target[_-]?names?|categories|obj|names)$",
    re.IGNORECASE,
)
_ENDINGS = frozenset({".txt", ".json", ".csv", ".tsv", ".names"})
_MOST = 1 << 20
_LONGEST = 200


def is_of_class_names(path: str) -> bool:
    """Whether a file is called like one that names classes; what is in it decides."""
    pure = PurePosixPath(path)
    return pure.suffix.lower() in _ENDINGS and bool(_STEM.match(pure.stem))


def class_names_in(path: Path) -> tuple[str, ...]:
    """The names, that of class 0 first; () for a file that holds something else."""
    try:
        text, _ = read_text(path, _MOST)
        match path.suffix.lower():
            case ".json":
                names = _of_json(load(text))
            case ".csv" | ".tsv":
                names = _of_table(text)
            case _:
                names = _of_lines(text)
    except (ReadError, OSError):
        return ()
    names = tuple(clean(name.strip()) for name in names)
    fine = len(names) > 1 and len(set(names)) == len(names) and all(0 < len(name) <= _LONGEST for name in names)
    return names if fine and not all(map(_is_number, names)) else ()


def _is_number(name: str) -> bool:
    return name.lstrip("-").replace(".", "", 1).isdecimal()


def _of_lines(text: str) -> tuple[str, ...]:
    """A name a line, or a number and a name."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    pairs = [re.match(r"^(\d+)[\s:,;]+(\S.*)$|^(\S.*?)[\s:,;]+(\d+)$", line) for line in lines]
    found = {int(m[1] or m[4]): m[2] or m[3] for m in pairs if m}
    return _in_order(found) if len(found) == len(lines) and _in_order(found) else tuple(lines)


def _of_json(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(value) if all(isinstance(one, str) for one in value) else _of_records(value)
    if not isinstance(value, dict):
        return ()
    for key in ("id2label", "classes", "class_names", "names", "labels"):
        if isinstance(value.get(key), (list, dict)):
            return _of_json(value[key])
    return _of_mapping(value)


def _of_mapping(value: Mapping[str, object]) -> tuple[str, ...]:
    """Names by number, or numbers by name; ImageNet's lists have two names for each number."""
    by_number: dict[int, str] = {}
    for key, one in value.items():
        name = one[-1] if isinstance(one, list) and one else one
        if key.isdecimal() and isinstance(name, str):
            by_number[int(key)] = name
        elif isinstance(one, int) and not isinstance(one, bool):
            by_number[one] = key
    return _in_order(by_number) if len(by_number) == len(value) else ()


def _of_records(value: list[object]) -> tuple[str, ...]:
    """A list of {"id": 0, "name": "cat"}."""
    found: dict[int, str] = {}
    for one in value:
        if isinstance(one, dict) and isinstance(one.get("id"), int) and isinstance(one.get("name"), str):
            found[one["id"]] = one["name"]
    return _in_order(found) if len(found) == len(value) else ()


def _of_table(text: str) -> tuple[str, ...]:
    """A column of numbers from 0 on, and one of names."""
    table = sniff(text, complete=True)
    if table is None or len(table.columns) != 2:
        return ()
    for number, name in ((0, 1), (1, 0)):
        rows = [row for row in table.rows if len(row) == 2]
        if rows and all(row[number].strip().isdecimal() for row in rows):
            found = {int(row[number]): row[name] for row in rows}
            return _in_order(found) if len(found) == len(rows) else ()
    return ()


def _in_order(names: Mapping[int, str]) -> tuple[str, ...]:
    """Those of classes that count from 0 or from 1 without a gap; else none."""
    start = min(names, default=-1)
    if start not in (0, 1) or sorted(names) != list(range(start, start + len(names))):
        return ()
    return tuple(names[number] for number in sorted(names))
