"""Full disks, limits, signals and folders without permission leave the old file or none, and nothing else."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.flow import export
from neurodeploy.network import NetworkBuilder
from neurodeploy.network.file import write_network
from tests.cli.support import call, process, small_network

ROOM = 128 * 1024


@pytest.fixture
def large(folder: Path) -> Path:
    """A network whose bundle and trace need more than ``ROOM``."""
    rng = np.random.default_rng(0)
    build = NetworkBuilder()
    at = build.input("input", (64,))
    at = build.linear("fc", at, rng.integers(-8, 9, (4096, 64)) / 8)
    build.output("output", build.integrate("cells", at, 1.0))
    write_network(build.build(), Path("large.nir"))
    return Path("large.nir")


def _limit() -> None:
    """No file larger than ``ROOM``: writing on is EFBIG instead of a signal."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))


WRITERS = {
    "export": ("export", "large.nir", "--target", "fixed", "-o", "{place}"),
    "run": ("run", "large.nir", "--states", "-o", "{place}"),
    "models build": ("models", "build", "digits", "-o", "{place}"),
    "models build --stimulus": ("models", "build", "digits", "-q", "-o", "ok.pt", "--stimulus", "{place}"),
    "check --html": ("check", "large.nir", "--target", "fixed", "--html", "{place}"),
}


@pytest.mark.parametrize("verb", ["export", "run", "models build"])
def test_a_file_that_cannot_grow(large: Path, verb: str) -> None:
    Path("to").mkdir()
    arguments = [each.format(place="to/out") for each in WRITERS[verb]]
    done = process(*arguments, preexec_fn=_limit)
    assert done.returncode == 6, done
    assert "cannot write: File too large" in done.stderr
    assert "free some space" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(Path("to").iterdir()) == []


def _can_mount() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of ``ROOM`` bytes."""
    place = folder / "disk"
    place.mkdir()
    options = f"size={ROOM}"
    if not _can_mount() or subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place]).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("verb", WRITERS)
def test_a_full_disk_leaves_what_was_there(large: Path, small_disk: Path, verb: str) -> None:
    place, filler = small_disk / "out", small_disk / "filler"
    if verb == "export":
        export(small_network(), "fixed", place)
    else:
        place.write_bytes(b"old")
    old = _content(small_disk)
    half = 0 if verb == "check --html" else 8192
    disk = os.statvfs(small_disk)
    filler.write_bytes(bytes(disk.f_bavail * disk.f_bsize - half))
    result = call(*(each.format(place=place) for each in WRITERS[verb]))
    filler.unlink()
    assert result.code == 6, result
    assert "No space left on device" in result.err
    assert f"{place}: cannot write" in result.err
    assert _content(small_disk) == old


def _content(place: Path) -> dict[str, bytes]:
    return {str(each.relative_to(place)): each.read_bytes() for each in place.rglob("*") if each.is_file()}


HELD = """
import sys, time
from pathlib import Path
from neurodeploy.cli import main
opened = Path.open
def held(path, *args, **options):
    if path.name == "program.npz":
        print("half-way", flush=True)
        time.sleep(60)
    return opened(path, *args, **options)
Path.open = held
sys.argv = ["neurodeploy", "export", "small.nir", "--target", "fixed", "-o", "to/small"]
main()
"""


@pytest.mark.parametrize(
    ("name", "code", "old"), [("SIGINT", 130, True), ("SIGHUP", 129, False), ("SIGKILL", -9, True)]
)
def test_a_stopped_export_leaves_no_half_written_bundle(model: Path, name: str, code: int, old: bool) -> None:
    Path("to").mkdir()
    if old:
        assert call("export", model, "--target", "fixed", "-O", "weight-bits=4", "-o", "to/small").code == 0
    before = _content(Path("to"))
    command = [sys.executable, "-c", HELD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as verb:
        assert verb.stdout is not None
        assert verb.stdout.readline() == "half-way\n"
        verb.send_signal(getattr(signal, name))
        told = verb.communicate(timeout=60)[1]
    assert verb.returncode == code
    assert "Traceback" not in told
    seen = {name: data for name, data in _content(Path("to")).items() if not name.startswith(".")}
    assert seen == before
    if name != "SIGKILL":
        assert [each.name for each in Path("to").iterdir()] == (["small"] if old else [])


AS_NOBODY = """
import os, sys
from neurodeploy.cli.app import run_verb
def export(out):
    return run_verb(["export", "small.nir", "-t", "fixed", "-q", "-o", out])
assert export("first") == 0  # imports everything, from places that may be closed to other users
os.setgid(65534), os.setuid(65534)
sys.exit(export("locked/out"))
"""


@pytest.fixture
def open_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A working folder that other users may enter."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        monkeypatch.chdir(place)
        yield
        monkeypatch.undo()


@pytest.mark.usefixtures("open_folder")
def test_a_folder_without_permission() -> None:
    """Root may write everywhere, so the verb runs as an ordinary user."""
    if os.geteuid() != 0:
        pytest.skip("another user can only be taken on by root")
    write_network(small_network(), Path("small.nir"))
    Path("locked").mkdir(mode=0o755)
    done = subprocess.run([sys.executable, "-c", AS_NOBODY], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 6, done.stderr
    assert "locked/out: cannot write: Permission denied" in done.stderr
    assert list(Path("locked").iterdir()) == []
