"""Runs in xylosim's environment: ``python worker.py JOB RESULT``; only the standard library and xylosim are used here.

The job holds the configuration and events ``(samples, steps, channels)``; the result, per sample and node, what it sent
and, where asked for, currents and membranes, ``(steps, neurons)`` each, without the node's latency.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def main(job_path: str, result_path: str) -> None:
    """Run every sample on a layer of its own."""
    xylosim: Any = import_module("xylosim.v2")
    job = json.loads(Path(job_path).read_text())
    about = job["configuration"]
    lists = {
        kind: [[xylosim.XyloSynapse(target, 0, weight) for target, weight in row] for row in rows]
        for kind, rows in about["synapses"].items()
    }  # the layer only points to them
    result = [run(layer(xylosim, about, lists), about, sample, job["states"]) for sample in job["events"]]
    Path(result_path).write_text(json.dumps(result))


def layer(xylosim: Any, about: dict[str, Any], lists: dict[str, Any]) -> Any:
    """xylosim's layer of the configuration, at its start."""
    hidden, output, shifts = about["hidden"], about["output"], about["shifts"]
    return xylosim.XyloLayer(
        synapses_in=lists["in"],
        synapses_rec=lists["rec"],
        synapses_out=lists["out"],
        aliases=[[] for _ in hidden["threshold"]],
        threshold=hidden["threshold"],
        threshold_out=output["threshold"],
        has_bias=True,
        bias=hidden["bias"],
        bias_out=output["bias"],
        weight_shift_inp=shifts["in"],
        weight_shift_rec=shifts["rec"],
        weight_shift_out=shifts["out"],
        dash_mem=hidden["dash_mem"],
        dash_mem_out=output["dash_mem"],
        dash_syns=[[dash] for dash in hidden["dash_syn"]],
        dash_syns_out=[[dash] for dash in output["dash_syn"]],
        name="net",
    )


def run(net: Any, about: dict[str, Any], events: list[list[int]], states: bool) -> dict[str, Any]:
    """What every node did on one sample, which stands between silent steps, for nodes that act before or after it."""
    nodes = about["nodes"]
    longest = max((node["late"] for node in nodes), default=0)
    steps, silence = len(events), [[0] * about["inputs"]]
    shown = [*silence * about["late"], *events, *silence * longest]
    sent = {"output": net.evolve(shown), "hidden": net.rec_recurrent_spikes}
    currents = {"hidden": net.rec_i_syn, "output": net.rec_i_syn_out}
    membranes = {"hidden": net.rec_v_mem, "output": net.rec_v_mem_out}
    result: dict[str, Any] = {}
    for node in nodes:
        where, late = node["where"], node["late"]
        mine, own = slice(node["first"], node["first"] + node["size"]), slice(late, late + steps)
        of = {"output": [row[mine] for row in sent[where][own]]}
        if states:
            of |= {
                key: [list(row) for row in zip(*(line[own] for line in record[where][mine]), strict=True)]
                for key, record in (("u", currents), ("v", membranes))
            }
        result[node["name"]] = of
    return result


if __name__ == "__main__":
    main(*sys.argv[1:])
