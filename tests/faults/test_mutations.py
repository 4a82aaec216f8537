"""Faults in the integers that a target is handed: a slice of the mutation table, which ``make proof`` writes."""

import pytest

from neurodeploy.engine.compiler import find_compiler
from tests.proof.cases.mutations import DIGITS, count


@pytest.mark.skipif(find_compiler() is None, reason="no C compiler (Debian: apt-get install gcc)")
def test_planted_faults_are_caught_at_their_node_and_named() -> None:
    counts = count(DIGITS, range(2, 152, 50))
    assert counts.cases == 3
    assert counts.failed == ()
    assert counts.tallies["right node"] + counts.tallies.get("silent and reported as not covered", 0) == 3
    assert counts.tallies["right cause named"] >= 1
