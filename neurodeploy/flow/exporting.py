"""Network -> Program -> artifact -> bundle."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from neurodeploy.bundle import Bundle, check_replaceable, write_bundle
from neurodeploy.encoding.deployed import DeployedEncoder
from neurodeploy.errors import InputError, choices
from neurodeploy.finding import Finding
from neurodeploy.flow.encoder import with_encoder
from neurodeploy.flow.loading import load
from neurodeploy.network.network import Network
from neurodeploy.numerics import Numerics, installed_numerics
from neurodeploy.passes.accuracy import LayerReport, NeuronReport
from neurodeploy.passes.draft import Draft, Machine
from neurodeploy.passes.pipeline import Quantized, configured, pipeline_options, quantized
from neurodeploy.passes.stage import run_stages
from neurodeploy.program.program import Program
from neurodeploy.target import Artifact, Options, Target, check_capabilities, check_options, find_target


@dataclass(frozen=True, eq=False)
class Lowered:
    """A network prepared for one target: its artifact and what quantization did to every layer and population."""

    target: Target
    options: Options
    artifact: Artifact
    layers: tuple[LayerReport, ...]
    neurons: tuple[NeuronReport, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What quantization, capability checks, design rules and lowering noticed."""
        return self.artifact.findings


def quantize(network: Network, numerics: Numerics, options: Options | None = None) -> Quantized:
    """The network in a machine's integers. Of ``options`` it reads those of the pipeline; other keys are ignored.

    Raises RefusedError, CannotRepresentError, InputError for options.
    """
    return quantized(run_stages(configured(options or {}, numerics), Draft(network, Machine.of(numerics))))


def lower_program(program: Program, target: Target, options: Options | None = None) -> Artifact:
    """Check every capability and design rule, and lower; findings of both stand in the artifact.

    Raises CapabilityError (all violations at once), InputError for options.
    """
    target_options = check_options(target, options or {})
    findings = check_capabilities(target, program)
    artifact = target.lower(program, target_options)
    return replace(artifact, findings=(*findings, *artifact.findings))


def lower(network: Network, target: str | Target, options: Options | None = None) -> Lowered:
    """Quantize, check every capability and design rule, and lower.

    Raises what ``quantize`` and ``lower_program`` raise.
    """
    chosen = find_target(target) if isinstance(target, str) else target
    asked = dict(options or {})
    target_options = check_options(chosen, own_options(asked))
    quantized = quantize(network, numerics_of(chosen, asked), asked)
    artifact = lower_program(quantized.program, chosen, target_options)
    artifact = replace(artifact, findings=(*network.findings, *quantized.findings, *artifact.findings))
    return Lowered(chosen, {**target_options, **asked}, artifact, quantized.layers, quantized.neurons)


def own_options(options: Options) -> dict[str, str]:
    """The options that are the target's, not the quantizer's."""
    return {key: value for key, value in options.items() if key not in pipeline_options()}


def export(
    network: Network | str | Path,
    target: str | Target,
    out: str | Path | None = None,
    options: Options | None = None,
    encoder: DeployedEncoder | str | Path | None = None,
) -> Bundle:
    """Lower ``network`` for ``target`` and write a bundle (default folder ``<source-stem>.<target>/``).

    ``encoder``: what makes its input of signals, or the file it is in. Raises what ``load`` and ``lower`` raise;
    InputError where the folder exists and is no bundle, and for an encoder that does not fit;
    EnvironmentFailureError where the disk refuses. Nothing half-written stays.
    """
    chosen = find_target(target) if isinstance(target, str) else target
    if out is None:
        if isinstance(network, Network):
            raise InputError("a Network has no file name to derive a folder from", "out", "name the folder")
        out = bundle_place(network, chosen.name)
    check_replaceable(Path(out))
    source = network if isinstance(network, Network) else load(network)
    source = source if encoder is None else with_encoder(source, encoder)
    lowered = lower(source, chosen, options)
    return write_bundle(Path(out), chosen.name, lowered.options, source, lowered.artifact, _report(lowered))


def bundle_place(source: str | Path, target: str) -> Path:
    """The folder of a bundle when none is named, in the working folder."""
    return Path(f"{Path(source).stem}.{target}")


def numerics_of(target: Target | None, options: Options) -> Numerics:
    """The numerics that ``-O numerics`` chooses for ``target`` (without one: of all there are); else the default.

    Raises InputError for one that the target does not have.
    """
    plugins = installed_numerics()
    possible = tuple(plugins.usable.values()) if target is None else (target.numerics, *target.numerics_choices)
    by_name = {numerics.name: numerics for numerics in possible}
    name = options.get("numerics", possible[0].name)
    if name in plugins.reasons:
        return plugins.find(name, "-O numerics", "numerics")
    if name not in by_name:
        whose = "there are" if target is None else f"target {target.name} has"
        raise InputError(f"{whose} no numerics {name!r}", "-O numerics", choices(name, by_name))
    return by_name[name]


def _report(lowered: Lowered) -> dict[str, Any]:
    return {
        "layers": [asdict(layer) for layer in lowered.layers],
        "neurons": [neuron.to_json() for neuron in lowered.neurons],
        "findings": [finding.to_json() for finding in lowered.findings],
        "notes": list(lowered.artifact.notes),
    }
