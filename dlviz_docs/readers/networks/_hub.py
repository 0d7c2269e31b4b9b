"""What a folder of Hugging Face says of the model in it: config.json, and adapter_config.json of peft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._json import load
from dlviz_docs.readers._text import clean, read_text
from dlviz_docs.readers.networks._types import Planned

__all__ = ["Hub", "read_hub"]

_LARGEST = 4 << 20
_LONGEST = 200
_TOLD: Mapping[str, str] = {
    "model_type": "model type",
    "hidden_size": "hidden size",
    "n_embd": "hidden size",
    "d_model": "hidden size",
    "num_hidden_layers": "hidden layers",
    "n_layer": "hidden layers",
    "num_attention_heads": "attention heads",
    "n_head": "attention heads",
    "num_key_value_heads": "heads of keys and values",
    "intermediate_size": "intermediate size",
    "vocab_size": "vocabulary",
    "max_position_embeddings": "positions",
    "image_size": "image size",
    "patch_size": "patch size",
    "torch_dtype": "dtype told",
    "transformers_version": "transformers",
}
_OF_ADAPTERS: Mapping[str, str] = {
    "peft_type": "adapter",
    "r": "rank of the adapter",
    "lora_alpha": "scale of the adapter (alpha)",
    "task_type": "task",
}


@dataclass(frozen=True, slots=True)
class Hub:
    """What is told beside the weights."""

    architecture: str = ""
    """Class of the model: "BertForMaskedLM"."""
    facts: Mapping[str, str] = field(default_factory=dict)


def read_hub(root: Path, planned: Planned) -> Hub:
    """What lies beside a checkpoint; nothing where a file is damaged or of something else."""
    beside = dict(planned.beside)
    config = _object(root / beside["config"]) if "config" in beside else {}
    adapter = _object(root / beside["adapter"]) if "adapter" in beside else {}
    architecture = _architecture(config)
    if not (architecture or "model_type" in config or adapter):
        return Hub()
    return Hub(clean(architecture[:_LONGEST]), {**_facts(config, _TOLD), **_facts(adapter, _OF_ADAPTERS)})


def _architecture(config: Mapping[str, object]) -> str:
    """As transformers, diffusers and timm call it."""
    listed = config.get("architectures")
    named = [*(listed if isinstance(listed, list) else ()), config.get("_class_name"), config.get("architecture")]
    return next((one for one in named if isinstance(one, str) and one), "")


def _facts(told: Mapping[str, object], names: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, name in names.items():
        value = told.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            found.setdefault(name, f"{value:,}")
        elif isinstance(value, str) and value:
            found.setdefault(name, clean(value[:_LONGEST]))
    return found


def _object(path: Path) -> Mapping[str, object]:
    try:
        value = load(read_text(path, _LARGEST)[0])
    except (ReadError, OSError):
        return {}
    return value if isinstance(value, Mapping) else {}
