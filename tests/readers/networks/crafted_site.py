"""A folder of experiments in which everything is crafted: every route to code, to other files and to no end of memory.

`make` writes it, and beside it what its files point at; `TOLD` has what the site must say of which file.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import crafted
import crafted_graphs
import h5py
import numpy as np
from crafted import ROUTES, called, named, state_dict, storage, tensor, text
from crafted_graphs import Change, changed, external, in_program
from graphs import exported, onnx_file
from PIL import Image

__all__ = ["EXPLAINED", "FEWER", "MARKER", "TOLD", "make"]

MARKER = "OUTSIDE-MARKER-7c1e"
"""Stands in every file outside; nothing of it may be read or shown."""
FEWER = ("good", "graphs", "kept", "named", "special")
"""Experiments for trials that need not read all of them."""
EXPLAINED = "explained-"
"""How those are called of which models can be run."""
METRICS = "step,train/loss\n0,2\n1,1\n"
GIB = 1 << 30

TOLD: dict[str, str] = {
    "arrays/features.npy": "holds Python objects",
    "arrays/test.npz": "holds Python objects",
    "bombs/claims-string.pt": "is in none of the formats",
    "bombs/deflated-list.pt": "more than is read of such a part",
    "bombs/deflated-weights.pt": "claims far more bytes than the file has",
    "bombs/shape.pt": "has no sensible shape",
    "graphs/above.onnx": "lies outside its folder",
    "graphs/deep.pt2": "packed to less than 1/32",
    "graphs/nested.onnx": "more than 12 deep",
    "graphs/nodes.onnx": "more than 100,000 nodes",
    "graphs/endless.pt2": "more elements than there can be",
    "graphs/weights.pt2": "as a pickle, which is not opened",
    "graphs/old.pt2": "in a form that is not known",
    "keras/deep.keras": "nested too deep",
    "keras/weights-external.h5": "has its numbers in another file",
    "keras/weights-huge.h5": "claims more elements than there can be",
    "keras/weights-outside.h5": "is a link to another file, which is not followed",
    "keras/weights-virtual.h5": "is put together from other files",
    "keras/lambda.keras": "is a link to another file, which is not followed",
    "kept/bomb.onnx.probe": "larger than any result",
    "kept/deep.onnx.probe": "is damaged",
    "kept/nothings.onnx.probe": "larger than any result",
    "kept/pickle.onnx.probe": "is no result of dlviz probe",
    "named/../../outside/secret.pt": "leads out of the experiment's folder",
    "others/before an archive.pt": "would import os.system if it were loaded with pickle",
    "others/distributed/.metadata": "cannot be found beside it",
    "others/in a tar.pt": "is a tar archive",
    "routes-plain/03 popen.pt": "would import os.popen if it were loaded with pickle",
    "safetensors/above.safetensors.index.json": "not beside it",
    "safetensors/claims.safetensors": "announces a header of",
    "safetensors/deep.safetensors": "has a header that is no JSON",
    "safetensors/overlaid.safetensors": "lie over one another",
    "settings/args.yaml": "nested deeper than 64 levels",
    "settings/config.json": "nested too deep",
    "settings/config.yaml": "more than 200,000 values",
}
"""By file, relative to the folder: words of the notice that it must get, one file of each kind."""


def make(folder: Path, outside: Path) -> None:
    """Everything; `outside` gets what may never be opened."""
    outside.mkdir(parents=True)
    (outside / "secret.pt").write_bytes(crafted.zipped(state_dict((MARKER, tensor()))))
    (outside / "secret.bin").write_bytes(MARKER.encode() * 100)
    (outside / "secret.csv").write_text(f"step,{MARKER}\n0,1\n1,2\n")
    with h5py.File(outside / "secret.h5", "w") as file:
        file["kernel:0"] = np.ones((2, 2), np.float32)
    for name, write in _EXPERIMENTS.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "metrics.csv").write_text(METRICS)
        (folder / name / "README.md").write_text(f"# {name}\n")
        write(folder / name, outside)


# --- experiments ---


def _good(folder: Path, outside: Path) -> None:
    (folder / "model.pt").write_bytes(crafted.zipped(state_dict(crafted.GOOD)))


def _routes(container: str) -> Callable[[Path, Path], None]:
    def write(folder: Path, outside: Path) -> None:
        for place, (route, (data, _)) in enumerate(ROUTES.items()):
            name = f"{place:02d} {route}"
            (folder / f"{name}.pt").write_bytes(_CONTAINERS[container](data))

    return write


_CONTAINERS: dict[str, Callable[[bytes], bytes]] = {
    "zip": crafted.zipped,
    "legacy": crafted.legacy,
    "within": lambda data: crafted.within(crafted.zipped(data, kind=zipfile.ZIP_DEFLATED)),
    "plain": lambda data: data,
    "nested": lambda data: beside_archive(crafted.within(crafted.zipped(data))),
}


def beside_archive(data: bytes) -> bytes:
    """An archive in an archive in an archive."""
    return crafted.within(data)


def _others(folder: Path, outside: Path) -> None:
    """The names under which pickles of the rest of the ecosystem go, and payloads where nobody looks."""
    payload = ROUTES["os"][0]
    for name in ("model.pkl", "model.joblib", "model.bin", "model.pth", "model.ckpt", "model.th", "scaler.pickle"):
        (folder / name).write_bytes(payload)
    for name, data in crafted.others().items():
        (folder / f"{name}.pt").write_bytes(data)
    (folder / "optimizer.pt").write_bytes(payload)
    (folder / "training_args.bin").write_bytes(crafted.zipped(payload))
    (folder / ".metadata").write_bytes(payload)
    (folder / "__0_0.distcp").write_bytes(crafted.zipped(payload))
    (folder / "distributed").mkdir()
    (folder / "distributed/.metadata").write_bytes(_listed_elsewhere(outside))
    (folder / "distributed/__0_0.distcp").write_bytes(crafted.zipped(payload))


def _listed_elsewhere(outside: Path) -> bytes:
    """The list of a distributed checkpoint whose pieces lie outside."""
    module = "torch.distributed.checkpoint.metadata"

    def made(name: str, state: bytes, module: str = module) -> bytes:
        return named(module, name) + b")\x81}(" + state + b"ub"

    size = b"(K\x02K\x02t"
    entry = made("TensorStorageMetadata", text("size") + size)
    index = made("MetadataIndex", text("fqn") + text("w"))
    where = text("relative_path") + text(f"../../../{outside.name}/secret.pt") + text("offset") + b"K\x00"
    info = made("_StorageInfo", where + text("length") + b"M\xff\xff", "torch.distributed.checkpoint.filesystem")
    whole = text("state_dict_metadata") + b"}" + text("w") + entry + b"s" + text("storage_data") + b"}" + index + info
    return b"\x80\x02" + made("Metadata", whole + b"s") + b"."


def _arrays(folder: Path, outside: Path) -> None:
    """NumPy's formats: objects, which are pickles, and sizes without end."""
    payload = ROUTES["os"][0]
    head = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    for name in ("features.npy", "labels.npy"):
        (folder / name).write_bytes(_npy(head) + payload)
    code = "{'descr': __import__('os').system('touch CANARY'), 'fortran_order': False, 'shape': (1,)}"
    (folder / "code.npy").write_bytes(_npy(code) + bytes(8))
    (folder / "giant.npy").write_bytes(_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000,), }"))
    (folder / "void.npy").write_bytes(_npy("{'descr': '|V0', 'fortran_order': False, 'shape': (10000000000000,), }"))
    with zipfile.ZipFile(folder / "test.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("y.npy", _npy(head) + payload)
        head = "{'descr': '|u1', 'fortran_order': False, 'shape': (1073741824,), }"
        with archive.open("x.npy", "w", force_zip64=True) as member:
            member.write(_npy(head))
            for _ in range(64):
                member.write(bytes(1 << 24))


def _npy(head: str) -> bytes:
    data = head.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(data)) + data


