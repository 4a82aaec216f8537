"""Every remedy for a network that cannot be taken is followed literally, and the network is taken."""

from __future__ import annotations

from functools import cache

import pytest

from neurodeploy.errors import NeurodeployError
from tests.remedies.case import Case, Place, places, refusal_of
from tests.remedies.files import FILES
from tests.remedies.modules import MODULES
from tests.remedies.networks import NETWORKS
from tests.remedies.neurons import NEURONS

CASES: dict[str, Case] = {**MODULES, **NEURONS, **NETWORKS, **FILES}


pytestmark = [pytest.mark.xdist_group("remedies"), pytest.mark.filterwarnings("ignore")]


@cache
def refusal(name: str) -> tuple[NeurodeployError, frozenset[Place]]:
    """The error of a case, and the places that made it."""
    return refusal_of(CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_a_remedy_that_is_followed_works(name: str) -> None:
    case = CASES[name]
    error, at = refusal(name)
    assert at, error
    assert case.says in error.remedy, error
    case.followed()


LEFT = {
    "neurodeploy/frontends/lava_dl/cuba.py": "writes files: what has no block of SLAYER; no remedy is followed here",
    "neurodeploy/passes/as_network.py": "says why trained integers are no network again; no remedy is followed here",
    "neurodeploy/frontends/nir_file.py": "hands on a finding of a profile, which lint shows with its repair",
}
"""Files whose refusals have no case, and what they refuse."""
UNREACHED = {
    "FORMS": ("neurodeploy/frontends/layouts.py", "another form is tried first, whose reason is told"),
    "'add them before'": ("neurodeploy/frontends/tracing.py", "the trial run refuses such a call first"),
    "'use a neuron layer of its own'": ("neurodeploy/frontends/tracing.py", "the trial run refuses such a call first"),
    "'use smaller weights or fewer inputs'": (
        "neurodeploy/passes/scales.py",
        "needs weights beyond the range of doubles",
    ),
}
"""Guards behind other refusals: by the remedy as it is written, the file, and what comes before them."""


def test_every_refusal_in_the_source_has_a_case() -> None:
    reached = frozenset[Place]().union(*(refusal(name)[1] for name in CASES))
    missing = {
        place: remedy
        for place, remedy in places().items()
        if place not in reached and place.partition(":")[0] not in LEFT
    }
    guards = {
        place for place, remedy in missing.items() if UNREACHED.get(remedy, ("", ""))[0] == place.partition(":")[0]
    }
    assert not missing.keys() - guards, {place: missing[place] for place in missing.keys() - guards}
    assert len(guards) == len(UNREACHED)
