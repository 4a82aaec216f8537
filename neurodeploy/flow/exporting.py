"""Network -> Program -> artifact -> bundle."""

from __future__ import annotations

from collections.abc import Mapping
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
from neurodeploy.passes.accuracy import NeuronReport
from neurodeploy.passes.quantize import LayerReport, Quantize, Quantized
from neurodeploy.program.program import Program
from neurodeploy.target import Artifact, Options, Target, check_capabilities, check_options, find_target

QUANTIZATION = {
    "weight-bits": "bits of a weight, at most what the machine has",
    "message-bits": "widest graded message between populations",
    "weight-exponent": "largest power of two beside a layer's weights; 0 keeps a chain within lava-dl's .net files",
    "numerics": "the machine's arithmetic, where the target has several",
}
MESSAGE_BITS = 8


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
    """The network in a machine's integers. Of ``options`` it reads those of ``QUANTIZATION`` but ``numerics``.

    Raises RefusedError, CannotRepresentError, InputError for options.
    """
    given = options or {}
    weights = _whole(given, "weight-bits", 1, numerics.weight_bits)
    messages = _whole(given, "message-bits", 2, numerics.message_bits)
    exponent = _whole(given, "weight-exponent", 0, numerics.shift_max)
    return Quantize(numerics, weights, MESSAGE_BITS if messages is None else messages, exponent)(network)


def lower_program(program: Program, target: Target, options: Options | None = None) -> Artifact:
    """Check every capability and design rule, and lower; findings of both stand in the artifact.

    Raises CapabilityError (all violations at once), InputError for options.
    """
    own = check_options(target, options or {})
    findings = check_capabilities(target, program)
    artifact = target.lower(program, own)
    return replace(artifact, findings=(*findings, *artifact.findings))


def lower(network: Network, target: str | Target, options: Options | None = None) -> Lowered:
    """Quantize, check every capability and design rule, and lower.

    Raises what ``quantize`` and ``lower_program`` raise.
    """
    chosen = find_target(target) if isinstance(target, str) else target
    given = dict(options or {})
    own = check_options(chosen, own_options(given))
    quantized = quantize(network, numerics_of(chosen, given), given)
    artifact = lower_program(quantized.program, chosen, own)
    artifact = replace(artifact, findings=(*network.findings, *quantized.findings, *artifact.findings))
    return Lowered(chosen, {**own, **given}, artifact, quantized.layers, quantized.neurons)


def own_options(options: Options) -> dict[str, str]:
    """The options that are the target's, not the quantizer's."""
    return {key: value for key, value in options.items() if key not in QUANTIZATION}


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
    own = tuple(plugins.usable.values()) if target is None else (target.numerics, *target.numerics_choices)
    by_name = {numerics.name: numerics for numerics in own}
    name = options.get("numerics", own[0].name)
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


def _whole(options: Mapping[str, str], key: str, least: int, most: int) -> int | None:
    if key not in options:
        return None
    text = options[key]
    if not text.isdecimal() or not least <= int(text) <= most:
        raise InputError(f"{text!r} is no whole number from {least} to {most}", f"-O {key}", f"write e.g. {key}={most}")
    return int(text)
