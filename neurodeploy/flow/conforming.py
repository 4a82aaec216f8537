"""The conformance suite on an installed target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from neurodeploy.conformance.conform import conform as run_suite
from neurodeploy.conformance.device import Device
from neurodeploy.conformance.report import Conformance, Outcome
from neurodeploy.conformance.saved import Saved, check_free, read, save
from neurodeploy.conformance.suite import Results, run_group
from neurodeploy.errors import InputError
from neurodeploy.flow.arguments import texts
from neurodeploy.flow.exporting import numerics_of
from neurodeploy.flow.foreign import lower_on, open_target, run_target
from neurodeploy.flow.outputs import check_apart
from neurodeploy.numerics import Numerics
from neurodeploy.target import (
    Options,
    Target,
    check_capabilities,
    check_options,
    ensure_available,
    find_target,
)

DRAWN = 30
NUMERICS = "numerics"


def conform(
    name: str | Target,
    networks: int = DRAWN,
    *,
    seed: int = 0,
    options: Mapping[str, object] | None = None,
    again: str | Path | None = None,
    out: str | Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Conformance:
    """Run the conformance suite on a target: does it compute what it declares?

    Every attribute of every operator is tried at its edges by a small program of its own, then ``networks`` drawn at
    random within what the target declares. Outputs and states must equal the reference's in every cell, with states and
    without, sample by sample, run again, fed in chunks, and, where the target can, with every node isolated.

    Args:
        name: of the target, or the target as it is.
        networks: how many networks are drawn at random.
        seed: of the first of them.
        options: of the target, and ``numerics`` where it has several, e.g. ``{"numerics": "loihi2"}``.
        again: a folder that an earlier run saved; its case alone is run.
        out: a folder for the smallest failing case; nothing is written where nothing fails.
        progress: gets a line for every part.

    A case is ``passed``, ``unsupported`` (the target's capabilities or rules refuse it) or ``failed``: a target that
    refuses, or computes wrongly, what it declares.

    Raises:
        InputError: for an unknown target, option or folder.
        UnavailableError: for a target that cannot run here.
        EnvironmentFailureError: where it fails with the plainest of programs.

    Example:
        >>> nd.conform("fixed", networks=10).verdict
        'agree'
    """
    target = find_target(name, "targets conform") if isinstance(name, str) else name
    check_apart((out,), {"again": again}, replaced=True)
    saved = None if again is None else read(Path(again))
    chosen = {**(saved.options if saved else {}), **texts(options)}
    if out is not None:
        check_free(Path(out))
    if networks < 0:
        raise InputError(f"{networks} is no number of networks", "--networks", "give a whole number from 0")
    device = device_of(target, numerics_of(target, chosen), {k: v for k, v in chosen.items() if k != NUMERICS})
    ensure_available(target)
    if saved is not None:
        report = _again(device, target, saved, chosen)
    else:
        report = run_suite(device, networks, seed, target.evidence, chosen, progress)
    if out is not None and report.smallest is not None:
        save(report.smallest, target.name, chosen, Path(out))
        report = replace(report, saved=str(out))
    return report


def device_of(target: Target, numerics: Numerics, options: Options) -> Device:
    """The target as the suite sees it. Raises InputError for an unknown option."""
    filled = check_options(target, options)
    return Device(
        target.name,
        numerics,
        target.capabilities,
        lambda program: check_capabilities(target, program),
        lambda program: lower_on(target, program, filled),
        lambda artifact, stimulus, states, drive: run_target(target, artifact, stimulus, states, drive),
        lambda artifact, batch: open_target(target, artifact, batch),
    )


def _again(device: Device, target: Target, saved: Saved, options: Options) -> Conformance:
    """One saved case."""
    results = Results()
    refusal = device.refusal(saved.case.program)
    if refusal is None:
        run_group(device, [saved.case], [saved.mode], results)
    failure = results.failures.get(saved.case.name)
    operator, attribute, edge = [*saved.case.name.split("/"), "", ""][:3]
    place = saved.case.name, operator, attribute, edge
    outcome = Outcome(*place, "passed", "", (saved.mode,))
    if refusal is not None:
        outcome = Outcome(*place, "unsupported", refusal)
    if failure is not None:
        outcome = Outcome(*place, "failed", failure.reason, (failure.mode,), failure.first)
    return Conformance(
        target.name,
        device.numerics.name,
        options,
        0,
        0,
        (outcome,),
        results.modes,
        target.evidence,
        tuple(results.notes),
        failure,
    )
