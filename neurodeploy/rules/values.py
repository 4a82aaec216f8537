"""Numbers: what is none, time constants that decay nothing or everything, thresholds at or below rest, scalars."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from neurodeploy.network.raw import FIELDS, NEURON_KINDS, Raw, RawNode
from neurodeploy.profiles.notice import Notice, notice
from neurodeploy.profiles.repairs import is_endless, without_leak

LAYERS = {"weight", "bias", "scale", "delay", "threshold"}
NUMERIC = LAYERS | {"r", "tau", "tau_syn", "tau_mem", "v_leak", "v_threshold", "v_reset", "w_in"}


def check_values(raw: Raw) -> list[Notice]:
    """Every parameter of every known node."""
    found: list[Notice] = []
    for name, node in raw.nodes.items():
        needed, optional = FIELDS.get(node.kind, ((), ()))
        for key in (*needed, *optional):
            value = node.fields.get(key)
            if key in NUMERIC and value is not None:
                number = node.number(key)
                found += _not_a_number(name, key) if number is None else _number(name, node, key, number)
    return found


def _not_a_number(name: str, key: str) -> list[Notice]:
    return [
        notice(
            "no-number", "error", name, f"{key} holds no numbers", "none: the network cannot be built", "export again"
        )
    ]


def _number(name: str, node: RawNode, key: str, value: np.ndarray[Any, Any]) -> list[Notice]:
    found: list[Notice] = []
    if key.startswith("tau") and is_endless(value):
        return [_infinite(name, node, key)]
    if not np.all(np.isfinite(value)):
        bad = int(np.sum(~np.isfinite(value)))
        what = f"{key} holds NaN or infinity in {bad} of {value.size} places"
        found.append(
            notice("not-finite", "error", name, what, "those neurons never fire, or always", "train again or repair")
        )
    if key.startswith("tau") and np.any(value <= 0):
        what = f"{key} = {float(np.nanmin(value)):g} is not positive"
        found.append(
            notice("tau-not-positive", "error", name, what, "the state explodes", "time constants are seconds > 0")
        )
    if key in ("delay",) and np.any(value < 0):
        found.append(
            notice("negative-delay", "error", name, "a delay is negative", "it would need the future", "0 or more")
        )
    leak = node.number("v_leak")
    rest = 0.0 if leak is None else float(np.max(leak.astype(np.float64), initial=-np.inf))
    if key == "v_threshold" and np.any(value <= rest):
        what, effect = "a threshold lies at or below the potential it rests at", "it fires without any input"
        found.append(notice("threshold-at-rest", "warning", name, what, effect, "check the threshold"))
    scalar = value.ndim == 0 and (node.kind in NEURON_KINDS or node.kind in ("Scale", "Delay", "Threshold"))
    if scalar:
        what = f"{key} is a scalar (0-d), which nir types as a node of no neurons"
        effect = "none: it holds for every neuron"
        found.append(
            notice("scalar-parameter", "info", name, what, effect, "write one per neuron", partial(_one, name, key))
        )
    return found


def _infinite(name: str, node: RawNode, key: str) -> Notice:
    integrates = node.kind in ("LIF", "LI")
    what = f"{key} is infinite: nothing decays"
    repair = partial(without_leak, name) if integrates else None
    remedy = "write it as an " + {"LIF": "IF", "LI": "I"}.get(node.kind, "integrator")
    return notice("infinite-tau", "error", name, what, "none: an integrator, if its gain is 1", remedy, repair)


def _one(name: str, key: str, raw: Raw) -> Raw:
    """One-element arrays; where the shape is known the file is written with one value per neuron."""
    value = raw.nodes[name].number(key)
    return raw if value is None else raw.change(name, **{key: value.reshape(1)})
