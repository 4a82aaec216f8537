"""Runs in xylosim's own environment: networks as JSON on stdin, what the simulator recorded as JSON on stdout."""

from __future__ import annotations

import json
import sys
from typing import Any

from xylosim.v2 import XyloLayer, XyloSynapse


def synapses(weights: list[list[int]]) -> list[list[Any]]:
    """Per source the synapses to all its targets, from weights of (targets, sources)."""
    lists: list[list[Any]] = [[] for _ in weights[0]]
    for target, row in enumerate(weights):
        for each, weight in zip(lists, row, strict=True):
            if weight:
                each.append(XyloSynapse(target, 0, weight))
    return lists


def run(net: dict[str, Any]) -> dict[str, Any]:
    """Spikes (steps, neurons), currents and membranes (neurons, steps) of the hidden and the output neurons."""
    hidden, out = net["hidden"], net["out"]
    enter, recur, leave = (synapses(net[f"weights_{key}"]) for key in ("in", "rec", "out"))  # the layer only points
    layer = XyloLayer(
        synapses_in=enter,
        synapses_rec=recur,
        synapses_out=leave,
        aliases=[[] for _ in hidden["threshold"]],
        threshold=hidden["threshold"],
        threshold_out=out["threshold"],
        has_bias=True,
        bias=hidden["bias"],
        bias_out=out["bias"],
        weight_shift_inp=net["shift_in"],
        weight_shift_rec=net["shift_rec"],
        weight_shift_out=net["shift_out"],
        dash_mem=hidden["membrane_decay"],
        dash_mem_out=out["membrane_decay"],
        dash_syns=[[dash] for dash in hidden["current_decay"]],
        dash_syns_out=[[dash] for dash in out["current_decay"]],
        name="net",
    )
    spikes = layer.evolve(net["spikes"])
    return {
        "hidden": {"output": layer.rec_recurrent_spikes, "u": layer.rec_i_syn, "v": layer.rec_v_mem},
        "out": {"output": spikes, "u": layer.rec_i_syn_out, "v": layer.rec_v_mem_out},
    }


json.dump([run(net) for net in json.load(sys.stdin)], sys.stdout)
