"""Network -> Program -> artifact -> bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from neurodeploy.bundle import Bundle, check_replaceable, write_bundle
from neurodeploy.encoding.deployed import DeployedEncoder
from neurodeploy.errors import InputError, choices
from neurodeploy.finding import Finding
from neurodeploy.flow.arguments import LoadOptions, spell_out, texts
from neurodeploy.flow.encoder import with_encoder
from neurodeploy.flow.foreign import lower_on
from neurodeploy.flow.loading import load, network_from
from neurodeploy.flow.outputs import check_apart
from neurodeploy.html import fragment, html_note, html_table
from neurodeploy.network.network import Network
from neurodeploy.numerics import Numerics, installed_numerics
from neurodeploy.passes.accuracy import BitChoice, Calibrated, LayerReport, NeuronReport
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.machine import Machine
from neurodeploy.passes.pipeline import Quantized, configured, pipeline_options, quantized
from neurodeploy.passes.stage import run_stages
from neurodeploy.program.program import Program
from neurodeploy.stimuli import Source, open_stimulus
from neurodeploy.target import Artifact, Options, Target, check_capabilities, check_options, find_target


@dataclass(frozen=True, eq=False)
class Lowered:
    """A network prepared for one target: its artifact and what quantization did to every layer and population."""

    target: Target
    options: Options
    artifact: Artifact
    layers: tuple[LayerReport, ...]
    neurons: tuple[NeuronReport, ...] = ()
    calibrated: tuple[Calibrated, ...] = ()
    bit_choice: BitChoice | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What quantization, capability checks, design rules and lowering noticed."""
        return self.artifact.findings

    def __repr__(self) -> str:
        return f"Lowered for {self.target.name}, {len(self.artifact.files)} files: {self.artifact.program!r}"

    def _repr_html_(self) -> str:
        tables = self.artifact.program.tables([asdict(layer) for layer in self.layers])
        return fragment(html_note(f"lowered for {self.target.name}"), *(html_table(*table) for table in tables))


@spell_out(load)
def quantize(
    source: Network | str | Path,
    numerics: Numerics | str | None = None,
    options: Mapping[str, object] | None = None,
    calibrate: Source = None,
    **loading: Unpack[LoadOptions],
) -> Quantized:
    """The network in a machine's integers, with what rounding did to every layer and neuron.

    Args:
        source: a Network, or what ``load`` takes together with the arguments of ``load``.
        numerics: the machine's arithmetic, by name (``"loihi2"``, ``"int32"``) or as it is; the first by default.
        options: those of quantization, e.g. ``{"weight-bits": 6}``; other keys are ignored.
        calibrate: a stimulus on which weights, biases and thresholds are chosen for the membranes they make; without
            one, every number is rounded to the nearest.

    Raises:
        RefusedError: for what has no form in integers. CannotRepresentError: for values that do not fit.
        InputError: for options.

    Example:
        >>> program = nd.quantize("model.pt", "loihi2").program
    """
    network, chosen = network_from(source, **loading), texts(options)
    machine = numerics if isinstance(numerics, Numerics) else numerics_of(None, chosen, numerics)
    seen = None if calibrate is None else open_stimulus(calibrate, network)
    return quantized(run_stages(configured(chosen, machine, seen), Draft(network, Machine.of(machine))))


def lower_program(program: Program, target: Target, options: Options | None = None) -> Artifact:
    """Check every capability and design rule, and lower; findings of both stand in the artifact.

    Raises CapabilityError (all violations at once), InputError for options.
    """
    target_options = check_options(target, options or {})
    findings = check_capabilities(target, program)
    artifact = lower_on(target, program, target_options)
    further = (finding for finding in artifact.findings if finding not in findings)
    return replace(artifact, findings=(*findings, *further))


