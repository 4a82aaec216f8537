"""Each producer twice: its neuron as a scalar loop in its own precision, and the node its exporter writes.

Written from the sources named in ``neurodeploy/profiles``, independently of the runner. Numbers are dyadic as the
producer computes them, so that ties are common and equality is exact.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nir
import numpy as np

f32 = np.float32


def full(n, value, dtype=np.float32):
    return np.full(n, value, dtype)


class Loop:
    """A neuron of n units; ``step`` takes and gives float32 arrays (B, n)."""

    def __init__(self, batch, n):
        self.v = np.zeros((batch, n), f32)
        self.i = np.zeros((batch, n), f32)
        self.z = np.zeros((batch, n), f32)


class NorseBox(Loop):
    def __init__(self, batch, n):
        super().__init__(batch, n)
        self.v = self.v + f32(0.125)

    def step(self, x):
        self.v = self.v + f32(f32(1e-3) * f32(187.5)) * (x + f32(0.125) - self.v)
        z = self.v > f32(0.25)
        self.v = np.where(z, f32(0), self.v)
        return z.astype(f32)


class NorseLif(Loop):
    def step(self, x):
        current = self.i + x
        self.v = self.v + f32(f32(1e-3) * f32(125)) * (current - self.v)
        z = self.v > f32(0.5)
        self.v = np.where(z, f32(0), self.v)
        self.i = current - f32(f32(1e-3) * f32(250)) * current
        return z.astype(f32)


class NorseIaf(Loop):
    def step(self, x):
        self.v = self.v + x
        z = self.v > f32(1)
        self.v = np.where(z, f32(0), self.v)
        return z.astype(f32)


class SnnSubtract(Loop):
    def step(self, x):
        reset = (self.v > f32(1)).astype(f32)
        self.v = f32(0.25) * self.v + x - reset
        return (self.v > f32(1)).astype(f32)


class SnnZero(Loop):
    def step(self, x):
        reset = (self.v > f32(1)).astype(f32)
        self.v = f32(0.8125) * (1 - reset) * self.v + x
        return (self.v > f32(1)).astype(f32)


class SnnSynaptic(Loop):
    def step(self, x):
        reset = (self.v > f32(2)).astype(f32)
        self.i = f32(0.75) * self.i + x
        self.v = f32(0.875) * self.v + self.i - reset * f32(2)
        return (self.v > f32(2)).astype(f32)


class JellyIf(Loop):
    def __init__(self, batch, n):
        super().__init__(batch, n)
        self.v = self.v - f32(0.25)

    def step(self, x):
        self.v = self.v + x
        z = self.v >= f32(1)
        self.v = np.where(z, f32(-0.25), self.v)
        return z.astype(f32)


class JellyLif(Loop):
    def step(self, x):
        self.v = self.v + (x - self.v) / f32(4)
        z = self.v >= f32(0.25)
        self.v = np.where(z, f32(0), self.v)
        return z.astype(f32)


class JellyLifWhole(Loop):
    def step(self, x):
        self.v = self.v - self.v / f32(4) + x
        z = self.v >= f32(1)
        self.v = np.where(z, f32(0), self.v)
        return z.astype(f32)


class JellyCuba(Loop):
    def step(self, x):
        self.i = f32(0.5) * self.i + x
        self.v = f32(0.75) * self.v + self.i
        z = self.v >= f32(2)
        self.v = np.where(z, f32(0), self.v)
        return z.astype(f32)


class SinabsIaf(Loop):
    def step(self, x):
        self.v = self.v + x
        n = np.where(self.v > 0, np.trunc(self.v / f32(1)), 0)
        self.v = self.v - n * f32(1)
        return n.astype(f32)


class SinabsLif(Loop):
    def step(self, x):
        a = np.exp(f32(-1) / f32(8))
        self.v = a * self.v + (f32(1) - a) * x
        n = np.where(self.v > 0, np.trunc(self.v / f32(0.125)), 0)
        self.v = self.v - n * f32(0.125)
        return n.astype(f32)


class SinabsReset(Loop):
    def step(self, x):
        self.v = np.exp(f32(-1) / f32(8)) * self.v + x
        z = self.v >= f32(1)
        self.v = np.where(z, f32(0), self.v)
        return z.astype(f32)


class RockpoolLif(Loop):
    def step(self, x):
        self.v = np.exp(f32(-1e-3) / f32(1e-2)) * self.v + x
        n = np.floor(np.maximum(self.v, 0) / f32(1))
        self.v = self.v - n
        return n.astype(f32)


class RockpoolCuba(Loop):
    def step(self, x):
        self.i = (self.i + x) * np.exp(f32(-1e-3) / f32(5e-3))
        self.v = np.exp(f32(-1e-3) / f32(1e-2)) * self.v + self.i
        n = np.floor(np.maximum(self.v, 0) / f32(2))
        self.v = self.v - n * f32(2)
        return n.astype(f32)


class SpyxLif(Loop):
    def step(self, x):
        z = (self.v > f32(1)).astype(f32)
        self.v = f32(0.625) * self.v + x - z
        return z


class SpyxCuba(Loop):
    def step(self, x):
        z = (self.v > f32(2)).astype(f32)
        self.v = self.v - z * f32(2)
        self.i = f32(0.25) * self.i + x
        self.v = f32(0.875) * self.v + self.i
        return z


class SpyxIf(Loop):
    def step(self, x):
        z = (self.v > f32(1)).astype(f32)
        self.v = self.v + x - z
        return z


class Slayer(Loop):
    """States are integers of 1/4096."""

    def step(self, x):
        self.i = np.trunc(0.75 * np.float64(self.i)) + np.trunc(4096 * np.float64(x))
        self.v = np.trunc(0.875 * np.float64(self.v)) + self.i
        z = self.v >= 4096 * 2 + 0.01
        self.v = np.where(z, 0, self.v)
        return z.astype(f32)


class Spec(Loop):
    def step(self, x):
        self.v = self.v + f32(0.25) * (f32(2) * x - self.v)
        z = self.v > f32(0.5)
        self.v = np.where(z, f32(-0.25), self.v)
        return z.astype(f32)


@dataclass(frozen=True)
class Producer:
    """``profile`` with its options, the loop, the exporter's node for n neurons, and steps by which it sends late."""

    profile: str
    loop: Callable[[int, int], Any]
    node: Callable[[int], Any]
    late: int = 0


