"""``python -m tests.proof.emulator SEED``: where emulated code first differs from the reference."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from neurodeploy.parity.compare import compare, first_cell, quantity
from neurodeploy.trace import Trace
from tests.engine.toolchains import KERNELS
from tests.proof.cases.emulated import GCC, ZIG, traces_of
from tests.proof.cases.engine import Drawn


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where nothing differs, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.emulator", description="Show a first difference.")
    parser.add_argument("seed", type=int)
    parser.add_argument("--forced", choices=KERNELS, help="the kernel to use wherever it fits")
    parser.add_argument("--zig", action="store_true", help="by zig for AVX2 instead of gcc for AVX-512")
    options = parser.parse_args(arguments)
    drawn = Drawn.of(options.seed)
    toolchain = ZIG if options.zig else GCC
    rendering = replace(toolchain, forced=options.forced).render(drawn.plan, "program")
    seen, unseen = (first_difference(drawn.expected, trace) for trace in traces_of(toolchain, [(drawn, rendering)]))
    print(f"states recorded: {seen or 'nothing differs'}\noutputs only: {unseen or 'nothing differs'}")
    return 0 if seen is unseen is None else 1


def first_difference(expected: Trace, actual: Trace) -> str | None:
    """Step, node and neuron of the first cell that differs, the values there, and how many differ at that step."""
    return min(_differences(expected, actual), default=(0, 0, None))[2]


def _differences(expected: Trace, actual: Trace) -> Iterator[tuple[int, int, str]]:
    for rank, (node, differences) in enumerate(compare(expected, actual).items()):
        for name, different in differences.items():
            cell = first_cell(different)
            ours, theirs = quantity(expected[node], name), quantity(actual[node], name)
            if cell is not None and ours is not None and theirs is not None:
                step, sample, *neuron = cell
                values = f"{theirs[sample, step, *neuron]}, not {ours[sample, step, *neuron]}"
                more = f"{np.count_nonzero(different[:, step])} of {different[0, step].size} at that step"
                yield step, rank, f"step {step}, {name} of {node}, neuron {tuple(neuron)}: {values}; {more}"


if __name__ == "__main__":
    sys.exit(main())
