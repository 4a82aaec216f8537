"""Random recurrent float networks of Xylo's size, as a framework would train them, and what is shown to them."""

from __future__ import annotations

import nir
import numpy as np

from neurodeploy.contract import Terms
from neurodeploy.network.builder import NetworkBuilder
from neurodeploy.network.network import Network
from neurodeploy.stimulus import Stimulus

DT = 1e-3


def network(seed: int) -> Network:
    """Recurrent hidden layers and a readout: with and without currents, decays that are shifts and others, biases."""
    rng = np.random.default_rng((seed, 11))
    terms = Terms(
        dt=DT,
        method="exponential",
        input_gain="unit",
        reset=("subtract", "zero")[seed % 5 == 4],
        reset_timing=("same-step", "next-step")[seed % 3 == 2],
        fires_at=(">=", ">")[seed % 2],
        max_spikes_per_step=(1, 1 << 16)[seed % 4 == 0 and seed % 5 != 4],
    )
    build, sizes = NetworkBuilder(terms), [int(rng.integers(3, 17))]
    source = build.input("input", (sizes[0],))
    for number in range(1 + int(rng.random() < 0.4)):
        source = _layer(rng, build, f"hidden{number}", source, sizes[-1], int(rng.integers(8, 29)), recurrent=True)
        sizes.append(build.shape(source)[0])
    source = _layer(rng, build, "out", source, sizes[-1], int(rng.integers(2, 9)), recurrent=False)
    build.output("output", source)
    return build.build()


def stimulus(made: Network, seed: int, samples: int = 2, steps: int = 80) -> Stimulus:
    """Spikes at a rate of the seed."""
    rng = np.random.default_rng((seed, 12))
    shape = (samples, steps, *made.shapes["input"])
    return Stimulus({"input": (rng.random(shape) < rng.uniform(0.05, 0.5)).astype(np.float64)})


def _layer(
    rng: np.random.Generator, build: NetworkBuilder, name: str, source: str, count: int, size: int, recurrent: bool
) -> str:
    bias = rng.normal(0, 0.02, size) if rng.random() < 0.5 else None
    if bias is not None and recurrent and name != "hidden0":
        bias = -np.abs(bias)  # of a layer that acts late and feeds others, the chip needs silence until then
    weighted = build.linear(f"{name}_in", source, rng.normal(0.1, 1 / np.sqrt(count), (size, count)), bias)
    whole = rng.random() < 0.5
    keeps = 1 - 2.0 ** -rng.integers(1, 6, 2) if whole else rng.uniform(0.4, 0.98, 2)
    tau_syn, tau_mem = -DT / np.log(keeps)
    threshold = rng.uniform(0.3, 1.5, size)
    if rng.random() < 0.6:
        times, rest = {"tau_syn": tau_syn, "tau_mem": tau_mem}, {"v_leak": 0.0, "v_reset": 0.0}
        neuron = build.neuron(
            name, weighted, nir.CubaLIF, {**times, **rest, "r": 1.0, "w_in": 1.0, "v_threshold": threshold}
        )
    else:
        neuron = build.lif(name, weighted, tau_mem, threshold)
    if recurrent:
        back = build.linear(f"{name}_back", neuron, rng.normal(0, 0.5 / np.sqrt(size), (size, size)))
        build.connect(back, neuron)
    return neuron
