"""The emulator: Bochs, as Debian packages it."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from neurodeploy.errors import EnvironmentFailureError
from neurodeploy.process import run_process
from tests.proof.emulator import memory
from tests.proof.emulator.image import DISK, ROM, Disk
from tests.proof.emulator.run import RunError

MODEL = "corei7_icelake_u"
"""A processor with every extension that code for AVX-512 needs."""
LOG, SCREEN, SETTINGS, ORDERS = "bochs.log", "screen", "bochsrc", "orders"
COMMAND = f"TERM=xterm script -qec 'exec bochs -q -f {SETTINGS} -rc {ORDERS}' {SCREEN}; exit"
"""It draws on a terminal, and ``script`` gives it one; a shell above keeps other processes from being script's."""
ENDED = "shutdown requested"
NEEDS = "no Bochs with AVX-512 (Debian: apt-get install bochs bochs-term)"


@cache
def version() -> str:
    """The emulator's version, or "none"."""
    found = re.search(r"Bochs x86 Emulator (\S+)", _said("--help"))
    return "none" if found is None else found.group(1)


@cache
def lacks() -> str | None:
    """What is missing for it to run, or None."""
    return None if MODEL in _said("--help", "cpu").split() and shutil.which("script") else NEEDS


def boot(disk: Disk, folder: Path, limit: float) -> None:
    """Run the computer until it ends itself. Raises RunError with the emulator's words where it ends otherwise."""
    (folder / SETTINGS).write_text(_settings(disk))
    (folder / ORDERS).write_text("c\nq\n")
    try:
        run_process(["sh", "-c", COMMAND], folder, limit, "the emulated computer", "give it more time")
    except EnvironmentFailureError as error:
        raise RunError(str(error)) from error
    log = folder / LOG
    words = log.read_text(errors="replace").strip() if log.exists() else ""
    if ENDED not in words:
        raise RunError(f"the emulated computer failed: {words or (folder / SCREEN).read_text(errors='replace')}")


def _settings(disk: Disk) -> str:
    """One processor, memory, a disk; the slower a clock pretends to be, the sooner devices answer."""
    return f"""display_library: term
memory: guest={memory.SIZE >> 20}, host={memory.SIZE >> 20}
cpu: model={MODEL}, ips=1000000, reset_on_triple_fault=0
romimage: file={ROM}, address=0xffff0000
vgaromimage: file={ROM}
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path={DISK}, mode=flat, cylinders={disk.cylinders}, heads=16, spt=63
log: {LOG}
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
"""


def _said(*arguments: str) -> str:
    if shutil.which("bochs") is None:
        return ""
    done = subprocess.run(["bochs", *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return done.stdout + done.stderr
