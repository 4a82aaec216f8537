"""The memory report against Debian's Arm compiler: exact figures are exact, bounds hold, calls have no cycle."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from neurodeploy.embedded.files import Deployed, deploy
from neurodeploy.embedded.footprint import TABLE_PADDING, Footprint
from neurodeploy.embedded.report import memory_json, memory_text
from neurodeploy.embedded.text import Source
from neurodeploy.flow.exporting import quantize
from neurodeploy.numerics import LOIHI2
from tests.targets.embedded_support import network, random_program

CC = "arm-none-eabi-gcc"
FLAGS = ("-mcpu=cortex-m4", "-mthumb", "-std=c99", "-ffreestanding", "-Wall", "-Wextra", "-Werror", "-pedantic")
LEVELS = ("-Os", "-O2")
RANDOM = 50
REFERENCES = {"digits": None, "spikeseg": "igarss2023-random", "spikingrx": "seed-random"}
LIBRARY = re.compile(r"mem(cpy|set)|__aeabi_(mem\w+|u?l?divmod|u?idiv\w*|l(lsl|lsr|asr|mul))")
"""What the compiler's own library or the firmware brings: no floating point, no system."""

pytestmark = [
    pytest.mark.skipif(shutil.which(CC) is None, reason=f"no {CC} (Debian: apt-get install gcc-arm-none-eabi)"),
]


@dataclass(frozen=True)
class Measured:
    """What the compiler made: bytes by section and by symbol, frames and calls, and what it leaves to a library."""

    sections: Mapping[str, int]
    symbols: Mapping[str, int]
    frames: Mapping[str, int]
    calls: frozenset[tuple[str, str]]
    undefined: frozenset[str]

    def depth(self, name: str, above: tuple[str, ...] = ()) -> int:
        assert name not in above, f"a cycle of calls: {(*above, name)}"
        below = (self.depth(callee, (*above, name)) for caller, callee in self.calls if caller == name)
        return self.frames.get(name, 0) + max(below, default=0)


@cache
def deployed() -> dict[str, Deployed]:
    made = {f"n{k}": quantize(network(*each), LOIHI2).program for k, each in enumerate(REFERENCES.items())}
    made |= {f"r{k}": random_program(k)[0] for k in range(RANDOM)}
    return {prefix: deploy(program, prefix) for prefix, program in made.items()}


@pytest.fixture(scope="module", params=LEVELS)
def measured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Measured]:
    return measured_at(request.param, tmp_path_factory.getbasetemp() / f"arm{request.param}")


@cache
def measured_at(level: str, folder: Path) -> dict[str, Measured]:
    folder.mkdir()
    for prefix, made in deployed().items():
        for name in (f"{prefix}.c", f"{prefix}.h"):
            (folder / name).write_bytes(made.files[name])
    headers = "".join(f'#include "{prefix}.h"\n' for prefix in deployed())
    arrays = "".join(f"char {prefix}_size[sizeof({prefix}_context)];\n" for prefix in deployed())
    (folder / "sizes.c").write_text(headers + arrays)
    sources = ["sizes.c", *(f"{prefix}.c" for prefix in deployed())]
    subprocess.run([CC, *FLAGS, level, "-fcallgraph-info=su", "-c", *sources], cwd=folder, check=True)
    objects = [folder / f"{each.removesuffix('.c')}.o" for each in sources]
    sizes = told("size", ["-A", *objects], r"^(\w+)\.o  :$")
    names = told("nm", ["-S", *objects], r"^(\w+)\.o:$")
    return {
        prefix: measure((folder / f"{prefix}.ci").read_text(), sizes[prefix], names["sizes"] + names[prefix])
        for prefix in deployed()
    }