def _bombs(folder: Path, outside: Path) -> None:
    doubling = b"\x80\x02]q\x00" + b"".join(
        b"]q" + bytes([i + 1]) + b"(h" + bytes([i]) + b"h" + bytes([i]) + b"e" for i in range(200)
    )
    written = {
        "memo": doubling + b".",
        "marks": b"\x80\x02" + b"(" * 1_000_000 + b".",
        "tuples": b"\x80\x02)" + b"\x85" * 1_000_000 + b".",
        "lists": b"\x80\x02" + b"]" * 1_000_000 + b"a" * 999_999 + b".",
        "itself": b"\x80\x02]q\x00h\x00a.",
        "claims-string": b"\x80\x04\x8d" + struct.pack("<Q", 1 << 60) + b"abc",
        "claims-bytes": b"\x80\x05\x96" + struct.pack("<Q", 40 * GIB) + b"abc",
        "claims-frame": b"\x80\x04\x95" + struct.pack("<Q", 1 << 62) + b"N.",
        "integer": b"\x80\x02\x8b" + struct.pack("<i", 8_000_000) + b"\x7f" * 8_000_000 + b".",
        "pops": b"\x80\x02N" + b"2" * 1_000_000 + b"0" * 1_000_000 + b".",
        "puts": b"\x80\x02N" + b"".join(b"r" + struct.pack("<I", 4_000_000_000 + i) for i in range(300_000)) + b".",
    }
    for name, data in written.items():
        (folder / f"{name}.pt").write_bytes(data)
    huge = b"(" + b"".join(b"J" + struct.pack("<i", 1_000_000) for _ in range(4)) + b"t"
    (folder / "shape.pt").write_bytes(
        crafted.zipped(
            state_dict(
                crafted.GOOD,
                ("stride-0.weight", tensor(shape=huge, strides=b"(K\x00K\x00K\x00K\x00t")),
                ("large.weight", tensor(shape=huge, strides=b"(" + b"J\xff\xff\xff\x7f" * 4 + b"t")),
                ("negative.weight", tensor(shape=b"J\xfe\xff\xff\xffJ\xfe\xff\xff\xff\x86")),
            )
        )
    )
    with zipfile.ZipFile(folder / "deflated-list.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02]" + b"(" * (1 << 28))
    elements = 1 << 28
    large = (
        named("torch._utils", "_rebuild_tensor_v2")
        + b"(" + storage().replace(b"K\x04tQ", b"J" + struct.pack("<i", elements) + b"tQ")
        + b"K\x00" + b"J" + struct.pack("<i", elements) + b"\x85K\x01\x85\x89"
        + called("collections", "OrderedDict", b")") + b"tR"
    )  # fmt: skip
    with zipfile.ZipFile(folder / "deflated-weights.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", state_dict(("layer.weight", large)))
        with archive.open("archive/data/0", "w", force_zip64=True) as member:
            for _ in range(64):
                member.write(bytes(1 << 24))
    with zipfile.ZipFile(folder / "entries.pt", "w") as archive:
        archive.writestr("archive/data.pkl", state_dict(crafted.GOOD))
        for number in range(20_000):
            archive.writestr(f"archive/data/{number}", b"")


