"""How many numbers a vector holds, and how a run of sums is covered by vectors.

No vector is wider than the machine's: compilers lower wider ones through memory.
"""

from __future__ import annotations

from neurodeploy.codegen.machine import Machine

WORD_BYTES = 4


def lanes(machine: Machine) -> int:
    """32-bit integers in a vector."""
    return machine.vector_bytes // WORD_BYTES


def group(machine: Machine) -> int:
    """Neurons that one iteration of an update covers: four vectors of 32-bit integers, so one vector of bytes."""
    return 4 * lanes(machine)


def widths(machine: Machine, bits: int, least: int = 16) -> tuple[int, ...]:
    """Lanes of the vectors that sums of ``bits`` are added in, widest first; the narrowest has ``least`` bytes."""
    sizes = [size for size in (64, 32, 16, 8) if least <= size <= machine.vector_bytes]
    return tuple(8 * size // bits for size in sizes)


def pieces(machine: Machine, bits: int, count: int, least: int = 16) -> list[tuple[int, int]]:
    """The vectors that cover a run of ``count`` sums of ``bits``, as (first lane, number of lanes).

    As few vectors as possible; together they exceed the run by less than ``least`` bytes.
    """
    covering: list[tuple[int, int]] = []
    at, sizes = 0, widths(machine, bits, least)
    for width in sizes:
        while count - at >= width or (width == sizes[-1] and at < count):
            covering.append((at, width))
            at += width
    return covering
