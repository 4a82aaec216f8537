"""A float network fed in chunks is the plain runner's run, in every bit where sums are exact."""

from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.contract import Terms
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.floats import NetworkRun
from neurodeploy.floats.kernels import kernels
from neurodeploy.network import Network, NetworkBuilder
from neurodeploy.reference.network_runner import run_network
from neurodeploy.trace import Trace, joined
from tests.engine.support import needs_compiler

pytestmark = needs_compiler
CUTS = ((0, 1), (1, 2), (2, 9), (9, 30))


def network(**terms: object) -> Network:
    """Two branches that are added, a delay, a loop with a bias, and a readout; all weights on a grid."""
    rng = np.random.default_rng(4)
    build = NetworkBuilder(Terms(dt=1e-3, **terms))  # type: ignore[arg-type]
    source = build.input("input", (6,))
    first = build.cuba_lif(
        "first", build.linear("a", source, rng.integers(-4, 9, (5, 6)) / 8), tau_syn=2e-3, tau_mem=4e-3, threshold=0.5
    )
    late = build.delay("late", first, 2e-3)
    added = build.add("sum", [late, build.linear("b", source, rng.integers(-4, 9, (5, 6)) / 8)])
    second = build.integrate("second", build.linear("c", added, rng.integers(-4, 9, (4, 5)) / 8), 1.0)
    loop = build.linear("loop", second, rng.integers(-4, 3, (5, 4)) / 8, bias=np.full(5, 0.125))
    build.connect(loop, "first")
    build.output("output", second)
    return build.build()


def stimulus(samples: int = 3) -> dict[str, np.ndarray]:
    return {"input": (np.random.default_rng(2).random((samples, 30, 6)) < 0.4).astype(np.float32)}


def part(arrays: dict[str, np.ndarray], cut: tuple[int, int]) -> dict[str, np.ndarray]:
    return {name: array[:, slice(*cut)] for name, array in arrays.items()}


def fed(made: Network, arrays: dict[str, np.ndarray], drive: Trace | None = None, **how: bool) -> Trace:
    library = kernels()
    assert library is not None
    run = NetworkRun(made, len(arrays["input"]), library, states=True, **how)
    drives = [None if drive is None else drive.part(slice(None), slice(*cut)) for cut in CUTS]
    return joined([run.feed(part(arrays, cut), d) for cut, d in zip(CUTS, drives, strict=True)], 1)


def same(ours: Trace, plain: Trace) -> bool:
    return all(
        np.array_equal(getattr(ours[name], key), getattr(plain[name], key))
        for name in plain.entries
        for key in ("output", "v", "v_before")
        if getattr(plain[name], key) is not None
    )


TERMS = [
    {},
    {"reset_timing": "next-step", "reset": "subtract"},
    {"recurrent_delay": 3, "recurrent_bias_at_start": "applied"},
    {"max_spikes_per_step": 3, "fires_at": ">="},
]


@pytest.mark.parametrize("terms", TERMS)
def test_chunks_joined_are_the_whole_run(terms: dict[str, object]) -> None:
    made = network(**terms)
    plain = run_network(made, stimulus(), states=True)
    assert all(plain[name].output.any() for name in made.populations)
    assert same(fed(made, stimulus()), plain)


@pytest.mark.parametrize("forced", [False, True])
def test_a_driven_run_is_the_plain_runners(forced: bool) -> None:
    made, rng = network(), np.random.default_rng(9)
    trace = run_network(made, stimulus())
    entries = {
        name: replace(entry, output=entry.output * (rng.random(entry.output.shape) < 0.7))
        for name, entry in trace.entries.items()
    }
    drive = Trace(entries)
    plain = run_network(made, stimulus(), states=True, drive=drive, forced=forced)
    assert same(fed(made, stimulus(), drive, forced=forced), plain)


def layers(bias: float) -> tuple[Network, np.ndarray]:
    """Two convolutions and a pooling, and frames of which most are empty."""
    build, rng = NetworkBuilder(Terms(dt=1e-3)), np.random.default_rng(6)
    at = build.input("input", (1, 6, 6))
    at = build.conv("conv1", at, rng.integers(-4, 9, (3, 1, 3, 3)) / 8, padding=1, bias=np.full(3, bias))
    at = build.integrate("first", at, 1.0)
    at = build.conv("conv2", at, rng.integers(-4, 9, (2, 3, 3, 3)) / 8)
    at = build.integrate("second", at, 1.0)
    build.output("output", build.integrate("third", build.pool("pool", at, 2, 2), 2.0))
    shown = np.zeros((2, 30, 1, 6, 6))
    shown[:, [3, 4, 5, 17, 18, 29]] = rng.random((2, 6, 1, 6, 6)) < 0.7
    return build.build(), shown


@pytest.mark.parametrize("bias", [0.0, 0.125])
@pytest.mark.parametrize("driven", [False, True])
def test_layers_may_fall_silent_and_speak_again(bias: float, driven: bool) -> None:
    made, shown = layers(bias)
    drive = run_network(made, {"input": np.roll(shown, 2, 1)}) if driven else None
    plain = run_network(made, {"input": shown}, states=True, drive=drive)
    speaks = plain["third"].output.any(axis=(0, 2, 3, 4))
    assert speaks.any() and not speaks.all()
    assert same(fed(made, {"input": shown}, drive), plain)


@pytest.mark.parametrize("bias", [0.0, 0.125])
@pytest.mark.parametrize("states", [False, True])
def test_some_chunks_may_be_driven_and_others_not(bias: float, states: bool) -> None:
    made, shown = layers(bias)
    library, cuts = kernels(), [slice(start, start + 3) for start in range(0, 30, 3)]
    assert library is not None
    drive = run_network(made, {"input": np.roll(shown, 2, 1)})
    some, driven = (NetworkRun(made, 2, library, states=states) for _ in range(2))
    for number, cut in enumerate(cuts):
        block, fed_with = {"input": shown[:, cut]}, drive.part(slice(None), cut) if number % 2 else None
        ours = some.feed(block, fed_with)
        assert same(ours, driven.feed(block, ours if fed_with is None else fed_with))


def test_no_sample_depends_on_the_others() -> None:
    """Not even in the last digit of a weight that lies on no grid, unlike a product of matrices."""
    build = NetworkBuilder()
    rng = np.random.default_rng(0)
    at = build.linear("fc", build.input("input", (6,)), rng.normal(size=(7, 6)))
    build.output("output", build.lif("cell", at, tau=0.01, threshold=0.5))
    made = build.build()
    together = fed(made, stimulus())
    alone = fed(made, {"input": stimulus()["input"][1:2]})
    assert same(together.part(slice(1, 2), slice(None)), alone)


def test_what_does_not_fit_is_refused() -> None:
    library = kernels()
    assert library is not None
    with pytest.raises(RefusedError, match="keeps states from sample to sample"):
        NetworkRun(network(keep_state=True), 2, library)
    run = NetworkRun(network(), 2, library)
    with pytest.raises(InputError, match="no array for input 'input'"):
        run.feed({"other": np.zeros((2, 3, 6))})
    with pytest.raises(InputError, match=r"has shape \(2, 3, 5\)"):
        run.feed({"input": np.zeros((2, 3, 5))})
