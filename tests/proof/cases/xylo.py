"""The real xylosim runs random recurrent networks; the reference and the compiled engine do the same."""

from __future__ import annotations

from collections import Counter

from neurodeploy.engine import run_compiled
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.reference.program_runner import run_program
from tests.proof.case import Counts, ProofCase
from tests.xylo.nets import counts, net
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


CASES = (
    ProofCase(
        "xylo",
        "random recurrent networks under xylo-v2, 120 steps: the reference and compiled code equal the real xylosim "
        "in every output, current and membrane",
        seeds=40,
        batch=10,
        run=count,
    ),
)
