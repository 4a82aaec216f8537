"""Random small networks for the properties of the quantizer, each made from one seed."""

import itertools

import nir
import numpy as np

from neurodeploy.contract import Contract, Terms
from neurodeploy.network import InputRange, Network, NetworkBuilder


def random_network(seed, exact=False):
    """Two or three layers of any kind; with ``exact``, numbers with few bits, so that integers lose nothing."""
    rng = np.random.default_rng(seed)
    fires_at = str(rng.choice([">", ">="]))
    build = NetworkBuilder(Terms(fires_at=fires_at, input_gain="unit" if exact else "spec"))
    graded = rng.random() < 0.3
    values = InputRange(-1.0, 1.0, 0.25, declared=True) if graded else None
    at = build.input("input", (int(rng.integers(1, 3)), 5, 6) if rng.random() < 0.5 else (5,), values)
    for i in range(int(rng.integers(1, 4))):
        at = _layer(build, rng, at, i, exact)
    build.output("output", at)
    return build.build()


def _layer(build, rng, at, i, exact):
    shape = build.shape(at)
    bias = _numbers(rng, 3, exact, 0.2) if rng.random() < 0.5 else None
    if len(shape) == 3 and rng.random() < 0.6:
        size = min(int(rng.integers(1, 4)), *shape[1:])
        weight = _numbers(rng, (3, shape[0], size, size), exact)
        at = build.conv(f"conv{i}", at, weight, bias, int(rng.integers(1, 3)), int(rng.integers(0, 2)))
    else:
        at = build.flatten(f"flat{i}", at) if len(shape) == 3 else at
        at = build.linear(f"fc{i}", at, _numbers(rng, (3, int(np.prod(shape))), exact), bias)
    if rng.random() < 0.2:
        at = build.add(f"sum{i}", [at])
    terms = {
        "reset": str(rng.choice(["zero", "value", "subtract"])),
        "v_min": [None, 0.0, -0.5][rng.integers(3)],
        "fire_once": bool(rng.random() < 0.2),
        "initial_state": float(rng.choice([0.0, 0.25, -0.5])),
        "max_spikes_per_step": int(rng.choice([1, 1, 1, 3])),
    }
    threshold = float(rng.integers(2, 9)) / 4 if exact else float(rng.uniform(0.02, 1.5))
    kind = rng.integers(3)
    if kind == 0:
        return build.integrate(f"n{i}", at, threshold, v_reset=-0.25, **{**terms, "input_gain": "unit"})
    if kind == 1:
        tau = 1e-3 if exact else float(rng.uniform(1e-3, 3e-2))
        return build.lif(f"n{i}", at, tau, threshold, v_reset=-0.25, **terms)
    return build.threshold(f"n{i}", at, threshold)


def _numbers(rng, shape, exact, scale=1.0):
    if exact:
        return rng.integers(-8, 9, shape) / 8
    sign = rng.choice([-1.0, 0.0, 1.0])
    values = rng.normal(size=shape) * scale * 10.0 ** rng.uniform(-1, 1)
    return values if sign == 0 else sign * np.abs(values)


def stimulus(network, steps=14, samples=2, seed=0):
    rng = np.random.default_rng(seed)
    made = {}
    for name in network.input_names:
        shape, declared = (samples, steps, *network.shapes[name]), network.input_range(name)
        binary = (rng.random(shape) < 0.4).astype(float)
        made[name] = binary if declared.binary else rng.integers(-4, 5, shape) / 4
    return made


def recurrent_network(kind="lif", feedback_bias=None, delay=1, weight=None, **values):
    """input -> fc -> lif, lif -> rec -> lif; all numbers short."""
    rng = np.random.default_rng(1)
    full = {"tau": 2e-3, "r": 2.0, "v_leak": 0.0, "v_threshold": 0.75} | values
    shaped = {key: np.full(4, value, float) for key, value in full.items()}
    node = nir.LIF(**shaped)
    if kind == "cuba":
        shaped["tau_mem"], shaped["tau_syn"] = shaped.pop("tau"), np.full(4, 4e-3)
        node = nir.CubaLIF(**shaped)
    back = np.roll(np.eye(4), 1, 0) * -0.5 if weight is None else weight
    nodes = {
        "input": nir.Input({"input": np.array([3])}),
        "fc": nir.Linear(rng.integers(-4, 9, (4, 3)) / 8),
        "lif": node,
        "rec": nir.Linear(back) if feedback_bias is None else nir.Affine(back, np.full(4, feedback_bias)),
        "output": nir.Output({"output": np.array([4])}),
    }
    edges = [("input", "fc"), ("fc", "lif"), ("lif", "rec"), ("rec", "lif"), ("lif", "output")]
    return Network(nir.NIRGraph(nodes, edges, type_check=False), Contract(Terms(recurrent_delay=delay)))


def dense(weight, threshold=1.0, bias=None, values=None, **terms):
    weight = np.atleast_2d(np.asarray(weight, float))
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", weight.shape[1:], values), weight, bias)
    build.output("output", build.integrate("if", at, threshold, **terms))
    return build.build()


def graph(nodes, edges, contract=None, inputs=(2,)):
    every = {"input": nir.Input({"input": np.array(inputs)})} | nodes
    return Network(nir.NIRGraph(every, edges, type_check=False), contract or Contract())


def lif(n=2):
    one = np.ones(n)
    return nir.LIF(2e-3 * one, 2 * one, 0 * one, one)


def chain(seed, sizes=(30, 40, 20), threshold=0.25):
    """A chain of dense LIF layers with normal weights."""
    rng = np.random.default_rng(seed)
    build = NetworkBuilder()
    at = build.input("input", (sizes[0],), InputRange(0, 1, 1))
    for number, (n, m) in enumerate(itertools.pairwise(sizes)):
        at = build.linear(f"fc{number}", at, rng.normal(0, 0.45, (m, n)).astype(np.float32))
        at = build.lif(f"lif{number}", at, tau=5e-3, threshold=threshold)
    build.output("output", at)
    return build.build()


def events(network, samples=4, steps=50, seed=7):
    return {
        "input": (np.random.default_rng(seed).random((samples, steps, *network.shapes["input"])) < 0.3).astype("f4")
    }


def worst_jaccard(expected, actual, network):
    def jaccard(a, b):
        return np.minimum(a, b).sum() / max(np.maximum(a, b).sum(), 1)

    return min(jaccard(expected[name].output, actual[name].output) for name in network.populations)
