"""When a step is better done without looking at which inputs are silent: a model of time in cycles per vector.

The constants were measured with gcc 12 on an AMD EPYC of the Zen 3 generation (AVX2), by forcing each kernel on the
convolutions of SpikeSEG and of the SEW blocks; those of AVX-512 follow from its width.
"""

from __future__ import annotations

from neurodeploy.codegen.c.kernels import Edge
from neurodeploy.codegen.c.machine import Machine
from neurodeploy.codegen.c.native.vectors import pieces
from neurodeploy.codegen.c.window import window_of

EVENT = 10.0
"""Finding an event's place."""
ADDED = {"avx2": 1.1, "avx512": 1.3, "baseline": 1.1}
"""Loading, adding to and storing one vector of sums at any address."""
GRADED = 0.4
"""Multiplying a vector by a message."""
DOT = {"avx2": 0.85, "avx512": 0.85}
"""One vector of products of bytes."""
MAPPED = 0.1
"""Copying one message into its padded map."""


def threshold(edge: Edge, machine: Machine) -> int:
    """The number of events from which on the dense kernel is used."""
    window = window_of(edge.projection, edge.source.shape)
    (kh, kw), out = window.kernel, window.channels_out
    vectors = len(pieces(machine, edge.bits, kw * out))
    event = EVENT + kh * vectors * (ADDED[machine.name] + (0.0 if edge.unit else GRADED))
    quads = kh * -(-kw * window.channels_in // 4) * -(-out * 4 // machine.vector_bytes)
    dense = window.out[0] * window.out[1] * quads * DOT[machine.name] + edge.source.size * MAPPED
    return max(1, int(dense / event))
