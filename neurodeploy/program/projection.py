"""Projections: the synapses of a Program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError

IntArray = NDArray[np.int64]
Kind = Literal["dense", "sparse", "conv1d", "conv2d", "sum-pool"]
WEIGHT_AXES: dict[Kind, int] = {"dense": 2, "sparse": 2, "conv1d": 3, "conv2d": 4, "sum-pool": 2}


@dataclass(frozen=True, eq=False)
class Projection:
    """Synapses from ``source`` to ``target``.

    ``weights`` are the integers that multiply messages before ``shift``:

    - ``dense``, ``sparse``: ``(target size, source size)`` over row-major flattened populations (a ``sparse`` one
      is held dense here; the kind says how machines store it);
    - ``conv2d``: ``(C_out, C_in / groups, kh, kw)``, ``conv1d``: ``(C_out, C_in / groups, k)``: cross-correlation as
      in torch on ``(C, H, W)`` / ``(C, L)``, with ``stride``, symmetric zero ``padding``, ``dilation``, ``groups``
      (``conv1d`` uses the first value of each);
    - ``sum-pool``: ``(kh, kw)``, each channel summed with these weights (normally ones), ``stride``, ``padding``.

    ``shift`` multiplies the *sum* of one step by ``2**shift`` (floor for negative shifts; never negative in a windowed
    kind, whose machine form is a kernel of ``weights << shift``). ``delay`` is in steps:
    what the source sends at step t arrives at t + delay; a projection that closes a loop has a delay of at least 1.
    ``message_bits`` 1: every non-zero message counts as 1; more: the message's value, which must fit in that width.
    ``order`` ``sum``: events add source by source, where a machine's saturation makes order matter.
    """

    name: str
    source: str
    target: str
    kind: Kind
    weights: IntArray
    shift: int = 0
    delay: int = 0
    message_bits: int = 1
    stride: tuple[int, ...] = (1, 1)
    padding: tuple[int, ...] = (0, 0)
    dilation: tuple[int, ...] = (1, 1)
    groups: int = 1
    order: Literal["sum"] = "sum"
    inserted: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", np.asarray(self.weights, dtype=np.int64))
        expected = WEIGHT_AXES[self.kind]
        if self.weights.ndim != expected:
            raise InputError(
                f"{self.kind} weights have {self.weights.ndim} axes, not {expected}",
                f"projection {self.name}",
                "give the weights the layout that its kind has",
            )
        if self.kind == "conv1d":
            for axis_values in ("stride", "padding", "dilation"):
                object.__setattr__(self, axis_values, getattr(self, axis_values)[:1])
