"""Compiled programs of every feature equal the reference, by every compiler and instruction set, and every kernel.

All toolchains and kernels judge a seed together: its program and reference trace are made once, and what several
kernels render to one text is compiled and run once.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from neurodeploy.codegen import Rendering
from neurodeploy.engine.batch import Recording, run_batch
from neurodeploy.engine.library import Compiled
from neurodeploy.engine.run import traced
from neurodeploy.engine.sources import input_sources
from neurodeploy.parity.compare import differing_cells
from neurodeploy.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.step.plan import Plan, plan
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Trace
from tests.engine import every
from tests.engine.toolchains import KERNELS, TOOLCHAINS, Toolchain
from tests.proof.case import Claim, Counts, ProofCase, together

STEPS = 100
SEEDS, BATCH = 2000, 25
HOME = "NEURODEPLOY_HOME"
OWN = "texts of its own"


@dataclass(frozen=True, eq=False)
class Drawn:
    """What a seed stands for, and what the reference does with it."""

    seed: int
    program: Program
    plan: Plan
    stimulus: Stimulus
    expected: Trace

    @staticmethod
    def of(seed: int) -> Drawn:
        """The program of a seed on its stimulus; sums beyond 64 bits wrap in the reference too."""
        made = every.program(seed)
        stimulus = every.stimulus(seed, made, STEPS)
        with np.errstate(all="ignore"):
            return Drawn(seed, made, plan(made), stimulus, run_program(made, stimulus, states=True))


Judge = Callable[[Toolchain, Sequence[tuple[Drawn, Rendering]]], list[bool]]
"""For each text, made for a toolchain, of each program: whether what it does differs from the reference anywhere."""


def count(seeds: range) -> Counts:
    """Judge all seeds' programs by every toolchain that this computer has."""
    drawn = [Drawn.of(seed) for seed in seeds]
    with _own_cache():
        counts = [judged(each, drawn) for each in TOOLCHAINS if each.lacks is None]
    parts = {f"engine-{name}": own for each in counts for name, own in each.items()}
    return together(parts)


def by_this_processor(toolchain: Toolchain, texts: Sequence[tuple[Drawn, Rendering]]) -> list[bool]:
    """Compiled and run here."""
    loaded = toolchain.load_rendered([rendering for _, rendering in texts])
    return [_differs(each, code) for (each, _), code in zip(texts, loaded, strict=True)]


def judged(toolchain: Toolchain, drawn: Sequence[Drawn], judge: Judge = by_this_processor) -> dict[str, Counts]:
    """The counts of a toolchain and of each kernel forced there; a seed fails where a single cell differs.

    ``OWN`` tells of how many programs a forced kernel makes another text than the dispatcher.
    """
    made = {own.name: [_rendered(own, each) for each in drawn] for own in variants(toolchain)}
    texts = {name: [_text(each) for each in renderings] for name, renderings in made.items()}
    once: dict[tuple[int, str], tuple[Drawn, Rendering]] = {}
    for name, own in made.items():
        for each, text, rendering in zip(drawn, texts[name], own, strict=True):
            once.setdefault((each.seed, text), (each, rendering))
    verdicts = judge(toolchain, list(once.values()))
    wrong = {key for key, fails in zip(once, verdicts, strict=True) if fails}
    tallies, chosen = _tallies(drawn), texts[toolchain.name]
    parts: dict[str, Counts] = {}
    for name, own in texts.items():
        failed = tuple(each.seed for each, text in zip(drawn, own, strict=True) if (each.seed, text) in wrong)
        others = {OWN: sum(a != b for a, b in zip(own, chosen, strict=True))} if own is not chosen else {}
        parts[name] = Counts(len(drawn), failed, {**tallies, **others})
    return parts


def variants(toolchain: Toolchain) -> tuple[Toolchain, ...]:
    """The toolchain itself, whose code chooses its kernels, and with each kernel forced."""
    kernels = () if toolchain.portable else KERNELS
    return toolchain, *(replace(toolchain, name=f"{toolchain.name}-{each}", forced=each) for each in kernels)


def _rendered(toolchain: Toolchain, drawn: Drawn) -> Rendering:
    return toolchain.render(drawn.plan, f"seed{drawn.seed}{toolchain.forced or 'chosen'}")


def _text(rendering: Rendering) -> str:
    """All that is compiled of it, whatever its prefix: equal texts become equal machine code."""
    whole = f"{rendering.header}{rendering.prelude}{rendering.body}{rendering.host}"
    return whole.replace(rendering.prefix, "").replace(rendering.prefix.upper(), "")


def _differs(drawn: Drawn, compiled: Compiled) -> bool:
    sources, batch, steps = input_sources(drawn.program, drawn.stimulus)
    seen, unseen = (
        traced(drawn.program, run_batch(compiled, sources, batch, steps, Recording(states=states), threads=1))
        for states in (True, False)
    )
    return differs(drawn, seen, unseen)


def differs(drawn: Drawn, seen: Trace, unseen: Trace) -> bool:
    """Whether any cell differs with states recorded, or any output without, where an update may skip what rests."""
    expected = drawn.expected
    return bool(differing_cells(expected, seen) or differing_cells(expected, unseen, "where both recorded"))


def _tallies(drawn: Sequence[Drawn]) -> dict[str, int]:
    outputs = [entry.output for each in drawn for entry in each.expected.entries.values()]
    messages = sum(int(np.count_nonzero(each)) for each in outputs)
    return {"cells": sum(each.size for each in outputs), "messages": messages}


@contextmanager
def _own_cache() -> Generator[None]:
    """Thousands of libraries that nobody needs again do not belong in the user's cache."""
    before = os.environ.get(HOME)
    with tempfile.TemporaryDirectory(prefix="neurodeploy-proof-") as home:
        os.environ[HOME] = home
        try:
            yield
        finally:
            os.environ.pop(HOME) if before is None else os.environ.update({HOME: before})


def _claim(toolchain: Toolchain, variant: Toolchain) -> Claim:
    by = toolchain.name if variant.forced is None else f"{toolchain.name} with {variant.forced} forced where it fits"
    proves = (
        f"random programs of every feature, {STEPS} steps: compiled by {by} they equal the reference "
        "in every output, membrane and current"
    )
    return Claim(f"engine-{variant.name}", proves, lambda: toolchain.lacks)


def _lacks() -> str | None:
    reasons = [each.lacks for each in TOOLCHAINS]
    return None if None in reasons else "; ".join(dict.fromkeys(filter(None, reasons)))


CASES = (
    ProofCase(
        "engine",
        f"random programs of every feature, {STEPS} steps: by every toolchain and kernel they equal the reference",
        SEEDS,
        BATCH,
        count,
        _lacks,
        tuple(_claim(each, variant) for each in TOOLCHAINS for variant in variants(each)),
    ),
)
