"""Real Lava = the compiled engine on random networks, every output and state; the long count stands in the proofs."""

from __future__ import annotations

from typing import get_args

import pytest

from neurodeploy.conformance import Family
from tests.proof.cases.lava import count
from tests.targets.loihi_sim_support import lava

SEEDS = range(5000, 5002)
__all__ = ["lava"]


@pytest.mark.usefixtures("lava")
@pytest.mark.parametrize("family", get_args(Family))
def test_lava_and_compiled_code_do_the_same(family: Family) -> None:
    parts = count(family, SEEDS).parts
    assert list(parts) == [f"lava-{family}", f"lava-engine-{family}"]
    for part in parts.values():
        assert part.cases == len(SEEDS)
        assert part.failed == ()
        assert part.tallies["spikes"] > 0