def _graphs(folder: Path, outside: Path) -> None:
    crafted_graphs.write_graphs(folder)
    (folder / "above.onnx").write_bytes(external(f"../../{outside.name}/secret.bin"))
    (folder / "absolute.onnx").write_bytes(external(str(outside / "secret.bin")))
    (folder / "device.onnx").write_bytes(external("/dev/zero", elements=1 << 30))
    (folder / "passwords.onnx").write_bytes(external("/etc/passwd"))
    (folder / "link.onnx").write_bytes(external("linked.bin"))
    (folder / "linked.bin").symlink_to(outside / "secret.bin")
    (folder / "itself.onnx").write_bytes(external("itself.onnx"))
    (folder / "pipe.onnx").write_bytes(external("pipe"))
    os.mkfifo(folder / "pipe")
    (folder / "nodes.onnx").write_bytes(_wire(7, _wire(1, b"") * 3_000_000))
    (folder / "nested.onnx").write_bytes(_nested(3_000))
    (folder / "claims.onnx").write_bytes(b"\x08\x07\x3a" + b"\xff" * 9 + b"\x01" + b"abc")
    (folder / "sizes.onnx").write_bytes(_wire(7, _wire(5, b"\x08" + b"\xff" * 8 + b"\x7f" + b"\x10\x01\x42\x01w")))
    _old_layout(folder / "old.pt2")
    changed(exported("policy"), folder / "endless.pt2", in_program(_endless))
    with zipfile.ZipFile(folder / "deep.pt2", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep/archive_format", "pt2")
        archive.writestr("deep/models/model.json", "[" * 5_000_000)
    with zipfile.ZipFile(exported("policy")) as old, zipfile.ZipFile(folder / "slip.pt2", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"weight_0", b"../../0w"))


