"""The real xylosim runs random recurrent networks; the reference and the compiled engine do the same."""

# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (pyright cannot see the targets folder through the package's path)
from __future__ import annotations

from collections import Counter

import numpy as np
from neurodeploy.targets.xylo_sim import TARGET

from neurodeploy.engine import run_compiled
from neurodeploy.errors import NeurodeployError
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.flow.exporting import lower
from neurodeploy.parity.compare import differing_cells
from neurodeploy.reference.program_runner import run_program
from tests.proof.case import Counts, ProofCase
from tests.xylo.environment import interpreter
from tests.xylo.nets import counts, net
from tests.xylo.networks import network, stimulus
from tests.xylo.simulator import differing, simulate


def count(seeds: range) -> Counts:
    """A seed fails where a single output, current or membrane of the reference or of compiled code differs."""
    nets = [net(seed) for seed in seeds]
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    for seed, each, records in zip(seeds, nets, simulate(nets), strict=True):
        trace = run_program(each.program, each.stimulus, states=True)
        compiled = run_compiled(each.program, each.stimulus, states=True)
        if compiled.evidence != INDEPENDENT:
            raise RuntimeError("no C compiler was found: nothing is proved of compiled code")
        tallies += counts(each, trace)
        if differing(records, trace) or differing(records, compiled):
            failed.append(seed)
    return Counts(len(seeds), tuple(failed), dict(tallies))


def count_networks(seeds: range) -> Counts:
    """A seed fails where xylosim differs from compiled code, or its network is refused."""
    interpreter()
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    for seed in seeds:
        made = network(seed)
        try:
            artifact, shown = lower(made, "xylo-sim").artifact, stimulus(made, seed)
        except NeurodeployError:
            failed.append(seed)
            continue
        trace, compiled = TARGET.run(artifact, shown, states=True), run_compiled(artifact.program, shown, states=True)
        if compiled.evidence != INDEPENDENT:
            raise RuntimeError("no C compiler was found: nothing is proved of compiled code")
        for p in artifact.program.populations:
            output = trace[p.name].output
            tallies["spikes"] += int(output.sum())
            tallies["several spikes in a step"] += int((output > 1).sum())
            tallies["populations that start in what their bias left"] += int(np.any(p.initial_membrane))
        if differing_cells(trace, compiled):
            failed.append(seed)
    return Counts(len(seeds), tuple(failed), dict(tallies))


CASES = (
    ProofCase(
        "xylo",
        "random recurrent networks under xylo-v2, 120 steps: the reference and compiled code equal the real xylosim "
        "in every output, current and membrane",
        seeds=1000,
        batch=20,
        run=count,
    ),
    ProofCase(
        "xylo-networks",
        "random recurrent float networks quantized to xylo-v2, 2 samples of 80 steps: the target xylo-sim, which "
        "runs the real xylosim from the exported file, equals compiled code in every output, current and membrane",
        seeds=1000,
        batch=20,
        run=count_networks,
    ),
)