def told(tool: str, arguments: list[str | Path], heading: str) -> dict[str, str]:
    """What one of the compiler's tools says of every object."""
    text = subprocess.check_output([f"arm-none-eabi-{tool}", *map(str, arguments)], text=True)
    _, *parts = re.split(heading, re.sub(r"^/\S*/", "", text, flags=re.MULTILINE), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def measure(graph: str, sizes: str, names: str) -> Measured:
    nodes = re.findall(r'node: \{ title: "([^"]+)" label: "([^"]+)"( shape)?', graph)
    frames = {title: re.search(r"(\d+) bytes \((\w+)\)", label) for title, label, outside in nodes if not outside}
    assert all(frame is not None and frame[2] == "static" for frame in frames.values()), frames
    return Measured(
        {name: int(size) for name, size in re.findall(r"^(\.\S+)\s+(\d+)", sizes, re.MULTILINE)},
        {name: int(size, 16) for size, name in re.findall(r"^\w{8} (\w{8}) \w (\w+)$", names, re.MULTILINE)},
        {title: int(frame[1]) for title, frame in frames.items() if frame is not None},
        frozenset(re.findall(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', graph)),
        frozenset(re.findall(r"^ +U (\w+)$", names, re.MULTILINE)),
    )


def test_constants_and_context_are_exact(measured: dict[str, Measured]) -> None:
    for prefix, found in measured.items():
        made = deployed()[prefix]
        tables = Source(made.files[f"{prefix}.c"].decode()).tables
        kept = {name: size for name, size in found.symbols.items() if re.fullmatch(rf"{prefix}_k\d+", name)}
        assert kept == {name: tables[name] for name in kept}, prefix
        assert made.footprint.constants == made.rendering.constant_bytes == sum(tables.values())
        assert found.symbols[f"{prefix}_size"] == made.footprint.context == made.rendering.context_bytes
        assert found.sections.get(".data", 0) == found.sections.get(".bss", 0) == 0


def test_flash_is_bounded(measured: dict[str, Measured]) -> None:
    for prefix, found in measured.items():
        bound = deployed()[prefix].footprint
        read_only = sum(size for name, size in found.sections.items() if name.startswith(".rodata"))
        assert found.sections[".text"] <= bound.code, prefix
        assert read_only <= bound.constants + bound.padding, prefix


def test_stack_is_bounded_and_calls_have_no_cycle(measured: dict[str, Measured]) -> None:
    for prefix, found in measured.items():
        roots = found.frames.keys() - {callee for _, callee in found.calls}
        assert f"{prefix}_step" in roots
        assert max(found.depth(root) for root in roots) <= deployed()[prefix].footprint.stack, prefix
        assert not any("indirect" in callee for _, callee in found.calls)


def test_nothing_but_the_compilers_own_library_is_missing(measured: dict[str, Measured]) -> None:
    for prefix, found in measured.items():
        assert all(LIBRARY.fullmatch(name) for name in found.undefined), (prefix, found.undefined)


def test_the_library_fits_what_is_counted_for_it(tmp_path: Path) -> None:
    """Every division the compiler may call, linked from its library, with everything they need."""
    names = ("__aeabi_ldivmod", "__aeabi_uldivmod")
    wanted = [f"-Wl,--undefined={name}" for name in names]
    command = [CC, *FLAGS[:2], "-nostdlib", "-Wl,-e,0", *wanted, "-lgcc", "-o", "library.elf"]
    subprocess.run(command, cwd=tmp_path, check=True)
    sizes = subprocess.check_output(["arm-none-eabi-size", "-A", tmp_path / "library.elf"], text=True)
    from neurodeploy.embedded.footprint import LIBRARY_BYTES

    used = sum(int(size) for size in re.findall(r"^\.(?:text|rodata|ARM\.exidx)\s+(\d+)", sizes, re.MULTILINE))
    assert 0 < used <= LIBRARY_BYTES


def test_the_report_says_which_figures_are_exact() -> None:
    made = Footprint(100, TABLE_PADDING, 40, 8, 16, 4, 4, 6, 64, {})
    assert (made.flash, made.context, made.ram) == (147, 32, 102)
    assert '"constants": {\n   "bytes": 100,\n   "kind": "exact"' in memory_json(made)
    text = memory_text(made)
    assert re.search(r"^  context +32  exact$", text, re.MULTILINE)
    assert re.search(r"^  code +40  bound$", text, re.MULTILINE)
    assert re.search(r"^  stack +64  bound$", text, re.MULTILINE)
