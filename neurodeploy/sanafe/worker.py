"""Runs in SANA-FE's environment: ``python worker.py JOB RESULT`` replays a raster on a mapped network.

Every neuron is a soma of model ``input`` that fires in given steps; every weight is 0, so that nothing but the raster
decides who fires. Neurons of the network cost what the architecture's LIF soma costs, input lines nothing. Only the
standard library and SANA-FE are used here.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

LIF = re.compile(r"( *)- name: loihi_lif\n(?:\1 .*\n)+")
COUNTS = {"synaptic": "spikes", "packets": "packets_sent", "fired": "neurons_fired", "updated": "neurons_updated"}


def main(job_path: str, result_path: str) -> None:
    """Replay the whole raster, then each group's own alone in as many further steps, and write what SANA-FE says.

    A replayed network remembers nothing from step to step, so one chip is enough, however many groups there are.
    """
    sanafe: Any = import_module("sanafe")
    job = json.loads(Path(job_path).read_text())
    original = (files("sanafe.examples") / "loihi.yaml").read_text()
    architecture = Path(job_path).with_name("architecture.yaml")
    architecture.write_text(described(original, job))
    chip = loaded(sanafe, architecture, job)
    result = whole(chip, job["steps"])
    result["layers"] = {}
    for group in job["groups"]:
        alone = chip.sim(job["steps"])
        result["layers"][group["name"]] = {"energy": alone["energy"], "synaptic": alone["spikes"]}
    result["digest"] = hashlib.sha256(original.encode()).hexdigest()
    Path(result_path).write_text(json.dumps(result))


def described(original: str, job: dict[str, Any]) -> str:
    """The Loihi architecture with as many tiles and somas as are needed; some cost what its LIF costs, but replay."""
    columns, rows, last = job["columns"], job["rows"], job["neurons_per_core"] - 1
    found = LIF.search(original)
    if found is None:
        raise SystemExit("the architecture has no soma loihi_lif")
    replay = found.group(0).replace("loihi_lif", f"loihi_replay[0..{last}]").replace("leaky_integrate_fire", "input")
    text = original.replace(found.group(0), found.group(0) + replay)
    text = text.replace("loihi_inputs[0..1023]", f"loihi_inputs[0..{last}]")
    text = text.replace("width: 8", f"width: {columns}").replace("height: 4", f"height: {rows}")
    return text.replace("loihi_tile[0..31]", f"loihi_tile[0..{columns * rows - 1}]")


def loaded(sanafe: Any, architecture: Path, job: dict[str, Any]) -> Any:
    """The mapped network on a chip. Every group fires in the first steps, then one after the other alone."""
    described_chip = sanafe.load_arch(str(architecture))
    cores, network = described_chip.cores(), sanafe.Network()
    taken: dict[int, int] = {}
    groups: list[Any] = []
    for number, about in enumerate(job["groups"]):
        group = network.create_neuron_group(
            f"g{number}", about["size"], default_synapse_hw_name=about["synapse"], default_dendrite_hw_name=""
        )
        soma = "loihi_inputs" if about["host"] else "loihi_replay"
        for neuron, core in enumerate(about["cores"]):
            unit = taken[core] = taken.get(core, -1) + 1
            spikes = [0] * (job["steps"] * (len(job["groups"]) + 1))
            for step in about["fires"].get(str(neuron), ()):
                spikes[step] = spikes[step + job["steps"] * (number + 1)] = 1
            group[neuron].set_attributes(soma_hw_name=f"{soma}[{unit}]", model_attributes={"spikes": spikes})
            group[neuron].map_to_core(cores[core])
        groups.append(group)
    for edges in job["edges"]:
        pairs = [tuple(pair) for pair in edges["pairs"]]
        if pairs:
            groups[edges["source"]].connect_neurons_sparse(
                groups[edges["target"]], {"weight": [0.0] * len(pairs)}, pairs
            )
    chip = sanafe.SpikingChip(described_chip)
    chip.load(network)
    return chip


def whole(chip: Any, steps: int) -> dict[str, Any]:
    """Sums over all steps, the time of each, and how long every core handled messages."""
    result: dict[str, Any] = {"energy": {}, "seconds": [], "events": dict.fromkeys(COUNTS, 0), "hops": 0}
    busy: dict[int, float] = {}
    for _ in range(steps):
        step = chip.sim(1, message_trace=True)
        result["seconds"].append(step["sim_time"])
        for unit, joules in step["energy"].items():
            result["energy"][unit] = result["energy"].get(unit, 0.0) + joules
        for name, key in COUNTS.items():
            result["events"][name] += step[key]
        for message in (message for messages in step["message_trace"] for message in messages):
            if not message["placeholder"]:
                source, target = message["src_core_id"], message["dest_core_id"]
                busy[source] = busy.get(source, 0.0) + message["generation_delay"]
                busy[target] = busy.get(target, 0.0) + message["processing_delay"]
                result["hops"] += message["hops"]
    result["busy"] = {str(core): seconds for core, seconds in sorted(busy.items())}
    return result


if __name__ == "__main__":
    main(*sys.argv[1:])
