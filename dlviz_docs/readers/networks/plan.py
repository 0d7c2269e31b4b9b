"""Which files hold models, by their names and by what lies beside them: nothing is opened but indices of shards.

What a name says of a checkpoint (its step, its epoch, its score) is read by the rules of the list of checkpoints.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from dlviz_docs.errors import ReadError
from dlviz_docs.names import natural
from dlviz_docs.readers.checkpoint import Checkpoint
from dlviz_docs.readers.networks._shards import INDEX, SHARD, shards_of
from dlviz_docs.readers.networks._types import Found, Kind, Plan, Planned
from dlviz_docs.readers.networks.distributed import LIST, SUFFIX

__all__ = ["inside", "missing", "plan"]

_KINDS: tuple[tuple[str, Kind], ...] = (
    (".onnx", "onnx"),
    (".pt2", "exported"),
    (".keras", "keras"),
    (".h5", "keras"),
    (".hdf5", "keras"),
)
_OF_TRAINING = re.compile(
    r"^(rng_state|random_states|optimi[sz]er|scheduler|scaler|training_args|lr_scheduler|trainer_state|zero_pp_rank)"
    r"|(^|[-_.])(optim(izer)?(_state)?s?|scheduler|scaler)\.(pt|pth|bin|ckpt|safetensors)$|_optim_states\.pt$",
    re.IGNORECASE,
)
_OF_DATA = re.compile(r"^(train(ing)?|test|val(id)?|data(set)?)\.(pt|pth)$", re.IGNORECASE)
_UNREAD = {
    ".pb": "a graph of TensorFlow, which is not read; export it as ONNX to have it shown",
    ".tflite": "a model of TensorFlow Lite, which is not read; export it as ONNX to have it shown",
    ".index": "a checkpoint of TensorFlow, which is not read; save it as .keras or .weights.h5 to have it shown",
    ".gguf": "a file of llama.cpp, which is not read; the safetensors that it was made of can be shown",
    ".pdparams": "a file of PaddlePaddle, which is not read; export it as ONNX to have it shown",
    ".orbax": "a checkpoint of Orbax, which is not read; save it as safetensors to have it shown",
}
_DATA_OF_TENSORFLOW = re.compile(r"\.data-\d+-of-\d+$")
_MARKS = (
    ("best", re.compile(r"(?<![a-z])best(?![a-z])", re.IGNORECASE)),
    ("last", re.compile(r"(?<![a-z])(last|final|latest)(?![a-z])", re.IGNORECASE)),
    ("moving average", re.compile(r"(?<![a-z])(ema|swa|averaged)(?![a-z])", re.IGNORECASE)),
)
_BESIDE = (
    ("config", ("config.json",)),
    ("optimizer", ("optimizer.pt", "optimizer.bin", "optimizer.pth")),
    ("adapter", ("adapter_config.json",)),
)


def plan(found: Found) -> Plan:
    """The files of models, and what else looked like one."""
    return _Planning(found).plan()


def inside(path: str) -> str:
    """The path in one spelling; "" for one that leads out of the experiment's folder."""
    plain = posixpath.normpath(path)
    return "" if plain.startswith(("../", "/")) or plain == ".." else plain


