"""Every remedy for a network that cannot be taken is followed literally, and the network is taken."""

from __future__ import annotations

from functools import cache

import pytest

from tests.remedies.carried import CARRIED
from tests.remedies.case import Case, Place, places, refusal_of
from tests.remedies.files import FILES
from tests.remedies.integers import INTEGERS
from tests.remedies.layers import LAYERS
from tests.remedies.modules import MODULES
from tests.remedies.networks import NETWORKS
from tests.remedies.neurons import NEURONS
from tests.remedies.returned import RETURNED
from tests.remedies.written import WRITTEN

KINDS = (MODULES, LAYERS, NEURONS, NETWORKS, FILES, WRITTEN, RETURNED, CARRIED, INTEGERS)
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
