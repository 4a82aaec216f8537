"""A fault in the quantizer's own code ends in ``diverged: not rounding``, through the whole of a check."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from neurodeploy.flow import check
from neurodeploy.passes import neurons, rounding
from neurodeploy.stimulus import Stimulus
from tests.passes.networks import chain, events

NETWORK = chain(2, sizes=(12, 10, 8))
SHOWN = Stimulus({"input": events(NETWORK)["input"]})


def wrong_sign(weights: np.ndarray) -> np.ndarray:
    place = np.unravel_index(int(np.abs(weights).argmax()), weights.shape)
    changed = weights.copy()
    changed[place] = -changed[place]
    return changed


def swapped(weights: np.ndarray) -> np.ndarray:
    return weights[[1, 0, *range(2, len(weights))]]


def one_more(decay: Any) -> Any:
    return decay + 1 if 0 < decay < 4096 else decay


PLACES: dict[str, tuple[Any, str, Callable[[Any], Any], str]] = {
    "a wrong sign in one weight of a layer": (rounding, "round_weights", wrong_sign, "its sign is wrong"),
    "swapped outputs": (rounding, "round_weights", swapped, "outputs 0 and 1 are swapped"),
    "a decay one last bit off": (neurons, "round_decay", one_more, "decay of membrane"),
}


@pytest.mark.parametrize("fault", PLACES)
def test_it_diverges_whatever_the_budget_and_names_layer_and_term(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, broken, words = PLACES[fault]
    assert check(NETWORK, SHOWN, targets=["fixed"], budget=0.0).verdict == "agree"
    sound = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *arguments: broken(sound(*arguments)))
    report = check(NETWORK, SHOWN, targets=["fixed"], budget=0.0, causes=True)
    rung = next(rung for rung in report.rungs if rung.target == "program")
    assert report.verdict == "diverged"
    assert rung.verdict_words == "diverged: not rounding"
    assert [reason.partition(": ")[0] for reason in rung.reasons] == ["lif0", "lif1"]
    assert all(words in reason for reason in rung.reasons)
    assert rung.losses is not None and rung.losses.remedies == ()
