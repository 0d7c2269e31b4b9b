"""Imported by every Python process that is started with this folder on its path: notes what it does that nothing
found in an experiment's folder may cause. What is noted is judged by the test; see `test_crafted_site.py`.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

_OUT = os.open(os.environ["WATCH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
_ROOT = os.environ["WATCH_ROOT"]
"""The folder of experiments: read from, never written to."""
_WRITTEN = (*os.environ["WATCH_WRITTEN"].split(os.pathsep), "/dev/null", "/proc/self")
_READ = (
    *_WRITTEN,
    *(os.path.realpath(path) for path in (sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path) if path),
    *os.environ["WATCH_READ"].split(os.pathsep),
    *("/usr", "/lib", "/lib64", "/proc", "/sys", "/etc/mime.types", "/etc/httpd", "/etc/apache2", "/dev/urandom"),
    *("/etc/localtime", "/etc/ld.so.cache", "/etc/os-release", "/etc/debian_version"),
)
_BANNED = {"torch", "joblib", "dill", "cloudpickle", "keras", "tensorflow", "tf_keras", "h5py", "onnx", "onnxruntime"}
_BANNED |= {"safetensors", "antigravity", "pty"}
_BANNED -= set(os.environ.get("WATCH_ALLOWED", "").split())
_RUN = ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "subprocess.Popen", "pty.spawn")
_NET = ("socket.getaddrinfo", "socket.gethostby", "urllib.", "ftplib.", "smtplib.", "http.", "webbrowser.")
_MARK = ("touch CANARY", "touch fired")
_FOUND = ("dlviz_docs.", "mkdocs_dlviz.", "multiprocessing.", "numpy.", "pathlib.", "collections.", "builtins.")
"""Modules whose classes jobs and results of workers are made of."""
_CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod")
_STATE = threading.local()
"""Whether this thread is within the watch itself, which opens and lists, too."""


def _note(*what: object) -> None:
    os.write(_OUT, (" ".join(str(one) for one in what)[:400].replace("\n", " ") + "\n").encode("utf-8", "replace"))


def _within(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _open(path: object, mode: object, flags: object) -> None:
    if not isinstance(path, str | bytes):
        return
    plain = os.path.normpath(Path.cwd() / os.fsdecode(path))
    real = os.path.realpath(plain)
    writes = bool(set(mode) & set("wax+")) if isinstance(mode, str) else bool(int(flags) & (os.O_WRONLY | os.O_RDWR))  # type: ignore[call-overload]
    inside = _within(real, (_ROOT,))
    if writes and not _within(real, _WRITTEN):
        _note("writes", real)
    elif not writes and not inside and not _within(real, _READ):
        _note("reads", real)
    elif not inside and _within(plain, (_ROOT,)):
        _note("follows", plain, real)


def _folder(descriptor: object) -> Path:
    """What a path is relative to: the folder that is open, where the call has one."""
    is_open = isinstance(descriptor, int) and descriptor > 2
    return Path(f"/proc/self/fd/{descriptor}").readlink() if is_open else Path.cwd()


def _judge(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open":
        _open(*arguments)
    elif event == "import":
        if str(arguments[0]).partition(".")[0] in _BANNED:
            _note(event, arguments[0])
    elif event.startswith(_RUN) or event.startswith(_NET):
        _note(event, arguments)
    elif event in ("socket.connect", "socket.bind", "socket.sendto"):
        if not isinstance(arguments[1], str | bytes):  # a path: workers are started through such a one
            _note(event, arguments[1])
    elif event == "pickle.find_class":
        name = f"{arguments[0]}.{arguments[1]}"
        if not name.startswith(_FOUND) or name.startswith(("builtins.e", "builtins._", "builtins.o", "numpy.load")):
            _note(event, name)
    elif event in ("exec", "marshal.loads", "code.__new__"):
        told = repr(getattr(arguments[0], "co_consts", arguments[0]))
        if any(mark in told for mark in _MARK):
            _note(event, told)
    elif event == "mmap.__new__":
        if arguments[0] != -1:
            _note(event, arguments)
    elif event.startswith(_CHANGES):
        real = os.path.realpath(_folder(arguments[-1]) / os.fsdecode(arguments[0]))  # type: ignore[arg-type]
        if not _within(real, _WRITTEN):
            _note(event, real)


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if getattr(_STATE, "busy", False):
        return
    _STATE.busy = True
    try:
        _judge(event, arguments)
    except Exception as error:  # noqa: BLE001 - a watch that fails must be seen
        _note("watch", event, arguments, repr(error))
    finally:
        _STATE.busy = False


_note("watched", " ".join(sys.orig_argv[:4])[:100])
sys.addaudithook(_hook)
