"""Numpy multiplies on one thread where we ask for it, unless the environment says on how many."""

from typing import Any

import pytest
from threadpoolctl import threadpool_info

import neurodeploy as nd
from neurodeploy.parity.climb import Climb
from neurodeploy.threads import LIBRARY, THREADS, one_thread
from tests.passes.networks import chain, events


def counts() -> set[int]:
    """The threads of the OpenBLAS that numpy brings along."""
    return {library["num_threads"] for library in threadpool_info() if library.get("prefix") == LIBRARY}


def test_one_thread_is_used_in_the_block_and_as_many_as_before_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)
    before = counts()
    with one_thread():
        assert counts() == ({1} if before else set())
    assert counts() == before


@pytest.mark.parametrize("name", THREADS)
def test_what_the_environment_says_stays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "2")
    before = counts()
    with one_thread():
        assert counts() == before


def test_a_check_multiplies_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)
    used: list[set[int]] = []
    run = Climb.run

    def counted(climb: Climb, *how: Any) -> None:
        used.append(counts())
        run(climb, *how)

    monkeypatch.setattr(Climb, "run", counted)
    network = chain(0)
    assert nd.check(network, events(network)).rungs[0].verdict == "agree"
    assert used == [{1} if counts() else set()]
