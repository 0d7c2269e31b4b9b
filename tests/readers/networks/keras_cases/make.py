"""Made the files beside this once, with Keras 3.15.1 on PyTorch: KERAS_BACKEND=torch python make.py

`facts.json` is what Keras says of each model: layers, shapes, numbers of weights, and each weight's sum.
"""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
from keras import layers as ly

HERE = Path(__file__).parent
DOUBLED = eval(compile("lambda v: v * 2", "make.py", "eval"))  # code that does not tell where this file lies
FORMS = {
    "cnn": (".keras", ".h5", ".weights.h5"),
    "branches": (".keras", ".h5"),
    "text": (".keras", ".h5", ".weights.h5"),
    "mixed": (".keras", ".h5"),
    "own": (".keras", ".weights.h5"),
}
keras.utils.set_random_seed(0)


@keras.saving.register_keras_serializable(package="mine")
class Gate(ly.Layer):
    def build(self, shape: tuple[int, ...]) -> None:
        self.gate = self.add_weight(shape=(shape[-1],), name="gate")
        super().build(shape)

    def call(self, x):
        return x * self.gate


class Own(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.first = ly.Dense(4)
        self.blocks = [ly.Dense(4), ly.Dense(4)]

    def call(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        return x


def cnn() -> keras.Model:
    model = keras.Sequential(
        [
            ly.Input((16, 16, 3)),
            ly.Conv2D(8, 3, padding="same", activation="relu", name="first"),
            ly.BatchNormalization(),
            ly.MaxPooling2D(),
            ly.SeparableConv2D(12, 3),
            ly.DepthwiseConv2D(3, padding="same"),
            ly.Conv2DTranspose(6, 2, strides=2),
            ly.ZeroPadding2D(((1, 0), (2, 1))),
            ly.Cropping2D(1),
            ly.UpSampling2D(),
            ly.AveragePooling2D(3, strides=2, padding="same"),
            ly.GlobalAveragePooling2D(),
            ly.Dropout(0.3),
            ly.Dense(10, activation="softmax", name="head"),
        ],
        name="cnn",
    )
    model.compile("adam", "mse")
    model.fit(np.random.rand(4, 16, 16, 3), np.random.rand(4, 10), verbose=0)
    return model


def branches() -> keras.Model:
    image = ly.Input((12, 12, 4), name="image")
    shared = ly.Conv2D(4, 3, padding="same", name="shared")
    a = shared(image)
    b = shared(ly.Conv2D(4, 3, padding="same", groups=2, use_bias=False)(a))
    added = ly.Add(name="shortcut")([a, b])
    inner = keras.Sequential([ly.Input((12, 12, 4)), ly.Conv2D(5, 1), ly.Activation("relu")], name="inner")
    inner.trainable = False
    joined = ly.Concatenate()([inner(added), added])
    pooled = ly.GlobalMaxPooling2D()(joined)
    return keras.Model(image, [ly.Dense(3, name="classes")(pooled), ly.Dense(1, name="value")(pooled)], name="branches")


def text() -> keras.Model:
    words = ly.Input((20,), dtype="int32", name="words")
    x = ly.Embedding(50, 8)(words)
    x = ly.Bidirectional(ly.LSTM(6, return_sequences=True))(x)
    x = ly.LayerNormalization()(x + ly.MultiHeadAttention(2, 4)(x, x))
    x = ly.Conv1D(7, 3, strides=2, padding="causal")(x)
    x = ly.GRU(7)(ly.TimeDistributed(ly.Dense(5))(x))
    return keras.Model(words, ly.Dense(2)(ly.PReLU()(x)), name="text")


def mixed() -> keras.Model:
    x = ly.Input((6,), name="numbers")
    y = ly.Lambda(DOUBLED, output_shape=(6,), name="doubled")(x)
    y = ly.Dense(4, dtype="bfloat16", name="half")(Gate(name="gate")(y))
    return keras.Model(x, ly.Dense(2, dtype="float16", name="last")(y), name="mixed")


def own() -> keras.Model:
    model = Own()
    model(np.zeros((1, 3)))
    return model


def facts(model: keras.Model) -> dict[str, object]:
    flat = list(model._flatten_layers(include_self=False))
    return {
        "layers": {
            layer.name: [type(layer).__name__, list(layer.output.shape)]
            for layer in flat
            if isinstance(layer, ly.Layer) and layer._inbound_nodes and not isinstance(layer.output, list)
        },
        "parameters": model.count_params(),
        "trainable": int(sum(np.prod(w.shape) for w in model.trainable_weights)),
        "weights": [
            [w.path, list(w.shape), float(keras.ops.convert_to_numpy(w.value).astype("float64").sum())]
            for w in model.weights
        ],
    }


found = {}
for make in (cnn, branches, text, mixed, own):
    model = make()
    name = make.__name__
    for form in FORMS[name]:
        save = model.save_weights if form == ".weights.h5" else model.save
        save(HERE / f"{name}{form}")
    found[name] = facts(model)
(HERE / "facts.json").write_text(json.dumps(found) + "\n")
