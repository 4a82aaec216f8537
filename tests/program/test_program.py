"""What a Program says of itself."""

import numpy as np

from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Input, Population, Program, Projection


def test_it_tells_the_memory_of_its_weights_with_both_parts_of_wide_ones() -> None:
    upper = Projection("fc", "input", "n", "dense", np.full((64, 64), 2), shift=3)
    lower = Projection("fc.low", "input", "n", "dense", np.ones((64, 64), np.int64), shift=-4)
    one, both = (Program(LOIHI2, (Input("input", (64,)),), (Population("n", (64,)),), (upper, *more), ("n",))
                 for more in ((), (lower,)))  # fmt: skip
    assert one.cost == "numerics: loihi2, 4,096 weights of 8 bits: 4.0 KiB"
    assert both.cost == "numerics: loihi2, 8,192 weights of 8 bits: 8.0 KiB"
    assert both.cost in both._repr_html_()
