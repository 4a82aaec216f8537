"""How often `check` names what is wrong with a node: ``python -m benchmarks.causes held-1 held-5 --every 7``.

Every so many planted faults of random networks (``FAMILY-SEED``, two samples of 60 steps) run as a target that records
states, and as one that records outputs only. What the search says of the cause is held against the fault.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence

from neurodeploy.conformance import generate
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.faults import Fault, faults
from neurodeploy.parity.exact_rung import exact_rung
from neurodeploy.parity.rung import Rung
from neurodeploy.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Trace

STEPS = 60


def judged(fault: Fault, rung: Rung) -> str:
    """What a rung says of a planted fault: nothing seen, named, among several, unknown, or wrong."""
    if rung.causes is None:
        return "agrees"
    terms = [cause.term for culprit in rung.causes.culprits for cause in culprit.causes]
    if [culprit.node for culprit in rung.causes.culprits] != [fault.node]:
        return "other node"
    if fault.term == "none of these":
        return "outside the list: " + ("unknown" if not terms else "named" if len(terms) == 1 else "several listed")
    if not terms:
        return "unknown"
    if fault.term not in terms:
        return "named wrongly" if len(terms) == 1 else "listed wrongly"
    return "named" if len(terms) == 1 else "right one of several"


def check(program: Program, shown: Stimulus, expected: Trace, fault: Fault, states: bool) -> Rung:
    """The rung to a target with the fault."""

    def reference(drive: Trace) -> Trace:
        return run_program(program, shown, states=True, drive=drive)

    actual = fault.run(shown, states)
    return exact_rung(program, "faulty", expected, actual, tuple(program.by_name), {}, reference, None, INDEPENDENT)


def measured(name: str, every: int) -> dict[bool, Counter[str]]:
    """Counts of one network, with states and without."""
    family, _, seed = name.rpartition("-")
    case = generate(int(seed), "stock" if family == "stock" else "held", 2)
    shown = Stimulus(case.stimulus).part(slice(None), slice(0, STEPS))
    expected = run_program(case.program, shown, states=True)
    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for fault in list(faults(case.program, 1, samples=shown.batch))[::every]:
        for states, count in counts.items():
            count[judged(fault, check(case.program, shown, expected, fault, states))] += 1
    return counts


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the counts of every network, and their sums."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.causes", description=__doc__)
    parser.add_argument("network", nargs="+", help="held-SEED or stock-SEED")
    parser.add_argument("--every", type=int, default=7, help="every how many faults (default 7)")
    options = parser.parse_args(arguments)
    sums: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for name in options.network:
        for states, count in measured(name, options.every).items():
            sums[states] += count
            print(name, "states" if states else "outputs only", dict(count), flush=True)
    for states, count in sums.items():
        print("all", "states" if states else "outputs only", dict(count))


if __name__ == "__main__":
    main()
