"""Many runs in one emulated computer."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from neurodeploy.codegen.machine import Machine
from neurodeploy.engine.batch import Records
from neurodeploy.engine.compiler import Compiler
from tests.proof.emulator.bochs import boot
from tests.proof.emulator.image import write_disk
from tests.proof.emulator.run import Run, RunError, whole

LIMIT = 1800.0


def emulate(
    runs: Sequence[Run], machine: Machine, compiler: Compiler, gcc: Compiler, limit: float = LIMIT
) -> Iterator[Records]:
    """What every run recorded, in order.

    Raises RunError for the first that did not come to its end or wrote where it must not.
    """
    with tempfile.TemporaryDirectory(prefix="neurodeploy-emulator-") as name:
        folder = Path(name)
        disk = write_disk(runs, machine, compiler, gcc, folder)
        try:
            boot(disk, folder, limit)
        except RunError as error:
            ended = sum(whole(left) for left in disk.records())
            raise RunError(f"{runs[min(ended, len(runs) - 1)].rendering.prefix}: {error}") from error
        for run, left in zip(runs, disk.records(), strict=True):
            yield run.read(left)
