"""The targets that come along pass the conformance suite: a slice of its cases, all of which ``make proof`` runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from neurodeploy.conformance.conform import conform
from neurodeploy.conformance.modes import Mode
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.flow.conforming import device_of
from neurodeploy.flow.exporting import numerics_of
from neurodeploy.target import find_target, unavailable
from tests.targets.loihi_sim_support import lava

pytestmark = pytest.mark.xdist_group("conformance")


@dataclass(frozen=True)
class Slice:
    """A target under numerics, with the first idea that is tried, how many networks are drawn, and the modes."""

    target: str
    first: int
    networks: int
    modes: tuple[Mode, ...]
    options: Mapping[str, str] = field(default_factory=dict[str, str])


EVERY = 16
SLICES = {
    "fixed": Slice("fixed", 1, 2, ("states", "in chunks")),
    "fixed-xylo": Slice("fixed", 0, 0, ("states",), {"numerics": "xylo-v2"}),
    "c": Slice("c", 4, 3, ("states", "isolated")),
    "cortex-m": Slice("cortex-m", 10, 2, ("states", "isolated")),
    "xylo-sim": Slice("xylo-sim", 3, 0, ("states",)),
    "loihi-sim": Slice("loihi-sim", 2, 3, ("states", "isolated")),
}


@pytest.mark.parametrize("name", SLICES)
def test_a_target_computes_what_it_declares(name: str, request: pytest.FixtureRequest) -> None:
    part = SLICES[name]
    if part.target == "loihi-sim":
        request.getfixturevalue("lava")
    target = find_target(part.target)
    reason = unavailable(target)
    if reason is not None:
        pytest.skip(reason)
    device = device_of(target, numerics_of(target, part.options), {})
    report = conform(
        device, part.networks, 0, INDEPENDENT, part.options, modes=part.modes, part=slice(part.first, None, EVERY)
    )
    assert report.verdict == "agree", report
    assert report.count("passed") >= 4 + part.networks
    assert set(report.modes) == set(part.modes)
    assert report.notes == ()


__all__ = ["lava"]
