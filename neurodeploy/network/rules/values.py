"""Numbers: what is none, time constants that decay nothing or everything, thresholds at or below rest, scalars."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.finding import Finding
from neurodeploy.network.raw import FIELDS, NEURON_KINDS, Raw, RawNode
from neurodeploy.network.rules.edges import NOT_BUILT
from neurodeploy.network.rules.repairs import is_endless, without_leak

LAYERS = {"weight", "bias", "scale", "delay", "threshold"}
NUMERIC = LAYERS | {"r", "tau", "tau_syn", "tau_mem", "v_leak", "v_threshold", "v_reset", "w_in"}


def check_values(raw: Raw) -> list[Finding]:
    """Every parameter of every known node."""
    findings: list[Finding] = []
    for name, node in raw.nodes.items():
        needed, optional = FIELDS.get(node.kind, ((), ()))
        for key in (*needed, *optional):
            if key in NUMERIC and node.fields.get(key) is not None:
                findings += _parameter(name, node, key)
    return findings


def _parameter(name: str, node: RawNode, key: str) -> list[Finding]:
    value = node.number(key)
    if value is None:
        return [Finding("no-number", "error", name, f"{key} holds no numbers", "export again", NOT_BUILT)]
    if key.startswith("tau") and is_endless(value):
        return [_infinite(name, node, key)]
    rules = (
        _not_finite(name, key, value),
        _not_positive(name, key, value),
        _negative_delay(name, key, value),
        _at_rest(name, node, key, value),
        _scalar(name, node, key, value),
    )
    return [finding for finding in rules if finding is not None]


def _infinite(name: str, node: RawNode, key: str) -> Finding:
    repair = partial(without_leak, name) if node.kind in ("LIF", "LI") else None
    remedy = "write it as an " + {"LIF": "IF", "LI": "I"}.get(node.kind, "integrator")
    effect = "none: an integrator, if its gain is 1"
    return Finding("infinite-tau", "error", name, f"{key} is infinite: nothing decays", remedy, effect, repair)


def _not_finite(name: str, key: str, value: NDArray[Any]) -> Finding | None:
    bad = int(np.sum(~np.isfinite(value)))
    message = f"{key} holds NaN or infinity in {bad} of {value.size} places"
    remedy, effect = "train again or repair", "those neurons never fire, or always"
    return Finding("not-finite", "error", name, message, remedy, effect) if bad else None


def _not_positive(name: str, key: str, value: NDArray[Any]) -> Finding | None:
    if not key.startswith("tau") or not np.any(value <= 0):
        return None
    message = f"{key} = {float(np.nanmin(value)):g} is not positive"
    return Finding("tau-not-positive", "error", name, message, "time constants are seconds > 0", "the state explodes")


def _negative_delay(name: str, key: str, value: NDArray[Any]) -> Finding | None:
    if key != "delay" or not np.any(value < 0):
        return None
    return Finding("negative-delay", "error", name, "a delay is negative", "0 or more", "it would need the future")


def _at_rest(name: str, node: RawNode, key: str, value: NDArray[Any]) -> Finding | None:
    leak = node.number("v_leak")
    rest = 0.0 if leak is None else float(np.max(leak.astype(np.float64), initial=-np.inf))
    if key != "v_threshold" or not np.any(value <= rest):
        return None
    message = "a threshold lies at or below the potential it rests at"
    return Finding("threshold-at-rest", "warning", name, message, "check the threshold", "it fires without any input")


def _scalar(name: str, node: RawNode, key: str, value: NDArray[Any]) -> Finding | None:
    if value.ndim or node.kind not in (*NEURON_KINDS, "Scale", "Delay", "Threshold"):
        return None
    message = f"{key} is a scalar (0-d), which nir types as a node of no neurons"
    effect, repair = "none: it holds for every neuron", partial(_with_axis, name, key)
    return Finding("scalar-parameter", "info", name, message, "write one per neuron", effect, repair)


def _with_axis(name: str, key: str, raw: Raw) -> Raw:
    """One-element arrays; where the shape is known the file is written with one value per neuron."""
    value = raw.nodes[name].number(key)
    return raw if value is None else raw.change(name, **{key: value.reshape(1)})
