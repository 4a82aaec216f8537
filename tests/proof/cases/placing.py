"""Placements of random programs on small chips, judged against every single synapse written out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
from numpy.typing import NDArray

from neurodeploy.conformance import generate
from neurodeploy.errors import CapabilityError
from neurodeploy.flow.exporting import quantize
from neurodeploy.frontends.checkpoint import save_checkpoint
from neurodeploy.model import find_model
from neurodeploy.placement.chip import RESOURCES, Chip, Known, Limit, Limits, find_chip
from neurodeploy.placement.place import STRATEGIES, Wanted, place_program
from neurodeploy.placement.placement import Placement
from neurodeploy.placement.stored import placement_bytes, read_stored
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.reference.program_runner import run_program
from neurodeploy.reference.synapse import weighted_sum
from tests.proof.case import Counts, ProofCase

IntArray = NDArray[np.int64]
COUNTED = ("neurons", "in_axons", "out_axons", "thresholds", "synapse_formats")


def small_chip(rng: np.random.Generator, shared: bool) -> Chip:
    """A chip whose cores hold so little that a random program is cut; some of its limits are not known."""
    ranges = {
        "neurons": (3, 40),
        "synapse_bits": (2000, 20000),
        "in_axons": (60, 300),
        "out_axons": (20, 400),
        "thresholds": (2, 9),
        "synapse_formats": (3, 9),
    }
    limits = {name: _limit(None if rng.random() < 0.2 else int(rng.integers(*ranges[name]))) for name in RESOURCES}
    chip = msgspec.structs.replace(find_chip("loihi1"), limits=Limits(**limits), cores=Known(16, "derived", "drawn"))
    flag = msgspec.structs.replace(chip.shared_kernels, value=shared)
    return msgspec.structs.replace(chip, shared_kernels=flag)


def _limit(value: int | None) -> Limit:
    return Limit(value, "derived", "drawn")


def written_out(program: Program, projection: Projection) -> NDArray[np.bool_]:
    """Every synapse of a projection, ``(source neurons, target neurons)``: what one neuron alone reaches."""
    node = program.node(projection.source)
    alone = np.eye(node.size, dtype=np.int64).reshape(node.size, *node.shape)
    return weighted_sum(projection, alone).reshape(node.size, -1) != 0


def wrong(program: Program, placement: Placement, events: dict[str, IntArray]) -> list[str]:
    """What of a placement does not hold, with every synapse counted by itself."""
    cores = {p.name: np.full(p.shape, -1) for p in program.populations}
    problems: list[str] = []
    for core, blocks in enumerate(placement.cores):
        for block in blocks:
            if np.any(cores[block.population][block.part] >= 0):
                problems.append(f"{block} is placed twice")
            cores[block.population][block.part] = core
    home = {name: places.reshape(-1) for name, places in cores.items()}
    problems += [f"neurons of {name} are not placed" for name, places in home.items() if np.any(places < 0)]
    if problems:
        return problems
    used = [
        dict.fromkeys(("neurons", "in_axons", "out_axons", "thresholds", "synapse_formats"), 0) for _ in placement.cores
    ]
    between = np.zeros((len(used), len(used)), np.int64)
    synapses = 0
    for projection in program.projections:
        matrix = written_out(program, projection)
        for core in np.unique(home[projection.target]):
            onto = matrix[:, home[projection.target] == core]
            synapses += int(onto.sum())
            reaching = onto.any(axis=1)
            used[core]["in_axons"] += int(reaching.sum())
            used[core]["synapse_formats"] += 1
            if projection.source in home:
                sent = events[projection.source].reshape(-1)
                np.add.at(between[:, core], home[projection.source][reaching], sent[reaching])
                for source in home[projection.source][reaching]:
                    used[source]["out_axons"] += 1
    if synapses != sum(int(written_out(program, p).sum()) for p in program.projections):
        problems.append("synapses are lost")
    for core, counted in enumerate(used):
        counted["neurons"] = sum(int((places == core).sum()) for places in home.values())
        counted["thresholds"] = len(_thresholds(program.populations, home, core))
        told = placement.used[core]
        problems += [f"{name} of core {core}" for name, amount in counted.items() if told[name] != amount]
        limits = {name: placement.chip.limit(name) for name in RESOURCES}
        problems += [f"core {core}: too many {name}" for name, limit in limits.items() if limit and told[name] > limit]
    if not np.array_equal(between, placement.traffic.between):
        problems.append("traffic")
    return problems


def _thresholds(populations: Iterable[Population], home: dict[str, IntArray], core: int) -> set[int]:
    spiking = [p for p in populations if p.kind == "cuba-lif"]
    values = {p.name: np.broadcast_to(np.asarray(p.threshold), p.shape).reshape(-1) for p in spiking}
    return {int(value) for name, array in values.items() for value in array[home[name] == core]}


def count(seeds: range) -> Counts:
    """A seed fails where its placement differs from its synapses written out, or from itself placed again."""
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    for seed in seeds:
        rng = np.random.default_rng((seed, 15))
        case = generate(seed, "held" if seed % 2 else "stock")
        chip, wanted = small_chip(rng, seed % 3 != 0), Wanted(STRATEGIES[seed % 2], 64)
        trace = run_program(case.program, case.stimulus)
        nodes = (*case.program.inputs, *case.program.populations)
        events = {node.name: np.count_nonzero(trace[node.name].output, axis=(0, 1)) for node in nodes}
        try:
            placement = place_program(case.program, chip, wanted, events)
        except CapabilityError as error:
            tallies["refused"] += 1
            if not all(finding.remedy for finding in error.findings):
                failed.append(seed)
            continue
        again = place_program(case.program, chip, wanted, events)
        tallies["placed"] += 1
        tallies["cores"] += len(placement.occupied)
        tallies["cut populations"] += sum(
            1
            for p in case.program.populations
            if sum(block.population == p.name for blocks in placement.cores for block in blocks) > 1
        )
        if wrong(case.program, placement, events) or again.stored() != placement.stored():
            failed.append(seed)
        if placement.traffic.hops > placement.first_fit_hops:
            failed.append(seed)
    return Counts(len(seeds), tuple(failed), dict(tallies))


NETWORKS = (("digits", None), ("spikeseg", (2, 128, 128)), ("spikingrx", (2, 32, 32)))
"""Reference networks with the shape of their input; None: their own."""


CHIPS = 128
"""Chips that a reference network may take: SpikingRx needs 99 of Loihi 1's."""
RANDOM = {"spikingrx": "seed-random"}
"""Presets with random weights, whose input may have any shape."""


