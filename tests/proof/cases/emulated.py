"""The programs of the engine's case on an emulated processor, which has AVX-512: what is written beside arrays shows.

By gcc for AVX-512, and by zig for AVX2, which is all that it is trusted with. Nothing is said about speed: an emulator
knows nothing of it.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from neurodeploy.codegen import Rendering
from neurodeploy.codegen.machine import AVX2, AVX512
from neurodeploy.engine.run import traced
from neurodeploy.engine.sources import input_sources
from neurodeploy.trace import Trace
from tests.engine.toolchains import NO_GCC, NO_ZIG, Toolchain, gcc, zig_compiler
from tests.proof.case import Claim, Counts, ProofCase, together
from tests.proof.cases.engine import SEEDS, STEPS, Drawn, differs, judged, variants
from tests.proof.emulator import bochs
from tests.proof.emulator.machine import emulate
from tests.proof.emulator.run import Run

Texts = Sequence[tuple[Drawn, Rendering]]
BATCH = 20
GCC = Toolchain("emulated-gcc-avx512", gcc, NO_GCC, AVX512)
ZIG = Toolchain("emulated-zig-avx2", zig_compiler, NO_ZIG, AVX2)


def count(toolchain: Toolchain, seeds: range) -> Counts:
    """Judge all seeds' programs, each kernel's text where it is one of its own."""
    return together(judged(toolchain, [Drawn.of(seed) for seed in seeds], by_emulator))


def by_emulator(toolchain: Toolchain, texts: Texts) -> list[bool]:
    """Run by an emulated processor, each with states recorded and without."""
    traces = traces_of(toolchain, texts)
    return [differs(drawn, next(traces), next(traces)) for drawn, _ in texts]


def traces_of(toolchain: Toolchain, texts: Texts) -> Iterator[Trace]:
    """Two of every program: with states recorded, and without."""
    compiler, linker, machine = toolchain.find(), gcc(), toolchain.machine
    assert compiler is not None
    assert linker is not None
    assert machine is not None
    runs = [Run(rendering, _given(drawn), states) for drawn, rendering in texts for states in (True, False)]
    programs = (drawn.program for drawn, _ in texts for _ in range(2))
    return map(traced, programs, emulate(runs, machine, compiler, linker))


def _given(drawn: Drawn) -> dict[str, Any]:
    sources, _, steps = input_sources(drawn.program, drawn.stimulus)
    return {name: source(0, slice(0, steps)) for name, source in sources.items()}


def lacks(toolchain: Toolchain) -> str | None:
    """What this computer lacks to compile for the emulated processor, or to emulate it, or None."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return f"its compilers make no code for AVX-512 ({platform.machine()})"
    missing = [needs for find, needs in ((gcc, NO_GCC), (toolchain.find, toolchain.needs)) if find() is None]
    return missing[0] if missing else bochs.lacks()


def _set(toolchain: Toolchain) -> str:
    return "AVX-512" if toolchain.machine is AVX512 else "AVX2"


def _claim(toolchain: Toolchain, variant: Toolchain) -> Claim:
    forced = "" if variant.forced is None else f" with {variant.forced} forced where it fits"
    compiler = "gcc" if toolchain is GCC else "zig"
    proves = (
        f"random programs of every feature, {STEPS} steps: on an emulated Ice Lake their code for {_set(toolchain)} by "
        f"{compiler}{forced} equals the reference in every output, membrane and current, and writes nothing else"
    )
    return Claim(variant.name, proves, partial(lacks, toolchain))


def _case(toolchain: Toolchain, seeds: int) -> ProofCase:
    return ProofCase(
        toolchain.name,
        f"random programs of every feature, {STEPS} steps: in code for {_set(toolchain)} they equal the reference, by "
        "emulator",
        seeds,
        BATCH,
        partial(count, toolchain),
        partial(lacks, toolchain),
        tuple(_claim(toolchain, each) for each in variants(toolchain)),
    )


CASES = (_case(GCC, SEEDS), _case(ZIG, SEEDS // 4))
