"""Repairs of graphs that several exporters need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.contract import Terms
from neurodeploy.network.raw import Raw, RawNode
from neurodeploy.profiles.evidence import batch_in_input
from neurodeploy.profiles.profile import Defect


def drop_batch(raw: Raw, of_output: int = 1) -> Raw:
    """Inputs without their batch dimension, and Outputs without their ``of_output`` ones where an Input had one."""
    inputs = batch_in_input(raw)
    for name, node in raw.nodes.items():
        shape = node.number("shape")
        if shape is None or not inputs:
            continue
        drop = of_output if node.kind == "Output" else int(name in inputs)
        if len(shape) > drop and np.all(shape[:drop] == 1):
            raw = raw.change(name, shape=np.asarray(shape[drop:]))
    return raw


def batch(slug: str, of_output: int = 1) -> Defect:
    """Of exporters that leave the batch of their example in the Input's shape, and so many ones in the Output's."""
    return Defect(
        slug,
        lambda raw, _: batch_in_input(raw),
        lambda raw, _: drop_batch(raw, of_output),
        "none: the shapes do not fit, so nothing runs",
        "drop the first dimension of Inputs and Outputs",
    )


def is_endless(tau: NDArray[Any]) -> bool:
    """Whether these time constants are all infinite: dt / (1 - decay) of a decay of 1."""
    return bool(tau.size) and bool(np.all(np.isposinf(tau)))


def without_leak(name: str, raw: Raw) -> Raw:
    """A neuron of endless tau without leak; a gain r dt/tau of infinite r and tau is 1, which r = 1 stands for."""
    node = raw.nodes[name]
    kept = {key: node.fields[key] for key in ("v_threshold", "v_reset") if key in node.fields}
    like = next((v for k in ("v_threshold", "tau") if (v := node.number(k)) is not None), np.ones(1))
    return raw.put(name, RawNode("IF" if node.kind == "LIF" else "I", {**kept, "r": np.ones_like(like)}))


def no_leak(slug: str) -> Defect:
    """Of exporters that write a decay of 1 as dt / (1 - 1)."""
    return Defect(slug, _endless, _integrators, "none: it is an integrator", "write it as an IF (or an I) with r = 1")


def _endless(raw: Raw, _terms: Terms) -> Mapping[str, str]:
    taus = {name: node.number("tau") for name, node in raw.nodes.items() if node.kind in ("LIF", "LI")}
    return {
        name: "its tau is infinite: nothing decays" for name, tau in taus.items() if tau is not None and is_endless(tau)
    }


def _integrators(raw: Raw, terms: Terms) -> Raw:
    for name in _endless(raw, terms):
        raw = without_leak(name, raw)
    return raw
