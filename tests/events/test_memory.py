"""Memory does not grow with the recording; the proof does the same with 100 M events."""

import sys

import pytest

from tests.events.support import FAERY, needs_faery
from tests.proof.cases.events import FEW, WRITERS, count

FORMATS = [
    pytest.param(seed, id=name, marks=needs_faery if name.lower() in FAERY else ()) for seed, name in enumerate(WRITERS)
]


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of resident memory is read from /proc")
@pytest.mark.parametrize("seed", FORMATS)
def test_a_recording_is_framed_in_less_memory_than_its_events_need(seed: int) -> None:
    counts = count(range(seed, seed + 1))
    assert counts.failed == ()
    assert (counts.tallies["events"], counts.tallies["frames"]) == (FEW, 800)
