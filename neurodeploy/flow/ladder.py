"""Which rungs a ladder has: one program, and the artifacts of all targets that run it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurodeploy.bundle import Bundle
from neurodeploy.errors import CannotRepresentError, CapabilityError, InputError, RefusedError, choices
from neurodeploy.finding import Finding
from neurodeploy.flow.exporting import lower_program, numerics_of, own_options, quantize
from neurodeploy.flow.subject import Subject, artifact_of, own_target, program_of
from neurodeploy.network.network import Network
from neurodeploy.numerics import Numerics
from neurodeploy.passes.pipeline import Quantized, pipeline_options
from neurodeploy.program.program import Program
from neurodeploy.stimuli import Source
from neurodeploy.target import (
    Artifact,
    Options,
    Target,
    check_capabilities,
    ensure_available,
    find_target,
    installed_targets,
)


@dataclass(frozen=True, eq=False)
class Ladder:
    """A program, the targets above it with their artifacts, and the reasons why other targets are not run.

    ``noticed``: findings of quantization. ``calibrated``: populations whose weights, biases and thresholds were chosen
    on a stimulus.
    """

    program: Program
    targets: tuple[tuple[Target, Artifact], ...]
    not_run: Mapping[str, str]
    noticed: tuple[Finding, ...] = ()
    calibrated: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What quantization and the artifacts noticed, each once."""
        groups = (self.noticed, *(artifact.findings for _, artifact in self.targets))
        return tuple({str(finding): finding for findings in groups for finding in findings}.values())


def build_ladder(
    subject: Subject,
    names: Sequence[str] | None,
    options: Options,
    calibrate: Source = None,
    trust_sources: bool = False,
) -> Ladder:
    """The ladder to the targets ``names``; without them a bundle's own, and for a source every one that can run it.

    A target asked for must run: raises CapabilityError, CannotRepresentError or InputError where it cannot carry the
    network, and only then UnavailableError where it cannot run here. One that nobody asked for is left out with its
    reason. ``trust_sources``: as ``artifact_of`` takes it.
    """
    if isinstance(subject, Bundle):
        if calibrate is not None:
            raise InputError("a bundle is quantized already", "--calibrate", "leave out the option, or give the source")
        targets = [find_target(name) for name in dict.fromkeys(names or ())] or [own_target(subject)]
        options_of = _options_of(targets, options)
        artifacts = tuple((t, artifact_of(subject, t, options_of[t.name], trust_sources)) for t in targets)
        _all_available(targets)
        return Ladder(program_of(subject, options), artifacts, {}, calibrated=_calibrated(subject))
    if names:
        targets = [find_target(name) for name in dict.fromkeys(names)]
        options_of = _options_of(targets, options)
        quantized = quantize(subject, _common_numerics(targets, options), options, calibrate)
        artifacts = tuple((t, lower_program(quantized.program, t, options_of[t.name])) for t in targets)
        _all_available(targets)
        return Ladder(quantized.program, artifacts, {}, quantized.findings, _chosen(quantized))
    return _every_target(subject, options, calibrate)


def _every_target(network: Network, options: Options, calibrate: Source) -> Ladder:
    installed = installed_targets().values()
    not_run = {plug_in.name: plug_in.reason for plug_in in installed if plug_in.reason is not None}
    options_of = _options_of([p.target for p in installed if p.target is not None and p.reason is None], options)
    quantized = quantize(network, numerics_of(None, options), options, calibrate)
    lowered: list[tuple[Target, Artifact]] = []
    for target in [plug_in.target for plug_in in installed if plug_in.target is not None]:
        try:
            if target.name in not_run:
                check_capabilities(target, quantized.program)
            else:
                lowered.append((target, lower_program(quantized.program, target, options_of[target.name])))
        except (InputError, RefusedError, CapabilityError, CannotRepresentError) as error:
            not_run[target.name] = str(error)
    return Ladder(quantized.program, tuple(lowered), not_run, quantized.findings, _chosen(quantized))


def _chosen(quantized: Quantized) -> tuple[str, ...]:
    """The populations that were calibrated just now."""
    return tuple(report.population for report in quantized.calibrated if report.reason is None)


def _calibrated(bundle: Bundle) -> tuple[str, ...]:
    """The populations of a bundle that were calibrated."""
    reports = bundle.report.get("calibration", ())
    return tuple(str(report["population"]) for report in reports if not report.get("reason"))


def _all_available(targets: Sequence[Target]) -> None:
    for target in targets:
        ensure_available(target)


def _options_of(targets: Sequence[Target], options: Options) -> dict[str, dict[str, str]]:
    """Each target's share of the options. Raises InputError for one that no target has."""
    known = {target.name: {option.name for option in target.options} for target in targets}
    for key in own_options(options):
        if not any(key in names for names in known.values()):
            names = sorted({*pipeline_options()}.union(*known.values()))
            raise InputError(f"no target here has an option {key!r}", f"-O {key}", choices(key, names, "there are"))
    return {name: {key: value for key, value in options.items() if key in keys} for name, keys in known.items()}


def _common_numerics(targets: Sequence[Target], options: Options) -> Numerics:
    """The numerics all targets run: the first target's own, else another one's own, where all have it.

    Raises CannotRepresentError where there is none.
    """
    numerics = {target.name: numerics_of(target, options) for target in targets}
    for machine in numerics.values():
        if all(machine in (numerics[t.name], *(() if "numerics" in options else t.numerics_choices)) for t in targets):
            return machine
    listed = ", ".join(f"{name}: {machine.name}" for name, machine in numerics.items())
    problem = f"the targets run different numerics ({listed}), so no program is common to them"
    raise CannotRepresentError(problem, "--target", "check them one at a time")
