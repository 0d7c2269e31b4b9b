"""Checkpoints that run a command when they are unpickled, by every route; and a reader's process that is watched.

Opcodes are written out by hand, so that no such object has to be made. `ROUTES` has the pickle of each route, and what
a reader must tell that it names; `files` puts each into every container.
"""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["ROUTES", "files", "legacy", "state_dict", "zipped"]

COMMAND = "touch CANARY"
LEGACY = 0x1950A86A20F9469CFC6C


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def called(module: str, name: str, arguments: bytes = text(COMMAND) + b"\x85") -> bytes:
    return named(module, name) + arguments + b"R"


def storage(key: str = "0", elements: int = 4, kind: str = "FloatStorage") -> bytes:
    reference = b"(" + text("storage") + named("torch", kind) + text(key) + text("cpu")
    return reference + b"K" + bytes([elements]) + b"tQ"


def tensor(
    key: str = "0", shape: bytes = b"K\x02K\x02\x86", strides: bytes = b"K\x02K\x01\x86", extra: bytes = b""
) -> bytes:
    """Two by two float32, rebuilt as PyTorch does it; `extra` is called in the place of its hooks."""
    hooks = extra or called("collections", "OrderedDict", b")")
    return (
        named("torch._utils", "_rebuild_tensor_v2") + b"(" + storage(key) + b"K\x00" + shape + strides + b"\x89" + hooks
        + b"tR"
    )  # fmt: skip


def state_dict(*entries: tuple[str, bytes]) -> bytes:
    """A pickle of an ordered dict of values that are written out."""
    return (
        b"\x80\x02"
        + called("collections", "OrderedDict", b")")
        + b"("
        + b"".join(text(k) + v for k, v in entries)
        + b"u."
    )


GOOD = ("layer.weight", tensor())


def beside(payload: bytes) -> bytes:
    """A state dict with a tensor, and beside it what would be run."""
    return state_dict(GOOD, ("payload", payload))


def _system(*, module: str = "os", name: str = "system") -> bytes:
    return beside(called(module, name))


_EVAL = text("__import__('os').system('touch CANARY')") + b"\x85"
ROUTES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "os": (_system(), ("os.system",)),
    "posix": (_system(module="posix"), ("posix.system",)),
    "nt": (_system(module="nt"), ("nt.system",)),
    "popen": (_system(name="popen"), ("os.popen",)),
    "subprocess": (_system(module="subprocess", name="check_output"), ("subprocess.check_output",)),
    "eval": (beside(called("builtins", "eval", _EVAL)), ("builtins.eval",)),
    "exec": (beside(called("builtins", "exec", _EVAL)), ("builtins.exec",)),
    "eval of python 2": (beside(called("__builtin__", "eval", _EVAL)), ("__builtin__.eval",)),
    "import": (beside(called("builtins", "__import__", text("os") + b"\x85")), ("builtins.__import__",)),
    "getattr": (
        beside(
            called("builtins", "getattr", named("os", "path") + text("system") + b"\x86") + text(COMMAND) + b"\x85R"
        ),
        ("builtins.getattr", "os.path"),
    ),
    "open": (beside(called("builtins", "open", text("CANARY") + text("w") + b"\x86")), ("builtins.open",)),
    "module import alone": (beside(named("antigravity", "geohash")), ("antigravity.geohash",)),
    "runpy": (beside(called("runpy", "run_path")), ("runpy.run_path",)),
    "pty": (beside(called("pty", "spawn")), ("pty.spawn",)),
    "webbrowser": (beside(called("webbrowser", "open", text("http://localhost:9/") + b"\x85")), ("webbrowser.open",)),
    "socket": (beside(called("socket", "create_connection")), ("socket.create_connection",)),
    "ctypes": (beside(called("ctypes", "CDLL")), ("ctypes.CDLL",)),
    "pickle in a pickle": (beside(called("pickle", "loads", b"C\x01.\x85")), ("pickle.loads",)),
    "dotted name": (beside(called("torch", "os.system")), ("torch.os.system",)),
    "dotted name in a class's module": (
        beside(called("torch.nn.modules.container", "os.system")),
        ("torch.nn.modules.container.os.system",),
    ),
    "instance": (beside(b"(" + text(COMMAND) + b"ios\nsystem\n"), ("os.system",)),
    "object": (beside(b"(" + named("os", "system") + text(COMMAND) + b"o"), ("os.system",)),
    "stack global": (beside(text("os") + text("system") + b"\x93" + text(COMMAND) + b"\x85R"), ("os.system",)),
    "new object": (beside(named("subprocess", "Popen") + text(COMMAND) + b"\x85\x81"), ("subprocess.Popen",)),
    "new object by keyword": (beside(named("subprocess", "Popen") + b")}\x92"), ("subprocess.Popen",)),
    "memo": (beside(named("os", "system") + b"q\x07" + b"0" + b"h\x07" + text(COMMAND) + b"\x85R"), ("os.system",)),
    "state of an object": (
        beside(called("collections", "OrderedDict", b")") + b"}" + text("items") + called("os", "system") + b"sb"),
        ("os.system",),
    ),
    "state of a tensor": (state_dict(("layer.weight", tensor() + called("os", "system") + b"b")), ("os.system",)),
    "item of a tensor": (
        state_dict(("layer.weight", tensor() + b"K\x00" + called("os", "system") + b"s")),
        ("os.system",),
    ),
    "item of a bytearray": (
        beside(called("builtins", "bytearray", b"K\x04\x85") + b"K\x00" + called("os", "system") + b"s"),
        ("os.system",),
    ),
    "hooks of a tensor": (state_dict(("layer.weight", tensor(extra=called("os", "system")))), ("os.system",)),
    "shape of a tensor": (state_dict(GOOD, ("b", tensor(shape=called("os", "system")))), ("os.system",)),
    "storage that is none": (state_dict(GOOD, ("b", called("os", "system") + b"Q")), ("os.system",)),
    "class of a storage": (
        state_dict(GOOD, ("b", b"(" + text("storage") + called("os", "system") + text("0") + text("cpu") + b"K\x04tQ")),
        ("os.system",),
    ),
    "function of a subclass": (
        beside(
            named("torch._tensor", "_rebuild_from_type_v2") + b"(" + named("os", "system") + named("torch", "Tensor")
            + text(COMMAND) + b"\x85NtR"
        ),
        ("os.system",),
    ),
    "subclass": (
        beside(called("torch._utils", "_rebuild_wrapper_subclass", called("os", "system") + b"\x85")),
        ("os.system",),
    ),
    "torch.load": (beside(called("torch", "load")), ("torch.load",)),
    "torch.hub": (beside(called("torch.hub", "load")), ("torch.hub.load",)),
    "torch.package": (
        beside(called("torch.jit._script", "unpackage_script_module")),
        ("torch.jit._script.unpackage_script_module",),
    ),
    "torch.utils": (
        beside(called("torch.utils.collect_env", "run")),
        ("torch.utils.collect_env.run",),
    ),
    "numpy.load": (beside(called("numpy", "load")), ("numpy.load",)),
    "numpy of objects": (beside(called("numpy.testing", "runstring")), ("numpy.testing.runstring",)),
    "partial": (
        beside(called("functools", "partial", named("os", "system") + text(COMMAND) + b"\x86") + b")R"),
        ("functools.partial", "os.system"),
    ),
    "operator": (beside(called("operator", "methodcaller")), ("operator.methodcaller",)),
    "key of a dict": (state_dict(GOOD) [:-2] + called("os", "system") + b"Nu.", ("os.system",)),
    "before the value": (b"\x80\x02" + called("os", "system") + b"0" + state_dict(GOOD)[2:], ("os.system",)),
    "extension": (beside(b"\x82\x01" + text(COMMAND) + b"\x85R"), ("copyreg extension.1",)),
    "module of a package": (beside(called("timeit", "timeit", _EVAL)), ("timeit.timeit",)),
    "name with a line's end": (
        beside(text("os\nevil") + text("system") + b"\x93" + text(COMMAND) + b"\x85R"),
        ("os\nevil.system",),
    ),
}  # fmt: skip
"""By route: the pickle, and the names that loading would import, beside PyTorch's own."""


