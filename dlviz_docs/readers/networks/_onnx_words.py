"""ONNX's operators by what they have in common."""

from __future__ import annotations

__all__ = ["ACTIVATIONS", "BOOLEAN", "FOREIGN", "FORMAL", "NORMALISATIONS", "PAIRWISE", "SAME"]

ACTIVATIONS = {
    "Relu": "ReLU",
    "Sigmoid": "Sigmoid",
    "Tanh": "Tanh",
    "LeakyRelu": "LeakyReLU",
    "Elu": "ELU",
    "Celu": "CELU",
    "Selu": "SELU",
    "Gelu": "GELU",
    "PRelu": "PReLU",
    "HardSigmoid": "Hardsigmoid",
    "HardSwish": "Hardswish",
    "Mish": "Mish",
    "Softplus": "Softplus",
    "Softsign": "Softsign",
    "ThresholdedRelu": "Threshold",
    "Swish": "SiLU",
    "Dropout": "Dropout",
    "Identity": "Identity",
}
"""With the layer of PyTorch that each is."""
NORMALISATIONS = frozenset(
    {
        "BatchNormalization",
        "InstanceNormalization",
        "LayerNormalization",
        "GroupNormalization",
        "RMSNormalization",
        "SimplifiedLayerNormalization",
        "LpNormalization",
        "MeanVarianceNormalization",
        "LRN",
    }
)
BOOLEAN = frozenset({"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Xor"})
"""Those that compare, or combine comparisons, of two arrays."""
PAIRWISE = BOOLEAN | {
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Pow",
    "Mod",
    "Max",
    "Min",
    "Mean",
    "Sum",
    "BitShift",
    "BitwiseAnd",
    "BitwiseOr",
    "BitwiseXor",
}
"""Element by element, of several arrays."""
_ELEMENTWISE = """
Abs Acos Acosh Asin Asinh Atan Atanh Ceil Clip Cos Cosh Erf Exp Floor Log Neg Not Reciprocal Round Sign Sin Sinh Sqrt
Tan Shrink Trilu IsNaN IsInf BitwiseNot CastLike
"""
SAME = (
    frozenset(_ELEMENTWISE.split())
    | frozenset(ACTIVATIONS)
    | NORMALISATIONS
    | {"Softmax", "LogSoftmax", "Hardmax", "CumSum", "RotaryEmbedding", "ScatterElements", "ScatterND", "Scatter"}
)
"""The first output has the shape and type of the first input."""
FOREIGN = frozenset({"Gelu", "FusedMatMul", "SimplifiedLayerNormalization"})
"""Operators of other sets that do what their names say."""

FORMAL: dict[str, tuple[str, ...]] = {
    "Reshape": ("", "shape"),
    "Expand": ("", "shape"),
    "Tile": ("", "repeats"),
    "Slice": ("", "starts", "ends", "axes", "steps"),
    "Pad": ("", "pads", "constant_value", "axes"),
    "Resize": ("", "roi", "scales", "sizes"),
    "Upsample": ("", "scales"),
    "Gather": ("", "indices"),
    "TopK": ("", "K"),
    "Split": ("", "split"),
    "Clip": ("", "min", "max"),
    "OneHot": ("", "depth"),
    "CumSum": ("", "axis"),
    "Trilu": ("", "k"),
    "ConstantOfShape": ("shape",),
    "Range": ("start", "limit", "delta"),
    "Dropout": ("", "ratio", "training_mode"),
    **dict.fromkeys(("Squeeze", "Unsqueeze"), ("", "axes")),
    **{f"Reduce{word}": ("", "axes") for word in ("Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare")},
    **{f"Reduce{word}": ("", "axes") for word in ("LogSum", "LogSumExp")},
}
"""Names of inputs that say how something is done; "" for those that are arrays of the model."""
