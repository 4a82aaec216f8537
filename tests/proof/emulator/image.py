"""ROM and disk of the emulated computer: the machine code of many runs, what they are given, and room for records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.module import unit
from neurodeploy.engine.compiler import Compiler, library_flags
from neurodeploy.process import run_process
from tests.proof.emulator import memory
from tests.proof.emulator.run import Run, RunError

HERE = Path(__file__).parent
IMAGE, ROM, DISK = "image.bin", "rom.bin", "disk.img"
LIMIT = 600.0
CYLINDER = 16 * 63 * memory.SECTOR
CONSTANTS = ("GIVEN", "MADE", "CONTEXT", "SECTOR", "LINE", "UNTOUCHED", "DONE")
GUEST = ("-std=gnu99", "-O2", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-mgeneral-regs-only", "-mno-red-zone")
LINK = ("-nostdlib", "-static", "-no-pie", f"-Wl,-T,{HERE / 'image.ld'},--build-id=none,--no-warn-rwx-segments")


@dataclass(frozen=True)
class Extent:
    """Sectors of the disk, counted from the end of the image."""

    first: int
    sectors: int


@dataclass(frozen=True)
class Disk:
    """A written disk: how large its image is, and where each run's records will stand behind it."""

    path: Path
    image_bytes: int
    made: tuple[Extent, ...]

    @property
    def cylinders(self) -> int:
        """Its size as disks once told it, with 16 heads and 63 sectors."""
        return self.path.stat().st_size // CYLINDER

    def records(self) -> Iterator[bytes]:
        """What every run left."""
        with self.path.open("rb") as file:
            for each in self.made:
                file.seek(self.image_bytes + each.first * memory.SECTOR)
                yield file.read(each.sectors * memory.SECTOR)


def write_disk(runs: Sequence[Run], machine: Machine, compiler: Compiler, gcc: Compiler, folder: Path) -> Disk:
    """Write ROM and disk; ``compiler`` makes the programs with the engine's own flags, ``gcc`` what runs them.

    Raises RunError with the words of the one that fails.
    """
    stimuli = [run.stimulus for run in runs]
    sizes = [*map(len, stimuli), *(run.record_bytes for run in runs)]
    starts = accumulate((size // memory.SECTOR for size in sizes), initial=0)
    extents = [Extent(start, end - start) for start, end in pairwise(starts)]
    given, made = extents[: len(runs)], extents[len(runs) :]
    (folder / "unit.c").write_text(unit(list({run.rendering.prefix: run.rendering for run in runs}.values())))
    (folder / "jobs.c").write_text(_table(runs, given, made))
    _link(machine, compiler, gcc, folder)
    image = (folder / IMAGE).read_bytes()
    path = folder / DISK
    with path.open("wb") as file:
        file.write(image)
        file.writelines(stimuli)
        file.truncate(-(-(len(image) + sum(sizes)) // CYLINDER) * CYLINDER)
    return Disk(path, len(image), tuple(made))


def _link(machine: Machine, compiler: Compiler, gcc: Compiler, folder: Path) -> None:
    def call(*command: str) -> None:
        ended = run_process(command, folder, LIMIT, command[0], "give it more time")
        if ended.code != 0:
            raise RunError(f"{' '.join(command)} failed: {ended.output}")

    flags = [flag for flag in library_flags(compiler, machine) if flag != "-shared"]
    constants = [f"-D{name}={getattr(memory, name):#x}" for name in CONSTANTS]
    sources = [str(HERE / "guest.c"), str(HERE / "boot.S"), "jobs.c"]
    call(*compiler.command, *flags, "-include", str(HERE / "errata.h"), "-c", "unit.c")
    call(*gcc.command, *GUEST, *constants, f"-I{HERE}", "-c", *sources)
    call(*gcc.command, *LINK, "unit.o", "guest.o", "boot.o", "jobs.o", "-o", "image.elf")
    for section, name in ((".image", IMAGE), (".rom", ROM)):
        call("objcopy", "-O", "binary", "-j", section, "image.elf", name)


def _table(runs: Sequence[Run], given: Sequence[Extent], made: Sequence[Extent]) -> str:
    """What ``guest.h`` declares."""
    prefixes = dict.fromkeys(run.rendering.prefix for run in runs)
    declared = "".join(
        f"void {p}_reset(void *);\nvoid {p}_run(void *, void *const *, int64_t);\nuint64_t {p}_bytes(void);\n"
        for p in prefixes
    )
    pointers = "".join(
        f"static void *const io{i}[] = {{{', '.join(f'(void *){each:#x}' for each in run.pointers)}}};\n"
        for i, run in enumerate(runs)
    )
    lines = [_job(i, *each) for i, each in enumerate(zip(runs, given, made, strict=True))]
    return f'#include "guest.h"\n\n{declared}\n{pointers}\nconst Job jobs[] = {{\n{"".join(lines)}  {{0}}\n}};\n'


def _job(number: int, run: Run, given: Extent, made: Extent) -> str:
    functions = ", ".join(f"{run.rendering.prefix}_{each}" for each in ("reset", "run", "bytes"))
    extents = ", ".join(f"{{{each.first}, {each.sectors}}}" for each in (given, made))
    return f"  {{{functions}, io{number}, {run.steps}, {extents}}},\n"
