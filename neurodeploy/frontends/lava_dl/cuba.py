"""The neurons of a network as SLAYER's CUBA neurons, in its integers.

Nothing is rounded: what does not fit is refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.contract import Terms, term_text
from neurodeploy.errors import RefusedError
from neurodeploy.frontends.lava_dl.layers import READOUT, Cuba, Layer
from neurodeploy.frontends.lava_dl.packing import packing_fault
from neurodeploy.network.network import Network
from neurodeploy.profiles.lava_dl import DECAY_ONE, STATE_GRID, WEIGHT_SCALE, tie_terms
from neurodeploy.reference.linear import bias_of
from neurodeploy.reference.neuron import coefficients, threshold_of

Array = NDArray[Any]
NEURONS = (nir.IF, nir.LIF, nir.CubaLIF, nir.CubaLI)
FIXED = ("reset_timing", "v_min", "max_spikes_per_step", "fire_once", "initial_state", "keep_state")
"""Contract terms of which SLAYER has the default only."""


def with_neuron(network: Network, layer: Layer, name: str) -> tuple[Layer, str | None]:
    """``layer`` with the neurons of node ``name`` behind it, and the dense node that feeds them back, if there is one.

    The weights and values of the result are integers in SLAYER's units, as :class:`Layer` has them.
    Raises RefusedError naming the node that has no exact form.
    """
    node, terms, shape = network.nodes[name], network.contract.of(name), network.shapes[name]
    if not isinstance(node, NEURONS):
        raise refused(name, f"is a {type(node).__name__}, no neuron of SLAYER", "put an IF, LIF or CubaLIF there")
    _check_terms(name, node, terms)
    c = coefficients(node, terms)
    gain = _uniform(name, "the gain of its drive", c.gain * (c.gain_current if c.has_current else 1.0))
    current = _decay(name, "the decay of its current", c.current)
    membrane = _decay(name, "the decay of its membrane", c.membrane)
    if terms.state_grid is None and not {current, membrane} <= {0, DECAY_ONE}:
        raise refused(name, "decays in real numbers, SLAYER truncates them", f"set state_grid={STATE_GRID:g}")
    readout = isinstance(node, nir.CubaLI)
    threshold = READOUT if readout else _threshold(name, node, terms)
    cuba = Cuba(current, membrane, threshold, readout)
    assert layer.weight is not None
    back = _back(network, name)
    weight = _integers(layer.where, layer.weight * gain)
    recurrent = None if back is None else _integers(f"node {back}", np.asarray(network.nodes[back].weight) * gain)
    if layer.kind == "dense":
        _check_packing(layer.where, weight if recurrent is None else np.hstack([weight, recurrent]))
    kind = layer.kind if recurrent is None else "dense_rec"
    complete = replace(layer, kind=kind, shape=shape, neuron=cuba, weight=weight, recurrent=recurrent)
    return replace(complete, bias=_bias(name, c.rest * (1 - c.membrane), shape)), back


def _check_terms(name: str, node: Any, terms: Terms) -> None:
    """Refuse every way of stepping that SLAYER does not have."""
    asked = {key: getattr(terms, key) for key in FIXED if getattr(terms, key) != getattr(Terms(), key)}
    if terms.reset in ("subtract", "none") or (
        terms.reset == "value" and np.any(np.asarray(getattr(node, "v_reset", 0)))
    ):
        asked["reset"] = terms.reset
    if isinstance(node, nir.CubaLIF | nir.CubaLI) and terms.current != "new":
        asked["current"] = terms.current
    if terms.state_grid not in (None, STATE_GRID):
        asked["state_grid"] = terms.state_grid
    if terms.recurrent_delay != 1:
        asked["recurrent_delay"] = terms.recurrent_delay
    if asked:
        has = {"reset": "zero", "state_grid": STATE_GRID}
        listed = ", ".join(f"{key}={term_text(value)}" for key, value in asked.items())
        does = ", ".join(f"{key}={term_text(has.get(key, getattr(Terms(), key)))}" for key in asked)
        raise refused(name, f"is stepped with {listed}, which SLAYER does not do", f"train it with {does}")


def _decay(name: str, quantity: str, keep: Array) -> int:
    return _multiple(name, quantity, _uniform(name, quantity, 1 - keep), DECAY_ONE)


def _threshold(name: str, node: Any, terms: Terms) -> int:
    threshold = _uniform(name, "its threshold", threshold_of(node))
    integer = _multiple(name, "its threshold", threshold, WEIGHT_SCALE)
    if not 0 < integer < READOUT:
        raise refused(name, f"has the threshold {threshold:g}", f"use one from 1/64 to {(READOUT - 1) / 64:g}")
    expected = tie_terms(threshold).get("fires_at", ">")
    if terms.fires_at != expected:
        fault = f"fires at {terms.fires_at} its threshold of {threshold:g}, SLAYER at {expected}"
        raise refused(name, fault, "move the threshold by 1/4096 of itself in training, or set fires_at")
    return integer


def _back(network: Network, name: str) -> str | None:
    """The dense layer that feeds the neurons back onto themselves."""
    loops = [source for source, target in network.recurrent_edges if target == name]
    if not loops:
        return None
    back = loops[0]
    node = network.nodes[back]
    plain = isinstance(node, nir.Linear | nir.Affine) and not np.any(bias_of(node))
    if len(loops) > 1 or not plain or network.sources(back) != (name,) or len(network.shapes[name]) != 1:
        raise refused(
            back,
            "is no dense layer without bias from the neurons onto themselves",
            "feed the spikes of a layer back to it through one Linear layer without bias",
        )
    return back


def _bias(name: str, rest: Array, shape: tuple[int, ...]) -> Array | None:
    """The bias in 1/64, per channel."""
    values = np.broadcast_to(rest, shape).reshape(shape[0], -1)
    if not np.any(values):
        return None
    if np.any(values != values[:, :1]):
        raise refused(name, "has a bias that differs within a channel", "give one per channel")
    return _integers(f"node {name}", np.rint(values[:, 0] / STATE_GRID) * STATE_GRID)


def _check_packing(where: str, weights: Array) -> None:
    fault = packing_fault(weights.astype(np.int64))
    if fault is not None:
        smaller = "quantize the weights to SLAYER's 8 bits: even multiples of 1/64"
        raise RefusedError(fault[0], where, smaller if fault[1] else "change one of these weights by 1/64")


def _uniform(name: str, quantity: str, values: Any) -> float:
    flat = np.ravel(values)
    if np.any(flat != flat[0]):
        raise refused(name, f"{quantity} differs between its neurons", "use one value for all neurons of the layer")
    return float(flat[0])


def _multiple(name: str, quantity: str, value: float, denominator: int) -> int:
    if value * denominator != round(value * denominator):
        raise refused(name, f"{quantity}, {value:g}, is no multiple of 1/{denominator}", "round it there first")
    return round(value * denominator)


def _integers(where: str, values: Array) -> Array:
    scaled = np.asarray(values, np.float64) * WEIGHT_SCALE
    if np.any(scaled != np.rint(scaled)):
        raise RefusedError("holds values that are no multiples of 1/64", where, "round them there first")
    return scaled


def refused(name: str, fault: str, remedy: str) -> RefusedError:
    """The error for a node that SLAYER has no exact form for."""
    return RefusedError(fault, "network" if name == "network" else f"node {name}", remedy)
