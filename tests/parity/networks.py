"""The smallest networks that show what a rung judges, and traces made by hand."""

from dataclasses import replace

import numpy as np

from neurodeploy.network import Network, NetworkBuilder
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Input, Population, Program, Projection
from neurodeploy.trace import Entry, Trace


def cell(threshold=1.0, weight=1.0, **terms) -> Network:
    """One input with one synapse to one integrate-and-fire neuron, ``cell``."""
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (1,)), np.array([[weight]]))
    build.output("output", build.integrate("cell", at, threshold, **terms))
    return build.build()


def steps(*values) -> dict[str, np.ndarray]:
    """One sample for one input line."""
    return {"input": np.array(values, dtype=float).reshape(1, -1, 1)}


def spikes(*values) -> Entry:
    """One sample of one neuron."""
    return Entry(np.array(values).reshape(1, -1, 1))


def said(**entries) -> Trace:
    """A source's trace of one-neuron nodes."""
    return Trace({name: spikes(*values) for name, values in entries.items()})


def neuron(name: str, size: int, threshold: int = 64, **more) -> Population:
    """A population that integrates without loss."""
    return Population(name, (size,), membrane_decay=0, threshold=threshold, **more)


def chain(*weights, threshold: int = 64, delay: int = 0) -> Program:
    """input -> l1 -> l2 ...: dense layers of integrate-and-fire populations."""
    sizes = [len(weight) for weight in weights]
    names = ["input", *(f"l{i + 1}" for i in range(len(weights)))]
    return Program(
        LOIHI2,
        (Input("input", (len(weights[0][0]),)),),
        tuple(neuron(name, size, threshold) for name, size in zip(names[1:], sizes, strict=True)),
        tuple(
            Projection(f"w{i + 1}", names[i], names[i + 1], "dense", np.array(weight), delay=delay if i else 0)
            for i, weight in enumerate(weights)
        ),
    )


def with_weights(program: Program, name: str, weights) -> Program:
    """The same program with other weights in one projection."""
    changed = [replace(p, weights=np.array(weights)) if p.name == name else p for p in program.projections]
    return replace(program, projections=tuple(changed))


def noise(size: int, length: int = 40, samples: int = 1, rate: float = 0.4) -> dict[str, np.ndarray]:
    """Seeded binary input."""
    rng = np.random.default_rng(0)
    return {"input": (rng.random((samples, length, size)) < rate).astype(float)}