def _endless(program: dict[str, Any]) -> None:
    for meta in program["graph_module"]["graph"]["tensor_values"].values():
        meta["sizes"] = [{"as_int": 1 << 62} for _ in meta["sizes"]]


def _wire(number: int, data: bytes) -> bytes:
    """One field of a protocol buffer that holds bytes."""
    size, told = len(data), b""
    while size > 0x7F:
        told, size = told + bytes([size & 0x7F | 0x80]), size >> 7
    return bytes([number << 3 | 2]) + told + bytes([size]) + data


def _nested(depth: int) -> bytes:
    """A graph in a node's attribute in a graph, and so on."""
    graph = b""
    for _ in range(depth):
        graph = _wire(1, _wire(4, b"If") + _wire(5, _wire(1, b"then_branch") + _wire(6, graph)))
    return b"\x08\x07" + _wire(7, graph)


def _old_layout(path: Path) -> None:
    """`.pt2` as PyTorch 2.1 wrote it: weights and constants are files of torch.save."""
    payload = crafted.zipped(ROUTES["os"][0])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("version", "1.1")
        archive.writestr("serialized_exported_program.json", json.dumps({"graph_module": {}, "opset_version": {}}))
        for name in ("serialized_state_dict.pt", "serialized_constants.pt", "serialized_example_inputs.pt"):
            archive.writestr(name, payload)


def _keras(folder: Path, outside: Path) -> None:
    layers = [
        {"class_name": "Lambda", "config": {"name": "l", "function": ["4wEAAABDQU5BUlk=", None, None]}},
        {"class_name": "TFSMLayer", "config": {"name": "t", "filepath": str(outside)}},
        {"class_name": "Dense", "module": "os", "registered_name": "system", "config": {"name": "d", "units": 2}},
        {"class_name": "function", "module": "builtins", "config": "exec", "registered_name": "touch CANARY"},
    ]
    settings = json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": layers}})
    with h5py.File(folder / "weights-lambda.h5", "w") as file:
        file.attrs["model_config"] = settings
        file.create_group("model_weights")
    with h5py.File(folder / "weights-outside.h5", "w") as file:
        _weights(file, h5py.ExternalLink(f"../../{outside.name}/secret.h5", "kernel:0"))
    with h5py.File(folder / "weights-absolute.h5", "w") as file:
        _weights(file, h5py.ExternalLink(str(outside / "secret.h5"), "kernel:0"))
    with h5py.File(folder / "weights-soft.h5", "w") as file:
        _weights(file, h5py.SoftLink("/d/kernel:0"))
    with h5py.File(folder / "weights-external.h5", "w") as file:
        group = _weights(file, None)
        space = [(str(outside / "secret.bin"), 0, 16)]
        group.create_dataset("kernel:0", (2, 2), "f4", external=space)
    with h5py.File(folder / "weights-virtual.h5", "w") as file:
        layout = h5py.VirtualLayout((2, 2), "f4")
        layout[:] = h5py.VirtualSource(str(outside / "secret.h5"), "kernel:0", (2, 2))
        _weights(file, None).create_virtual_dataset("kernel:0", layout)
    with h5py.File(folder / "weights-huge.h5", "w") as file:
        _weights(file, None).create_dataset("kernel:0", (1 << 40, 1 << 20), "f4", chunks=(1 << 10, 1 << 10))
    with zipfile.ZipFile(folder / "lambda.keras", "w") as archive:
        archive.writestr("config.json", settings)
        archive.writestr("metadata.json", "{}")
        archive.writestr("../../escaped.txt", "CANARY")
        archive.write(folder / "weights-outside.h5", "model.weights.h5")
    with zipfile.ZipFile(folder / "deep.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", '{"config":' * 900_000)
        archive.writestr("metadata.json", "{}")


