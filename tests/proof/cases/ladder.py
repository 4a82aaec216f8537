"""Random networks of 200 steps: the compiled engine, C as it is exported and real Lava do what the reference does."""

# pyright: reportMissingImports=false
# (pyright cannot see the targets folder through the package's path)
from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from neurodeploy.targets.loihi_sim import TARGET as LAVA
from neurodeploy.targets.loihi_sim.runner import Run, run_many

from neurodeploy.conformance import Case, Family, differing_cells
from neurodeploy.conformance.draw import Draw
from neurodeploy.conformance.generator import draw_case
from neurodeploy.conformance.scope import FAMILIES
from neurodeploy.conformance.union import part_name, union
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.reference.program_runner import run_program
from neurodeploy.target import find_target, unavailable
from neurodeploy.trace import Trace
from tests.proof.case import Claim, Counts, ProofCase, together

STEPS, STREAM = 200, 11
TARGETS = "fixed", "c"


def family(seed: int) -> Family:
    """Two in three networks are what Lava's own processes carry; the others need neurons of our own."""
    return "held" if seed % 3 == 2 else "stock"


def drawn(seed: int) -> Case:
    """The network of a seed."""
    return draw_case(Draw(STREAM, seed), FAMILIES[family(seed)], seed, steps=STEPS)


def count(seeds: range) -> Counts:
    """Compare every output and state of the seeds' networks with the reference, on each of ``TARGETS``."""
    cases = [drawn(seed) for seed in seeds]
    expected = [_reference(case) for case in cases]
    tallies = Counter({"spikes": sum(_spikes(trace) for trace in expected)})
    parts: dict[str, Counts] = {}
    for name in TARGETS:
        traces = _ran(name, cases)
        failed = _failed(seeds, expected, traces)
        parts[f"ladder-{name}"] = Counts(len(seeds), failed, dict(tallies))
    return together(parts)


def _reference(case: Case) -> Trace:
    trace = run_program(case.program, case.stimulus, states=True)
    return Trace({name: trace[name] for name in case.program.by_name})


def _failed(seeds: range, expected: Sequence[Trace], traces: Sequence[Trace]) -> tuple[int, ...]:
    pairs = zip(seeds, expected, traces, strict=True)
    return tuple(seed for seed, ours, theirs in pairs if differing_cells(ours, theirs))


def _spikes(trace: Trace) -> int:
    return sum(int((entry.output != 0).sum()) for entry in trace.entries.values())


def _ran(name: str, cases: Sequence[Case]) -> list[Trace]:
    """What a target does with all networks, as one program of parts that nothing joins."""
    target, joint = find_target(name), union(cases)
    trace = target.run(target.lower(joint.program, {}), joint.stimulus, states=True)
    if (trace.evidence or target.evidence) != INDEPENDENT:
        raise RuntimeError(f"{name} ran the reference itself: nothing is proved")
    return [
        Trace({node: trace[part_name(number, node)] for node in case.program.by_name})
        for number, case in enumerate(cases)
    ]


def count_lava(seeds: range) -> Counts:
    """The same on real Lava."""
    cases = [drawn(seed) for seed in seeds]
    artifacts = [LAVA.lower(c.program, {"neurons": family(s)}) for s, c in zip(seeds, cases, strict=True)]
    traces = run_many([Run(a, c.stimulus, states=True) for a, c in zip(artifacts, cases, strict=True)])
    expected = [_reference(case) for case in cases]
    tallies = {"spikes": sum(_spikes(trace) for trace in expected)}
    return Counts(len(seeds), _failed(seeds, expected, traces), tallies)


def _lacks_lava() -> str | None:
    return unavailable(LAVA)


SAYS = "random networks of both families, 200 steps: {} equals the reference in every output, membrane and current"
WHERE = {"fixed": "the compiled engine", "c": "C as it is exported"}
CLAIMS = tuple(Claim(f"ladder-{name}", SAYS.format(words)) for name, words in WHERE.items())
CASES = (
    ProofCase("ladder", CLAIMS[0].proves, 1000, 20, count, parts=CLAIMS),
    ProofCase("ladder-lava", SAYS.format("real Lava"), 300, 25, count_lava, _lacks_lava),
)
