"""Hyperparameters in event files: those of the hparams plugin, and those that trainers log as text.

Sources: plugins/hparams/plugin_data.proto of TensorBoard, google/protobuf/struct.proto; Hugging Face's
TensorBoardCallback (JSON), CleanRL (a Markdown table), Tianshou (an argparse namespace as text).
"""

from __future__ import annotations

import ast
import re
import struct
from collections.abc import Mapping

from dlviz_docs.model import Hparam, Status
from dlviz_docs.readers import _json
from dlviz_docs.readers._flatten import DEEPEST, hparams
from dlviz_docs.readers._text import Damaged
from dlviz_docs.readers._wire import BYTES, FIXED64, VARINT, WireError, fields

__all__ = ["session", "settings_in_text"]

_SESSION_START, _SESSION_END = 3, 4
_STATUS: Mapping[int, Status] = {1: "finished", 2: "failed", 3: "running"}

_LONGEST_TEXT = 1 << 20
_OWN_NAMES = re.compile(r"(?:^|/)(args|arguments|config|cfg|hparams|hyper_?param(?:eter)?s|params|parameters)$", re.I)
_OTHER_NAMES = re.compile(r"(?:^|[/_])\w*(?:config|params|settings)$", re.I)
_TABLE_ROW = re.compile(r"^\|(.*?)\|(.*)\|\s*$", re.MULTILINE)


def session(content: bytes) -> tuple[dict[str, Hparam], Status]:
    """Settings and outcome in one HParamsPluginData.

    An outcome counts only with the time the session ended: PyTorch and Lightning write "success" when they begin.
    """
    found: dict[str, Hparam] = {}
    status: Status = "unknown"
    for part in _messages(content, 0, len(content), None):
        if part[0] == _SESSION_START:
            entries = _messages(content, part[1], part[2], 1)
            found |= hparams(dict(_entry(content, begin, end) for _, begin, end in entries))
        elif part[0] == _SESSION_END:
            inner = {field.number: field for field in fields(content, part[1], part[2])}
            if 1 in inner and 2 in inner:
                status = _STATUS.get(inner[1].value, "unknown")
    return found, status


def _messages(data: bytes, start: int, end: int, number: int | None) -> list[tuple[int, int, int]]:
    """Number, start and end of the fields that hold bytes, all or those of one number."""
    parts = fields(data, start, end)
    return [(p.number, p.start, p.end) for p in parts if p.wire == BYTES and number in (None, p.number)]


def _entry(data: bytes, start: int, end: int, depth: int = 0) -> tuple[str, object]:
    """Key and value of an entry of a map<string, google.protobuf.Value>."""
    key, value = "", None
    for number, begin, stop in _messages(data, start, end, None):
        if number == 1:
            key = data[begin:stop].decode("utf-8", "replace")
        elif number == 2:
            value = _value(data, begin, stop, depth + 1)
    return key, value


def _value(data: bytes, start: int, end: int, depth: int) -> object:
    """A google.protobuf.Value. All its numbers are doubles: a whole one is shown as an integer."""
    if depth > DEEPEST:
        raise WireError("settings nested too deep")
    value: object = None
    for part in fields(data, start, end):
        if part.number == 2 and part.wire == FIXED64:
            number = struct.unpack_from("<d", data, part.start)[0]
            value = int(number) if number.is_integer() and abs(number) < 2**53 else number
        elif part.number == 3 and part.wire == BYTES:
            value = data[part.start : part.end].decode("utf-8", "replace")
        elif part.number == 4 and part.wire == VARINT:
            value = bool(part.value)
        elif part.number == 5 and part.wire == BYTES:
            value = dict(_entry(data, b, e, depth) for _, b, e in _messages(data, part.start, part.end, 1))
        elif part.number == 6 and part.wire == BYTES:
            value = [_value(data, b, e, depth + 1) for _, b, e in _messages(data, part.start, part.end, 1)]
    return value


def settings_in_text(tag: str, text: str) -> dict[str, Hparam]:
    """The settings a text holds, if its tag says that it holds some; else nothing.

    "args" and its like are the run's own settings; those of anything else keep its name: "model_config.hidden_size".
    """
    name = tag.removesuffix("/text_summary")
    own = _OWN_NAMES.search(name)
    if len(text) > _LONGEST_TEXT or not (own or _OTHER_NAMES.search(name)):
        return {}
    text = text.strip()
    found = _from_json(text) or _from_namespace(text) or _from_table(text)
    return hparams(found if own else {name.rpartition("/")[2]: found}) if found else {}


def _from_json(text: str) -> dict[str, object]:
    if not text.startswith("{"):
        return {}
    try:
        value = _json.load(text)
    except Damaged:
        return {}
    return value if isinstance(value, dict) else {}


def _from_namespace(text: str) -> dict[str, object]:
    """What `print(args)` gives: Namespace(lr=0.1, shape=(4, 84)). Read as syntax; nothing is evaluated."""
    if not text.startswith("Namespace("):
        return {}
    try:
        call = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    keywords = call.keywords if isinstance(call, ast.Call) else []
    return {keyword.arg: _literal(keyword.value) for keyword in keywords if keyword.arg}


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return ast.unparse(node)


def _from_table(text: str) -> dict[str, object]:
    """A Markdown table with the columns param and value."""
    rows = [(key.strip(), value.strip()) for key, value in _TABLE_ROW.findall(text)]
    if len(rows) < 3 or rows[0][0].lower() not in ("param", "parameter", "key", "name"):
        return {}
    return {key: _typed(value) for key, value in rows[2:]}


def _typed(word: str) -> object:
    try:
        return ast.literal_eval(word)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return word
