"""What a model of Stable-Baselines3 says of its training: the plain settings in its archive's member `data`.

That member is JSON whose values are numbers, words and, for whatever else an agent holds, pickles in base64: those are
never decoded. Source: stable_baselines3/common/save_util.py.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from dlviz_docs.model import Hparam
from dlviz_docs.readers import _json
from dlviz_docs.readers._flatten import hparams
from dlviz_docs.readers._text import Damaged

__all__ = ["Told", "told_by_agent"]

_MARK = "_stable_baselines3_version"
_LARGEST = 16_000_000
"""Bytes of the settings; they hold the last observations, too."""
_STATE = frozenset(
    {"num_timesteps", "verbose", "start_time", "tensorboard_log", "processes", "old_count", "n_params", "device"}
)
"""What tells how far the training was and where, but not how it was set."""
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, KeyError, OSError)

Told = tuple[Mapping[str, Hparam], float | None]
"""Settings, and the environment steps the agent was trained for."""


def told_by_agent(path: Path) -> Told:
    """What the archive tells; nothing where it is none of Stable-Baselines3's, or is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            if _MARK not in archive.namelist() or archive.getinfo("data").file_size > _LARGEST:
                return {}, None
            with archive.open("data") as member:
                data = _json.load(member.read(_LARGEST).decode("utf-8", "replace"))
    except (*_BROKEN, Damaged):
        return {}, None
    if not isinstance(data, Mapping):
        return {}, None
    plain = {key: value for key, value in data.items() if isinstance(value, bool | int | float | str)}
    steps = plain.get("num_timesteps")
    settings = {key: value for key, value in plain.items() if not key.startswith("_") and key not in _STATE}
    return hparams(settings), float(steps) if isinstance(steps, int | float) else None
