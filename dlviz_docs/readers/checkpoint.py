"""Checkpoints, by their names alone: how large, of which step or epoch, with which score. They are not opened, but for
the settings in archives of Stable-Baselines3.

Names follow PyTorch Lightning, Hugging Face, Keras, TensorFlow, mmengine, detectron2, timm, Ultralytics, DeepSpeed and
Stable-Baselines3; a number counts only beside the word that says what it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from dlviz_docs.model import Artifact, Reading
from dlviz_docs.readers._agent_zip import told_by_agent

__all__ = ["Checkpoint"]

_SUFFIXES = re.compile(
    r"\.(pt|pth|ckpt|th|jit|safetensors|keras|onnx|tflite|gguf|pt2|ptl|pdparams|cleanrl_model|orbax|distcp)$",
    re.IGNORECASE,
)
_TAIL = re.compile(r"\.(pth|pt|ckpt)\.tar$", re.IGNORECASE)
_HDF5 = frozenset({".h5", ".hdf5"})
_MODEL_WORD = re.compile(
    r"(?<![a-z])(models?|weights?|check_?points?|ckpts?|best|last|final|net|epoch|ep|step|iter|trained)(?![a-z])",
    re.IGNORECASE,
)
_BIN = re.compile(
    r"^((pytorch|adapter|diffusion_pytorch|flax|fp32)?_?model.*|optimizer|training_args)\.bin$", re.IGNORECASE
)
_ZIP = re.compile(r"(_steps|^best_model|^final_model|model)\.zip$", re.IGNORECASE)
_ZOO_ZIP = re.compile(r"^[A-Z][\w-]*-v\d+\.zip$")
"""RL Zoo names a model for its environment: CartPole-v1.zip."""
_FROZEN = re.compile(r"(saved_model|frozen|graph|model).*\.pb$", re.IGNORECASE)
_TENSORFLOW = re.compile(r"(\.index|\.data-\d+-of-\d+)$")
_KEPT = re.compile(r"\.probe$")
"""What `dlviz probe` leaves beside a model."""
_STATE = re.compile(
    r"^(rng_state|random_states|optimi[sz]er|scheduler|scaler|training_args|lr_scheduler)", re.IGNORECASE
)
_DATA = re.compile(r"^(train(ing)?|test|val(id)?|data(set)?)\.(pt|pth)$", re.IGNORECASE)

_NUMBER = r"(\d+(?:\.\d+)?)"
_EPOCH = (
    re.compile(r"(?<![a-z])(?:epochs?|ep)[-_=.]?(\d+)", re.IGNORECASE),
    re.compile(r"(?<![\w=])(\d+)[-_]?epochs?(?![a-z=])", re.IGNORECASE),
)
_STEP = (
    re.compile(r"(?<![a-z])(?:global_?step|steps?|iter(?:ation)?s?|it)[-_=.]?(\d+)", re.IGNORECASE),
    re.compile(r"(?<![\d=])(\d+)[-_]?(?:steps?|iters?)(?![a-z=])", re.IGNORECASE),
)
_DETECTRON = re.compile(r"^model_(\d{7})$")
_TF1 = re.compile(r"model\.ckpt-(\d+)$")
_KERAS = re.compile(rf"\.(\d+)-{_NUMBER}$")
"""`weights.{epoch:02d}-{val_loss:.2f}`, from the example in Keras' own documentation."""
_TIMM = re.compile(r"^checkpoint-(\d+)$")
_HF_FOLDER = re.compile(r"^checkpoint-(\d+)$")
_SCORE = re.compile(
    rf"(?:loss|acc(?:uracy)?|map|auc|f1|score|iou|miou|reward|rmse|mae|psnr|bleu|wer)[-_=:](-?{_NUMBER})(?![\d.]*[a-z])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights, optimizer states and exported models, as a list."""

    makes_run: ClassVar[bool] = False

    def matches(self, path: Path) -> bool:
        name, suffix = path.name, path.suffix.lower()
        if suffix in _HDF5:  # data sets are HDF5, too
            return bool(_MODEL_WORD.search(name) or _KERAS.search(path.stem) or _MODEL_WORD.search(path.parent.name))
        patterns = (_SUFFIXES, _TAIL, _BIN, _ZIP, _ZOO_ZIP, _FROZEN, _KEPT)
        return any(pattern.search(name) for pattern in patterns) or _is_tensorflow(path)

    def read(self, path: Path) -> Reading:
        stem = _stem(path.name)
        kind: Literal["checkpoint", "other"] = "checkpoint"
        if _STATE.match(path.name) or _DATA.match(path.name) or _KEPT.search(path.name) or ".data-" in path.name:
            kind = "other"
        settings, trained = told_by_agent(path) if path.suffix.lower() == ".zip" else ({}, None)
        step = _step(stem, path)
        artifact = Artifact(
            name=_shown(path),
            path=path.name,
            kind=kind,
            size=path.stat().st_size,
            step=trained if step is None else step,
            epoch=_epoch(stem, path.name),
            score=_score(stem),
        )
        return Reading("Checkpoint", hparams=settings, artifacts=(artifact,))


def _is_tensorflow(path: Path) -> bool:
    return bool(_TENSORFLOW.search(path.name)) and ("ckpt" in path.name or "variables" in path.name)


def _stem(name: str) -> str:
    """The name without its ending, also ".pth.tar", ".weights.h5" and ".data-00000-of-00001"."""
    return re.sub(
        r"(\.weights)?\.(h5|hdf5|keras|pth|pt|ckpt|th|safetensors|onnx|zip|bin|tflite|index|tar|data-\d+-of-\d+)$",
        "",
        _TAIL.sub("", name),
    )


def _shown(path: Path) -> str:
    """The file's name, under its folder where that carries the step."""
    return f"{path.parent.name}/{path.name}" if _HF_FOLDER.match(path.parent.name) else path.name


def _step(stem: str, path: Path) -> float | None:
    found = (_number(pattern, stem) for pattern in (*_STEP, _DETECTRON, _TF1))
    named = next((step for step in found if step is not None), None)
    return _number(_HF_FOLDER, path.parent.name) if named is None else named


def _epoch(stem: str, name: str) -> float | None:
    patterns = (*_EPOCH, _KERAS, _TIMM) if _TAIL.search(name) else (*_EPOCH, _KERAS)
    return next((found for pattern in patterns if (found := _number(pattern, stem)) is not None), None)


def _score(stem: str) -> float | None:
    if match := _KERAS.search(stem):
        return float(match[2])
    found = _SCORE.search(stem)
    return float(found[1]) if found else None


def _number(pattern: re.Pattern[str], text: str) -> float | None:
    match = pattern.search(text)
    return None if match is None else float(match[1])