def _weights(file: h5py.File, link: object) -> h5py.Group:
    file.attrs["layer_names"] = np.array([b"d"])
    group = file.create_group("d")
    group.attrs["weight_names"] = np.array([b"kernel:0"])
    if link is not None:
        group["kernel:0"] = link
    return group


def _safetensors(folder: Path, outside: Path) -> None:
    entry = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}
    heads: dict[str, bytes] = {
        "claims": b'{"a":1}',
        "deep": b'{"a":' + b"[" * 3_000_000,
        "twice": b'{"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},' * 2 + b'"x":1}',
        "negative": json.dumps({"layer.weight": entry | {"data_offsets": [-16, 0]}}).encode(),
        "beyond": json.dumps({"layer.weight": entry | {"data_offsets": [0, 1 << 62]}}).encode(),
        "shape": json.dumps({"layer.weight": entry | {"shape": [1 << 62, 1 << 62]}}).encode(),
        "minus": json.dumps({"layer.weight": entry | {"shape": [-2, -2]}}).encode(),
        "overlaid": json.dumps({f"layer{i}.weight": entry for i in range(30_000)}).encode(),
        "digits": b'{"layer.weight":{"dtype":"F32","shape":[' + b"9" * 100_000 + b'],"data_offsets":[0,16]}}',
        "type": json.dumps({"layer.weight": entry | {"dtype": "os.system"}}).encode(),
    }
    for name, head in heads.items():
        size = 1 << 62 if name == "claims" else len(head)
        (folder / f"{name}.safetensors").write_bytes(struct.pack("<Q", size) + head + bytes(16))
    for name, shard in {
        "above": f"../../{outside.name}/secret.pt",
        "absolute": str(outside / "secret.pt"),
        "itself": "itself.safetensors.index.json",
        "zero": "a\0b",
        "device": "/dev/zero",
        "linked": "linked-00001-of-00002.safetensors",
    }.items():
        index = {
            "metadata": {},
            "weight_map": {"layer.weight": shard, "a.weight": f"{name}-00002-of-00002.safetensors"},
        }
        (folder / f"{name}.safetensors.index.json").write_text(json.dumps(index))
        good = json.dumps({"a.weight": entry}).encode()
        (folder / f"{name}-00002-of-00002.safetensors").write_bytes(struct.pack("<Q", len(good)) + good + bytes(16))
    (folder / "linked-00001-of-00002.safetensors").symlink_to(outside / "secret.pt")


def _settings(folder: Path, outside: Path) -> None:
    """Files of settings, and what lies beside weights."""
    (folder / "hparams.yaml").write_text(
        "a: !!python/object/apply:os.system ['touch CANARY']\nb: !!python/name:os.system\n"
        "c: !!python/object/new:subprocess.Popen [['touch', 'CANARY']]\nlr: 1e-4\n"
    )
    (folder / "config.yaml").write_text("a: &a [x,x]\n" + "".join(f"b{i}: &b{i} [*{'a' if not i else f'b{i - 1}'}, "
        f"*{'a' if not i else f'b{i - 1}'}]\n" for i in range(40)))  # fmt: skip
    (folder / "args.yaml").write_text("[" * 100_000)
    (folder / "config.json").write_text('{"a":' * 100_000)
    (folder / "vocab.json").write_text(json.dumps({"model": {"vocab": {str(i): i << 70 for i in range(1000)}}}))
    (folder / "tokenizer.json").write_text('{"model":' * 100_000)
    (folder / "adapter_config.json").write_text('{"auto_map": {"AutoModel": "os--modeling.system"}}')
    (folder / "pytorch_model.bin").write_bytes(crafted.zipped(state_dict(("embedding.weight", tensor()))))


