"""The instruction sets that native code is rendered for: the width of their vectors, and the features they need."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """An instruction set.

    - ``vector_bytes``: the width of its vectors; vector types of any other width are slow on it.
    - ``architecture``: what gcc and clang call it in ``-march``; "" is what the compiler takes by default.
    - ``extensions``: further ``-m`` flags; ``needs``: the processor's features, as Linux names them.
    """

    name: str
    vector_bytes: int
    architecture: str = ""
    extensions: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


AVX512 = Machine(
    "avx512",
    64,
    "x86-64-v4",
    ("-mavx512vnni", "-mavx512vbmi2"),
    ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512_vnni", "avx512_vbmi2"),
)
AVX2 = Machine("avx2", 32, "x86-64-v3", (), ("avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "abm"))
BASELINE = Machine("baseline", 16)
MACHINES = (AVX512, AVX2, BASELINE)
"""Widest first."""
