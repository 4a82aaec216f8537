"""The process that reads HDF5: files whose values stand elsewhere, and its end with whoever asked."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from neurodeploy.errors import EnvironmentFailureError, InputError
from neurodeploy.events import open_events
from neurodeploy.network.hdf5 import read_tree
from neurodeploy.reading.hdf5 import EndedError, Reader

COLUMNS = {"t": np.arange(8), "x": np.zeros(8, int), "y": np.zeros(8, int), "p": np.ones(8, int)}


def raw(group: h5py.Group, secret: Path) -> None:
    group.create_dataset("x", (8,), "u1", external=[(str(secret), 0, 8)])


def endless(group: h5py.Group, secret: Path) -> None:
    os.mkfifo(secret.with_name("fifo"))
    group.create_dataset("x", (8,), "u1", external=[(str(secret.with_name("fifo")), 0, 8)])


def virtual(group: h5py.Group, secret: Path) -> None:
    with h5py.File(secret.with_name("other.h5"), "w") as file:
        file["x"] = np.zeros(8, np.uint8)
    layout = h5py.VirtualLayout((8,), "u1")
    layout[:] = h5py.VirtualSource(str(secret.with_name("other.h5")), "x", (8,))
    group.create_virtual_dataset("x", layout)


def linked(group: h5py.Group, secret: Path) -> None:
    with h5py.File(secret.with_name("other.h5"), "w") as file:
        file["x"] = np.zeros(8, np.uint8)
    group["x"] = h5py.ExternalLink(str(secret.with_name("other.h5")), "x")


def linked_through(group: h5py.Group, secret: Path) -> None:
    linked(group.file.create_group("zz"), secret)
    group["x"] = h5py.SoftLink("/zz/x")


@pytest.mark.parametrize("store", [raw, endless, virtual, linked, linked_through], ids=lambda store: store.__name__)
def test_values_that_stand_elsewhere_are_refused_before_they_are_read(
    store: Callable[[h5py.Group, Path], None], tmp_path: Path
) -> None:
    path, secret = tmp_path / "events.h5", tmp_path / "secret"
    secret.write_bytes(b"password")
    with h5py.File(path, "w") as file:
        group = file.create_group("events")
        for name in "typ":
            group[name] = COLUMNS[name]
        store(group, secret)
    with pytest.raises(InputError, match=r"stand in other files|is no dataset that can be read"):
        open_events(path)
    with pytest.raises(InputError, match=r"stands? in (another|other) files?|too many links"):
        read_tree(path)


def test_an_outline_takes_no_values(tmp_path: Path) -> None:
    """A dataset of a terabyte that was never written is no reason to refuse the file beside which it stands."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, column in COLUMNS.items():
            file[f"events/{name}"] = column
        file.create_dataset("image", (1 << 20, 1 << 20), "u1", chunks=(64, 64))
    assert sum(map(len, open_events(tmp_path / "a.h5").chunks())) == 8


BUSY = """
import sys
from neurodeploy.process import start_process
child = start_process([sys.executable, "-c", "import neurodeploy.reading.hdf5_child as c\\nc.end_with_asker()\\n"
    "print('reads', flush=True)\\nwhile True: pass"])
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc to see other processes in")
def test_it_ends_with_whoever_asked_even_in_the_midst_of_a_file() -> None:
    with subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as asker:
        assert asker.stdout is not None
        reader = int(asker.stdout.readline())
        asker.send_signal(signal.SIGKILL)
        asker.wait()
    for _ in range(500):
        if not _runs(reader):
            break
        time.sleep(0.01)
    assert not _runs(reader)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFO to wait for")
def test_who_asked_is_told_when_a_file_ends_it(tmp_path: Path) -> None:
    """What waits for the end of the asker holds no end of the pipe for answers."""
    os.mkfifo(tmp_path / "endless.h5")
    asked, reader = {"path": str(tmp_path / "endless.h5"), "bytes": 1, "objects": 1, "memory": 1 << 32}, Reader()
    with pytest.raises(EndedError):
        reader.ask({**asked, "seconds": -1})  # its clock strikes one second later


def test_an_interpreter_that_is_gone_is_a_fault_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/gone/python")
    with pytest.raises(EnvironmentFailureError, match="cannot be started to read HDF5 files: No such file"):
        Reader().ask({"seconds": 1})


@pytest.mark.parametrize(("number", "told"), [(errno.EMFILE, "ulimit -n"), (errno.EAGAIN, "ulimit -u")])
def test_a_limit_that_keeps_it_from_starting_is_named(monkeypatch: pytest.MonkeyPatch, number: int, told: str) -> None:
    def refused(*arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(subprocess, "Popen", refused)
    with pytest.raises(EnvironmentFailureError, match=f"(?s)cannot be started.*{told}"):
        Reader().ask({"seconds": 1})


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