def zipped(data: bytes, *, kind: int = zipfile.ZIP_STORED, **more: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", kind) as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/byteorder", b"little")
        archive.writestr("archive/data/0", struct.pack("<4f", 1, 2, 3, 4))
        archive.writestr("archive/version", b"3\n")
        for name, content in more.items():
            archive.writestr(name, content)
    return held.getvalue()


def legacy(data: bytes) -> bytes:
    head = [LEGACY, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}]
    start = b"".join(pickle.dumps(part, 2) for part in head)
    return start + data + pickle.dumps(["0"], 2) + struct.pack("<q4f", 4, 1, 2, 3, 4)


def files(folder: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Every route in every container, written; and what a reader must say that each names."""
    for place, (route, (data, names)) in enumerate(ROUTES.items()):
        made = {
            "zip": zipped(data),
            "deflated": zipped(data, kind=zipfile.ZIP_DEFLATED),
            "legacy": legacy(data),
            "pickle": data,
            "second pickle": pickle.dumps({"a": 1}, 2) + data,
            "cut": zipped(data)[: len(data) + 40],
            "within": within(zipped(data)),
        }
        for container, content in made.items():
            path = folder / f"{place:02d} {route} {container}.pt"
            path.write_bytes(content)
            yield path, names
    for name, content in others().items():
        path = folder / f"{name}.pt"
        path.write_bytes(content)
        yield path, ("os.system",) if name == "before an archive" else ()


def within(data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("data", '{"policy_class": {":serialized:": "gASVEAAAAAAAAACMAm9zlIwGc3lzdGVtlJOULg=="}}')
        archive.writestr("policy.pth", data)
        archive.writestr("_stable_baselines3_version", "2.3.0")
    return held.getvalue()


def others() -> dict[str, bytes]:
    """Payloads where no reader looks: they are not named, and must not run either."""
    payload = ROUTES["os"][0]
    good = state_dict(GOOD)
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            info = tarfile.TarInfo(name)
            info.size = len(payload)
            archive.addfile(info, io.BytesIO(payload))
    return {
        "in a storage": zipped(good, **{"archive/data/1": payload}),
        "in constants": zipped(good, **{"archive/constants.pkl": payload, "archive/code/m.py": b"import os\n"}),
        "in another file": zipped(good, **{"archive/extra/data.pkl": payload, "__main__.py": b"import os\n"}),
        "behind a legacy file": legacy(good) + payload,
        "in a tar": held.getvalue(),
        "before an archive": payload + zipped(good),
        "python": b"import os; os.system('touch CANARY')\n",
    }
