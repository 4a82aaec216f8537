"""Every rule of our own process models matters: break one, and the trace differs where its feature is used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neurodeploy.targets.loihi_sim import TARGET
from neurodeploy.targets.loihi_sim.launch import LAVA_SIDE
from neurodeploy.targets.loihi_sim.runner import Run, run_many

from neurodeploy.program import Output, Population, Program, Projection
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from tests.targets.loihi_sim_support import differences, lava, program, spikes, weights

BASE = Population("n", (5,), threshold=40, current_decay=4096, membrane_decay=300, compare=">=")
COUNTING = replace(BASE, max_spikes_per_step=3, output=Output("count", 4))
FEED = Projection("w", "input", "n", "dense", weights(5, 6))
STRONG = abs(FEED.weights) + 180
RELAY = Population("n", (5,), "relay", shift=2, bias=1, output=Output("graded", 5, signed=True))
STIMULUS = Stimulus({"input": spikes(2, 20, 6)})


def one(population: Population = BASE, feed: Projection = FEED, *more: Projection) -> Program:
    """input -> n."""
    return program([population], [feed, *more])


def lasting(bias: int) -> Program:
    """A biased relay whose messages outlast its sample."""
    late = Projection("late", "n", "m", "dense", weights(3, 5), delay=4, message_bits=5)
    return program([replace(RELAY, bias=bias), replace(BASE, name="m", shape=(3,))], [FEED, late])


LIF: dict[str, tuple[str, str, Program]] = {
    "silent between samples": (
        "self.window.place(self.time_step - 1)",
        "self.window.place(self.time_step - 1) or (0, 1)",
        one(replace(BASE, bias=900), FEED, Projection("r", "n", "n", "dense", weights(5, 5), delay=3)),
    ),
    "state restored": ("if place[1] == 0 or", "if", one(replace(BASE, initial_membrane=2000))),
    "initial current": (
        "self.u[:], self.v[:] = self.u0,",
        "self.u[:], self.v[:] = 0,",
        one(replace(BASE, initial_current=2500, current_decay=99)),
    ),
    "afresh": ('or self.rules["afresh"]', "", one(replace(BASE, every_step=True, bias=70))),
    "shift of the input": ("np.left_shift(activation, 6)", "np.left_shift(activation, 5)", one()),
    "decay toward zero": ("np.sign(product) * (np.abs(product) >> 12)", "product >> 12", one()),
    "current wraps once": (
        "u - 2 * STATE_LIMIT, np.where",
        "STATE_LIMIT - 1, np.where",
        one(replace(BASE, current_decay=0), replace(FEED, weights=STRONG, shift=7)),
    ),
    "membrane saturates": (
        "np.clip(v, 1 - STATE_LIMIT, STATE_LIMIT - 1)",
        "v",
        one(replace(BASE, membrane_decay=0), replace(FEED, weights=-STRONG, shift=7)),
    ),
    "bias exponent": (
        "np.left_shift(self.bias_mant, self.bias_exp)",
        "self.bias_mant",
        one(replace(BASE, bias=4095 << 3)),
    ),
    "floor": ("np.maximum(v, low << 6)", "v", one(replace(BASE, floor=0))),
    "ceiling": ("np.minimum(v, high << 6)", "v", one(replace(BASE, ceiling=50, reset="subtract"))),
    "at threshold": (
        "self.v >= self.threshold if",
        "self.v > self.threshold if",
        one(replace(BASE, membrane_decay=4096, threshold=44)),
    ),
    "several spikes": ("np.clip(thresholds, 1,", "np.clip(thresholds + 1, 1,", one(COUNTING)),
    "strict count": (
        "else self.v - 1",
        "else self.v",
        one(replace(COUNTING, compare=">", threshold=2, membrane_decay=4096, max_spikes_per_step=15)),
    ),
    "fires once": ("self.spent |= spikes > 0", "pass", one(replace(BASE, fire_once=True))),
    "once per sample": (
        "self.spent = np.zeros(self.v.shape, dtype=bool)",
        "self.spent = np.zeros(self.v.shape, dtype=bool) if self.spent is None else self.spent",
        one(replace(BASE, fire_once=True)),
    ),
    "reset to zero": ("self.v[spikes > 0] = 0", "pass", one()),
    "reset to a value": ('self.rules["reset_value"] << 6', "0", one(replace(BASE, reset="value", reset_value=-20))),
    "reset by subtraction": (
        "self.v - spikes * self.threshold",
        "self.v - (spikes > 0) * self.threshold",
        one(replace(COUNTING, reset="subtract")),
    ),
    "analog": (
        "self.s_out.send(self.v.copy())",
        "self.s_out.send(self.v >> 6)",
        one(replace(BASE, kind="li", output=Output("graded", 24, True, 6))),
    ),
}
RELAYS: dict[str, tuple[str, str, Program]] = {
    "half to even": ("(2 * rest + odd > unit)", "(2 * rest >= unit)", one(replace(RELAY, bias=0))),
    "rounding": ("+ (2 * rest + odd > unit)", "", one(RELAY)),
    "saturation": (
        "np.clip(self.rounded(total.astype(np.int64)), self.low, self.high)",
        "self.rounded(total)",
        one(replace(RELAY, output=Output("graded", 4, signed=True))),
    ),
    "bias of the relay": (" + self.bias", "", one(replace(RELAY, bias=9))),
    "left shift": ("total << -self.shift", "total", one(replace(RELAY, shift=-1, output=Output("graded", 12, True)))),
    "silent between samples (relay)": ("total = np.zeros_like(total)", "pass", lasting(40)),
}
SILENT = {"membrane saturates"}
EVERY = LIF | RELAYS


def mutated(name: str, folder: Path) -> Path:
    """A copy of the process source with one rule broken."""
    old, new, _ = EVERY[name]
    source = (LAVA_SIDE / ("held_lif.py" if name in LIF else "graded_relay.py")).read_text()
    assert source.count(old) == 1
    path = folder / f"{list(EVERY).index(name)}.py"
    path.write_text(source.replace(old, new))
    return path


@pytest.fixture(scope="module")
def found(lava: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, int], dict[str, int]]]:
    """Differences of the sound and of the broken model, by rule."""
    folder = tmp_path_factory.mktemp("mutants")
    runs: list[Run] = []
    expected: list[Any] = []
    for name, (_, _, net) in EVERY.items():
        artifact = TARGET.lower(net, {"neurons": "held"})
        runs += [Run(artifact, STIMULUS, True), Run(artifact, STIMULUS, True, process_models=mutated(name, folder))]
        expected += [run_program(net, STIMULUS, states=True)] * 2
    different = [differences(actual, wanted) for actual, wanted in zip(run_many(runs), expected, strict=True)]
    return dict(zip(EVERY, zip(different[::2], different[1::2], strict=True), strict=True))


@pytest.mark.parametrize("name", EVERY)
def test_the_sound_model_agrees_and_the_broken_one_is_caught(
    name: str, found: dict[str, tuple[dict[str, int], dict[str, int]]]
) -> None:
    sound, broken = found[name]
    assert sound == {}
    assert broken


@pytest.mark.parametrize("name", sorted(EVERY.keys() - SILENT))
def test_the_network_is_alive(name: str) -> None:
    assert np.any(run_program(EVERY[name][2], STIMULUS)["n"].output)


__all__ = ["lava"]