@dataclass(slots=True)
class _Planning:
    found: Found
    left: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def plan(self) -> Plan:
        named = [plain for path in self.found.named if (plain := inside(path)) and _is_plain(self.found.root / plain)]
        files = sorted(dict.fromkeys([*self.found.files, *named]), key=natural)
        wanted = set(named)
        planned = [*self._distributed(files), *self._indexed(files), *self._unindexed(files)]
        planned += [self._planned(path, _kind(path)) for path in files if self._is_free(path, wanted)]
        self.left |= {path: "it leads out of the experiment's folder" for path in self.found.named if not inside(path)}
        return Plan(
            tuple(sorted(planned, key=lambda one: natural(one.path))),
            tuple(sorted(self.left.items(), key=lambda item: natural(item[0]))),
        )

    def _is_free(self, path: str, wanted: set[str]) -> bool:
        if path in self.taken:
            return False
        why = "" if path in wanted else _why_not(PurePosixPath(path).name)
        if why:
            self.left[path] = why
        return not why

    # --- shards ---

    def _distributed(self, files: Sequence[str]) -> Iterator[Planned]:
        """Files of distributed checkpoints: the list beside them stands for all in their folder."""
        parts = [path for path in files if path.endswith(SUFFIX)]
        for folder in dict.fromkeys(posixpath.dirname(path) for path in parts):
            told = posixpath.join(folder, LIST)
            if _is_plain(self.found.root / told):
                self.taken |= {path for path in parts if posixpath.dirname(path) == folder} | {told}
                yield self._planned(told, "weights")

    def _indexed(self, files: Sequence[str]) -> Iterator[Planned]:
        """Shards that an index beside them lists; the index stands for all of them."""
        shards = [path for path in files if SHARD.match(PurePosixPath(path).name)]
        for folder in dict.fromkeys(posixpath.dirname(path) for path in shards):
            for index in self._indices(folder):
                try:
                    names = shards_of(self.found.root / index)
                except (ReadError, OSError):
                    continue
                self.taken |= {posixpath.join(folder, name) for name in names} | {index}
                yield self._planned(index, "weights")

    def _indices(self, folder: str) -> list[str]:
        try:
            names = sorted(path.name for path in (self.found.root / folder).glob(f"*{INDEX}") if _is_plain(path))
        except OSError:
            return []
        return [posixpath.join(folder, name) for name in names]

    def _unindexed(self, files: Sequence[str]) -> Iterator[Planned]:
        """Shards alone: those of one name and one total are one checkpoint."""
        groups: dict[tuple[str, str, str, str], list[str]] = {}
        for path in files:
            match = SHARD.match(PurePosixPath(path).name)
            if match and path not in self.taken:
                key = (posixpath.dirname(path), match["stem"], match["total"], match["suffix"])
                groups.setdefault(key, []).append(path)
        for (_, _, total, _), paths in groups.items():
            self.taken |= set(paths)
            yield self._planned(paths[0], "weights", tuple(paths) if int(total) > 1 else ())

    # --- single files ---

    def _planned(self, path: str, kind: Kind, parts: tuple[str, ...] = ()) -> Planned:
        place = PurePosixPath(path)
        own = place.parent if place.name == LIST else place  # the folder has the name of a distributed checkpoint
        step, epoch, score = _told(self.found.root / own)
        return Planned(
            path,
            kind,
            self._run(path),
            step,
            epoch,
            score,
            tuple(mark for mark, pattern in _MARKS if pattern.search(own.name)),
            parts,
            tuple(self._beside(posixpath.dirname(path))),
        )

    def _run(self, path: str) -> str:
        if path in self.found.run_of:
            return self.found.run_of[path]
        for folder in PurePosixPath(path).parents:
            if (slug := self.found.runs.get(folder.as_posix())) is not None:
                return slug
        return ""

    def _beside(self, folder: str) -> Iterator[tuple[str, str]]:
        for word, names in _BESIDE:
            there = (posixpath.join(folder, name) for name in names)
            if path := next((path for path in there if _is_plain(self.found.root / path)), ""):
                yield word, path


def _why_not(name: str) -> str:
    """Why a file of this name is no model that can be shown; "" for one that is."""
    if _OF_TRAINING.search(name):
        return "what the training needs to go on, and no model"
    if _OF_DATA.match(name):
        return "data, and no model"
    if _DATA_OF_TENSORFLOW.search(name):
        return _UNREAD[".index"]
    return _UNREAD.get(PurePosixPath(name).suffix.lower(), "")


def _kind(path: str) -> Kind:
    name = path.lower()
    return next((kind for suffix, kind in _KINDS if name.endswith(suffix)), "weights")


def _told(path: Path) -> tuple[float | None, float | None, float | None]:
    """Step, epoch and score, as the name says."""
    try:
        (artifact,) = Checkpoint().read(path).artifacts
    except OSError:
        return None, None, None
    return artifact.step, artifact.epoch, artifact.score


def _is_plain(path: Path) -> bool:
    try:
        return path.is_file() and not path.is_symlink()
    except OSError:
        return False


def missing(named: Iterable[str], root: Path) -> list[str]:
    """Files that experiment.yml names and that are not there."""
    return [path for path in named if inside(path) and not _is_plain(root / inside(path))]
