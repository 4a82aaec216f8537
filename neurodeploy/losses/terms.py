"""The terms in which a population of integers differs from the network's."""

from __future__ import annotations

from typing import Literal, get_args

Term = Literal[
    "weights",
    "decay",
    "threshold",
    "bias",
    "reset and clamp",
    "input quantizer",
    "graded messages",
    "truncation",
    "saturation",
]
"""What quantization changes, one at a time:

- ``weights``, ``decay``, ``threshold``, ``bias``: constants that were rounded (a bias with the current it starts from);
- ``reset and clamp``: the value after a spike, the ends of the membrane, and where it starts;
- ``input quantizer``, ``graded messages``: values of inputs and of sums that arrive as integers;
- ``truncation``: products of decays, and shifted sums, that the machine cuts off in every step;
- ``saturation``: currents, membranes and sums that end at the machine's widths or wrap.
"""
TERMS: tuple[Term, ...] = get_args(Term)
Culprit = Literal[Term, "rule", "synapses", "equations"]
"""What a difference is put down to that no rounding makes: a term, or

- ``rule``: how it decides, resets and starts; ``synapses``: paths, their form and their delay;
- ``equations``: constants and paths that were made from the network do not give its membranes.
"""
