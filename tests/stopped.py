"""Verbs in processes of their own that are asked to stop at some moment, and what is left of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from neurodeploy.bundle import read_bundle
from neurodeploy.errors import InputError
from neurodeploy.flow import export
from neurodeploy.network.file import write_network
from tests.cli.support import small_network

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
VERBS: dict[str, tuple[str, ...]] = {
    "inspect": ("inspect", "small.nir", "--json"),
    "export": ("export", "small.nir", "-t", "fixed", "-q", "-o", "out"),
    "replace": ("export", "small.nir", "-t", "c", "-q", "-o", "old"),
    "run": ("run", "b.c", "-q", "-o", "out.npz"),
    "check": ("check", "small.nir", "-t", "c", "-q", "--html", "out.html", "--junit", "out.xml"),
    "convert": ("convert", "small.nir", "-q", "-o", "out.nir"),
    "encode": ("encode", "signal.csv", "-q", "-o", "out.npz", "--save-encoder", "out.json"),
    "lint": ("lint", "small.nir", "--json"),
}
"""Verbs that read, write, compile, and start processes; the sources they need are made by ``prepare``."""
LAVA: dict[str, tuple[str, ...]] = {
    "lava-run": ("run", "b.loihi-sim", "-q", "-o", "out.npz"),
    "lava-check": ("check", "b.loihi-sim", "-q", "--steps", "5", "--html", "out.html"),
}
"""The same, of verbs that start Lava with processes and shared memory of its own."""
UNDISTURBED = {"lava-check": 5}
"""Codes of verbs that end otherwise than with 0 where nobody stops them: five steps cover too little for a verdict."""
SHARED = Path("/dev/shm")
OLD = "old"
GONE_SECONDS = 5.0


def prepare(folder: Path, lava: bool = False) -> None:
    """The sources of every verb."""
    write_network(small_network(), folder / "small.nir")
    for target in ("c", *(["loihi-sim"] if lava else [])):
        export(small_network(), target, folder / f"b.{target}")
    export(small_network(), "fixed", folder / OLD)
    (folder / "signal.csv").write_text("".join(f"{np.sin(0.1 * n):.4f}\n" for n in range(200)))
    (folder / "tmp").mkdir()


@dataclass
class Stopped:
    """How a verb ended, and everything that is wrong with it. ``seconds``: how long it ran once it could be stopped."""

    code: int
    seconds: float
    wrong: list[str] = field(default_factory=list[str])


def stopped(verb: str, folder: Path, moment: float | None, number: signal.Signals = signal.SIGTERM) -> Stopped:
    """Run a verb in ``folder``, ask it to stop ``moment`` seconds after it has begun, and judge what it leaves."""
    before, segments = {path.name for path in folder.iterdir()}, _segments()
    with _started({**VERBS, **LAVA}[verb], folder) as process:
        began = _begun(process.pid)
        if moment is not None:
            time.sleep(moment)
            process.send_signal(number)
        out, err = process.communicate(timeout=120)
    result = Stopped(process.returncode, time.monotonic() - began)
    result.wrong += _ending(process.returncode, UNDISTURBED.get(verb, 0), moment, number)
    result.wrong += _words(out, err, "--json" in VERBS.get(verb, ()) and process.returncode >= 0)
    result.wrong += _left(folder, before, segments if verb in LAVA else None)
    result.wrong += _outputs(folder, before, process.returncode == UNDISTURBED.get(verb, 0))
    return result


@contextmanager
def _started(arguments: tuple[str, ...], folder: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
    command = [sys.executable, "-m", "neurodeploy", *arguments]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        yield process


def _begun(pid: int) -> float:
    """Wait until the process handles requests itself, or has ended; the time then."""
    while True:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            break
        caught = int(next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")), "0"), 16)
        if "\nState:\tZ" in status or caught >> (signal.SIGTERM - 1) & 1:
            break
        time.sleep(0.001)
    return time.monotonic()


def _ending(code: int, undisturbed: int, moment: float | None, number: signal.Signals) -> list[str]:
    right = {undisturbed} if moment is None else {undisturbed, 128 + number, -number}
    return [] if code in right else [f"code {code}"]


def _words(out: str, err: str, as_json: bool) -> list[str]:
    wrong = [f"stderr: {err[-2000:]}"] if "Traceback" in err or "ignored" in err or err.count("\n") > 1 else []
    if as_json:
        try:
            json.loads(out)
        except ValueError:
            wrong.append(f"stdout is no object: {out[:200]!r}")
    return wrong


def _segments() -> set[str]:
    """Shared memory that no process uses."""
    names = {path.name for path in SHARED.iterdir()} if SHARED.is_dir() else set[str]()
    for entry in Path("/proc").glob("[0-9]*") if names else ():
        try:
            names -= {
                Path(line.split()[-1]).name for line in (entry / "maps").read_text().splitlines() if "/dev/shm/" in line
            }
        except OSError:
            continue
    return names


def _left(folder: Path, before: set[str], segments: set[str] | None) -> list[str]:
    """Hidden neighbors, temporary files, processes, and segments beside ``segments``, that are left after a while."""
    end = time.monotonic() + GONE_SECONDS
    while True:
        left = [path.name for path in folder.iterdir() if path.name.startswith(".") and path.name not in before]
        left += [f"tmp/{path.name}" for path in (folder / "tmp").iterdir()]
        left += _processes(str(folder / "tmp"))
        left += [] if segments is None else [f"segment {name}" for name in sorted(_segments() - segments)]
        if not left or time.monotonic() > end:
            return [f"left: {left}"] if left else []
        time.sleep(0.05)


def _processes(token: str) -> list[str]:
    found: list[str] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if token.encode() in (entry / "environ").read_bytes():
                found.append(f"process {entry.name} {(entry / 'cmdline').read_bytes()[:80]!r}")
        except OSError:
            continue
    return found


def _outputs(folder: Path, before: set[str], finished: bool) -> list[str]:
    """What was written is whole; new outputs are removed, for the next moment."""
    wrong: list[str] = []
    for path in (*(folder / name for name in sorted({p.name for p in folder.iterdir()} - before)), folder / OLD):
        try:
            whole = _is_whole(path)
        except (InputError, OSError, ValueError) as error:
            wrong.append(f"{path.name}: {error}")
        else:
            wrong += [] if whole else [f"{path.name} is half-written"]
        if path.name != OLD and path.is_file():
            path.unlink()
        elif path.name != OLD:
            for inner in sorted(path.rglob("*"), reverse=True):
                inner.rmdir() if inner.is_dir() else inner.unlink()
            path.rmdir()
    return wrong


def _is_whole(path: Path) -> bool:
    if path.is_dir():
        return read_bundle(path).program is not None
    content = path.read_bytes()
    if path.suffix == ".npz":
        return zipfile.ZipFile(path).testzip() is None
    return len(content) > 0 and (path.suffix != ".xml" or content.rstrip().endswith(b"</testsuites>"))
