"""What is known of a node whose cause is looked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.trace import Entry

IntArray = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Observed:
    """What is known of a node: records ``(B, T, *shape)`` of the same samples and steps.

    - ``sent``: what every node really sent, flat ``(B, T, size)``.
    - ``actual``: what it did; ``arrived``: what the reference does with what arrived; ``expected``: what it should have
      done in a run without any fault; ``different``: the cells in which ``actual`` and ``arrived`` differ.
    - ``skip``: first steps that are not judged, for what was before them is not known.
    """

    sent: Mapping[str, IntArray]
    actual: Entry
    arrived: Entry
    expected: Entry
    different: Mask
    skip: int = 0