def norse_rate(n, rate):
    """``dt / tau_inv`` as torch computes it: the reciprocal, then times dt."""
    return (f32(1) / full(n, rate)) * f32(1e-3)


def snn_tau(n, factor):
    return 1e-4 / (1 - full(n, factor))


def rockpool_r(tau):
    return (tau * np.exp(f32(-1e-3) / tau) / f32(1e-3)).astype(f32)


def _snn(n, beta):
    tau = snn_tau(n, beta)
    return nir.LIF(tau, (tau / 1e-4).astype(f32), full(n, 0), full(n, 1), full(n, 0))


def _snn_synaptic(n):
    syn, mem = snn_tau(n, 0.75), snn_tau(n, 0.875)
    values = (syn, mem, mem / f32(1e-4), full(n, 0), full(n, 2), full(n, 0), syn / f32(1e-4))
    return nir.CubaLIF(*values)


def _spyx(n, beta):
    return nir.LIF(1 / (1 - full(n, beta)), full(n, beta), full(n, 0), full(n, 1))


def _spyx_cuba(n):
    return nir.CubaLIF(1 / (1 - full(n, 0.25)), 1 / (1 - full(n, 0.875)), full(n, 0.875), full(n, 0), full(n, 2))


def _jelly(n, tau, r, dt):
    f64 = np.float64
    return nir.LIF(
        full(n, tau * dt, f64), full(n, r, f64), full(n, 0, f64), full(n, 0.25 if r == 1 else 1, f64), full(n, 0, f64)
    )


def _jelly_cuba(n):
    f64, dt = np.float64, 1e-4
    syn, mem = dt / (1 - 0.5), dt / (1 - 0.75)
    values = (syn, mem, mem / dt, 0, 2, 0, syn / dt)
    return nir.CubaLIF(*(full(n, value, f64) for value in values))


def _rockpool_cuba(n):
    return nir.CubaLIF(full(n, 5e-3), full(n, 1e-2), rockpool_r(full(n, 1e-2)), full(n, 0), full(n, 2))