@spell_out(load)
def lower(
    source: Network | str | Path,
    target: str | Target,
    options: Mapping[str, object] | None = None,
    calibrate: Source = None,
    **loading: Unpack[LoadOptions],
) -> Lowered:
    """Quantize a network, check it against a target's capabilities and design rules, and make what the target loads.

    Args:
        source: a Network, or what ``load`` takes together with the arguments of ``load``.
        target: by name or as it is.
        options: of quantization and of the target, e.g. ``{"weight-bits": 6}``.
        calibrate: as ``quantize`` takes it.

    Raises:
        CapabilityError: with every violation at once. Also what ``quantize`` raises.

    Example:
        >>> nd.lower("model.pt", "c").artifact.files
    """
    chosen = find_target(target) if isinstance(target, str) else target
    asked = texts(options)
    target_options = check_options(chosen, own_options(asked))
    numerics = numerics_of(chosen, asked)
    network = network_from(source, **loading)
    quantized = quantize(network, numerics, asked, calibrate)
    artifact = lower_program(quantized.program, chosen, target_options)
    artifact = replace(artifact, findings=(*network.findings, *quantized.findings, *artifact.findings))
    return Lowered(
        chosen,
        {**target_options, **asked},
        artifact,
        quantized.layers,
        quantized.neurons,
        quantized.calibrated,
        quantized.bit_choice,
    )


def own_options(options: Options) -> dict[str, str]:
    """The options that are the target's, not the quantizer's."""
    return {key: value for key, value in options.items() if key not in pipeline_options()}


@spell_out(load)
def export(
    source: Network | str | Path,
    target: str | Target,
    out: str | Path | None = None,
    options: Mapping[str, object] | None = None,
    encoder: DeployedEncoder | str | Path | None = None,
    calibrate: Source = None,
    **loading: Unpack[LoadOptions],
) -> Bundle:
    """Lower a network for a target and write a bundle.

    Args:
        source: a Network, or what ``load`` takes together with the arguments of ``load``.
        target: by name or as it is.
        out: the folder to write, ``<source-stem>.<target>/`` by default; an existing bundle is replaced.
        options: of quantization and of the target, e.g. ``{"weight-bits": 6}``.
        encoder: what makes the network's input of signals, or the file it is in.
        calibrate: as ``quantize`` takes it.

    Raises:
        InputError: where the folder exists and is no bundle, and for an encoder that does not fit.
        EnvironmentFailureError: where the disk refuses. Nothing half-written stays. Also what ``lower`` raises.

    Example:
        >>> bundle = nd.export("model.pt", "c", "build/")
    """
    chosen = find_target(target) if isinstance(target, str) else target
    asked = texts(options)
    check_options(chosen, own_options(asked))
    configured(asked, numerics_of(chosen, asked))
    place = _place(source, chosen) if out is None else Path(out)
    check_apart((place,), {"source": source, "encoder": encoder, "calibrate": calibrate, **loading}, replaced=True)
    check_replaceable(place)
    network = network_from(source, **loading)
    network = network if encoder is None else with_encoder(network, encoder)
    lowered = lower(network, chosen, asked, calibrate)
    return write_bundle(place, chosen.name, lowered.options, network, lowered.artifact, _report(lowered))


def _place(source: Network | str | Path, target: Target) -> Path:
    if not isinstance(source, str | Path):
        raise InputError("has no file name to derive a folder from", "out", "name the folder")
    return bundle_place(source, target.name)


def bundle_place(source: str | Path, target: str) -> Path:
    """The folder of a bundle when none is named, in the working folder."""
    return Path(f"{Path(source).stem}.{target}")


def numerics_of(target: Target | None, options: Options, default: str | None = None) -> Numerics:
    """The numerics that ``-O numerics`` chooses for ``target`` (without one: of all there are); else the default.

    Raises InputError for one that the target does not have.
    """
    plugins = installed_numerics()
    possible = tuple(plugins.usable.values()) if target is None else (target.numerics, *target.numerics_choices)
    by_name = {numerics.name: numerics for numerics in possible}
    name = options.get("numerics", default or possible[0].name)
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
        **({"calibration": [asdict(report) for report in lowered.calibrated]} if lowered.calibrated else {}),
        **({"bits": asdict(lowered.bit_choice)} if lowered.bit_choice else {}),
        "findings": [finding.to_json() for finding in lowered.findings],
        "notes": list(lowered.artifact.notes),
    }
