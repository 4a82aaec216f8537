"""One run of the compiler, in a folder of its own, with a time limit."""

from __future__ import annotations

from collections.abc import Sequence

from neurodeploy.engine.compiler import Compiler
from neurodeploy.errors import EnvironmentFailureError
from neurodeploy.process import read_time_limit, run_process, temporary_folder

LIMIT = "NEURODEPLOY_CC_TIMEOUT"
TIMEOUT = 600.0
LONGER = f"give it more time ({LIMIT})"
REMEDY = (
    "set CC to a working C compiler, NEURODEPLOY_MACHINE=baseline for one that does not know this processor, "
    "or ask for the reference (-O engine=reference)"
)


def compile_library(source: str, compiler: Compiler, flags: Sequence[str]) -> bytes:
    """The bytes of a shared library made of ``source``.

    Raises EnvironmentFailureError with the compiler's own words where it fails, or when it takes longer than
    ``$NEURODEPLOY_CC_TIMEOUT`` seconds. Nothing it started stays behind, even if this process is killed meanwhile.
    """
    limit = compile_limit()
    try:
        with temporary_folder("cc") as folder:
            (folder / "unit.c").write_text(source, encoding="ascii")
            command = [*compiler.command, *flags, "unit.c", "-o", "unit.so"]
            ended = run_process(command, folder, limit, str(compiler), f"{LONGER}, {REMEDY}")
            library = folder / "unit.so"
            if ended.code != 0 or not library.is_file():
                words = ended.last_lines or "it printed nothing"
                raise EnvironmentFailureError(f"failed with exit code {ended.code}:\n{words}", str(compiler), REMEDY)
            return library.read_bytes()
    except OSError as error:
        raise EnvironmentFailureError(f"cannot compile: {error}", str(compiler), REMEDY) from error


def compile_limit() -> float:
    """Seconds a compiler may take. Raises InputError where the environment names no number."""
    return read_time_limit(LIMIT, TIMEOUT)