PRODUCERS = {
    "norse-box": Producer(
        "norse-1.1", NorseBox, lambda n: nir.LIF(norse_rate(n, 187.5), full(n, 1), full(n, 0.125), full(n, 0.25))
    ),
    "norse-lif": Producer(
        "norse-1.1",
        NorseLif,
        lambda n: nir.CubaLIF(norse_rate(n, 250), norse_rate(n, 125), full(n, 1), full(n, 0), full(n, 0.5)),
    ),
    "norse-iaf": Producer("norse-1.1", NorseIaf, lambda n: nir.IF(full(n, 1), full(n, 1))),
    "snn-subtract": Producer("snntorch-1.0", SnnSubtract, lambda n: _snn(n, 0.25)),
    "snn-zero": Producer("snntorch-1.0,reset=zero", SnnZero, lambda n: _snn(n, 0.8125)),
    "snn-synaptic": Producer("snntorch-1.0", SnnSynaptic, _snn_synaptic),
    "jelly-if": Producer(
        "spikingjelly-2.0",
        JellyIf,
        lambda n: nir.IF(full(n, 1 / 1e-4, float), full(n, 1, float), full(n, -0.25, float)),
    ),
    "jelly-lif": Producer("spikingjelly-2.0", JellyLif, lambda n: _jelly(n, 4.0, 1.0, 1e-4)),
    "jelly-lif-whole": Producer("spikingjelly-2.0", JellyLifWhole, lambda n: _jelly(n, 4.0, 4.0, 1e-3)),
    "jelly-cuba": Producer("spikingjelly-2.0", JellyCuba, _jelly_cuba),
    "sinabs-iaf": Producer("sinabs-3.1", SinabsIaf, lambda n: nir.IF(full(n, 1), full(n, 1))),
    "sinabs-lif": Producer(
        "sinabs-3.1", SinabsLif, lambda n: nir.LIF(full(n, 8), full(n, 1), full(n, 0), full(n, 0.125))
    ),
    "sinabs-reset": Producer(
        "sinabs-3.1,reset=zero,max_spikes_per_step=1,input_gain=unit",
        SinabsReset,
        lambda n: nir.LIF(full(n, 8), full(n, 1), full(n, 0), full(n, 1)),
    ),
    "rockpool-lif": Producer(
        "rockpool-3.1",
        RockpoolLif,
        lambda n: nir.LIF(full(n, 1e-2), rockpool_r(full(n, 1e-2)), full(n, 0), full(n, 1)),
    ),
    "rockpool-cuba": Producer("rockpool-3.1", RockpoolCuba, _rockpool_cuba),
    "spyx-lif": Producer("spyx-1.0", SpyxLif, lambda n: _spyx(n, 0.625), late=1),
    "spyx-cuba": Producer("spyx-1.0", SpyxCuba, _spyx_cuba, late=1),
    "spyx-if": Producer("spyx-1.0", SpyxIf, lambda n: nir.IF(full(n, 1), full(n, 1)), late=1),
    "slayer": Producer(
        "lava-dl-0.6",
        Slayer,
        lambda n: nir.CubaLIF(full(n, 4e-3), full(n, 8e-3), full(n, 1), full(n, 0), full(n, 2)),
    ),
    "nir": Producer(
        "nir,dt=1e-3",
        Spec,
        lambda n: nir.LIF(full(n, 4e-3, float), full(n, 2.0), full(n, 0), full(n, 0.5), full(n, -0.25)),
    ),
}


def weights(seed):
    """Two dense layers on a grid of 1/16, with biases."""
    rng = np.random.default_rng(seed)
    shapes = ((10, 12), (6, 10))
    return [((rng.integers(-3, 8, s) / 16).astype(f32), (rng.integers(-2, 3, s[0]) / 16).astype(f32)) for s in shapes]


def graph_of(producer, layers):
    """The file the exporter writes for two dense layers with a neuron behind each."""
    (w1, b1), (w2, b2) = layers
    nodes = {
        "input": nir.Input({"input": np.array([12])}),
        "0": nir.Affine(w1, b1),
        "1": producer.node(10),
        "2": nir.Affine(w2, b2),
        "3": producer.node(6),
        "output": nir.Output({"output": np.array([6])}),
    }
    edges = [("input", "0"), ("0", "1"), ("1", "2"), ("2", "3"), ("3", "output")]
    return nir.NIRGraph(nodes, edges, type_check=False)


def native(producer, layers, x):
    """What the producer itself sends, layer by layer: ``(B, T, n)`` each."""
    (w1, b1), (w2, b2) = layers
    first, second = producer.loop(len(x), 10), producer.loop(len(x), 6)
    sent = [[], []]
    for t in range(x.shape[1]):
        z1 = first.step(x[:, t].astype(f32) @ w1.T + b1)
        z2 = second.step(z1 @ w2.T + b2)
        sent[0].append(z1)
        sent[1].append(z2)
    return [np.stack(each, 1) for each in sent]
