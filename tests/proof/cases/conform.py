"""The conformance suite on the targets that come along: one-idea cases, and networks drawn within what they declare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial

from neurodeploy.conformance.conform import conform
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.flow.conforming import device_of
from neurodeploy.flow.exporting import numerics_of
from neurodeploy.target import find_target, unavailable
from tests.proof.case import Counts, ProofCase

IDEAS = 4
"""One-idea cases beside every network; so 50 networks bring all of them."""


def count(name: str, options: Mapping[str, str], seeds: range) -> Counts:
    """The networks of these seeds, and the one-idea cases beside them."""
    target = find_target(name)
    device = device_of(target, numerics_of(target, options), {})
    ideas = slice(seeds.start * IDEAS, seeds.stop * IDEAS)
    report = conform(device, len(seeds), seeds.start, INDEPENDENT, options, part=ideas)
    tallies: Counter[str] = Counter({f"run with {mode}": times for mode, times in report.modes.items()})
    tallies.update(outcome.status for outcome in report.outcomes)
    failed = [outcome for outcome in report.outcomes if outcome.status == "failed"]
    numbers = [int(outcome.edge) if outcome.operator == "random" else seeds.start for outcome in failed]
    ran = report.count("passed") + len(failed)
    return Counts(ran, tuple(numbers), dict(tallies))


def _lacks(name: str) -> str | None:
    return unavailable(find_target(name))


def _case(name: str, numerics: str, seeds: int, batch: int) -> ProofCase:
    proves = (
        f"the conformance suite on {name} under {numerics}: every one-idea case, and drawn networks of 100 steps, "
        "equal the reference in every output and state, in six ways of running them"
    )
    run = partial(count, name, {"numerics": numerics})
    return ProofCase(f"conform-{name}-{numerics}", proves, seeds, batch, run, partial(_lacks, name))


CASES = (
    _case("fixed", "loihi2", 200, 25),
    _case("fixed", "int32", 200, 25),
    _case("c", "int32", 200, 25),
    _case("c", "loihi2", 100, 25),
    _case("cortex-m", "int32", 50, 10),
    _case("loihi-sim", "loihi2", 50, 25),
)