def of_network(name: str, shape: tuple[int, ...] | None) -> Program:
    """The integers of a reference network for ``loihi2``."""
    model = find_model(name)
    config = model.preset(RANDOM.get(name))
    if shape is not None:
        config = {**config, "input": {**config["input"], "shape": list(shape)}}
    if name == "spikingrx" and shape is not None:
        config = {**config, "base_ch": 16}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.pt"
        save_checkpoint(model, config, model.build(config), path)
        return quantize(path, "loihi2").program


def count_networks(seeds: range) -> Counts:
    """Each reference network on two chips by both strategies: every neuron exactly once, no limit exceeded."""
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    for seed in seeds:
        program = of_network(*NETWORKS[seed])
        for chip, strategy in product((find_chip("loihi2"), find_chip("loihi1")), STRATEGIES):
            placement = place_program(program, chip, Wanted(strategy, CHIPS))
            again = place_program(program, chip, Wanted(strategy, CHIPS))
            stored = read_stored(placement_bytes(placement.stored()), program, "placement")
            if stored.blocks != placement.cores or again.stored() != placement.stored():
                failed.append(seed)
            key = f"{NETWORKS[seed][0]} {chip.name} {strategy}"
            tallies[f"{key} cores"] = len(placement.occupied)
            tallies[f"{key} hops"] = placement.traffic.hops
    return Counts(len(seeds), tuple(failed), dict(tallies))


CASES = (
    ProofCase(
        "placing-networks",
        "digits, SpikeSEG at 128x128 and SpikingRx with 16 channels at 32x32 on Loihi 2 and Loihi 1: every neuron "
        "exactly once, no limit exceeded, the same twice",
        seeds=len(NETWORKS),
        batch=1,
        run=count_networks,
    ),
    ProofCase(
        "placing",
        "random programs on chips of small cores, both strategies: every neuron and synapse is placed exactly once, no "
        "limit is exceeded, and axons and traffic are those of the synapses written out one by one",
        seeds=500,
        batch=25,
        run=count,
    ),
)