def _named(folder: Path, outside: Path) -> None:
    """An experiment.yml that names what is not its own."""
    (folder / "experiment.yml").write_text(
        f"title: x\nmodel: os:system\ncheckpoints: [../../{outside.name}/secret.pt, {outside}/secret.pt, link.pt, "
        f"/dev/zero]\ndata: ../../{outside.name}/secret.csv\nresults: {outside}/secret.csv\n"
    )
    (folder / "link.pt").symlink_to(outside / "secret.pt")
    (folder / "model.pt").write_bytes(crafted.zipped(state_dict(crafted.GOOD)))


def _special(folder: Path, outside: Path) -> None:
    """What is no file: pipes, sockets, devices, folders, links to each other."""
    for name in ("model.pt", "model.onnx", "model.h5", "events.out.tfevents.1.host", "log.csv", "model.pt2.probe"):
        os.mkfifo(folder / name)
    with socket.socket(socket.AF_UNIX) as listening, contextlib.chdir(folder):  # names of sockets may not be long
        listening.bind("best.pt")
    (folder / "last.pt").mkdir()
    (folder / "last.pt/data.pkl").write_bytes(ROUTES["os"][0])
    (folder / "loop").symlink_to(folder)
    (folder / "out").symlink_to(outside)
    (folder / "final.pt").symlink_to("/dev/zero")
    (folder / "epoch=1.pt").symlink_to("epoch=2.pt")
    (folder / "epoch=2.pt").symlink_to("epoch=1.pt")
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):  # not in every container
            os.mknod(folder / "epoch=3.pt", 0o20666, os.makedev(1, 5))


def _explained(change: Change) -> Callable[[Path, Path], None]:
    """A model that can be run, beside pictures to run it on; what its own loader would run besides is crafted."""

    def write(folder: Path, outside: Path) -> None:
        random = np.random.default_rng(0)
        for kind in ("cat", "dog"):
            (folder / "data/val" / kind).mkdir(parents=True)
            for number in range(4):
                pixels = random.integers(0, 255, (32, 32, 3), np.uint8)
                Image.fromarray(pixels).save(folder / f"data/val/{kind}/{number}.png")
        changed(exported("resnet"), folder / "model.pt2", change)
        (folder / "elsewhere.onnx").write_bytes(external(f"../../{outside.name}/secret.bin"))

    return write


def _kept(folder: Path, outside: Path) -> None:
    """What `dlviz probe` might have left, beside models that are there and that are not."""
    head = b"dlviz-probe/1\n"
    (folder / "model.onnx").write_bytes(onnx_file("policy").read_bytes())
    written = {
        "model": head + zlib.compress(b"\xc0"),
        "pickle": ROUTES["os"][0],
        "deep": head + zlib.compress(b"\x81\xa1x" + b"\x91" * 3_000_000 + b"\xc0"),
        "bomb": head + zlib.compress(bytes(300 << 20)),
        "list": head + zlib.compress(b"\x81\xa7network\x81\xa7modules\xdd" + struct.pack(">I", 1 << 31)),
        "nothings": head + zlib.compress(b"\x81\xa1x\xdd" + struct.pack(">I", 200 << 20) + b"\x90" * (200 << 20)),
        "python": head + b"import os",
    }
    for name, data in written.items():
        (folder / f"{name}.onnx.probe").write_bytes(data)


_EXPLAINED: dict[str, Change] = {
    "inputs": crafted_graphs.sample_inputs,
    "guards": in_program(crafted_graphs.guards),
    "targets": in_program(crafted_graphs.targets),
    "endless": in_program(_endless),
    "pickled": crafted_graphs.pickled_weights,
}
_EXPERIMENTS: dict[str, Callable[[Path, Path], None]] = {
    "good": _good,
    **{f"routes-{container}": _routes(container) for container in _CONTAINERS},
    "others": _others,
    "arrays": _arrays,
    "bombs": _bombs,
    "graphs": _graphs,
    "keras": _keras,
    "safetensors": _safetensors,
    "settings": _settings,
    "named": _named,
    "special": _special,
    **{f"{EXPLAINED}{name}": _explained(change) for name, change in _EXPLAINED.items()},
    "kept": _kept,
}

if __name__ == "__main__":
    import sys

    make(Path(sys.argv[1]), Path(sys.argv[2]))
