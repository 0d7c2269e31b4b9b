"""Settings of a run: YAML, JSON or TOML files with one of the names that people and frameworks give them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Hparam, Problem, Reading
from dlviz_docs.readers import _json, _yaml
from dlviz_docs.readers._flatten import MOST_KEYS, hparams
from dlviz_docs.readers._text import Damaged, read_text

__all__ = ["Hparams"]

_NAME = re.compile(
    r"^((train(ing)?|model|run)_)?(hparams|hyper_?param(eter)?s|config|cfg|params|parameters|args|arguments|opt|options|"
    r"hyp|settings|flags)\.(ya?ml|json|toml)$",
    re.IGNORECASE,
)
_HYDRA = frozenset({"config.yaml", "overrides.yaml"})
_WRITERS = {".json": "JSON settings", ".toml": "TOML settings"}
_OVERRIDE = re.compile(r"^(\+{0,2}[\w./@-]+)=(.*)$", re.DOTALL)
_TOML_LINE = re.compile(r"at line (\d+)")
_MOST_TRIES = 200


@dataclass(frozen=True, slots=True)
class Hparams:
    """Flat settings with typed values; they belong to the run beside or below them."""

    makes_run: ClassVar[bool] = False
    max_bytes: int = 10_000_000

    def matches(self, path: Path) -> bool:
        if path.parent.name == ".hydra":
            return path.name in _HYDRA  # hydra.yaml configures Hydra itself
        return bool(_NAME.match(path.name))

    def read(self, path: Path) -> Reading:
        writer = "Hydra" if path.parent.name == ".hydra" else _WRITERS.get(path.suffix.lower(), "YAML settings")
        try:
            text, problems = read_text(path, self.max_bytes)
        except ReadError as error:
            raise ReadError(error.what, error.remedy, partial=Reading(writer)) from error
        value: object = None
        try:
            value = _parse(path.suffix.lower(), text)
        except Damaged as damage:
            value = damage.value
            problems = (*problems, Problem("cut-off", path.name, damage.what, damage.remedy))
        settings = hparams(_plain(value))
        if len(settings) >= MOST_KEYS:
            what = f"more than {MOST_KEYS:,} settings: the rest is left out"
            problems = (*problems, Problem("too-large", path.name, what, "Keep data out of the settings file."))
        return Reading(writer, hparams=settings, problems=problems)


def _parse(suffix: str, text: str) -> object:
    if suffix == ".json":
        return _json.load(text, long_int=str)
    if suffix == ".toml":
        return _toml(text)
    return _yaml.load(text)


def _toml(text: str) -> object:
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise Damaged("nested too deep to be read") from error
    except ValueError as error:  # not TOML, or a number of more than 4,300 digits
        raise Damaged(f"not valid TOML: {error}", _toml_head(text, str(error))) from error


def _toml_head(text: str, message: str) -> object:
    """The longest head of whole lines before the damage that is TOML."""
    lines = text.splitlines()
    found = _TOML_LINE.search(message)
    last = min(int(found[1]) if found else len(lines), len(lines))
    for count in range(last - 1, max(0, last - _MOST_TRIES), -1):
        try:
            return tomllib.loads("\n".join(lines[:count]))
        except (ValueError, RecursionError):
            continue
    return None


def _plain(value: object) -> object:
    """What a framework wrapped: Hydra's list of overrides, the {"value": ...} of W&B's config.yaml."""
    if isinstance(value, list):
        return _overrides(value)
    if isinstance(value, Mapping) and "wandb_version" in value:
        wrapped = ((key, inner) for key, inner in value.items() if isinstance(inner, Mapping) and key != "_wandb")
        return {key: inner["value"] for key, inner in wrapped if "value" in inner}
    return value


def _overrides(items: Sequence[object]) -> Mapping[str, object]:
    """`- optimizer.lr=0.1` as a setting of its own, typed as in a settings file."""
    found: dict[str, object] = {}
    for item in items:
        if isinstance(item, str) and (match := _OVERRIDE.match(item)):
            found[match[1].lstrip("+")] = _word(match[2])
        elif isinstance(item, Mapping):
            found.update(item)
    return found


def _word(text: str) -> Hparam:
    try:
        value = _yaml.load(text)
    except Damaged:
        return text
    return value if value is None or isinstance(value, bool | int | float | str) else text
