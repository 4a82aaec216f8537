"""Every remedy for a network that cannot be taken is followed literally, and the network is taken."""

from __future__ import annotations

from functools import cache

import pytest
from neurodeploy.targets.loihi_sim import TARGET as LOIHI

from neurodeploy.errors import CannotRepresentError, InputError, RefusedError
from neurodeploy.flow.exporting import lower
from tests.remedies.carried import CARRIED
from tests.remedies.case import Case, Place, places, refusal_of
from tests.remedies.files import FILES
from tests.remedies.integers import INTEGERS
from tests.remedies.layers import LAYERS
from tests.remedies.modules import MODULES
from tests.remedies.networks import NETWORKS
from tests.remedies.neurons import NEURONS
from tests.remedies.reached import KEPT, REACHED, extreme
from tests.remedies.returned import RETURNED
from tests.remedies.written import WRITTEN

KINDS = (MODULES, LAYERS, NEURONS, NETWORKS, FILES, WRITTEN, RETURNED, CARRIED, INTEGERS, REACHED)
CASES: dict[str, Case] = {name: case for kind in KINDS for name, case in kind.items()}


pytestmark = [pytest.mark.xdist_group("remedies"), pytest.mark.filterwarnings("ignore")]


@cache
def refusal(name: str) -> tuple[str, frozenset[Place]]:
    """The remedies of a case that hold its words, and the places that made them."""
    return refusal_of(CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_a_remedy_that_is_followed_works(name: str) -> None:
    case = CASES[name]
    remedy, at = refusal(name)
    assert at, remedy
    assert case.says in remedy
    case.followed()


def test_every_refusal_in_the_source_has_a_case() -> None:
    reached = frozenset[Place]().union(*(refusal(name)[1] for name in CASES))
    assert not {place: remedy for place, remedy in places().items() if place not in reached}


def test_every_rule_on_integers_has_its_network() -> None:
    """Those that only a program of somebody's own can break are kept by an earlier stage, as the next test shows."""
    reached = {name.removesuffix(", of a network") for name in REACHED}
    assert reached | KEPT.keys() == INTEGERS.keys()
    assert not reached & KEPT.keys()


@pytest.mark.parametrize("name", KEPT)
def test_a_network_at_the_edge_of_a_rule_does_not_break_it(name: str) -> None:
    kept = KEPT[name]
    if kept.says:
        with pytest.raises((CannotRepresentError, RefusedError, InputError)) as told:
            kept.export()
        assert kept.says in f"{told.value.what} {told.value.remedy}"
    else:
        assert not [finding for finding in kept.export().findings if CASES[name].says in finding.remedy]


def test_networks_of_extreme_numbers_break_no_rule_of_lava() -> None:
    exported = 0
    for seed in range(24):
        try:
            lower(extreme(seed), LOIHI)
        except (CannotRepresentError, RefusedError):  # told with its numbers, before there are integers
            continue
        exported += 1
    assert exported > 6
